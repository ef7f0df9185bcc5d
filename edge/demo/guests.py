"""Who comes, with which code, and what they do: all of it from one seed.

A guest shows a code once or several times. `reason` is the refusal that every showing must get;
where it is empty, the answer depends on what was done with the ticket before (see `beliefs`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from edge.demo.settings import LANES, sites

#: Share of the crowd, in percent, per sort of guest. At least one of each comes.
SORTS: Final = {
    "ticket": 38, "pretix": 12, "handheld": 5, "nervous": 7, "idler": 3, "returner": 5,
    "group_singly": 2, "group_together": 2, "group_in_part": 2, "copy": 7, "twins": 3,
    "forgery": 4, "unknown_seller": 2, "wrong_day": 3, "too_early": 2, "canceled": 2,
    "blocked": 2, "revoked": 2, "wrong_show": 3, "wrong_gate": 2, "garbage": 4,
}  # fmt: skip
#: The lanes of Gate South, which is open tonight only.
SOUTH: Final = (3, 4)
GARBAGE: Final = (
    b"\x00\x01\x02\x03", "Grüße aus Wien".encode("latin-1"), "🎫 ticket".encode(), b"A" * 6000,
    b"HTTPS://EXAMPLE.ORG/MENU", b"GH1", b"GH1" + b"A" * 156, b"'; DROP TABLE facts; --",
    b"0123456789012", b"\xff" * 40, b"=" * 200,
)  # fmt: skip


@dataclass(frozen=True)
class Code:
    """A scanned text; `identity` as the gateway shows it, empty when it names no ticket of ours."""

    text: bytes
    identity: str = ""
    persons: int = 1


@dataclass(frozen=True)
class Codes:
    """Everything that can be shown."""

    day: list[Code]
    group: list[Code]
    tomorrow: list[Code]
    backstage: list[Code]
    past: list[Code]
    future: list[Code]
    canceled: list[Code]
    blocked: list[Code]
    revoked: list[Code]
    pretix: list[Code]
    unknown_key: list[Code]


@dataclass(frozen=True)
class Show:
    """One showing at `lane`: for `count` persons, of whom `walkers` walk once they may.

    `by_hand`: over the local API, with a nonce, asked twice. `twice`: shown again while it is held.
    `after_s`: how long after the showing before it.
    """

    lane: int
    count: int = 1
    walkers: int = 1
    by_hand: bool = False
    twice: bool = False
    after_s: float = 0.0


@dataclass(frozen=True)
class Guest:
    """Somebody with one code. `at_s` after doors; `silent`: a scanner may swallow this text.

    `reason`: what every showing must be answered with; "" when that depends.
    """

    number: int
    sort: str
    at_s: float
    code: Code
    shows: tuple[Show, ...]
    reason: str = ""
    silent: bool = False


@dataclass
class _Plan:
    """Draws codes without giving one to two guests by mistake."""

    random: Random
    codes: Codes
    seconds: float
    #: The lanes of each gateway.
    gateways: Sequence[tuple[int, ...]] = (tuple(LANES),)
    guests: list[Guest] = field(default_factory=list)
    _drawn: dict[str, int] = field(default_factory=dict)
    #: Ticket -> the lanes of the gateway where it is shown: codes that run out are drawn again.
    _home: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def draw(self, sort: str) -> Code:
        """The next unused code of this sort; when there are no more, the first ones again."""
        codes: list[Code] = getattr(self.codes, sort)
        at = self._drawn.get(sort, 0)
        self._drawn[sort] = at + 1
        return codes[at % len(codes)]

    def lane(self, among: tuple[int, ...] = (), but: int = 0) -> int:
        """A lane (of all, unless they are named), not `but`."""
        every = among or tuple(lane for lanes in self.gateways for lane in lanes)
        return self.random.choice([lane for lane in every if lane != but])

    def beside(self, lane: int) -> tuple[int, ...]:
        """The lanes of the same gateway: there one showing is known to the next at once."""
        return next(lanes for lanes in self.gateways if lane in lanes)

    def at(self) -> float:
        """When somebody comes: more of them in the first two thirds."""
        return round(self.random.triangular(0, self.seconds, self.seconds * 0.4), 3)

    def _at_home(self, code: Code, show: Show) -> Show:
        own = self.beside(show.lane)
        home = self._home.setdefault(code.identity, own)
        return show if home is own else replace(show, lane=home[own.index(show.lane)])

    def add(
        self, sort: str, code: Code, *shows: Show, reason: str = "", silent: bool = False,
        at_s: float | None = None,
    ) -> Guest:  # fmt: skip
        """One more guest."""
        when = self.at() if at_s is None else at_s
        if code.identity and not reason:
            shows = tuple(self._at_home(code, show) for show in shows)
        guest = Guest(len(self.guests) + 1, sort, when, code, shows, reason, silent)
        self.guests.append(guest)
        return guest


def plan(
    seed: int, count: int, seconds: float, codes: Codes, gateways: int = 1
) -> list[Guest]:  # fmt: skip
    """`count` guests who come within `seconds`, by time of arrival. Same arguments, same crowd.

    Nobody's ticket is shown at two gateways here: `copies` brings those, when their time has come.
    """
    lanes = [tuple(site.lanes) for site in sites(gateways)]
    p = _Plan(Random(seed), codes, seconds, lanes)
    sorts = list(SORTS)
    p.random.shuffle(sorts)
    sorts += p.random.choices(list(SORTS), list(SORTS.values()), k=count)
    for sort in sorts:
        if len(p.guests) >= count:
            break
        _COME[sort](p)
    return sorted(p.guests[:count], key=lambda guest: (guest.at_s, guest.number))


def _ticket(p: _Plan) -> None:
    p.add("ticket", p.draw("day"), Show(p.lane()))


def _pretix(p: _Plan) -> None:
    p.add("pretix", p.draw("pretix"), Show(p.lane()))


def _handheld(p: _Plan) -> None:
    p.add("handheld", p.draw("day"), Show(p.lane(), by_hand=True))


def _nervous(p: _Plan) -> None:
    p.add("nervous", p.draw("day"), Show(p.lane(), twice=True))


def _idler(p: _Plan) -> None:
    p.add("idler", p.draw("day"), Show(p.lane(), walkers=0))


def _returner(p: _Plan) -> None:
    later = p.random.uniform(0.2, 1.5)
    first = Show(p.lane(), walkers=0)
    back = Show(p.lane(p.beside(first.lane)), after_s=later)
    p.add("returner", p.draw("day"), first, back)


def _group_singly(p: _Plan) -> None:
    code, lane = p.draw("group"), p.lane()
    p.add("group_singly", code, *(Show(lane) for _ in range(code.persons + 1)))


def _group_together(p: _Plan) -> None:
    code = p.draw("group")
    whole = Show(p.lane(), count=code.persons, walkers=code.persons, by_hand=True)
    p.add("group_together", code, whole, Show(p.lane(p.beside(whole.lane)), after_s=0.5))


def _group_in_part(p: _Plan) -> None:
    code = p.draw("group")
    most = Show(p.lane(), count=code.persons, walkers=code.persons - 1, by_hand=True)
    p.add("group_in_part", code, most, Show(p.lane(p.beside(most.lane)), after_s=0.5))


def _copy(p: _Plan) -> None:
    sort = p.random.choice(["day", "pretix"])
    code, lane = p.draw(sort), p.lane()
    first = p.add("pretix" if sort == "pretix" else "ticket", code, Show(lane))
    later = first.at_s + p.random.uniform(1.0, 4.0)
    p.add("copy", code, Show(p.lane(p.beside(lane), but=lane)), at_s=later)


def _twins(p: _Plan) -> None:
    code, lane, at_s = p.draw("day"), p.lane(), p.at()
    p.add("twins", code, Show(lane), at_s=at_s)
    p.add("twins", code, Show(p.lane(p.beside(lane), but=lane)), at_s=at_s)


def _forgery(p: _Plan) -> None:
    code = p.draw("day") if p.random.random() < 0.6 else p.draw("pretix")
    p.add("forgery", Code(flipped(code.text, p.random)), Show(p.lane()), reason="invalid")


def _unknown_seller(p: _Plan) -> None:
    p.add("unknown_seller", p.draw("unknown_key"), Show(p.lane()), reason="unknown_key")


def _refused(sort: str, codes: str, reason: str) -> Callable[[_Plan], None]:
    return lambda p: _add_refused(p, sort, codes, reason)


def _add_refused(p: _Plan, sort: str, codes: str, reason: str) -> None:
    p.add(sort, p.draw(codes), Show(p.lane()), reason=reason)


def _wrong_show(p: _Plan) -> None:
    # Gate South is open tonight only; the others know tomorrow's show, whose doors are shut.
    lane = p.lane()
    reason = "performance" if lane in SOUTH else "invalid_time"
    p.add("wrong_show", p.draw("tomorrow"), Show(lane), reason=reason)


def _wrong_gate(p: _Plan) -> None:
    p.add("wrong_gate", p.draw("backstage"), Show(p.lane(SOUTH)), reason="product")


def _garbage(p: _Plan) -> None:
    text = p.random.choice(GARBAGE)
    p.add("garbage", Code(text), Show(p.lane()), reason="invalid", silent=True)


_COME: Final[dict[str, Callable[[_Plan], None]]] = {
    "ticket": _ticket, "pretix": _pretix, "handheld": _handheld, "nervous": _nervous,
    "idler": _idler, "returner": _returner, "group_singly": _group_singly,
    "group_together": _group_together, "group_in_part": _group_in_part, "copy": _copy,
    "twins": _twins, "forgery": _forgery, "unknown_seller": _unknown_seller,
    "wrong_day": _refused("wrong_day", "past", "invalid_time"),
    "too_early": _refused("too_early", "future", "invalid_time"),
    "canceled": _refused("canceled", "canceled", "canceled"),
    "blocked": _refused("blocked", "blocked", "blocked"),
    "revoked": _refused("revoked", "revoked", "revoked"),
    "wrong_show": _wrong_show, "wrong_gate": _wrong_gate, "garbage": _garbage,
}  # fmt: skip


#: Behind mark, version and key id of a GH1 code: a change there breaks the signature and no more.
_FIRST_FLIPPED: Final = 3 + 8
_LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def flipped(text: bytes, random: Random) -> bytes:
    """`text` with one character turned into another of its alphabet."""
    at = random.randrange(_FIRST_FLIPPED, len(text))
    other = random.choice([letter for letter in _LETTERS if letter != text[at]])
    return text[:at] + bytes([other]) + text[at + 1 :]
