"""Who comes to the bar, with which band, and what they do there: from one seed. Pure.

Everybody gets a band and tops it up; then each has a part to play: a band that is torn while it is
written (and is held again at the same till, another one, or another gateway), a band that was
copied, a code, credit from the presale, or too little money.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from edge.demo.purse import BEER, CUP, WATER
from edge.demo.settings import Site

PATRONS_MIN: Final = 8
PATRONS_MAX: Final = 60
GUESTS_EACH: Final = 8
CODE_MINOR: Final = 1000
PRESALE_MINOR: Final = 1500
TOP_UPS_MINOR: Final = (5000, 6000, 8000)
TIPS_MINOR: Final = (0, 0, 30, 50)
#: Nobody has as much money.
TOO_MANY: Final = 60
ROUND_S: Final = 12.0
ROUNDS_MAX: Final = 4
TORN: Final = ("garbage", "old", "new", "faded")
SLOT_PAGES: Final = 6
CERTIFICATE_PAGES: Final = 20
#: Chips that a copy can be made of know a password, no more.
CHIPS: Final = ("NTAG213", "NTAG215", "Ultralight EV1 128", "Ultralight AES")
PARTS: Final = ("torn", "moves", "copied", "code", "torn top-up", "poor", "presale", "travels")
FORKS: Final = 2


@dataclass(frozen=True)
class Step:
    """One thing at a till. `tear`: (which page write, what is left of the page); then the guest
    holds the band again at `till`, or goes to the till `then`."""

    at_s: float
    kind: str
    till: int
    items: tuple[tuple[int, int], ...] = ()
    amount_minor: int = 0
    tip_minor: int = 0
    tear: tuple[int, str] | None = None
    then: int = 0


@dataclass(frozen=True)
class Patron:
    """One guest of the bar; `uid` in hex."""

    name: str
    part: str
    chip: str
    uid: str
    steps: tuple[Step, ...]
    presale_minor: int = 0


def count_of(guests: int) -> int:
    """How many of `guests` also go to the bar."""
    return max(PATRONS_MIN, min(PATRONS_MAX, guests // GUESTS_EACH))


def plan_patrons(seed: int, count: int, seconds: float, sites: Sequence[Site]) -> list[Patron]:
    """`count` guests within `seconds`, at the tills of `sites`."""
    random = Random(seed)
    return [_patron(random, n, seconds, [s for s in sites if s.tills]) for n in range(count)]


def plan_forks(seed: int, sites: Sequence[Site]) -> list[Patron]:
    """Guests whose bands will be copied while the LAN is cut; none where there is no LAN."""
    random = Random(seed + 1)
    places = [site for site in sites if site.tills]
    if len(places) < 2:
        return []
    found = []
    for n in range(FORKS):
        till = _cash(places[n % len(places)])
        steps = (Step(0.0, "issue", till), Step(0.0, "top_up", till, amount_minor=5000))
        found.append(Patron(f"fork_{n}", "forked", "NTAG213", _uid(random, 200 + n), steps))
    return found


def _patron(random: Random, n: int, seconds: float, places: Sequence[Site]) -> Patron:
    part = PARTS[n % len(PARTS)]
    if part == "travels" and len(places) < 2:
        part = "moves"
    # The first of those who go to another gateway is there while the LAN is whole.
    home = places[0] if part in ("moves", "travels") else places[n % len(places)]
    chip = CHIPS[0] if part == "copied" else random.choice(CHIPS)
    latest = 0.1 if part == "travels" else 0.3
    begins = random.uniform(0, latest) * seconds
    todo = [Step(0, "issue", _cash(home)), _top_up(random, home, part == "torn top-up")]
    if part == "code":
        todo.append(Step(0, "code", _cash(home), amount_minor=CODE_MINOR))
    if part in ("torn", "moves", "travels"):
        todo.append(_torn(random, part, places, home))
    if part == "copied":
        # Of a band that was never used a gateway cannot tell a copy from one whose slot has faded.
        todo.append(Step(0, "buy", random.choice(list(home.tills)), ((WATER, 1),)))
        todo.append(Step(0, "copied", random.choice(list(home.tills)), _drinks(random)))
    if part == "poor":
        todo.append(Step(0, "over", random.choice(list(home.tills)), ((BEER, TOO_MANY),)))
    for _ in range(min(ROUNDS_MAX, 1 + int(seconds // ROUND_S))):
        till, tip = random.choice(list(home.tills)), random.choice(TIPS_MINOR)
        todo.append(Step(0, "buy", till, _drinks(random), tip_minor=tip))
    todo.append(Step(0, "buy", random.choice(list(home.tills)), ((CUP, -1),)))
    todo.append(Step(0, "balance", random.choice(list(home.tills))))
    # The band is there first; then things come when they come.
    times = [begins, begins, *sorted(random.uniform(begins, seconds * 0.9) for _ in todo[2:])]
    steps = tuple(
        Step(round(at, 3), s.kind, s.till, s.items, s.amount_minor, s.tip_minor, s.tear, s.then)
        for at, s in zip(times, todo, strict=True)
    )
    presale = PRESALE_MINOR if part == "presale" else 0
    return Patron(f"guest_{n}", part, chip, _uid(random, n), steps, presale)


def _torn(random: Random, part: str, places: Sequence[Site], home: Site) -> Step:
    till = random.choice(list(home.tills))
    then = 0
    if part == "moves":
        then = random.choice([number for number in home.tills if number != till])
    if part == "travels":
        then = random.choice(list(places[1].tills))
    tear = (random.randrange(SLOT_PAGES), random.choice(TORN))
    return Step(0, "buy", till, ((WATER, 1),), tear=tear, then=then)


def _top_up(random: Random, home: Site, torn: bool) -> Step:
    tear = (random.randrange(CERTIFICATE_PAGES), random.choice(TORN)) if torn else None
    return Step(0, "top_up", _cash(home), amount_minor=random.choice(TOP_UPS_MINOR), tear=tear)


def _drinks(random: Random) -> tuple[tuple[int, int], ...]:
    return random.choice((((BEER, 1),), ((WATER, 1),), ((BEER, 1), (WATER, 1))))


def _cash(site: Site) -> int:
    return next(number for number, (_, cash) in site.tills.items() if cash)


def _uid(random: Random, n: int) -> str:
    return (b"\x04" + n.to_bytes(2, "big") + random.randbytes(4)).hex()
