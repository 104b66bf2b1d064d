"""The sandbox's own secrets and what its directory was made with: written once, mode 0600."""

import base64
import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.variables import SIMULATED, VariableError, Variables

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes this sandbox this one.

    Attributes:
        token_signing_key: the private key of access tokens, as a JWK (RFC 7517).
        pepper: the key of the hashes of client secrets.
        secrets_key: what webhook secrets are encrypted with at rest.
    """

    token_signing_key: dict[str, Any]
    pepper: bytes
    secrets_key: bytes

    @property
    def token_public_keys(self) -> dict[str, Any]:
        """The key set that access tokens are verified with."""
        public = {name: value for name, value in self.token_signing_key.items() if name not in {"d", "key_ops"}}
        return {"keys": [public]}


def load_or_make(variables: Variables) -> Identity:
    """Return the identity of the sandbox's directory, made on its first start.

    Raises:
        VariableError: the directory was made with another seed, engine or kind of chains.
    """
    path = variables.directory / "identity.json"
    if not path.exists():
        write_secret_file(path, _new(variables))
    kept = json.loads(path.read_text())
    for name, value in _made_with(variables).items():
        if kept.get(name, SIMULATED) != value:
            raise VariableError(
                f"{variables.directory} was made with {name}={kept.get(name)}: start with that, "
                "or set SANDBOX_DIR to another directory."
            )
    return Identity(
        kept["token_signing_key"], base64.b64decode(kept["pepper"]), base64.b64decode(kept["secrets_key"])
    )


def write_secret_file(path: Path, content: Any) -> None:
    """Write JSON that only its owner may read, all of it or nothing."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # its mode is 0600
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)


def _made_with(variables: Variables) -> dict[str, Any]:
    return {"SANDBOX_SEED": variables.seed, "ENGINE": variables.engine, "CHAINS": variables.chains}


def _new(variables: Variables) -> dict[str, Any]:
    return _made_with(variables) | {
        "token_signing_key": _new_signing_key(),
        "pepper": _random_key(),
        "secrets_key": _random_key(),
    }


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _new_signing_key() -> dict[str, Any]:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 -- on the first start only
    from jwt.algorithms import ECAlgorithm  # noqa: PLC0415

    jwk: dict[str, Any] = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    jwk.pop("key_ops", None)
    return {**jwk, "kid": secrets.token_hex(8), "use": "sig", "alg": "ES256"}
