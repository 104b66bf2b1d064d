"""A node's blocks, and the transfers in them: which of a block's transactions and logs moved coins or tokens."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chalicelib.chains.adapter import Transfer
from chalicelib.chains.networks import NATIVE_TOKEN_OF, TRX
from chalicelib.chains.tron.accounts import KEY_HASH_BYTES, address_in_contract, address_of
from chalicelib.chains.tron.answers import hash_text, integer, listing, mapping, text
from chalicelib.chains.tron.trc20 import read_transfer_data, read_transfer_log

NATIVE_TOKEN = NATIVE_TOKEN_OF[TRX]
SUCCESS = "SUCCESS"

# A transfer's place in its transaction, the same in whatever block it is mined: TRX itself is 0, a log is one more
# than its position, TRX that a contract sends is its position after this.
NATIVE_INDEX, FIRST_LOG_INDEX, FIRST_INTERNAL_INDEX = 0, 1, 1_000_000

Tokens = Mapping[str, str]
"""The last twenty bytes of a contract in hexadecimal, as logs write it, to the token's symbol."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block as its node tells it; ``transactions`` are the API's own objects by their id, none if unasked."""

    height: int
    hash: str
    parent_hash: str
    time_ms: int
    transactions: Mapping[str, Mapping[str, Any]]


def read_block(answer: Any) -> Block:
    """Read a block; raises ValueError when it is none: its id begins with its height."""
    header = mapping(mapping(mapping(answer)["block_header"])["raw_data"])
    height, block_hash = integer(header.get("number")), hash_text(answer["blockID"])
    if int(block_hash[:16], 16) != height:
        raise ValueError("a block whose id is another height's")
    transactions = {hash_text(each["txID"]): mapping(each) for each in listing(answer.get("transactions"))}
    parent = hash_text(header["parentHash"]) if height else ""
    return Block(height, block_hash, parent, integer(header.get("timestamp")), transactions)


def is_chain(blocks: list[Block], first: int) -> bool:
    """Tell whether these blocks are the ones from height ``first`` on, each upon the one before it."""
    heights = [block.height for block in blocks]
    links = all(block.parent_hash == below.hash for below, block in pairwise(blocks))
    return links and heights == list(range(first, first + len(blocks)))


def is_ok(transaction: Mapping[str, Any]) -> bool:
    """Tell whether a transaction in a block did what it was for: failed ones lie in blocks too."""
    results = [mapping(each).get("contractRet") for each in listing(transaction.get("ret"))]
    return bool(results) and set(results) == {SUCCESS}


def transfers(block: Block, infos: Any, tokens: Tokens) -> Iterator[Transfer]:
    """Return what moved in a block.

    Args:
        block: with its transactions.
        infos: the node's infos (receipts and logs) of that block.
        tokens: the contracts whose logs count.

    Raises:
        ValueError: the infos are not those of the block's transactions.
    """
    by_id = {hash_text(mapping(info)["id"]): mapping(info) for info in listing(infos)}
    if block.height and by_id.keys() != block.transactions.keys():
        raise ValueError("infos that do not fit the block")
    for txid, transaction in block.transactions.items():
        info = by_id.get(txid, {})
        ok = is_ok(transaction) and not _has_failed(info)
        for index, token, to, units in (*_coins(transaction), *_logs(info, tokens), *_internal(info)):
            spends = _expiration(transaction)
            yield Transfer(txid, index, block.height, block.hash, token, to, units, ok, spends)


def waiting_transfers(transaction: Any, tokens: Tokens) -> Iterator[Transfer]:
    """Return what a transaction that is in no block yet would move; of calls only plain token transfers."""
    txid = hash_text(mapping(transaction)["txID"])
    for index, token, to, units in (*_coins(transaction), *_calls(transaction, tokens)):
        yield Transfer(txid, index, None, None, token, to, units, True, _expiration(transaction))


def _expiration(transaction: Mapping[str, Any]) -> str:
    return str(integer(mapping(transaction["raw_data"]).get("expiration")))


def _has_failed(info: Mapping[str, Any]) -> bool:
    receipt = mapping(info.get("receipt", {}))
    return info.get("result") == "FAILED" or receipt.get("result", SUCCESS) != SUCCESS


def _contract(transaction: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return kind and values of a transaction's contract: the chain's rules allow one, not more.

    A node leaves out one that it cannot show; none that moves coins is of that sort.
    """
    contracts = listing(mapping(transaction["raw_data"]).get("contract"))
    if not contracts:
        return "", {}
    (contract,) = contracts
    return text(contract["type"]), mapping(mapping(contract["parameter"])["value"])


def _coins(transaction: Mapping[str, Any]) -> Iterator[tuple[int, str, str, int]]:
    kind, value = _contract(transaction)
    if kind == "TransferContract":
        to = address_of(bytes.fromhex(text(value["to_address"])))
        yield NATIVE_INDEX, NATIVE_TOKEN, to, integer(value.get("amount"))


def _calls(transaction: Mapping[str, Any], tokens: Tokens) -> Iterator[tuple[int, str, str, int]]:
    kind, value = _contract(transaction)
    token = tokens.get(text(value.get("contract_address")).lower()[2:]) if kind == "TriggerSmartContract" else None
    paid = read_transfer_data(bytes.fromhex(text(value.get("data")))) if token else None
    if token and paid:
        yield FIRST_LOG_INDEX, token, *paid


def _logs(info: Mapping[str, Any], tokens: Tokens) -> Iterator[tuple[int, str, str, int]]:
    for index, log in enumerate(listing(info.get("log")), FIRST_LOG_INDEX):
        contract = text(log.get("address")).lower()[-2 * KEY_HASH_BYTES :]
        if contract not in tokens:
            continue
        paid = read_transfer_log([text(topic) for topic in listing(log.get("topics"))], text(log.get("data")))
        if paid:
            yield index, tokens[contract], *paid


def _internal(info: Mapping[str, Any]) -> Iterator[tuple[int, str, str, int]]:
    """Return the TRX that contracts sent: it leaves no log, and only nodes that keep such transfers tell it."""
    for index, sent in enumerate(listing(info.get("internal_transactions")), FIRST_INTERNAL_INDEX):
        values = [mapping(each) for each in listing(sent.get("callValueInfo"))]
        units = sum(integer(each.get("callValue")) for each in values if "tokenId" not in each)
        if not units or sent.get("rejected"):
            continue
        account = bytes.fromhex(text(sent["transferTo_address"]))
        yield index, NATIVE_TOKEN, address_in_contract(account[-KEY_HASH_BYTES:]), units
