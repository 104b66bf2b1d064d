"""From a choice of coins to signed bytes: built without a key, signed where the keys are.

What is signed of an input depends on its key's hash, which only the signer knows: so the digests are made there.
"""

import json
from collections.abc import Sequence
from functools import cache

from chalicelib.chains.adapter import HOT_WALLET_PATH, Coin, Payout, Signed, Signer, Spending, Unsigned
from chalicelib.chains.networks import BTC
from chalicelib.chains.utxo.coin_selection import Wanted
from chalicelib.chains.utxo.encoding import outpoint_bytes
from chalicelib.chains.utxo.reading import SeenTransaction
from chalicelib.chains.utxo.script import key_hash, script_of
from chalicelib.chains.utxo.sighash import digests, input_signature
from chalicelib.chains.utxo.sizes import bytes_of, dust_limit
from chalicelib.chains.utxo.transaction import FINAL, REPLACEABLE, Draft, Output

MOST_PAYOUTS = 100


def outputs_of(payouts: Sequence[Payout], family: str) -> tuple[Output, ...]:
    """Return what pays the receivers, in their order.

    Raises:
        ValueError: more than a hundred of them, or one that no node would relay: the sentence says which.
    """
    if len(payouts) > MOST_PAYOUTS:
        raise ValueError(f"A transaction pays {MOST_PAYOUTS} payouts at the most.")
    return tuple(_output(payout, family) for payout in payouts)


def _output(payout: Payout, family: str) -> Output:
    if payout.token != family:
        raise ValueError(f"This chain pays {family} and nothing else.")
    output = Output(payout.units, script_of(payout.to, family))
    least = dust_limit(output.script, family)
    if payout.units < least:
        raise ValueError(f"Nodes do not relay less than {least} units to an address of that kind: {payout.units}.")
    return output


def wanted(outputs: Sequence[Output], family: str) -> Wanted:
    """Return what a transaction with these outputs and its change has to pay."""
    change_dust = dust_limit(bytes([0, 20, *bytes(20)]), family)
    return Wanted(sum(output.units for output in outputs), len(outputs), bytes_of(outputs), change_dust)


def assemble(payouts: Sequence[Payout], spending: Spending, sender: str, family: str) -> Unsigned:
    """Build the transaction that pays the payouts out of these coins, the rest back to ``sender``.

    Raises:
        ValueError: it would not pay exactly what the coins are worth, or too little to one of its outputs.
    """
    change = _output(Payout(sender, sender, family, spending.change_units), family)
    outputs = (*outputs_of(payouts, family), change)
    paid = sum(output.units for output in outputs) + spending.fee_units
    if sum(coin.units for coin in spending.coins) != paid:
        raise ValueError("Coins, payouts, fee and change do not add up.")
    coins = [[coin.outpoint, coin.units, coin.key_path] for coin in spending.coins]
    content = {
        "sequence": REPLACEABLE if family == BTC else FINAL,
        "coins": coins,
        "outputs": [[output.units, output.script.hex()] for output in outputs],
    }
    return Unsigned(json.dumps(content, separators=(",", ":")).encode(), ())


def sign(unsigned: Unsigned, signer: Signer) -> Signed:
    """Sign every input with the key below the account that its coin pays to.

    Raises:
        KeyError: the signer holds one key and no account.
        ValueError: it gave no signature that nodes would relay.
    """
    content = json.loads(unsigned.payload)
    child = cache(signer.child)
    signers = [child(path) for _, _, path in content["coins"]]
    draft = Draft(
        tuple((outpoint_bytes(outpoint), content["sequence"]) for outpoint, _, _ in content["coins"]),
        tuple(Output(units, bytes.fromhex(script)) for units, script in content["outputs"]),
    )
    spent = [
        (units, key_hash(each.public_key)) for (_, units, _), each in zip(content["coins"], signers, strict=True)
    ]
    witnesses = [
        (input_signature(each.sign(digest)), each.public_key)
        for digest, each in zip(digests(draft, spent), signers, strict=True)
    ]
    return Signed(draft.encode_signed(witnesses), draft.txid())


def change_of(transaction: SeenTransaction, spending: Spending) -> Coin:
    """Return the change of a transaction, its last output, as a coin in no block yet.

    Raises:
        ValueError: the transaction is another than that of ``spending``.
    """
    last = len(transaction.outputs) - 1
    if transaction.outputs[last][0] != spending.change_units:
        raise ValueError("The transaction's last output is not that change.")
    return Coin(f"{transaction.txid}:{last}", spending.change_units, HOT_WALLET_PATH)
