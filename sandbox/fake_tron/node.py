"""The fake node's answers, by the paths of java-tron's HTTP API."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.chains.tron.accounts import account_of
from sandbox.fake_tron import contracts, parameters, shapes
from sandbox.fake_tron.chain import Block, Chain, read
from sandbox.fake_tron.contracts import RevertError
from sandbox.fake_tron.errors import NodeDownError, RefusedError
from sandbox.fake_tron.state import State

Body = dict[str, Any]
MOST_BLOCKS_AT_ONCE = 100


class FakeTronNode:
    """A fake node of one TRON chain with TRC-20 contracts.

    Args:
        contracts_at: the addresses at which its tokens lie.
        now: seconds, what an outage is counted by.
    """

    def __init__(self, contracts_at: list[str], now: Callable[[], float]) -> None:
        self.chain = Chain(State(tokens={account_of(contract): {} for contract in contracts_at}))
        self.lock = threading.RLock()
        self._now = now
        self._down_until = float("-inf")

    def break_for(self, seconds: float) -> None:
        """Answer nobody for so long."""
        self._down_until = self._now() + seconds

    def answer(self, path: str, body: Body) -> Any:
        """Answer one question; ``{"Error": …}`` for what cannot be understood.

        Raises:
            NodeDownError: during an outage.
            KeyError: there is no such path.
        """
        if self._now() < self._down_until:
            raise NodeDownError
        handler = _HANDLERS[path]
        with self.lock:
            try:
                return handler(self.chain, body)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                return {"Error": f"class java.lang.IllegalArgumentException : {error}"}


def _block_at(chain: Chain, height: int, top: int) -> Block | None:
    return chain.blocks[height] if 0 <= height <= top else None


def _get_block(chain: Chain, body: Body, top: int) -> Body:
    height = int(body.get("id_or_num", top))
    found = _block_at(chain, height, top)
    return shapes.block(found, detail=body.get("detail", False)) if found else {}


def _now_block(chain: Chain, _: Body) -> Body:
    return shapes.block(chain.head)


def _block_by_number(chain: Chain, body: Body) -> Body:
    found = _block_at(chain, int(body.get("num", 0)), chain.head.height)
    return shapes.block(found) if found else {}


def _blocks_by_limit(chain: Chain, body: Body) -> Body:
    first, end = int(body.get("startNum", 0)), int(body.get("endNum", 0))
    if not 0 < end - first <= MOST_BLOCKS_AT_ONCE:
        return {}
    blocks = [shapes.block(each) for each in chain.blocks[first:end]]
    return {"block": blocks} if blocks else {}


def _infos(chain: Chain, body: Body) -> list[Body] | Body:
    height = int(body["num"])
    if not height:
        return {}  # so does a real node
    found = _block_at(chain, height, chain.head.height)
    return [shapes.info(found, signed, receipt) for signed, receipt in found.mined] if found else []


def _info(chain: Chain, body: Body) -> Body:
    found = chain.find(body["value"])
    return shapes.info(*found) if found else {}


def _solid_info(chain: Chain, body: Body) -> Body:
    found = chain.find(body["value"], solid_only=True)
    return shapes.info(*found) if found else {}


def _transaction(chain: Chain, body: Body) -> Body:
    found = chain.find(body["value"])
    return {"ret": [{"contractRet": found[2].result}], **shapes.transaction(found[1])} if found else {}


def _waiting(chain: Chain, body: Body) -> Body:
    found = chain.pool.get(body["value"])
    return shapes.transaction(found) if found else {}


def _waiting_ids(chain: Chain, _: Body) -> Body:
    return {"txId": list(chain.pool)} if chain.pool else {}


def _waiting_count(chain: Chain, _: Body) -> Body:
    return {"pendingSize": len(chain.pool)}


def _account(chain: Chain, body: Body) -> Body:
    account = bytes.fromhex(body["address"])
    state = chain.head.state
    if account in state.coins:
        units = state.coins[account]
        return {"address": account.hex(), **({"balance": units} if units else {}), "create_time": 1}
    return {"address": account.hex(), "type": "Contract"} if account in state.tokens else {}


def _resources(chain: Chain, body: Body) -> Body:
    return {"TotalNetLimit": 43_200_000_000, "TotalEnergyLimit": 180_000_000_000} if _account(chain, body) else {}


def _trial(chain: Chain, body: Body) -> Body:
    owner, contract = bytes.fromhex(body["owner_address"]), bytes.fromhex(body["contract_address"])
    state = chain.head.state.copy()
    if contract not in state.tokens:
        message = b"Contract validate error : Smart contract is not exist.".hex()
        return {"result": {"code": "CONTRACT_VALIDATE_ERROR", "message": message}}
    try:
        outcome = contracts.call(state, contract, owner, bytes.fromhex(body["data"]))
    except RevertError as error:
        said = {"result": True, "message": str(error).encode().hex()}
        failed = {"transaction": {"ret": [{"ret": "FAILED"}]}}
        return {"result": said, "energy_used": error.energy, "constant_result": [""], **failed}
    return {
        "result": {"result": True},
        "energy_used": outcome.energy,
        "constant_result": [outcome.returned.hex()],
        "transaction": {"ret": [{}]},
    }


def _energy(chain: Chain, body: Body) -> Body:
    tried = _trial(chain, body)
    return {"result": tried["result"], "energy_required": tried.get("energy_used", 0)}


def _broadcast(chain: Chain, body: Body) -> Body:
    raw = bytes.fromhex(body["transaction"])
    txid = read(raw).txid
    try:
        chain.take(raw)
    except RefusedError as error:
        return {"result": False, "code": error.code, "message": error.message, "txid": txid}
    return {"result": True, "code": "SUCCESS", "message": "", "txid": txid}


def _solid(handler: Callable[[Chain, Body, int], Body]) -> Callable[[Chain, Body], Body]:
    return lambda chain, body: handler(chain, body, chain.solid_height)


def _full(handler: Callable[[Chain, Body, int], Body]) -> Callable[[Chain, Body], Body]:
    return lambda chain, body: handler(chain, body, chain.head.height)


_HANDLERS: Mapping[str, Callable[[Chain, Body], Any]] = {
    "/wallet/getblock": _full(_get_block),
    "/walletsolidity/getblock": _solid(_get_block),
    "/wallet/getnowblock": _now_block,
    "/walletsolidity/getnowblock": lambda chain, _: shapes.block(chain.blocks[chain.solid_height]),
    "/wallet/getblockbynum": _block_by_number,
    "/wallet/getblockbylimitnext": _blocks_by_limit,
    "/wallet/gettransactioninfobyblocknum": _infos,
    "/wallet/gettransactioninfobyid": _info,
    "/walletsolidity/gettransactioninfobyid": _solid_info,
    "/wallet/gettransactionbyid": _transaction,
    "/wallet/gettransactionfrompending": _waiting,
    "/wallet/gettransactionlistfrompending": _waiting_ids,
    "/wallet/getpendingsize": _waiting_count,
    "/wallet/getaccount": _account,
    "/wallet/getaccountresource": _resources,
    "/wallet/triggerconstantcontract": _trial,
    "/wallet/estimateenergy": _energy,
    "/wallet/getchainparameters": lambda _, __: parameters.answer(),
    "/wallet/broadcasthex": _broadcast,
}
