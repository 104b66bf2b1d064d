"""Every hash of the simulated chains: made from the seed, so that the same story gives the same ids."""

import hashlib

from chalicelib.chains.networks import FAMILY_OF
from chalicelib.chains.public_keys import address_of_key_hash
from chalicelib.chains.sim.transaction import shaped_hash


def chain_hash(seed: int, blockchain: str, *content: object) -> str:
    """Return a hash in the blockchain's own spelling."""
    return shaped_hash(blockchain, _digest(seed, blockchain, *content))


def strangers_address(seed: int, blockchain: str, txid: str) -> str:
    """Return a valid address of nobody we know: where a double spend sends the money instead."""
    return address_of_key_hash(FAMILY_OF[blockchain], _digest(seed, blockchain, "stranger", txid)[:20])


def _digest(*content: object) -> bytes:
    # Length-prefixed parts: no two different lists of parts may give the same bytes.
    parts = (str(part).encode() for part in content)
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()
