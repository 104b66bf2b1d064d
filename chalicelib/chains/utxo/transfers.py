"""From the outputs of transactions to the transfers that are ours."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chalicelib.chains.adapter import Match, Transfer
from chalicelib.chains.utxo.encoding import outpoint_text
from chalicelib.chains.utxo.reading import SeenTransaction
from chalicelib.chains.utxo.script import address_of

MOST_TOLD_INPUTS = 20  # any one of them, spent by another, makes a transaction impossible


@dataclass(frozen=True, slots=True)
class Paid:
    """An output that pays an address."""

    transaction: SeenTransaction
    index: int
    address: str
    units: int

    def transfer(self, token: str, height: int | None = None, block_hash: str | None = None) -> Transfer:
        """Return it as a transfer, with the first of the outputs that its transaction spends."""
        is_made_new = self.transaction.is_coinbase or not self.transaction.outpoints
        return Transfer(
            txid=self.transaction.txid,
            index=self.index,
            height=height,
            block_hash=block_hash,
            token=token,
            to=self.address,
            units=self.units,
            ok=True,
            spends=None if is_made_new else spends_of(self.transaction, MOST_TOLD_INPUTS),
        )


def paid_by(transactions: Iterable[SeenTransaction], family: str) -> Iterator[Paid]:
    """Return all outputs that pay an address, ours or not."""
    for transaction in transactions:
        for index, (units, script) in enumerate(transaction.outputs):
            address = address_of(script, family)
            if address is not None:
                yield Paid(transaction, index, address, units)


def matched(addresses: Iterable[str], match: Match) -> set[str]:
    """Return which addresses are ours; each is asked about once, and nobody where there are none."""
    asked = dict.fromkeys(addresses)
    return match(asked) if asked else set()


def spends_of(transaction: SeenTransaction, most: int | None = None) -> str:
    """Return a transaction's slot: the outputs that it spends."""
    return ",".join(outpoint_text(each) for each in transaction.outpoints[:most])
