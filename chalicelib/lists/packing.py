"""How blocks are packed: column by column, compressed, because write units are counted in bytes."""

import json
import zlib
from collections.abc import Sequence
from typing import Any

_UUID_CHARS, _UUID_BYTES = 36, 16
_LENGTH_BYTES = 4


def pack(head: Any, row_keys: Sequence[str]) -> bytes:
    """Return some JSON, and row keys in ascending order, as bytes."""
    text = json.dumps(head, separators=(",", ":")).encode()
    return zlib.compress(len(text).to_bytes(_LENGTH_BYTES) + text + _key_columns(row_keys))


def unpack(packed: bytes) -> tuple[Any, list[str]]:
    """Return what was packed."""
    body = zlib.decompress(packed)
    end = _LENGTH_BYTES + int.from_bytes(body[:_LENGTH_BYTES])
    return json.loads(body[_LENGTH_BYTES:end]), _keys(body[end:])


def _key_columns(row_keys: Sequence[str]) -> bytes:
    """Return UUIDs as columns of bytes (the first ones hardly differ), all else as text."""
    raw = [_uuid_bytes(key) for key in row_keys]
    if row_keys and all(raw):
        rows = b"".join(one for one in raw if one)
        return b"u" + b"".join(rows[column::_UUID_BYTES] for column in range(_UUID_BYTES))
    return b"t" + "\n".join(row_keys).encode()


def _keys(columns: bytes) -> list[str]:
    kind, body = columns[:1], columns[1:]
    if kind == b"t":
        return body.decode().split("\n") if body else []
    count = len(body) // _UUID_BYTES
    return [_uuid_text(body[row::count].hex()) for row in range(count)]


def _uuid_bytes(key: str) -> bytes | None:
    if len(key) != _UUID_CHARS:
        return None
    try:
        raw = bytes.fromhex(key.replace("-", ""))
    except ValueError:
        return None
    return raw if _uuid_text(raw.hex()) == key else None


def _uuid_text(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
