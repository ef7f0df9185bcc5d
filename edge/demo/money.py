"""Facts of money added up: the same sum for a gateway's ledger and for the centre's rows. Pure.

A debit counts once it was posted, by whichever gateway; a top-up counts unless it was voided.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

#: Kinds that move money, by number.
KINDS: Final[Mapping[int, str]] = {
    33: "DebitHeld", 34: "DebitPosted", 35: "DebitVoided", 37: "Sold", 38: "ToppedUp",
    40: "CreditVoided",
}  # fmt: skip
COLUMNS: Final = (
    "kind", "txid", "medium", "basket", "part", "debit_minor", "given_minor", "amount_minor"
)  # fmt: skip
TRAINING: Final = 1


@dataclass(frozen=True)
class Debit:
    """One attempt to have a part of a basket paid by a band."""

    txid: str
    medium: str
    basket: str
    part: int
    debit_minor: int
    given_minor: int


@dataclass
class Money:
    """What was held, how it ended, and what was credited: by transaction."""

    debits: dict[str, Debit] = field(default_factory=dict)
    posted: set[str] = field(default_factory=set)
    voided: set[str] = field(default_factory=set)
    top_ups: dict[str, tuple[str, int]] = field(default_factory=dict)
    taken_back: set[str] = field(default_factory=set)

    @property
    def counting(self) -> list[Debit]:
        """The debits that were posted."""
        return [one for txid, one in self.debits.items() if txid in self.posted]

    @property
    def in_doubt(self) -> list[Debit]:
        """Held, and neither posted nor voided."""
        ended = self.posted | self.voided
        return [one for txid, one in self.debits.items() if txid not in ended]

    @property
    def voided_count(self) -> int:
        """Attempts that never reached a band."""
        return len(self.voided - self.posted)

    @property
    def topped_minor(self) -> int:
        """All top-ups together."""
        return sum(self._topped().values())

    @property
    def spent_minor(self) -> int:
        """All debits together."""
        return sum(one.debit_minor for one in self.counting)

    @property
    def given_minor(self) -> int:
        """All that went back to bands."""
        return sum(one.given_minor for one in self.counting)

    def _topped(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for txid, (medium, amount) in self.top_ups.items():
            if txid not in self.taken_back:
                found[medium] += amount
        return found

    def balances(self, absorbed: Mapping[str, int]) -> dict[str, int]:
        """By medium: credits less debits. `absorbed`: what the centre credited itself."""
        found = self._topped()
        found.update(absorbed)
        for one in self.counting:
            found[one.medium] += one.given_minor - one.debit_minor
        return dict(found)

    def baskets(self) -> dict[str, list[Debit]]:
        """Posted debits by basket."""
        found: dict[str, list[Debit]] = {}
        for one in self.counting:
            found.setdefault(one.basket, []).append(one)
        return found

    def charged_twice(self) -> list[Debit]:
        """Of each part of a basket, what was posted beyond the first."""
        seen: set[tuple[str, int]] = set()
        again = []
        for one in self.counting:
            if (one.basket, one.part) in seen:
                again.append(one)
            seen.add((one.basket, one.part))
        return again


def add_up(facts: Iterable[Mapping[str, Any]]) -> Money:
    """The sum of facts as `edge ledger show` prints them, or as `row` made them."""
    money = Money()
    for fact in facts:
        kind, txid = fact["kind"], fact.get("txid", "")
        if kind == "DebitHeld":
            money.debits.setdefault(txid, Debit(
                txid, fact["medium"], fact["basket"], fact["part"], fact["debit_minor"],
                fact["given_minor"],
            ))  # fmt: skip
        elif kind == "DebitPosted":
            money.posted.add(txid)
        elif kind == "DebitVoided":
            money.voided.add(txid)
        elif kind == "ToppedUp":
            money.top_ups.setdefault(txid, (fact["medium"], fact["amount_minor"]))
        elif kind == "CreditVoided":
            money.taken_back.add(txid)
    return money


def row(values: Iterable[Any]) -> dict[str, Any]:
    """A row of the centre's table of money (`COLUMNS`) as a fact."""
    found = dict(zip(COLUMNS, values, strict=True))
    return found | {"kind": KINDS.get(found["kind"], "")}
