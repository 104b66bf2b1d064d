"""What hot wallets sign with, as the operator prepares it."""

import argparse
import sys
from typing import Any

import botocore.session
import msgspec

from chalicelib.chains.signers import kms, sealing
from chalicelib.chains.signers.derivation import account_key
from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError, ServiceUnavailableError

LONGEST_HEX = 128


def seal_seed(env: Environment, asked: argparse.Namespace) -> dict[str, Any]:
    """Seal a wallet's seed under a key of the key service.

    The seed comes from standard input, where neither a process list nor a shell's history keeps it.

    Args:
        env: the environment.
        asked: ``family``, and ``kms_key`` by id, ARN or alias.

    Returns:
        ``sealed``, for ``HOT_WALLETS``; ``xpub``, the account's public side, for ``DEPOSIT_XPUBS``.

    Raises:
        InvalidRequestError: no seed, or none of 16 to 64 bytes; or this is the sandbox.
        ServiceUnavailableError: the key service refuses, or does not answer.
    """
    if env.settings.is_sandbox:
        raise InvalidRequestError("The sandbox has no key service, and a seed that it sees is worth nothing.")
    seed = _seed(sys.stdin.readline(LONGEST_HEX + 2))
    try:
        xpub = account_key(seed, asked.family).xpub()
        sealed = sealing.seal(
            kms.client_of(botocore.session.get_session(), env.settings.region), asked.kms_key, seed, asked.family
        )
    except ValueError as error:
        raise InvalidRequestError(f"{error}.") from None
    except sealing.SealError as error:
        raise ServiceUnavailableError(f"Nothing was sealed: {error}.") from None
    return {"sealed": msgspec.to_builtins(sealed), "xpub": xpub}


def _seed(line: str) -> bytes:
    try:
        return bytes.fromhex(line.strip())
    except ValueError:
        raise InvalidRequestError("Write the seed to standard input: one line in hex.") from None
