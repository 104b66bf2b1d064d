"""Our bytes, ids and signatures are those of tronweb, TRON's own library."""

import random
import shutil

import pytest

from chalicelib.chains.adapter import Payout
from chalicelib.chains.networks import TRX
from chalicelib.chains.public_keys import address_of_key_hash, address_of_public_key
from chalicelib.chains.signers.local import LocalSigner
from chalicelib.chains.tron import fees, transaction
from tests.chains.tron import tronweb_oracle
from tests.chains.tron_backend import USDC, USDT

COUNT = 240


def random_case(rng: random.Random) -> dict:
    key = rng.randbytes(32)
    contract = rng.choice([None, USDT, USDC])
    now = rng.randrange(1_500_000_000_000, 2_000_000_000_000)
    return {
        "key": key.hex(),
        "owner": address_of_public_key(TRX, LocalSigner(key).public_key),
        "to": address_of_key_hash(TRX, rng.randbytes(20)),
        "contract": contract,
        "units": str(rng.randrange(1, 2 ** rng.choice([8, 20, 53, 64, 256] if contract else [8, 20, 40, 53]))),
        "memo": rng.choice(["", "", "invoice 17", "Überweisung ☕", "x" * 300]),
        "fee_limit": rng.randrange(1, 15_000_000_001) if contract else 0,
        "ref_block_bytes": rng.randbytes(2).hex(),
        "ref_block_hash": rng.randbytes(8).hex(),
        "expiration": now + rng.randrange(1, 86_400_001),
        "timestamp": now,
    }


def ours(case: dict) -> dict:
    payout = Payout(case["owner"], case["to"], "any", int(case["units"]), case["memo"] or None)
    raw = transaction.encode_raw(
        transaction.TronTransaction(
            fees.action_of(payout, case["contract"]),
            bytes.fromhex(case["ref_block_bytes"]),
            bytes.fromhex(case["ref_block_hash"]),
            case["expiration"],
            case["timestamp"],
            case["fee_limit"],
            fees.memo_of(payout),
        )
    )
    signer, digest = LocalSigner(bytes.fromhex(case["key"])), transaction.digest_of(raw)
    signature = transaction.with_recovery(digest, signer.sign(digest), signer.public_key)
    return {"raw": raw.hex(), "txid": transaction.txid_of(raw), "signature": signature.hex()}


@pytest.mark.slow
def test_bytes_ids_and_signatures_of_random_transfers_are_those_of_tronweb():
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("npm and node are not installed: OUR TRON TRANSACTIONS WERE NOT COMPARED WITH TRONWEB")
    rng = random.Random(20_261_123)
    cases = [random_case(rng) for _ in range(COUNT)]
    theirs = tronweb_oracle.answers(cases)
    for case, their in zip(cases, theirs, strict=True):
        assert ours(case) == {name: value.lower() for name, value in their.items()}, case
    assert {(bool(case["contract"]), bool(case["memo"])) for case in cases} == {
        (False, False), (False, True), (True, False), (True, True)
    }  # fmt: skip
    print(f"{COUNT} transfers, alike to the byte")
