"""What the state keeps of one medium: holds, top-ups, and where its band must have got to. Pure.

Slots are kept packed, 14 bytes: seq u16, D u24, G u24, X u16, txh. Packed slots are equal when the
slots are, and sort by seq first.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from edge.core.wallet_packs import Rows
from edge.core.wallet_records import OPEN, POSTED, PROOF, VOIDED, ZERO, Row, pack, unpack

__all__ = [
    "GIVES_BACK", "OPEN", "POSTED", "PROOF", "VOIDED", "ZERO", "Account", "Grant", "Issued",
    "Mark", "Row", "Spent", "Topped", "pack", "unpack",
]  # fmt: skip

#: Movements that give promo and vouchers back instead of taking them.
GIVES_BACK: Final = frozenset({"reversal", "refund"})


class Spent(msgspec.Struct, array_like=True, gc=False):
    """A sale without a slot (cash, card, promo only) as far as media are concerned."""

    txid: bytes
    hlc: int
    gateway: bytes
    log: int
    seq: int
    movement: str
    promo: int
    vouchers: int
    marks: int
    reverses: bytes

    @property
    def place(self) -> tuple[int, bytes, int, int]:
        """By which facts are ordered."""
        return (self.hlc, self.gateway, self.log, self.seq)


class Topped(msgspec.Struct, array_like=True, gc=False):
    """One top-up. `ended`: POSTED where the certificate was read back, VOIDED where it never got
    there. `gateway` empty: only its outcome has arrived."""

    txid: bytes
    medium: bytes
    ended: int = OPEN
    hlc: int = 0
    gateway: bytes = b""
    log: int = 0
    seq: int = 0
    epoch: int = 0
    key_index: int = 0
    method: str = "cash"
    amount: int = 0
    before: int = 0
    after: int = 0
    absorbed: int = 0
    source: bytes = b""
    certificate: bytes = b""

    @property
    def place(self) -> tuple[int, bytes, int, int]:
        """By which facts are ordered."""
        return (self.hlc, self.gateway, self.log, self.seq)

    @property
    def counted(self) -> int:
        """What of it counts as credited by its key."""
        return self.amount if self.gateway and self.ended != VOIDED else 0


class Grant(msgspec.Struct, array_like=True, gc=False):
    """Promo and vouchers under one `source`: of several grants of one source the first counts."""

    source: bytes
    txid: bytes
    hlc: int
    gateway: bytes
    log: int
    seq: int
    promo: int
    vouchers: int

    @property
    def place(self) -> tuple[int, bytes, int, int]:
        """By which facts are ordered."""
        return (self.hlc, self.gateway, self.log, self.seq)


class Issued(msgspec.Struct, array_like=True, gc=False):
    """The newest issue of a band: the highest epoch, of that the latest fact."""

    epoch: int = 0
    hlc: int = 0
    gateway: bytes = b""
    log: int = 0
    seq: int = 0
    chip: str = ""
    wallet_class: int = 0
    certificate: bytes = b""

    @property
    def order(self) -> tuple[int, int, bytes, int, int]:
        """Which of two counts."""
        return (self.epoch, self.hlc, self.gateway, self.log, self.seq)


class Mark(msgspec.Struct, array_like=True, gc=False):
    """High-water of the newest epoch: the highest slot posted or read, D and G each at their
    highest, and `ahead`: the highest seq that any hold was to write."""

    epoch: int = 0
    top: bytes = ZERO
    debited: int = 0
    given: int = 0
    ahead: int = 0

    def reach(self, epoch: int, packed: bytes) -> None:
        """A slot was posted, or read from the band."""
        if epoch < self.epoch or (epoch == self.epoch and packed == self.top):
            return
        if epoch > self.epoch:
            self.epoch, self.top, self.debited, self.given, self.ahead = epoch, packed, 0, 0, 0
        elif packed > self.top:
            self.top = packed
        number = int.from_bytes(packed[:10], "big")
        debited, given = number >> 40 & 0xFF_FFFF, number >> 16 & 0xFF_FFFF
        if debited > self.debited:
            self.debited = debited
        if given > self.given:
            self.given = given

    def aim(self, epoch: int, seq: int) -> None:
        """A hold was to write this seq."""
        if epoch > self.epoch:
            self.reach(epoch, ZERO)
        if epoch == self.epoch and seq > self.ahead:
            self.ahead = seq


class Account(msgspec.Struct, array_like=True):
    """Everything folded about one medium.

    Not in the dump, because they follow: `unposted`, rows that no fact has posted; `uses_promo`,
    whether anything took promo or vouchers. `replaced`: the highest epoch whose worth went onto
    another band, 0 for none.
    """

    min_epoch: int = 0
    issued: Issued = msgspec.field(default_factory=Issued)
    mark: Mark = msgspec.field(default_factory=Mark)
    rows: Rows = msgspec.field(default_factory=Rows)
    credits: dict[bytes, Topped] = {}
    grants: dict[bytes, Grant] = {}
    spent: dict[bytes, Spent] = {}
    unposted: dict[bytes, Row] = {}
    uses_promo: bool = False
    replaced: int = 0

    def status(self, row: Row) -> int:
        """POSTED, VOIDED or OPEN, by facts about it and by what other holds have read.

        Posted: a fact says so, or a later hold read our target. Voided: a fact says so, or our
        base was still there for one that was posted, or for a later one of the same gateway. Two
        holds of one base that nobody posted and that stand in two logs prove nothing: clocks of
        gateways which do not hear each other give no order. Posted beats voided.
        """
        if row.ended & POSTED or not row.gateway:
            return POSTED if row.ended & POSTED else row.ended
        others = [one for one in self.rows.values() if one.epoch == row.epoch and one.gateway]
        if any(one.base == row.target for one in others):
            return POSTED
        if row.ended:
            return VOIDED
        read = {one.base for one in others}
        for one in others:
            if one.base == row.base and one is not row:
                later = one.gateway == row.gateway and (one.log, one.seq) > (row.log, row.seq)
                if later or one.ended & POSTED or one.target in read:
                    return VOIDED
        return OPEN

    def counting(self) -> Iterator[Row | Spent]:
        """Whatever may have taken promo or vouchers: all that is not voided."""
        for row in self.rows.hot.values():  # none of these is ever packed
            if (row.promo or row.vouchers) and self.status(row) != VOIDED:
                yield row
        yield from self.spent.values()

    def promo(self) -> tuple[int, int]:
        """Promo in minor units, and vouchers, that facts have given less what they have taken."""
        first: dict[bytes, Grant] = {}
        for one in sorted(self.grants.values(), key=lambda one: (one.place, one.txid)):
            first.setdefault(one.source, one)
        promo = sum(one.promo for one in first.values())
        vouchers = sum(one.vouchers for one in first.values())
        for used in self.counting():
            sign = 1 if used.movement in GIVES_BACK else -1
            promo += sign * used.promo
            vouchers += sign * used.vouchers
        return promo, vouchers

    def forked(self) -> int:
        """The highest epoch with a fork, 0 for none."""
        seen: dict[bytes, bytes] = {}
        found = 0
        for row in self.rows.values():
            for proof in row.proofs():
                if seen.setdefault(proof[:4], proof) != proof:
                    found = max(found, int.from_bytes(proof[:2], "big"))
        return found

    def forks(self) -> list[tuple[Row, Row]]:
        """(first, later) of each posted hold that shares its seq with an earlier one: two bands
        of one UID, with a signed fact for each."""
        firsts: dict[bytes, tuple[bytes, Row]] = {}
        found = []
        for row in sorted(self.rows.values(), key=lambda row: (row.place, row.txid)):
            for proof in row.proofs():
                before, first = firsts.setdefault(proof[:4], (proof, row))
                if first is not row and before != proof:
                    found.append((first, row))
        return found
