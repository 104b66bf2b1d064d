"""BIP-32 private derivation, for tests only: from a seed to the extended public key of an account."""

import hashlib
import hmac

from coincurve import PrivateKey

from chalicelib.chains.base58 import encode_check

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
XPUB, ZPUB = "0488b21e", "04b24746"

# "abandon … about", the mnemonic that BIP-84's vectors and every wallet's tests use, without a passphrase.
ABANDON_SEED = hashlib.pbkdf2_hmac("sha512", b"abandon " * 11 + b"about", b"mnemonic", 2048)


def extended_public_key(seed: bytes, path: list[int], version: str = XPUB) -> str:
    mac = hmac.digest(b"Bitcoin seed", seed, "sha512")
    key, chain_code, fingerprint, index = mac[:32], mac[32:], bytes(4), 0
    for index in path:
        public = PrivateKey(key).public_key.format()
        data = (b"\0" + key if index >= 1 << 31 else public) + index.to_bytes(4, "big")
        mac = hmac.digest(chain_code, data, "sha512")
        fingerprint = hashlib.new("ripemd160", hashlib.sha256(public).digest()).digest()[:4]
        key = ((int.from_bytes(mac[:32], "big") + int.from_bytes(key, "big")) % ORDER).to_bytes(32, "big")
        chain_code = mac[32:]
    header = bytes.fromhex(version) + bytes([len(path)]) + fingerprint + index.to_bytes(4, "big")
    return encode_check(header + chain_code + PrivateKey(key).public_key.format())


def account_xpub(purpose: int, coin: int, version: str = XPUB) -> str:
    return extended_public_key(ABANDON_SEED, [hardened(purpose), hardened(coin), hardened(0)], version)


def hardened(index: int) -> int:
    return index | 1 << 31
