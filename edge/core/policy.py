"""A bundle made ready to decide by: look-ups instead of searches. Built once per bundle.

What few venues use costs the others nothing: `careful` names the products for which more than
codes, lists, gates, times and the plain *once* has to be looked at.
"""

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

import msgspec

from crypto.bundle import Bundle, Gate, Performance, Product
from crypto.claim import Claim, Keyring
from crypto.entry import (
    MARK_PER_DAY,
    MARK_REENTRY_AFTER_EXIT,
    MARK_REENTRY_UNLIMITED,
)
from crypto.terms import EntryPolicy, GatePolicy, Medium, Note, Terms, Then, Zone
from edge.core.guests import GuestBook
from edge.core.reasons import Reason
from edge.core.rules import BadRule, Rule, compile_rule

VENUE: Final = 0
_PLAIN: Final = EntryPolicy(1)
_OUTSIDE: Final = frozenset({VENUE})
# What the fact says of the product's right: siblings find conflicts without the bundle.
_RIGHTS: Final = {
    "none": 0, "after_exit": MARK_REENTRY_AFTER_EXIT, "unlimited": MARK_REENTRY_UNLIMITED
}  # fmt: skip


class GateRule(msgspec.Struct, frozen=True, gc=False):
    """Which products and performances a gate lets in; None means all.

    `zones` behind it; `crossed`: these, and the venue unless one comes from inside.
    """

    number: int
    name: str
    products: frozenset[int] | None
    performances: frozenset[int] | None
    zones: frozenset[int] = frozenset()
    crossed: frozenset[int] = _OUTSIDE
    inner: bool = False
    asks: bool = True
    accepts_unpaid: bool = False


class Band(msgspec.Struct, frozen=True):
    """A medium and the claims of the tickets linked to it."""

    blocked: bool
    claims: tuple[Claim, ...]


class Place(msgspec.Struct, frozen=True):
    """The venue (number 0) or a zone: by which gates one comes in, and how many may."""

    number: int
    name: str
    gates: tuple[int, ...]
    capacity: int
    warn_at: int


class Law(msgspec.Struct, frozen=True):
    """A rule of the bundle. `rule` None: it cannot be read, so nobody passes; `fault` says why."""

    gate: int
    product: int
    rule: Rule | None
    fault: str = ""


class Policy:
    """Everything a decision reads that came from the centre; `zone` is the venue's.

    `confirmed_ms` (unix ms): when the centre last said that nothing is newer than this. The owner
    keeps it; 0 = never, then the time of issue counts. `unheard`: names of gateways in
    `exit_gateways` that are not heard just now; kept by the owner, too.
    """

    def __init__(self, bundle: Bundle, zone: tzinfo = UTC, guests: GuestBook | None = None) -> None:
        self.bundle = bundle
        self.version = bundle.version
        self.zone = zone
        self.confirmed_ms = 0
        terms = bundle.terms if isinstance(bundle.terms, Terms) else Terms()
        self.terms = terms
        self.keyring = Keyring(bundle)
        self.products: dict[int, Product] = {p.number: p for p in bundle.products}
        self.performances: dict[int, Performance] = {p.number: p for p in bundle.performances}
        more = {g.gate: g for g in terms.gates}
        self.gates: dict[int, GateRule] = {
            g.number: _gate_rule(g, more.get(g.number)) for g in bundle.gates
        }
        self.revoked: dict[bytes, int] = {r.ticket: r.min_issued_at for r in bundle.revoked}
        self.canceled = frozenset(bundle.canceled)
        self.blocked = frozenset(bundle.blocked)
        #: The first of the lists that a ticket stands on.
        self.denied: dict[bytes, Reason] = {
            ticket: reason
            for reason, listed in (
                (Reason.UNPAID, terms.unpaid),
                (Reason.UNAPPROVED, terms.unapproved),
                (Reason.BLOCKED, bundle.blocked),
                (Reason.CANCELED, bundle.canceled),
            )
            for ticket in listed
        }
        self.entries: dict[int, EntryPolicy] = {one.product: one for one in terms.policies}
        self.zoned = any(rule.crossed != _OUTSIDE for rule in self.gates.values())
        self.places = _places(terms, self.gates)
        self.full_places = tuple(place for place in self.places.values() if place.capacity)
        self.laws = tuple(_law(row.gate, row.product, row.logic) for row in terms.rules)
        self.careful = self._careful()
        self.rights = {number: self._rights(p) for number, p in self.products.items()}
        self.media: dict[bytes, Band] = {one.code: _band(one) for one in terms.media}
        self.medium_prefixes = tuple(terms.medium_prefixes)
        self.reads_media = bool(terms.media or terms.medium_prefixes)
        self.notes: dict[bytes, Note] = {one.ticket: one for one in terms.notes}
        self.colours = {one.day: one.name for one in terms.colours}
        self.stale_after_ms = terms.stale_after_s * 1000
        #: Where guests may have left unheard of; none where that changes no answer.
        self.exit_gateways = _exit_gateways(bundle, terms)
        self.unheard: tuple[str, ...] = ()
        self.when_unheard = _then(terms)
        self.take_guests(guests if guests is not None else GuestBook([]))
        self._emptied = (1, 0, 0)

    def take_guests(self, guests: GuestBook) -> None:
        """A newer guest list; nothing that decides changes."""
        self.guests = guests
        self.hinted = bool(self.terms.colours or len(guests))

    def _careful(self) -> frozenset[int]:
        if self.zoned or self.full_places or self.terms.exit_all_at is not None:
            return frozenset(self.products)
        ruled = {law.product for law in self.laws}
        return frozenset(
            number for number in self.products
            if 0 in ruled or number in ruled or number in self.entries
        )  # fmt: skip

    def _rights(self, product: Product) -> int:
        marks = _RIGHTS[product.reentry]
        limits = self.entry(product.number).limits
        if product.reentry == "none" and limits:
            daily = any(one.per_day and one.count == 1 and not one.per_zone for one in limits)
            return MARK_PER_DAY if daily else MARK_REENTRY_UNLIMITED
        if product.reentry == "after_exit" and self.terms.exit_all_at is not None:
            marks |= MARK_PER_DAY
        return marks

    def entry(self, product: int) -> EntryPolicy:
        """What a product allows beyond its re-entry."""
        return self.entries.get(product, _PLAIN)

    def emptied_ms(self, at_ms: int) -> int:
        """When everybody was last taken to have left, before or at `at_ms`; 0 = never.

        In the venue's zone, through days of 23 and 25 hours: a time of day that the clocks skip
        comes as much later as they skip, of one that comes twice the first counts.
        """
        minutes = self.terms.exit_all_at
        if minutes is None:
            return 0
        since, until, found = self._emptied
        if since <= at_ms < until:
            return found
        date = datetime.fromtimestamp(at_ms // 1000, self.zone).date()
        clock = time(minutes // 60, minutes % 60)
        days = (date + timedelta(days=n) for n in (-1, 0, 1))
        ends = [int(datetime.combine(day, clock, self.zone).timestamp()) * 1000 for day in days]
        found = max(end for end in ends if end <= at_ms)
        self._emptied = (found, min(end for end in ends if end > at_ms), found)
        return found

    def stale(self, now_ms: int) -> bool:
        """Whether lists and keys are older than the venue likes."""
        return bool(self.stale_after_ms) and self.age_ms(now_ms) > self.stale_after_ms

    def age_ms(self, now_ms: int) -> int:
        """Since the centre last said that this is the newest there is."""
        return max(0, now_ms - max(self.confirmed_ms, self.bundle.issued_at_ms))

    def ages_ms(self, now_ms: int) -> dict[str, int]:
        """The age of each part: rules and keys as published, lists as confirmed, guest list."""
        ages = {"bundle": now_ms - self.bundle.issued_at_ms, "lists": self.age_ms(now_ms)}
        if self.guests.issued_at_ms:
            ages["guests"] = now_ms - self.guests.issued_at_ms
        return ages if self.version else {}

    @property
    def faults(self) -> list[str]:
        """What in this bundle cannot be decided by, for technicians."""
        return [law.fault for law in self.laws if law.fault]


def _gate_rule(gate: Gate, more: GatePolicy | None) -> GateRule:
    more = more or GatePolicy(gate.number)
    zones = frozenset(more.zones)
    return GateRule(
        gate.number,
        gate.name,
        frozenset(gate.products) if gate.products else None,
        frozenset(gate.performances) if gate.performances else None,
        zones,
        zones if more.inner else zones | _OUTSIDE,
        more.inner,
        not more.no_questions,
        more.accepts_unpaid,
    )


def _places(terms: Terms, gates: dict[int, GateRule]) -> dict[int, Place]:
    def place(zone: Zone, number: int) -> Place:
        leading = tuple(rule.number for rule in gates.values() if number in rule.crossed)
        return Place(number, zone.name, leading, zone.capacity, zone.warn_at)

    venue = Zone(1, "venue", terms.capacity, terms.warn_at)
    return {VENUE: place(venue, VENUE)} | {
        one.number: place(one, one.number) for one in terms.zones
    }


def _exit_gateways(bundle: Bundle, terms: Terms) -> dict[bytes, str]:
    when = terms.when_unheard
    if _then(terms) == "refuse":
        return {}
    return {
        card.gateway: card.name
        for card in bundle.gateways
        if not card.revoked and (isinstance(when, str) or card.name in when.exits_at)
    }


def _then(terms: Terms) -> Then:
    when = terms.when_unheard
    return when if isinstance(when, str) else when.then


def _law(gate: int, product: int, logic: str) -> Law:
    try:
        return Law(gate, product, compile_rule(msgspec.json.decode(logic)))
    except (BadRule, msgspec.DecodeError, RecursionError) as error:
        return Law(gate, product, None, f"a rule cannot be read, so it refuses all: {error}")


def _band(medium: Medium) -> Band:
    claims = tuple(
        Claim(
            scheme="medium", issuer=one.ticket.partition(b":")[0].decode("ascii", "replace"),
            identity=one.ticket, product=one.product, performance=one.performance,
            valid_from=one.valid_from, valid_until=one.valid_until, persons=one.persons,
            flags=one.flags,
        )
        for one in medium.tickets
    )  # fmt: skip
    return Band(medium.blocked, claims)
