"""The holds of one medium: those that are over lie packed, the others as they are. Pure.

A hold is packed in the moment it is posted (`wallet_records`), and read from its bytes whenever
somebody asks. To change one it is taken out, and put back.
"""

from collections.abc import Callable, Iterator
from typing import Final

from edge.core.buckets import OWNERS_MAX, Finder
from edge.core.wallet_records import (
    HLC_AT,
    SEQ_AT,
    SEQ_NO_AT,
    STAMP_AT,
    WIDTH,
    Row,
    Stamps,
    packed,
    unpacked,
)

#: Above this, a pack grows in place and has room to spare.
_FLAT_BYTES: Final = 8192


class Rows:
    """The holds of one medium by transaction. `hot`: those that are kept as they are.

    What `get` and the like give of others is a copy: `take` it out to change it.
    """

    __slots__ = ("_stamps", "cold", "hot", "medium", "number")

    def __init__(self, medium: bytes = b"", number: int = 0, stamps: Stamps | None = None) -> None:
        self.medium = medium
        self.number = number
        self.hot: dict[bytes, Row] = {}
        self.cold: bytes | bytearray = b""
        self._stamps = stamps if stamps is not None else Stamps()

    def _at(self, what: bytes, offset: int = 0, begin: int = 0) -> int:
        """Where the record from `begin` on stands that has `what` at `offset`; -1: none."""
        cold = self.cold
        at = cold.find(what, begin + offset)
        while at >= 0 and at % WIDTH != offset:
            at = cold.find(what, at + 1)
        return at - offset if at >= 0 else -1

    def _row(self, at: int) -> Row:
        return unpacked(self.cold, at, self.medium, self._stamps)

    def get(self, txid: bytes) -> Row | None:
        """The hold, None if it is not known."""
        row = self.hot.get(txid)
        if row is None and self.cold:
            at = self._at(txid)
            row = self._row(at) if at >= 0 else None
        return row

    def __getitem__(self, txid: bytes) -> Row:
        row = self.get(txid)
        if row is None:
            raise KeyError(txid)
        return row

    def __contains__(self, txid: bytes) -> bool:
        return txid in self.hot or (bool(self.cold) and self._at(txid) >= 0)

    def __len__(self) -> int:
        return len(self.hot) + len(self.cold) // WIDTH

    def __iter__(self) -> Iterator[bytes]:
        yield from self.hot
        for at in range(0, len(self.cold), WIDTH):
            yield bytes(self.cold[at : at + 16])

    def values(self) -> Iterator[Row]:
        """All holds, in no order."""
        yield from self.hot.values()
        for at in range(0, len(self.cold), WIDTH):
            yield self._row(at)

    def items(self) -> Iterator[tuple[bytes, Row]]:
        """All of them, by transaction."""
        return ((row.txid, row) for row in self.values())

    def of_basket(self, basket: bytes) -> Iterator[Row]:
        """What is packed here of a basket."""
        at = self._at(basket, 16)
        while at >= 0:
            yield self._row(at)
            at = self._at(basket, 16, at + WIDTH)

    def of_seq(self, epoch: int, seq: bytes) -> Iterator[Row]:
        """Whatever may have shown a target of this seq (2 bytes)."""
        yield from self.hot.values()
        before = (int.from_bytes(seq, "big") - 1) & 0xFFFF
        high, low = before >> 8, before & 0xFF
        lows = self.cold[SEQ_AT + 1 :: WIDTH]
        index = lows.find(low)
        while index >= 0:
            at = index * WIDTH
            if self.cold[at + SEQ_AT] == high:
                row = self._row(at)
                if row.epoch == epoch:
                    yield row
            index = lows.find(low, index + 1)

    def since(self, hlc: int) -> Iterator[Row]:
        """Those whose clock is not below `hlc`, and maybe others."""
        yield from self.hot.values()
        least = hlc.to_bytes(8, "big")
        for at in range(0, len(self.cold), WIDTH):
            if self.cold[at + HLC_AT : at + SEQ_NO_AT] >= least:
                yield self._row(at)

    @property
    def apart(self) -> bool:
        """Whether all are packed and begin at seqs of their own: no two can be in each other's way.

        False says nothing.
        """
        cold = self.cold
        begun = {bytes(cold[at : at + 2]) for at in range(SEQ_AT, len(cold), WIDTH)}
        return not self.hot and len(begun) == len(cold) // WIDTH

    def take(self, txid: bytes) -> Row | None:
        """Take a packed hold out, so that it can be changed. None if none is packed."""
        at = self._at(txid) if self.cold else -1
        if at < 0:
            return None
        row = self.hot[txid] = self._row(at)
        self.cold = self.cold[:at] + self.cold[at + WIDTH :]
        return row

    def put(self, row: Row) -> bool:
        """Pack a hold of `hot` if it can be; whether it was."""
        if self.number >= OWNERS_MAX:
            return False
        record = packed(row, self._stamps)
        if record is None:
            return False
        if len(self.cold) > _FLAT_BYTES and isinstance(self.cold, bytes):
            self.cold = bytearray(self.cold)
        self.cold += record
        del self.hot[row.txid]
        return True

    def load(self, packed: bytes, baskets: "Baskets") -> None:
        """All packed holds, from a dump. Raises `ValueError` for what is no pack of them."""
        if len(packed) % WIDTH:
            raise ValueError("a pack of holds is cut off")
        many = len(self._stamps.known)
        for at in range(0, len(packed), WIDTH):
            if int.from_bytes(packed[at + STAMP_AT : at + WIDTH], "big") >= many:
                raise ValueError("a packed hold has no stamp")
            baskets.packed(packed[at + 16 : at + 32], self.number)
        self.cold = packed

    def records(self) -> list[bytes]:
        """All records, those of holds among them that only could be packed; in no order."""
        cold = bytes(self.cold)
        found = [cold[at : at + WIDTH] for at in range(0, len(cold), WIDTH)]
        if self.hot:
            more = (packed(row, self._stamps) for row in self.hot.values())
            found += [record for record in more if record is not None]
        return found


class Baskets:
    """Holds by the basket that they pay. `rows`: of the medium with a number."""

    __slots__ = ("_finder", "_hot", "_rows")

    def __init__(self, rows: Callable[[int], Rows]) -> None:
        self._hot: dict[bytes, tuple[Row, ...]] = {}
        self._finder = Finder()
        self._rows = rows

    def __len__(self) -> int:
        """How many holds there are to be found."""
        return len(self._finder) + sum(map(len, self._hot.values()))

    def get(self, basket: bytes, default: tuple[Row, ...] = ()) -> tuple[Row, ...]:
        """All that is known to pay it, on whatever band."""
        found = self._hot.get(basket, default)
        for number in self._finder.owners(basket):
            found += tuple(self._rows(number).of_basket(basket))
        return found

    def add(self, row: Row) -> None:
        """A hold that is kept as it is."""
        known = self._hot.get(row.basket)
        self._hot[row.basket] = (row,) if known is None else (*known, row)

    def drop(self, row: Row) -> None:
        """It is no longer."""
        known = self._hot.pop(row.basket, ())
        if len(known) > 1:
            self._hot[row.basket] = tuple(one for one in known if one is not row)

    def packed(self, basket: bytes, number: int) -> None:
        """A packed hold of the medium with this number pays it."""
        self._finder.add(basket, number)

    def taken(self, basket: bytes, number: int) -> None:
        """It is packed no longer."""
        self._finder.discard(basket, number)
