"""The centre's books, by a model of their rules: rows as `central.money_rows` makes them, booked as
`central.store.money` says it in SQL, here in Python and without a database.

Blocks come in any order, from whoever holds them, more than once. What is booked must not depend
on that, and must agree with gateways and bands to the unit.
"""

from __future__ import annotations

import random
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from central.money_rows import MONEY_COLUMNS, line_rows, money_row, storable
from crypto.entry import KnownFact, decode_facts_untrusted
from crypto.money import MoneyConflictFound
from tests.sim.wallet.life import Machine

if TYPE_CHECKING:
    from collections.abc import Iterable

TENANT = b"fair" * 4
#: Kinds of facts, as the table of kinds numbers them.
REISSUED, HELD, POSTED, VOIDED, SOLD, TOPPED, UNLOADED, GRANTED = 31, 33, 34, 35, 37, 38, 40, 41
TRAINING = 1
Row: TypeAlias = dict[str, Any]


class Movement(NamedTuple):
    """What one transaction moved on one wallet."""

    amount_minor: int
    promo_minor: int
    vouchers: int


class Gap(Exception):
    """Something before it is not here yet."""


class Centre:
    """Rows of facts, movements of wallets, and proofs of copies."""

    def __init__(self) -> None:
        self.through: dict[bytes, int] = defaultdict(int)
        self.by_txid: dict[bytes, list[Row]] = defaultdict(list)
        self.by_medium: dict[bytes, list[Row]] = defaultdict(list)
        #: By (txid, what, medium), as the primary key of the table.
        self.movements: dict[tuple[bytes, str, bytes], Movement] = {}
        #: (medium, epoch of the band, seq, first txid, second txid).
        self.forks: set[tuple[bytes, int, int, bytes, bytes]] = set()
        self.same = 0

    def take(self, gateway: bytes, first_seq: int, body: bytes) -> None:
        """A block of a log of epoch 1. One that is here changes nothing. Raises `Gap`."""
        facts = decode_facts_untrusted(body)
        last = first_seq + len(facts) - 1
        if last <= self.through[gateway]:
            self.same += 1
            return
        if first_seq != self.through[gateway] + 1:
            raise Gap
        self.through[gateway] = last
        names: set[bytes] = set()
        media: set[bytes] = set()
        for seq, fact in enumerate(facts, first_seq):
            if hasattr(fact, "txid") or isinstance(fact, MoneyConflictFound):
                row = self._row(gateway, seq, fact)  # type: ignore[arg-type]
                if not isinstance(fact, MoneyConflictFound):
                    names.add(row["txid"])
                    media.add(row["medium"] or b"")
        for txid in sorted(names):
            self._book(txid)
        for medium in sorted(media - {b""}):
            self._find_forks(medium)

    def _row(self, gateway: bytes, seq: int, fact: KnownFact) -> Row:
        place = (TENANT, gateway, 1, seq)
        assert storable(fact), fact  # type: ignore[arg-type]
        row = dict(zip(MONEY_COLUMNS, money_row(place, fact), strict=True))  # type: ignore
        lines = line_rows(place, fact)  # type: ignore[arg-type]
        row["lines_minor"] = sum(line[9] for line in lines)  # type: ignore[misc]
        self.by_txid[row["txid"]].append(row)
        if row["medium"]:
            self.by_medium[row["medium"]].append(row)
        return row

    def _of(self, txid: bytes, kind: int) -> list[Row]:
        found = [row for row in self.by_txid[txid] if row["kind"] == kind]
        return [row for row in found if not row["marks"] & TRAINING or kind in (POSTED, VOIDED)]

    def _put(self, row: Row, what: str, medium: bytes, *moved: int, txid: bytes = b"") -> None:
        self.movements.setdefault((txid or row["txid"], what, medium), Movement(*moved))

    def _book(self, txid: bytes) -> None:
        for row in self._of(txid, HELD) if self._of(txid, POSTED) else ():
            sign = 1 if row["movement"] in ("reversal", "refund") else -1
            net = row["given_minor"] - row["debit_minor"]
            what = "debit" if net <= 0 else "give_back"
            self._put(row, what, row["medium"], net, sign * row["promo_minor"],
                      sign * row["vouchers"])  # fmt: skip
        for row in self._of(txid, SOLD) + self._of(txid, GRANTED):
            promo, vouchers = row["promo_minor"] or 0, row["vouchers"] or 0
            if row["medium"] and (promo or vouchers):
                back = row["kind"] == GRANTED or row["movement"] in ("reversal", "refund")
                sign, name = (1 if back else -1), row["source"] if row["kind"] == GRANTED else b""
                self._put(row, "promo", row["medium"], 0, sign * promo, sign * vouchers, txid=name)
        for row in self._of(txid, TOPPED):
            self._put(row, "top_up", row["medium"], row["amount_minor"], 0, 0)
            if self._of(txid, UNLOADED):
                self._put(row, "top_up_voided", row["medium"], -row["amount_minor"], 0, 0)
        for row in self._of(txid, REISSUED):
            self._put(row, "carried", row["medium"], row["amount_minor"], 0, 0)
            self._put(row, "carried_away", row["source"], -row["amount_minor"], 0, 0)

    def _find_forks(self, medium: bytes) -> None:
        posted: dict[tuple[int, int], set[bytes]] = defaultdict(set)
        for row in self.by_medium[medium]:
            if row["kind"] == POSTED:
                posted[row["band_epoch"], row["band_seq"]].add(row["txid"])
        for (epoch, seq), txids in posted.items():
            for a in txids:
                self.forks |= {(medium, epoch, seq, a, b) for b in txids if a < b}

    # -- what people ask of it --------------------------------------------------------------------

    def balance(self, medium: bytes) -> Movement:
        """What a wallet is worth, and its promo and vouchers less what the bundle gave."""
        found = [one for (_, _, whose), one in self.movements.items() if whose == medium]
        return Movement(
            sum(one.amount_minor for one in found), sum(one.promo_minor for one in found),
            sum(one.vouchers for one in found),
        )  # fmt: skip

    def in_doubt(self) -> set[bytes]:
        """Holds that no fact has ended."""
        held = [txid for txid, rows in self.by_txid.items() if any(r["kind"] == HELD for r in rows)]
        return {
            txid for txid in held if not self._of(txid, POSTED) and not self._of(txid, VOIDED)
        }  # fmt: skip

    def sales(self) -> list[Row]:
        """Rows of holds that have lines."""
        return [
            row for rows in self.by_txid.values() for row in rows
            if row["kind"] == HELD and row["lines_minor"]
        ]  # fmt: skip

    def books(self) -> tuple[Any, ...]:
        """All that must not depend on the order."""
        return (self.movements, self.forks, self.in_doubt())


def settled(machines: Iterable[Machine], dice: random.Random) -> Centre:
    """A centre that heard everything from everybody: each run as often as gateways hold it, in
    the order of `dice`; what has a gap before it is sent again."""
    centre, waiting = Centre(), list[tuple[bytes, int, bytes]]()
    for machine in machines:
        for owner, count in ((machine, len(machine.runs)), *machine.heard.items()):
            waiting += [(run.gateway, run.first_seq, run.body) for run in owner.runs[:count]]
    dice.shuffle(waiting)
    while waiting:
        again = []
        for run in waiting:
            try:
                centre.take(*run)
            except Gap:
                again.append(run)
        assert len(again) < len(waiting), "a run that nobody has"
        waiting = again
    return centre
