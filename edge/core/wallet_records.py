"""One hold of a band: as it is kept, and as the 71 bytes that it takes once it is over. Pure.

A season of sales would not fit into a small computer as objects: a hold takes 500 bytes and more,
and most are never looked at again. So a hold is packed in the moment it is posted, unless anything
about it is out of the ordinary (`packed` says what). Whether a hold is packed follows from the hold
alone, so that equal sets of facts give equal dumps::

    16 B txid | 16 B basket | 14 B base | u64 hlc | u32 seq
    u24 debit | u24 given | u24 credited | u32 stamp

A *stamp* is what holds of one shift have in common, kept once. The target follows from base,
amounts and txid, and is what was shown.
"""

from collections.abc import Iterable
from struct import Struct
from typing import Any, Final, NamedTuple

import msgspec

from crypto.medium import txh
from crypto.money import MARK_UNHEARD, TXH_BYTES, Slot

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
        if not self.shown:
            self.shown = proof
        elif self.shown != proof:
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
#: Where parts of a record begin.
SEQ_AT: Final = 32
HLC_AT: Final = 46
SEQ_NO_AT: Final = 54
STAMP_AT: Final = WIDTH - 4
_UNIT: Final = 10
_U24: Final = 0xFF_FFFF
_U32: Final = 0xFFFF_FFFF
#: Of a packed slot all but its txh.
_TOTALS: Final = (1 << 80) - 1


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
        numbers = {record[STAMP_AT:] for records in packs for record in records}
        before = {self.known[int.from_bytes(number, "big")]: number for number in numbers}
        order = sorted(before)
        moved = {before[stamp]: n.to_bytes(4, "big") for n, stamp in enumerate(order)}
        return order, {old: new for old, new in moved.items() if old != new}


def restamped(records: list[bytes], moved: dict[bytes, bytes]) -> bytes:
    """Records by transaction, with the numbers of their stamps as `Stamps.used` says."""
    if moved:
        records = [one[:STAMP_AT] + moved.get(one[STAMP_AT:], one[STAMP_AT:]) for one in records]
    return b"".join(sorted(records))


def _after(base: int, debit: int, given: int, marks: int) -> int:
    """What a hold usually writes over these totals: the next seq, and what it takes and gives."""
    number = base + (1 << 64) + (debit << 40) + (given << 16)
    if marks & MARK_UNHEARD:
        number += -(-debit // _UNIT)
    else:
        number &= ~0xFFFF
    return number & _TOTALS


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
    target = row.target
    before, after = int.from_bytes(row.base[:10], "big"), int.from_bytes(target[:10], "big")
    if after != _after(before, debit, given, row.marks) or after >> 64 != (before >> 64) + 1:
        return None
    if target[10:] != txh(row.txid) or row.shown != row.epoch.to_bytes(2, "big") + target:
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
    after = _after(int.from_bytes(base[:10], "big"), debit, given, marks)
    target = after.to_bytes(10, "big") + txh(txid)
    return Row(
        txid, medium, epoch, base, target, basket, part, POSTED, hlc, gateway, log, seq, till,
        shift, marks, movement, debit, given, 0, 0, many & _U24, absorbed, b"",
        epoch.to_bytes(2, "big") + target,
    )  # fmt: skip
