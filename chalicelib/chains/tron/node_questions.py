"""The questions that the adapter puts to a TRON node, each with the strict reading of its answer."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.providers.node import Node, NodeRefusalError
from chalicelib.chains.tron.accounts import account_of
from chalicelib.chains.tron.answers import found, hash_text, integer, listing, mapping
from chalicelib.chains.tron.blocks import Block, is_chain, read_block
from chalicelib.chains.tron.fees import Prices, read_prices

FULL, SOLID = "wallet", "walletsolidity"

# A block is some 200 KB; the answer must come in time.
BLOCKS_AT_ONCE = 10
# Each is a question of its own, and what is not seen in the pool now will be seen in a block in three seconds.
WAITING_AT_MOST = 40

Answer = TypeVar("Answer")
_Call = tuple[str, dict[str, Any]]


class NodeQuestions:
    """Asks one node, or several that stand in for each other.

    Every method raises ChainUnavailableError when there is no answer, or none that makes sense.
    """

    def __init__(self, node: Node) -> None:
        self.node = node

    def newest(self, side: str = FULL) -> Block:
        """Return the newest block without its transactions; of the solid side, the newest that is final."""
        return self._ask(read_block, f"/{side}/getblock", {"detail": False})

    def header(self, height: int) -> Block | None:
        """Return the block at that height without its transactions, None when there is none."""
        return self.headers([height])[0]

    def headers(self, heights: Sequence[int]) -> list[Block | None]:
        """Return the blocks at those heights without their transactions, None for one that is not there."""
        calls = [("/wallet/getblock", {"id_or_num": str(height), "detail": False}) for height in heights]
        headers = self._ask_many(_read_found_block, calls)
        if any(header and header.height != height for header, height in zip(headers, heights, strict=True)):
            raise ChainUnavailableError("The node answers with another block than was asked for.")
        return headers

    def block(self, height: int) -> Block:
        """Return one block with its transactions."""
        return self.blocks(height, height)[0]

    def blocks(self, first: int, last: int) -> list[Block]:
        """Return the blocks of a range, each upon the one before it; one that is missing is an error."""
        asked = {"startNum": first, "endNum": last + 1}
        blocks = self._ask(_read_blocks, "/wallet/getblockbylimitnext", asked)
        if len(blocks) != last - first + 1 or not is_chain(blocks, first):
            raise ChainUnavailableError(f"The node does not have all blocks from {first} to {last}.")
        return blocks

    def infos(self, heights: Sequence[int]) -> list[list[Any]]:
        """Return the receipts and logs of the blocks at those heights; the first block of all has none."""
        asked = [height for height in heights if height]
        calls = [("/wallet/gettransactioninfobyblocknum", {"num": height}) for height in asked]
        told = dict(zip(asked, self._ask_many(listing, calls), strict=True))
        return [told.get(height, []) for height in heights]

    def info(self, txid: str, side: str = FULL) -> dict[str, Any] | None:
        """Return the receipt of a transaction in a block, None when no block has it."""
        info = self._ask(found, f"/{side}/gettransactioninfobyid", {"value": txid})
        if info is not None and info.get("id") != txid:
            raise ChainUnavailableError("The node answers with another transaction than was asked for.")
        return dict(info) if info else None

    def is_waiting(self, txid: str) -> bool:
        """Tell whether the transaction is in the node's pool; a node that does not tell says no."""
        try:
            waiting = self._ask(found, "/wallet/gettransactionfrompending", {"value": txid}, may_refuse=True)
        except NodeRefusalError:
            return False
        if waiting is not None and waiting.get("txID") != txid:
            raise ChainUnavailableError("The node answers with another transaction than was asked for.")
        return waiting is not None

    def waiting(self) -> list[Any]:
        """Return the transactions of the node's pool, the first few dozen; none where a node does not tell."""
        try:
            txids = self._ask(_read_ids, "/wallet/gettransactionlistfrompending", {}, may_refuse=True)
        except NodeRefusalError:
            return []
        calls = [("/wallet/gettransactionfrompending", {"value": txid}) for txid in txids[:WAITING_AT_MOST]]
        return [each for each in self._ask_many(found, calls) if each]

    def prices(self) -> Prices:
        """Return what the chain charges now."""
        return self._ask(read_prices, "/wallet/getchainparameters", {})

    def account(self, address: str) -> dict[str, Any] | None:
        """Return an account, None when it is not active: nobody has sent it TRX yet."""
        asked = account_of(address).hex()
        account = self._ask(found, "/wallet/getaccount", {"address": asked})
        if account is not None and account.get("address") != asked:
            raise ChainUnavailableError("The node answers with another account than was asked for.")
        return dict(account) if account else None

    def trial(self, owner: str, contract: str, data: bytes) -> tuple[bytes, int] | None:
        """Try a contract call out: what it would return and the energy it would use; None when it fails."""
        asked = {
            "owner_address": account_of(owner).hex(),
            "contract_address": account_of(contract).hex(),
            "data": data.hex(),
        }
        return self._ask(_read_trial, "/wallet/triggerconstantcontract", asked)

    def broadcast(self, raw: bytes) -> dict[str, Any]:
        """Hand signed bytes to the node and return what it says."""
        return dict(self._ask(mapping, "/wallet/broadcasthex", {"transaction": raw.hex()}))

    def _ask(
        self, read: Callable[[Any], Answer], path: str, body: dict[str, Any], *, may_refuse: bool = False
    ) -> Answer:
        try:
            return reading(read, path, self.node.ask(path, body))
        except NodeRefusalError as refusal:
            if may_refuse:
                raise
            raise ChainUnavailableError(f"The node refuses {path}.") from refusal

    def _ask_many(self, read: Callable[[Any], Answer], calls: Sequence[_Call]) -> list[Answer]:
        if not calls:
            return []
        answers = self.node.ask_many([(path, (body,)) for path, body in calls])
        if len(answers) != len(calls) or any(isinstance(answer, NodeRefusalError) for answer in answers):
            raise ChainUnavailableError(f"The node refuses {calls[0][0]}.")
        return [reading(read, calls[0][0], answer) for answer in answers]


def reading(read: Callable[[Any], Answer], path: str, answer: Any) -> Answer:
    """Read an answer to a question; raises ChainUnavailableError when it makes no sense."""
    try:
        return read(answer)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ChainUnavailableError(f"The node's answer about {path} makes no sense.") from error


def _read_found_block(answer: Any) -> Block | None:
    return read_block(answer) if found(answer) else None


def _read_blocks(answer: Any) -> list[Block]:
    return [read_block(each) for each in listing(mapping(answer).get("block"))]


def _read_ids(answer: Any) -> list[str]:
    return [hash_text(each) for each in listing(mapping(answer).get("txId"))]


def _read_trial(answer: Any) -> tuple[bytes, int] | None:
    said = mapping(mapping(answer)["result"])
    results = [mapping(each).get("ret") for each in listing(mapping(answer.get("transaction", {})).get("ret"))]
    if said.get("result") is not True or "message" in said or "FAILED" in results:
        return None
    (returned,) = listing(answer["constant_result"])
    return bytes.fromhex(returned), integer(answer["energy_used"])
