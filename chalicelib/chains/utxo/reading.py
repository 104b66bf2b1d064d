"""Reads transactions out of bytes, quickly: what a block holds is looked at once and then forgotten.

The formats are those of BIP-144 and, with bit 3 of the flag, of Litecoin's MWEB (LIP-2): there the extension
stands between the witness and the lock time. Signatures and witnesses are stepped over, never looked at.
"""

from chalicelib.chains.utxo.encoding import OUTPOINT_BYTES, MalformedError, double_sha256, read_long_size, shown

WITNESS_FLAG, MWEB_FLAG = 1, 8
COINBASE_OUTPOINT = bytes(32) + b"\xff\xff\xff\xff"
LOCK_TIME_BYTES = 4


class SeenTransaction:
    """A transaction as far as a payment gateway looks at it.

    Attributes:
        outpoints: the 36 bytes that name what each input spends.
        outputs: units and script of each.
        flag: 0, or the bits that say what follows its outputs: 1 a witness, 8 Litecoin's MWEB.
        stripped_bytes: how long it is without what follows its outputs, and
        total_bytes: with it.
    """

    __slots__ = ("_data", "_places", "flag", "outpoints", "outputs")

    def __init__(
        self,
        data: bytes,
        places: tuple[int, int, int, int],
        flag: int,
        outpoints: list[bytes],
        outputs: list[tuple[int, bytes]],
    ) -> None:
        self._data, self._places, self.flag = data, places, flag
        self.outpoints, self.outputs = outpoints, outputs

    @property
    def digest(self) -> bytes:
        """Its id in the order of the bytes on the wire: the hash of all but witness and MWEB (BIP-144)."""
        start, body, body_end, end = self._places
        data = self._data
        if not self.flag:
            return double_sha256(data[start:end])
        return double_sha256(data[start : start + 4] + data[body:body_end] + data[end - LOCK_TIME_BYTES : end])

    @property
    def txid(self) -> str:
        """Its id as it is shown."""
        return shown(self.digest)

    @property
    def stripped_bytes(self) -> int:
        """Its length without witness and MWEB."""
        _, body, body_end, _ = self._places
        return 4 + body_end - body + LOCK_TIME_BYTES

    @property
    def total_bytes(self) -> int:
        """Its whole length."""
        return self._places[3] - self._places[0]

    @property
    def is_coinbase(self) -> bool:
        """Whether it makes new coins."""
        return self.outpoints == [COINBASE_OUTPOINT]


def read_alone(data: bytes) -> SeenTransaction:
    """Read bytes that are one transaction and nothing else.

    Raises:
        MalformedError: they are not.
    """
    transaction, end = _read_guarded(data, 0, is_alone=True)
    if end != len(data):
        raise MalformedError("The transaction's bytes do not end with it.")
    return transaction


def read_many(data: bytes, position: int) -> tuple[list[SeenTransaction], int]:
    """Read a count and so many transactions, as blocks hold them.

    Returns:
        The transactions and the position behind them.

    Raises:
        MalformedError: the bytes end early or make no sense.
    """
    count, position = _read_count(data, position)
    transactions = []
    for _ in range(count):
        transaction, position = _read_guarded(data, position, is_alone=False)
        transactions.append(transaction)
    return transactions, position


def _read_guarded(data: bytes, start: int, *, is_alone: bool) -> tuple[SeenTransaction, int]:
    """Read one; positions only grow, so that an end within the data proves all that was read."""
    try:
        transaction, end = _read(data, start, is_alone=is_alone)
    except IndexError:
        raise MalformedError("The transaction's bytes end early.") from None
    if end > len(data):
        raise MalformedError("The transaction's bytes end early.")
    return transaction, end


def _read(data: bytes, start: int, *, is_alone: bool) -> tuple[SeenTransaction, int]:
    body, flag = start + 4, 0
    if data[body] == 0:
        flag, body = data[body + 1], body + 2
        if not flag or flag & ~(WITNESS_FLAG | MWEB_FLAG):
            raise MalformedError("The transaction has no inputs, or a flag that nobody knows.")
    outpoints, position = _read_inputs(data, body)
    outputs, position = _read_outputs(data, position)
    body_end = position
    if flag & WITNESS_FLAG:
        position = _behind_witness(data, position, len(outpoints))
    if flag & MWEB_FLAG:
        position = _behind_mweb(data, position, is_alone=is_alone)
    end = position + LOCK_TIME_BYTES
    return SeenTransaction(data, (start, body, body_end, end), flag, outpoints, outputs), end


def _read_inputs(data: bytes, position: int) -> tuple[list[bytes], int]:
    count, position = _read_count(data, position)
    outpoints = []
    for _ in range(count):
        script = position + OUTPOINT_BYTES
        outpoints.append(data[position:script])
        length = data[script]
        position = script + 1
        if length > 252:  # noqa: PLR2004 - the largest length that is one byte; this is the innermost loop
            length, position = read_long_size(data, position, length)
        position += length + 4
    return outpoints, position


def _read_outputs(data: bytes, position: int) -> tuple[list[tuple[int, bytes]], int]:
    count, position = _read_count(data, position)
    outputs = []
    from_bytes = int.from_bytes
    for _ in range(count):
        units = from_bytes(data[position : position + 8], "little")
        length = data[position + 8]
        position += 9
        if length > 252:  # noqa: PLR2004 - as above
            length, position = read_long_size(data, position, length)
        outputs.append((units, data[position : position + length]))
        position += length
    return outputs, position


def _behind_witness(data: bytes, position: int, inputs: int) -> int:
    for _ in range(inputs):
        items = data[position]
        position += 1
        if items > 252:  # noqa: PLR2004 - as above
            items, position = read_long_size(data, position, items)
        for _ in range(items):
            length = data[position]
            position += 1
            if length > 252:  # noqa: PLR2004 - as above
                length, position = read_long_size(data, position, length)
            position += length
    return position


def _behind_mweb(data: bytes, position: int, *, is_alone: bool) -> int:
    """Step over the extension: only the HogEx transaction has one in a block, and it is empty there (a zero)."""
    if is_alone:
        return len(data) - LOCK_TIME_BYTES if position < len(data) - LOCK_TIME_BYTES else len(data)
    if data[position]:
        raise MalformedError("A block's transaction carries an MWEB extension of its own.")
    return position + 1


def _read_count(data: bytes, position: int) -> tuple[int, int]:
    """Read how many there are; if they are more than the bytes hold, reading them comes to an end with these."""
    count = data[position]
    position += 1
    if count > 252:  # noqa: PLR2004 - as above
        count, position = read_long_size(data, position, count)
    return count, position
