"""The holds of one medium: those that are over lie packed, 71 bytes each, the others as they are.
Pure.

A season of sales would not fit into a small computer as objects: a hold takes 500 bytes and more,
and most are never looked at again. So a hold is packed in the moment it is posted, unless anything
about it is out of the ordinary (`packed` says what), and read from its bytes whenever somebody
asks. To change one it is taken out, and put back. Whether a hold is packed follows from the hold
alone, so that equal sets of facts give equal dumps::

    16 B txid | 16 B basket | 14 B base | u64 hlc | u32 seq
    u24 debit | u24 given | u24 credited | u32 stamp

A *stamp* is what holds of one shift have in common, kept once. The target follows from base,
amounts and txid, and is what was shown.
"""

from collections.abc import Callable, Iterable, Iterator
from struct import Struct
from typing import Any, Final, NamedTuple

import msgspec

from crypto.medium import txh
from crypto.money import MARK_UNHEARD, TXH_BYTES, Slot
from edge.core.buckets import OWNERS_MAX, Finder

POSTED: Final = 1
VOIDED: Final = 2
OPEN: Final = 0
ZERO: Final = bytes(14)
#: Bytes of an epoch and a packed slot.
PROOF: Final = 16


def pack(slot: Slot) -> bytes:
    """The 14 bytes of a slot."""
    number = slot.seq << 64 | slot.debited << 40 | slot.given << 16 | slot.exposure
    return number.to_bytes(10, "big") + slot.txh


def unpack(packed: bytes) -> Slot:
    """The slot of 14 bytes."""
    number = int.from_bytes(packed[:10], "big")
    low = 0xFF_FFFF
    return Slot(
        number >> 64, number >> 40 & low, number >> 16 & low, number & 0xFFFF, packed[-TXH_BYTES:]
    )


class Row(msgspec.Struct, array_like=True, gc=False):
    """One hold and how it ended. `gateway` empty: only an outcome has arrived, not the hold.

    (`hlc`, `gateway`, `log`, `seq`) is where the hold stands; `ended`: POSTED and VOIDED bits of
    the facts folded; `shown`: what posting facts say was on the band. What follows from other
    holds is `Account.status`.
    """

    txid: bytes
    medium: bytes
    epoch: int = 0
    base: bytes = ZERO
    target: bytes = ZERO
    basket: bytes = b""
    part: int = 0
    ended: int = OPEN
    hlc: int = 0
    gateway: bytes = b""
    log: int = 0
    seq: int = 0
    till: int = 0
    shift: int = 0
    marks: int = 0
    movement: str = "sale"
    debit: int = 0
    given: int = 0
    promo: int = 0
    vouchers: int = 0
    credited: int = 0
    absorbed: int = 0
    reverses: bytes = b""
    shown: bytes = b""

    def show(self, epoch: int, target: bytes) -> bytes:
        """A fact says that `target` was on the band. That proof."""
        proof = epoch.to_bytes(2, "big") + target
        if self.shown != proof:
            self.shown = b"".join(sorted({proof, *self.proofs()}))
        return proof

    def proofs(self) -> list[bytes]:
        """Epoch and target of each posting fact: one, unless somebody lies."""
        return [self.shown[at : at + PROOF] for at in range(0, len(self.shown), PROOF)]

    @property
    def place(self) -> tuple[int, bytes, int, int]:
        """By which facts are ordered."""
        return (self.hlc, self.gateway, self.log, self.seq)


class Stamp(NamedTuple):
    """What many holds have in common."""

    gateway: bytes
    log: int
    till: int
    shift: int
    marks: int
    movement: str
    part: int
    epoch: int
    absorbed: int


_RECORD: Final = Struct(">16s16s14sQI9sI")
WIDTH: Final = _RECORD.size
#: From here on a record says its stamp.
_STAMP: Final = WIDTH - 4
_SEQ: Final = 32
_HLC: Final = 46
_SEQ_NO: Final = 54
_UNIT: Final = 10
_U24: Final = 0xFF_FFFF
_U32: Final = 0xFFFF_FFFF
#: Above this, a pack grows in place and has room to spare.
_FLAT_BYTES: Final = 8192


class Stamps:
    """Stamps by number, in the order they were met."""

    __slots__ = ("known", "numbers")

    def __init__(self, known: Iterable[Stamp] = ()) -> None:
        self.known: list[Stamp] = list(known)
        self.numbers: dict[tuple[Any, ...], int] = {one: n for n, one in enumerate(self.known)}

    def add(self, stamp: Stamp) -> int:
        """The number of one that was not met before."""
        found = self.numbers[stamp] = len(self.known)
        self.known.append(stamp)
        return found

    def used(self, packs: Iterable[list[bytes]]) -> tuple[list[Stamp], dict[bytes, bytes]]:
        """The stamps of these records in order, and by each number that changes, the new one."""
        numbers = {record[_STAMP:] for records in packs for record in records}
        before = {self.known[int.from_bytes(number, "big")]: number for number in numbers}
        order = sorted(before)
        moved = {before[stamp]: n.to_bytes(4, "big") for n, stamp in enumerate(order)}
        return order, {old: new for old, new in moved.items() if old != new}


def restamped(records: list[bytes], moved: dict[bytes, bytes]) -> bytes:
    """Records by transaction, with the numbers of their stamps as `Stamps.used` says."""
    if moved:
        records = [one[:_STAMP] + moved.get(one[_STAMP:], one[_STAMP:]) for one in records]
    return b"".join(sorted(records))


def _target(base: bytes, txid: bytes, debit: int, given: int, marks: int) -> bytes:
    """What a hold usually writes: the next seq, and what it takes and gives."""
    number = int.from_bytes(base[:10], "big") + (1 << 64) + (debit << 40) + (given << 16)
    if marks & MARK_UNHEARD:
        number += -(-debit // _UNIT)
    else:
        number &= ~0xFFFF
    return (number & (1 << 80) - 1).to_bytes(10, "big") + txh(txid)


def packed(row: Row, stamps: Stamps) -> bytes | None:
    """The record of a hold that is posted, and nothing else; None for any that has more to say.

    Kept as they are: what is open, was voided as well, took promo or vouchers, undoes another, has
    skipped a seq (after a void), was shown otherwise than it was held, or is of unusual size.
    """
    if row.ended != POSTED or not row.gateway or row.promo or row.vouchers or row.reverses:
        return None
    debit, given, credited = row.debit, row.given, row.credited
    if debit > _U24 or given > _U24 or credited > _U24 or row.seq > _U32:
        return None
    target = _target(row.base, row.txid, debit, given, row.marks)
    if int.from_bytes(target[:2], "big") != int.from_bytes(row.base[:2], "big") + 1:
        return None
    if row.target != target or row.shown != row.epoch.to_bytes(2, "big") + target:
        return None
    stamp = (
        row.gateway, row.log, row.till, row.shift, row.marks, row.movement, row.part, row.epoch,
        row.absorbed,
    )  # fmt: skip
    number = stamps.numbers.get(stamp)
    if number is None:
        number = stamps.add(Stamp(*stamp))
    amounts = (debit << 48 | given << 24 | credited).to_bytes(9, "big")
    return _RECORD.pack(row.txid, row.basket, row.base, row.hlc, row.seq, amounts, number)


def unpacked(record: bytes | bytearray, at: int, medium: bytes, stamps: Stamps) -> Row:
    """The hold of `medium` whose record begins at `at`."""
    txid, basket, base, hlc, seq, amounts, number = _RECORD.unpack_from(record, at)
    gateway, log, till, shift, marks, movement, part, epoch, absorbed = stamps.known[number]
    many = int.from_bytes(amounts, "big")
    debit, given = many >> 48, many >> 24 & _U24
    target = _target(base, txid, debit, given, marks)
    return Row(
        txid, medium, epoch, base, target, basket, part, POSTED, hlc, gateway, log, seq, till,
        shift, marks, movement, debit, given, 0, 0, many & _U24, absorbed, b"",
        epoch.to_bytes(2, "big") + target,
    )  # fmt: skip


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
        lows = self.cold[_SEQ + 1 :: WIDTH]
        index = lows.find(low)
        while index >= 0:
            at = index * WIDTH
            if self.cold[at + _SEQ] == high:
                row = self._row(at)
                if row.epoch == epoch:
                    yield row
            index = lows.find(low, index + 1)

    def since(self, hlc: int) -> Iterator[Row]:
        """Those whose clock is not below `hlc`, and maybe others."""
        yield from self.hot.values()
        least = hlc.to_bytes(8, "big")
        for at in range(0, len(self.cold), WIDTH):
            if self.cold[at + _HLC : at + _SEQ_NO] >= least:
                yield self._row(at)

    @property
    def apart(self) -> bool:
        """Whether all are packed and begin at seqs of their own: no two can be in each other's way.

        False says nothing.
        """
        cold = self.cold
        begun = {bytes(cold[at : at + 2]) for at in range(_SEQ, len(cold), WIDTH)}
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
            if int.from_bytes(packed[at + _STAMP : at + WIDTH], "big") >= many:
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
