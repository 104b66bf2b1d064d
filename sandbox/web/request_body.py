"""Reading a request's body: framed as RFC 9112 has it, and never more of it than the limit in memory."""

import socket
import time
from email.message import Message
from io import BufferedIOBase
from typing import NoReturn

from chalicelib.errors import ApiError, InvalidRequestError, PayloadTooLargeError

_LONGEST_CHUNK_LINE = 1024
_MOST_TRAILERS = 100
_PIECE_BYTES = 64 * 1024
_DISCARDED_BYTES = 16 * 1024 * 1024
_DISCARD_SECONDS = 2.0
_LONGEST_LENGTH_DIGITS = 18


class UnreadBodyError(Exception):
    """The request is refused with (part of) its body unread: the connection cannot be used again."""

    def __init__(self, refusal: ApiError) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def is_announced(headers: Message) -> bool:
    """Whether the request says how long its body is."""
    return "content-length" in headers or "transfer-encoding" in headers


def read(stream: BufferedIOBase, headers: Message, limit_bytes: int) -> bytes:
    """Read the body, which is empty when none is announced.

    Raises:
        UnreadBodyError: it is too long, shorter than announced, or not framed as HTTP has it.
    """
    try:
        if "transfer-encoding" in headers:
            return _read_chunks(stream, headers, limit_bytes)
        length = announced_length(headers, limit_bytes)
        body = stream.read(length) if length else b""
        if len(body) < length:
            _refuse("The body is shorter than its Content-Length says.")
    except ApiError as error:
        raise UnreadBodyError(error) from None
    return body


def announced_length(headers: Message, limit_bytes: int) -> int:
    """Return what Content-Length says; 0 when there is none.

    Raises:
        InvalidRequestError: it is no length, or there are two different ones.
        PayloadTooLargeError: it is over the limit.
    """
    told = {str(value).strip() for value in headers.get_all("content-length", [])}
    if not told:
        return 0
    text = told.pop()
    if told or not (text.isascii() and text.isdigit()) or len(text) > _LONGEST_LENGTH_DIGITS:
        _refuse("Content-Length must be one whole number of bytes.")
    if int(text) > limit_bytes:
        raise _too_large(limit_bytes)
    return int(text)


def discard(connection: socket.socket) -> None:
    """Drop what a client still sends, until it is done, or has had enough of our time."""
    until = time.monotonic() + _DISCARD_SECONDS
    for _ in range(_DISCARDED_BYTES // _PIECE_BYTES):
        connection.settimeout(max(0.01, until - time.monotonic()))
        if time.monotonic() >= until or not connection.recv(_PIECE_BYTES):
            return


def _read_chunks(stream: BufferedIOBase, headers: Message, limit_bytes: int) -> bytes:
    if "content-length" in headers or str(headers["transfer-encoding"]).strip().lower() != "chunked":
        _refuse("Send the body with a Content-Length, or with Transfer-Encoding: chunked alone.")
    body = bytearray()
    while size := _chunk_size(stream):
        if len(body) + size > limit_bytes:
            raise _too_large(limit_bytes)
        body += stream.read(size)
        if stream.read(2) != b"\r\n":
            _refuse("A chunk of the body does not end where its size says.")
    _skip_trailers(stream)
    return bytes(body)


def _chunk_size(stream: BufferedIOBase) -> int:
    line = stream.readline(_LONGEST_CHUNK_LINE)
    digits = line.split(b";")[0].strip()
    if not line.endswith(b"\n") or not digits or digits.strip(b"0123456789abcdefABCDEF") or len(digits) > 16:  # noqa: PLR2004
        _refuse("A chunk of the body has no size.")
    return int(digits, 16)


def _skip_trailers(stream: BufferedIOBase) -> None:
    for _ in range(_MOST_TRAILERS):
        if stream.readline(_LONGEST_CHUNK_LINE) in (b"\r\n", b"\n", b""):
            return
    _refuse("The body has too many trailers.")


def _too_large(limit_bytes: int) -> PayloadTooLargeError:
    return PayloadTooLargeError(f"The body is over {limit_bytes // 1024} KB; send less.")


def _refuse(message: str) -> NoReturn:
    raise InvalidRequestError(message)
