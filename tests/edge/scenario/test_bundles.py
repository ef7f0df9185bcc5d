"""The venue of a file, as its gateways read it from signed bytes."""

from zoneinfo import ZoneInfo

import msgspec

from crypto.terms import EntryPolicy, GatePolicy, Limit, Terms, Window
from edge.scenario import bundles, schema
from edge.scenario.cashless_table import Cashless
from edge.scenario.codes import issue_all
from edge.scenario.venue_table import Venue

BERLIN = ZoneInfo("Europe/Berlin")

VENUE = msgspec.convert(
    {
        "products": [
            {"name": "Day", "number": 5},
            {
                "name": "Season",
                "reentry": "after_exit",
                "reentry_after_s": 60,
                "same_day": True,
                "passback_s": 30,
                "questions": ["age"],
                "limits": [{"count": 2, "per_day": True}],
                "windows": [
                    {
                        "first_day": "2026-07-01",
                        "weekdays": [5, 6],
                        "from_time": "22:00",
                        "until_time": "04:00",
                        "zones": ["Floor"],
                    }
                ],
            },
        ],
        "performances": [{"name": "Show", "starts_at": "2026-07-03T20:00"}],
        "zones": [{"name": "Floor", "capacity": 100, "warn_at": 90}],
        "gates": [
            {"name": "North", "products": ["Season"]},
            {"name": "In", "zones": ["Floor"], "inner": True, "no_questions": True},
        ],
        "issuers": [{"name": "venue"}, {"name": "away", "known": False}],
        "shops": [{"name": "web", "rows": [{"item": 1, "product": "Day", "performance": "Show"}]}],
        "tickets": [
            {"name": "Anna", "product": "Season", "persons": 2, "rotating": True},
            {"name": "Shop", "shop": "web", "item": 1, "attention": True},
        ],
        "media": [{"name": "Band", "code": "04AA", "tickets": ["Anna", "Shop"]}],
        "rules": [
            {"logic": {"<": [{"var": "entries_today"}, 3]}, "gate": "In", "product": "Season"}
        ],
        "unpaid": ["Shop"],
        "canceled": ["Anna"],
        "revoked": [{"ticket": "Anna", "issued_before": "2026-06-01T00:00"}],
        "policy": {
            "capacity": 1000,
            "exit_all_at": "04:15",
            "medium_prefixes": ["04"],
            "colours": [{"day": "2026-07-03", "name": "blue"}],
        },
    },
    Venue,
)


def test_everything_of_the_file_is_in_the_bundle() -> None:
    numbers = bundles.numbers_of(VENUE)
    assert numbers["products"] == {"Day": 5, "Season": 2}
    codes = issue_all(VENUE.tickets or [], numbers, BERLIN, 1_780_000_000, "venue")
    read = bundles.read_bundle(bundles.sign_bundle(VENUE, codes, BERLIN, 3, 1_000))
    assert (read.version, read.issued_at_ms, read.tenant) == (3, 1_000, bundles.TENANT)
    assert [issuer.name for issuer in read.issuers] == ["venue"]
    assert [(p.number, p.reentry, p.reentry_after_s) for p in read.products] == [
        (5, "none", 0), (2, "after_exit", 60),
    ]  # fmt: skip
    assert read.performances[0].starts_at == 1_783_101_600
    assert [gate.products for gate in read.gates] == [[2], []]
    (row,) = read.foreign_issuers[0].rows
    assert (row.item, row.product, row.performance) == (1, 5, 1)
    anna, shop = codes["Anna"].identity, codes["Shop"].identity
    assert (read.canceled, read.blocked) == ([anna], [])
    assert read.revoked[0].min_issued_at == 1_780_264_800
    assert [held.ticket for held in read.holder_keys] == [anna]
    terms = read.terms
    assert isinstance(terms, Terms)
    window = Window(20260701, 0, [5, 6], 1320, 240, [1])
    assert terms.policies == [
        EntryPolicy(2, [window], [Limit(2, True)], True, 30, ["age"]),
    ]
    assert terms.gates == [GatePolicy(2, [1], True, True)]
    assert (terms.zones[0].capacity, terms.capacity, terms.exit_all_at) == (100, 1000, 255)
    assert [(rule.gate, rule.product) for rule in terms.rules] == [(2, 2)]
    assert [(m.ticket, m.product, m.persons) for m in terms.media[0].tickets] == [
        (anna, 2, 2), (shop, 5, 1),
    ]  # fmt: skip
    assert (terms.unpaid, terms.unapproved) == ([shop], [])
    assert (terms.notes[0].ticket, terms.notes[0].attention) == (shop, True)
    assert terms.medium_prefixes == [b"04"]
    assert (terms.colours[0].day, terms.colours[0].name) == (20260703, "blue")


def test_a_plain_venue_has_no_terms() -> None:
    plain = msgspec.convert({"products": [{"name": "Day"}], "gates": [{"name": "A"}]}, Venue)
    read = bundles.read_bundle(bundles.sign_bundle(plain, {}, BERLIN, 1, 0))
    assert read.terms is msgspec.UNSET
    assert [issuer.name for issuer in read.issuers] == ["venue"]


def test_a_newer_bundle_keeps_what_it_does_not_name() -> None:
    newer = msgspec.convert({"canceled": [], "blocked": ["Shop"]}, Venue)
    now = bundles.merged(VENUE, newer)
    assert (now.canceled, now.blocked, now.unpaid) == ([], ["Shop"], ["Shop"])
    assert now.products == VENUE.products


def test_only_who_tops_up_holds_a_credit_key_and_all_gateways_are_named() -> None:
    venue = Venue(cashless=Cashless())
    tills = [schema.Till(number=1, can_top_up=True)]
    plans = [schema.Gateway(name="bar", tills=[schema.Till(number=1)]),
             schema.Gateway(name="desk", tills=tills)]  # fmt: skip
    made = bundles.read_bundle(bundles.sign_bundle(venue, {}, BERLIN, 3, 0, plans, 2))
    assert not isinstance(made.cashless, msgspec.UnsetType)
    keys = [(key.index, key.gateway) for key in made.cashless.credit_keys]
    assert keys == [(1, bundles.gateway_id("desk"))]
    assert [card.name for card in made.gateways] == ["bar", "desk"]
    assert (made.version, made.cashless.prices) == (3, 2)
    plain = bundles.read_bundle(bundles.sign_bundle(Venue(), {}, BERLIN, 1, 0, plans))
    assert (plain.cashless, plain.gateways) == (msgspec.UNSET, [])
