"""What every guest must have at the bar: cash that she gave, goods that she got. Pure.

A second opinion that knows nothing of certificates, slots or facts; amounts are integers in minor
units. What a cashier took is kept beside it, till by till.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, TypeAlias

CUP: Final = 1
BEER: Final = 10
WATER: Final = 11
#: The price list of the demo; a drink comes with the deposit of its cup.
PRICES: Final[Mapping[int, int]] = {CUP: 200, BEER: 520, WATER: 300}
FLOAT_MINOR: Final = 10_000
#: (article, how many); cups with a minus come back.
Items: TypeAlias = Sequence[tuple[int, int]]


def cost(items: Items, tip_minor: int = 0) -> tuple[int, int]:
    """What a basket takes from a band, and what it gives back to it."""
    debit, given = tip_minor, 0
    for article, count in items:
        if count < 0:
            given -= count * PRICES[article]
        else:
            debit += count * (PRICES[article] + (PRICES[CUP] if article != CUP else 0))
    return debit, given


@dataclass
class Purse:
    """One physical band. A copy begins with what its original had (`had_minor`) just then."""

    name: str
    uid: str
    chip: str
    presale_minor: int = 0
    topped_minor: int = 0
    spent_minor: int = 0
    given_minor: int = 0
    tips_minor: int = 0
    copy_of: str = ""
    had_minor: int = 0

    @property
    def balance_minor(self) -> int:
        """What must be on the band. Tips are in what was spent."""
        return self.presale_minor + self.topped_minor - self.spent_minor + self.given_minor

    def copied(self, name: str) -> "Purse":
        """The purse of a copy that is made now."""
        return replace(self, name=name, copy_of=self.name, had_minor=self.balance_minor)


@dataclass
class Purses:
    """All bands by name; the drawers by till; each basket that was paid, and what it took."""

    bands: dict[str, Purse] = field(default_factory=dict)
    drawers: dict[int, int] = field(default_factory=dict)
    baskets: dict[str, int] = field(default_factory=dict)
    #: Names of originals whose copies were used on both sides of the cut.
    forked: list[str] = field(default_factory=list)
    #: Copies that were refused where the original is known.
    refused_copies: int = 0

    def paid(self, purse: Purse, basket: str, items: Items, tip_minor: int) -> None:
        """The cashier has handed the goods over."""
        debit, given = cost(items, tip_minor)
        purse.spent_minor += debit
        purse.given_minor += given
        purse.tips_minor += tip_minor
        self.baskets[basket] = debit - given

    def topped(self, purse: Purse, till: int, amount_minor: int, cash: bool) -> None:
        """The guest has given cash, or a code worth as much."""
        purse.topped_minor += amount_minor
        if cash:
            self.drawers[till] = self.drawers.get(till, 0) + amount_minor

    def balances(self) -> dict[str, int]:
        """By original band: what its wallet must be worth, with all that copies took."""
        found = {one.name: one.balance_minor for one in self.bands.values() if not one.copy_of}
        for one in self.bands.values():
            if one.copy_of:
                found[one.copy_of] += one.balance_minor - one.had_minor
        return found

    def json(self) -> dict[str, Any]:
        """As it is kept for a later comparison."""
        return asdict(self)

    @classmethod
    def load(cls, kept: Mapping[str, Any]) -> "Purses":
        """What `json` gave, also after it was a file."""
        bands = {name: Purse(**one) for name, one in kept["bands"].items()}
        drawers = {int(till): minor for till, minor in kept["drawers"].items()}
        return cls(bands, drawers, dict(kept["baskets"]), list(kept["forked"]),
                   kept["refused_copies"])  # fmt: skip
