"""The venue of a scenario as the signed bundles that its gateways decide by."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import msgspec

from crypto import bundle, guests, pretix, terms
from crypto.claim import best_row
from crypto.keys import VerifyKey
from edge.scenario import cashless, schema
from edge.scenario import venue_table as table
from edge.scenario.codes import Code, key_of
from edge.scenario.lanes import tills_of
from edge.scenario.moment import at_ms, day, minutes

Numbers = Mapping[str, Mapping[str, int]]
#: The lists in which things are named and numbered.
NUMBERED: Final = ("products", "performances", "gates", "zones")
TENANT: Final = b"scenario-tenant!"


class _Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def number(self) -> int | None: ...


def numbers_of(venue: table.Venue) -> Numbers:
    """name -> number of each list; who has none gets the place in the list, counted from 1."""
    return {name: _numbered(getattr(venue, name) or ()) for name in NUMBERED}


def _numbered(rows: Sequence[_Named]) -> dict[str, int]:
    return {row.name: row.number or at for at, row in enumerate(rows, 1)}


def merged(venue: table.Venue, newer: table.Venue) -> table.Venue:
    """`venue` with those lists of `newer` that are there."""
    lists = {name: getattr(newer, name) for name in newer.__struct_fields__}
    lists["cashless"] = cashless.merged(venue.cashless, newer.cashless)
    return msgspec.structs.replace(venue, **{k: v for k, v in lists.items() if v is not None})


def issuers_of(venue: table.Venue) -> list[table.Issuer]:
    """Who signs; a file that says nothing has one issuer of its own."""
    return venue.issuers or [table.Issuer(name="venue")]


def sign_bundle(
    venue: table.Venue, codes: Mapping[str, Code], zone: ZoneInfo, version: int,
    issued_at_ms: int, gateways: Sequence[schema.Gateway] = (), price_list: int = 1,
) -> bytes:  # fmt: skip
    """The signed bytes of `venue` as version `version`. `gateways`: those that have tills;
    `price_list`: the version of what they sell."""
    numbers = numbers_of(venue)
    made = bundle.Bundle(
        version=version,
        tenant=TENANT,
        issued_at_ms=issued_at_ms,
        issuers=[_issuer(each, zone) for each in issuers_of(venue) if each.known],
        foreign_issuers=[_shop(each, numbers) for each in venue.shops or ()],
        products=[
            bundle.Product(number, each.name, each.reentry, each.reentry_after_s)
            for each, number in zip(
                venue.products or (), numbers["products"].values(), strict=True
            )
        ],
        performances=[
            bundle.Performance(
                numbers["performances"][each.name], each.name, _time(each.starts_at, zone),
                _time(each.ends_at, zone), _time(each.admission_from, zone),
            )
            for each in venue.performances or ()
        ],
        gates=[
            bundle.Gate(
                numbers["gates"][each.name], each.name,
                [numbers["products"][name] for name in each.products],
                [numbers["performances"][name] for name in each.performances],
            )
            for each in venue.gates or ()
        ],
        revoked=[
            bundle.Revocation(codes[each.ticket].identity, _time(each.issued_before, zone))
            for each in venue.revoked or ()
        ],
        canceled=_identities(venue.canceled, codes),
        blocked=_identities(venue.blocked, codes),
        holder_keys=list(
            {
                code.identity: bundle.HolderKey(code.identity, code.holder_key)
                for code in codes.values()
                if code.holder_key
            }.values()
        ),
        gateways=_gateways(venue, gateways),
        terms=_terms(venue, codes, numbers),
        cashless=_cashless(venue, gateways, zone, price_list),
    )  # fmt: skip
    return bundle.sign(made, key_of("centre", "bundle"))


def gateway_id(name: str) -> bytes:
    """The identity of a gateway of the scenario."""
    return hashlib.sha256(f"gateway {name}".encode()).digest()[:16]


def _gateways(venue: table.Venue, gateways: Sequence[schema.Gateway]) -> list[bundle.GatewayCard]:
    """Those that the policy speaks of; where there is money, all of them."""
    names = [each.name for each in gateways] if venue.cashless is not None else []
    if venue.policy is not None:
        names += [name for name in venue.policy.exits_at if name not in names]
    return [
        bundle.GatewayCard(gateway_id(name), at, name, key_of("device", name).public)
        for at, name in enumerate(names, 1)
    ]


def _cashless(
    venue: table.Venue, gateways: Sequence[schema.Gateway], zone: ZoneInfo, price_list: int
) -> cashless.Bundled:
    if venue.cashless is None:
        return msgspec.UNSET
    top_up_at = [
        (each.name, gateway_id(each.name))
        for each in gateways
        if any(till.can_top_up for till in tills_of(each))
    ]
    return cashless.compiled(venue.cashless, top_up_at, zone, price_list)


def sign_guests(
    venue: table.Venue, codes: Mapping[str, Code], version: int, issued_at_ms: int
) -> bytes:
    """The signed bytes of the guest list."""
    rows = [
        guests.Guest(
            f"row {at}", each.name, codes[each.ticket].identity if each.ticket else b"", 0,
            int(each.birthday.replace("-", "")) if each.birthday else 0, each.note,
        )
        for at, each in enumerate(venue.guests or ())
    ]  # fmt: skip
    made = guests.GuestList(version=version, tenant=TENANT, issued_at_ms=issued_at_ms, guests=rows)
    return guests.sign(made, key_of("centre", "bundle"))


def read_guests(raw: bytes) -> guests.GuestList:
    """What a gateway reads of `sign_guests`."""
    return guests.read_untrusted(raw, BUNDLE_KEY)


def read_bundle(raw: bytes) -> bundle.Bundle:
    """What a gateway reads of `sign_bundle`."""
    return bundle.read_untrusted(raw, BUNDLE_KEY)


def _time(text: str | None, zone: ZoneInfo) -> int:
    return at_ms(text, zone) // 1000 if text else 0


def _identities(names: list[str] | None, codes: Mapping[str, Code]) -> list[bytes]:
    return [codes[name].identity for name in names or ()]


def _issuer(each: table.Issuer, zone: ZoneInfo) -> bundle.Issuer:
    public = key_of("issuer", each.name).public
    key = bundle.IssuerKey(public, _time(each.not_before, zone), _time(each.not_after, zone))
    return bundle.Issuer(each.name, [key], each.accepted)


def _shop(each: table.Shop, numbers: Numbers) -> bundle.ForeignIssuer:
    rows = [
        bundle.ForeignRow(
            row.item, numbers["products"][row.product],
            numbers["performances"][row.performance] if row.performance else 0,
            row.variation, row.subevent,
        )
        for row in each.rows
    ]  # fmt: skip
    return bundle.ForeignIssuer(each.name, [key_of("shop", each.name).public], rows)


def _terms(
    venue: table.Venue, codes: Mapping[str, Code], numbers: Numbers
) -> terms.Terms | msgspec.UnsetType:
    policy = venue.policy or table.Policy()
    made = terms.Terms(
        policies=[
            made
            for each in venue.products or ()
            if (made := _entry_policy(each, numbers)) != terms.EntryPolicy(made.product)
        ],
        zones=[
            terms.Zone(numbers["zones"][each.name], each.name, each.capacity, each.warn_at)
            for each in venue.zones or ()
        ],
        capacity=policy.capacity,
        warn_at=policy.warn_at,
        gates=[
            made_gate
            for each in venue.gates or ()
            if (made_gate := _gate_policy(each, numbers)) != terms.GatePolicy(made_gate.gate)
        ],
        rules=[_rule(each, numbers) for each in venue.rules or ()],
        media=[_medium(each, venue, codes, numbers) for each in venue.media or ()],
        medium_prefixes=[prefix.encode() for prefix in policy.medium_prefixes],
        unapproved=_identities(venue.unapproved, codes),
        unpaid=_identities(venue.unpaid, codes),
        notes=[
            terms.Note(codes[each.name].identity, each.attention, each.check)
            for each in venue.tickets or ()
            if each.shop is not None and (each.attention or each.check)
        ],
        colours=[terms.Colour(day(each.day), each.name) for each in policy.colours],
        exit_all_at=minutes(policy.exit_all_at) if policy.exit_all_at else None,
        stale_after_s=policy.stale_after_s,
        when_unheard=_when_unheard(policy),
    )
    return msgspec.UNSET if made == terms.Terms() else made


def _when_unheard(policy: table.Policy) -> terms.Then | terms.Unheard:
    if policy.when_unheard == "refuse" or not policy.exits_at:
        return policy.when_unheard
    return terms.Unheard(policy.when_unheard, policy.exits_at)


def _entry_policy(each: table.Product, numbers: Numbers) -> terms.EntryPolicy:
    windows = [
        terms.Window(
            day(one.first_day) if one.first_day else 0, day(one.last_day) if one.last_day else 0,
            one.weekdays, minutes(one.from_time), minutes(one.until_time),
            [numbers["zones"][name] for name in one.zones],
        )
        for one in each.windows
    ]  # fmt: skip
    limits = [terms.Limit(one.count, one.per_day, one.per_zone) for one in each.limits]
    number = numbers["products"][each.name]
    return terms.EntryPolicy(
        number, windows, limits, each.same_day, each.passback_s, each.questions
    )


def _gate_policy(each: table.Gate, numbers: Numbers) -> terms.GatePolicy:
    zones = [numbers["zones"][name] for name in each.zones]
    number = numbers["gates"][each.name]
    return terms.GatePolicy(number, zones, each.inner, each.no_questions, each.accepts_unpaid)


def _rule(each: table.Rule, numbers: Numbers) -> terms.RuleText:
    logic = each.logic if isinstance(each.logic, str) else json.dumps(each.logic)
    gate = numbers["gates"][each.gate] if each.gate else 0
    return terms.RuleText(logic, gate, numbers["products"][each.product] if each.product else 0)


def _medium(
    each: table.Medium, venue: table.Venue, codes: Mapping[str, Code], numbers: Numbers
) -> terms.Medium:
    sold = {one.name: one for one in venue.tickets or ()}
    linked = [_linked(sold[name], venue, codes[name], numbers) for name in each.tickets]
    return terms.Medium(each.code.encode(), linked, each.blocked)


def _linked(
    each: table.Ticket, venue: table.Venue, code: Code, numbers: Numbers
) -> terms.MediumTicket:
    product = numbers["products"].get(each.product or "", 0)
    performance = numbers["performances"].get(each.performance or "", 0)
    if each.shop is not None:
        shop = next(one for one in venue.shops or () if one.name == each.shop)
        read = pretix.decode_untrusted(code.text).ticket
        row = best_row(_shop(shop, numbers).rows, read)
        product, performance = (row.product, row.performance) if row else (0, 0)
    return terms.MediumTicket(
        code.identity, product, performance, code.valid_from, code.valid_until, each.persons,
        each.check | each.attention << 1,
    )  # fmt: skip


BUNDLE_KEY: Final = VerifyKey(key_of("centre", "bundle").public)
