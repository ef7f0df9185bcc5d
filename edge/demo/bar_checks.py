"""What must be true of the bar in the end, each with a name and the rows to look at. Pure.

Five opinions on every wallet have to be the same: the gateways' facts, the centre's rows, the
centre's own bookings, the bands themselves, and what we know was given and got.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edge.demo.checks import Finding, many
from edge.demo.money import Money
from edge.demo.purse import Purses


@dataclass
class BarHeld:
    """What all sides hold in the end. Wallets are named by medium, in hex; bands by name.

    `media`: band -> medium. `gateways`: what each gateway knows, its siblings' facts among it;
    `facts`: all own facts. `rows`: the centre's rows of money, `booked`: what it has booked, by
    (medium, what). `forks`: media whose copies the centre has proven. `totals`: the centre's
    command. `bands`: what each band says.
    """

    media: dict[str, str] = field(default_factory=dict)
    facts: Money = field(default_factory=Money)
    gateways: dict[str, Money] = field(default_factory=dict)
    rows: Money = field(default_factory=Money)
    booked: dict[tuple[str, str], int] = field(default_factory=dict)
    forks: list[str] = field(default_factory=list)
    totals: dict[str, Any] = field(default_factory=dict)
    bands: dict[str, int | None] = field(default_factory=dict)

    @property
    def absorbed(self) -> dict[str, int]:
        """What the centre credited itself, by medium."""
        return {medium: minor for (medium, what), minor in self.booked.items() if what == "credit"}

    @property
    def balances(self) -> dict[str, int]:
        """By medium: the sum of what the centre has booked."""
        found: dict[str, int] = {}
        for (medium, _), minor in self.booked.items():
            found[medium] = found.get(medium, 0) + minor
        return found


@dataclass(frozen=True)
class BarSummary:
    """The figures of the bar; amounts in minor units."""

    taps: int
    posted: int
    voided: int
    in_doubt: int
    refused: dict[str, int]
    torn: int
    paid_already: int
    topped_up_minor: int
    presale_minor: int
    spent_minor: int
    given_back_minor: int
    tips_minor: int
    wallets: int
    balances_minor: int
    copies_refused: int
    forks: int
    tills: int
    drawers_minor: int


def agree(
    held: BarHeld, purses: Purses, closings: Mapping[int, Mapping[str, int]],
    surprises: Sequence[str],
) -> list[Finding]:  # fmt: skip
    """Everything about the bar that must be true."""
    found = _wallets(held, purses) + _sums(held) + _bands(held, purses)
    found += _baskets(held, purses) + _forks(held, purses) + _drawers(purses, closings)
    if surprises:
        what = f"{many(len(surprises), 'answer')} at a till that nobody could expect"
        found.append(Finding("tills-answer-as-expected", what, tuple(surprises)))
    if held.facts.in_doubt:
        rows = tuple(f"{one.medium}: {one.debit_minor}" for one in held.facts.in_doubt)
        what = f"{many(len(rows), 'debit is', 'debits are')} in doubt after every band was seen"
        found.append(Finding("debits-are-settled", what, rows))
    return found


def _wallets(held: BarHeld, purses: Purses) -> list[Finding]:
    """Facts, rows, bookings and purses say the same of every wallet."""
    wanted = {held.media[name]: minor for name, minor in purses.balances().items()}
    names = {held.media[name]: name for name in purses.balances()}
    sides = {
        "the centre's bookings": held.balances,
        "the centre's rows": held.rows.balances(held.absorbed),
        "the gateways' ledgers": held.facts.balances(held.absorbed),
    }
    for gateway, money in held.gateways.items():
        sides[f"gateway {gateway}, with what it heard,"] = money.balances(held.absorbed)
    found = []
    for whose, told in sides.items():
        rows = tuple(
            f"{names.get(medium, 'an unknown band')}, medium {medium}: {told.get(medium, 0)},"
            f" must be {wanted.get(medium, 0)}"
            for medium in sorted({*wanted, *told})
            if told.get(medium, 0) != wanted.get(medium, 0)
        )
        if rows:
            what = f"{whose} say something else of {many(len(rows), 'wallet')} than was given"
            found.append(Finding("wallets-agree", f"{what} and got", rows))
    return found


def _sums(held: BarHeld) -> list[Finding]:
    """Credits less debits are the balances, also by the centre's own command."""
    facts = held.facts
    credits_minor = facts.topped_minor + sum(held.absorbed.values())
    minor = credits_minor - facts.spent_minor + facts.given_minor
    balances = sum(held.balances.values())
    told = held.totals.get("balances_minor")
    if minor == balances == told and held.totals.get("agree"):
        return []
    what = (
        f"credits less debits are {minor}, balances at the centre {balances},"
        f" and its command says {told}"
    )
    return [Finding("credits-less-debits-are-balances", what)]


def _bands(held: BarHeld, purses: Purses) -> list[Finding]:
    """Each band says what its guest must have, each copy for itself."""
    rows = tuple(
        f"{name} ({one.chip}): {held.bands.get(name)}, must be {one.balance_minor}"
        for name, one in purses.bands.items()
        if held.bands.get(name) != one.balance_minor
    )
    if not rows:
        return []
    what = f"{many(len(rows), 'band says', 'bands say')} something else than what was given and got"
    return [Finding("bands-say-so-too", what, rows)]


def _baskets(held: BarHeld, purses: Purses) -> list[Finding]:
    """What was handed over was paid, once, and nothing else was."""
    found = []
    for whose, money in (("the gateways' ledgers", held.facts), ("the centre's rows", held.rows)):
        twice = money.charged_twice()
        if twice:
            rows = tuple(f"basket {one.basket}: {one.debit_minor} more" for one in twice)
            what = f"by {whose}, {many(len(rows), 'basket was', 'baskets were')} charged twice"
            found.append(Finding("nobody-pays-twice", what, rows))
        paid = {
            basket: sum(one.debit_minor - one.given_minor for one in debits)
            for basket, debits in money.baskets().items()
        }
        rows = tuple(
            f"basket {basket}: {paid.get(basket, 'not paid')},"
            f" handed over for {purses.baskets.get(basket, 'nothing')}"
            for basket in sorted({*paid, *purses.baskets})
            if paid.get(basket) != purses.baskets.get(basket)
        )
        if rows:
            what = f"by {whose}, {many(len(rows), 'basket is', 'baskets are')} not paid as handed"
            found.append(Finding("goods-are-paid", f"{what} over", rows))
    return found


def _forks(held: BarHeld, purses: Purses) -> list[Finding]:
    planned = {held.media[name] for name in purses.forked}
    told = set(held.forks)
    rows = [f"not found: medium {medium}" for medium in sorted(planned - told)]
    rows += [f"never happened: medium {medium}" for medium in sorted(told - planned)]
    if not rows and len(held.forks) == len(planned):
        return []
    what = f"{many(len(planned), 'copy was', 'copies were')} used on both sides of the cut,"
    return [Finding("copies-are-proven", f"{what} {len(held.forks)} proven", tuple(rows))]


def _drawers(purses: Purses, closings: Mapping[int, Mapping[str, int]]) -> list[Finding]:
    rows = []
    for till, minor in sorted(purses.drawers.items()):
        told = closings.get(till)
        if told is None:
            rows.append(f"till {till} was never closed")
        elif told["expected_minor"] != minor or told["difference_minor"]:
            rows.append(f"till {till} expects {told['expected_minor']}, the cashier took {minor}")
    if not rows:
        return []
    what = f"{many(len(rows), 'till does', 'tills do')} not expect what is in the drawer"
    return [Finding("drawers-are-right", what, tuple(rows))]
