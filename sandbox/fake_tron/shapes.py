"""The JSON shapes of java-tron's HTTP API: hexadecimal addresses, and nothing that is zero or empty."""

from typing import Any

from chalicelib.chains.tron.transaction import CoinTransfer, split
from sandbox.fake_tron.chain import Block, Signed
from sandbox.fake_tron.execution import Receipt


def block(shown: Block, *, detail: bool = True) -> dict[str, Any]:
    """Return a block, its transactions only in detail."""
    raw_data = {
        "number": shown.height,
        "parentHash": shown.parent_hash or "00" * 32,
        "timestamp": shown.time_ms,
        "witness_address": "41" + "11" * 20,
        "txTrieRoot": shown.hash,
        "version": 31,
    }
    answer: dict[str, Any] = {
        "blockID": shown.hash,
        "block_header": {"raw_data": _without_defaults(raw_data), "witness_signature": "00" * 65},
    }
    if detail and shown.mined:
        answer["transactions"] = [
            {"ret": [{"contractRet": receipt.result}], **transaction(signed)} for signed, receipt in shown.mined
        ]
    return answer


def transaction(signed: Signed) -> dict[str, Any]:
    """Return a transaction without its result."""
    raw, action = signed.transaction, signed.transaction.action
    if isinstance(action, CoinTransfer):
        kind = "TransferContract"
        value: dict[str, Any] = {"amount": action.units, "to_address": action.to.hex()}
    else:
        kind = "TriggerSmartContract"
        value = {"data": action.data.hex(), "contract_address": action.contract.hex()}
    contract = {
        "parameter": {
            "value": _without_defaults({**value, "owner_address": action.owner.hex()}),
            "type_url": f"type.googleapis.com/protocol.{kind}",
        },
        "type": kind,
    }
    raw_data = {
        "contract": [contract],
        "ref_block_bytes": raw.ref_block_bytes.hex(),
        "ref_block_hash": raw.ref_block_hash.hex(),
        "expiration": raw.expiration_ms,
        "fee_limit": raw.fee_limit_units,
        "timestamp": raw.timestamp_ms,
        "data": raw.memo.hex(),
    }
    return {
        "signature": [signed.signature.hex()],
        "txID": signed.txid,
        "raw_data": _without_defaults(raw_data),
        "raw_data_hex": split(signed.raw)[0].hex(),
    }


def info(shown: Block, signed: Signed, receipt: Receipt) -> dict[str, Any]:
    """Return a transaction's info: its receipt and its logs."""
    action = signed.transaction.action
    is_call = not isinstance(action, CoinTransfer)
    told = {
        "net_fee": receipt.bytes_units,
        "energy_fee": receipt.energy_units,
        "energy_usage_total": receipt.energy,
        "result": receipt.result if is_call else "",
    }
    has_failed = receipt.result != "SUCCESS"
    answer = {
        "id": signed.txid,
        "fee": receipt.fee_units,
        "blockNumber": shown.height,
        "blockTimeStamp": shown.time_ms,
        "contractResult": [receipt.returned.hex()],
        "contract_address": "" if isinstance(action, CoinTransfer) else action.contract.hex(),
        "receipt": _without_defaults(told),
        "log": [{"address": log.address, "topics": list(log.topics), "data": log.data} for log in receipt.logs],
        "result": "FAILED" if has_failed else "",
        "resMessage": receipt.result.encode().hex() if has_failed else "",
    }
    return _without_defaults(answer)


def _without_defaults(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}
