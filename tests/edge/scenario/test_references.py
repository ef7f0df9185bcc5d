"""Names, numbers, times and rules that do not fit together, one fault each."""

import json
from typing import Any

import pytest

from config.faults import ConfigInvalid, Fault
from edge.scenario.reading import parse_untrusted
from tests.edge.scenario.written import VENUE, file, scan


def faults(*steps: dict[str, Any], **changes: Any) -> list[Fault]:
    try:
        parse_untrusted(json.dumps(file(*steps, **changes)).encode(), "a.json")
    except ConfigInvalid as invalid:
        return list(invalid.faults)
    return []


def ticket(**fields: Any) -> dict[str, Any]:
    return {"tickets": [{"name": "Anna", "product": "Day"} | fields]}


DAY = {"name": "Day"}
NORTH = {"name": "North"}
VENUES: list[tuple[dict[str, Any], str, str]] = [
    ({"gates": []}, "bundle.gates", "needs a gate"),
    ({"gates": [NORTH, NORTH]}, "bundle.gates[1].name", "used twice"),
    ({"gates": [NORTH | {"zones": ["Flor"]}], "zones": [{"name": "Floor"}]},
     "bundle.gates[0].zones[0]", "no zone 'Flor'"),
    ({"gates": [NORTH | {"performances": ["Show"]}]}, "bundle.gates[0].performances[0]",
     "no performance 'Show'"),
    ({"products": [DAY, {"name": "B", "number": 1}]}, "bundle.products[1]", "number 1"),
    ({"products": [DAY | {"windows": [{"zones": ["x"]}]}]},
     "bundle.products[0].windows[0].zones[0]", "no zone"),
    ({"products": [DAY | {"windows": [{"first_day": "2026-02-30"}]}]},
     "bundle.products[0].windows[0].first_day", "is no day"),
    ({"performances": [{"name": "S", "ends_at": "soon"}]}, "bundle.performances[0].ends_at",
     "is no time"),
    ({"issuers": [{"name": "a"}], "shops": [{"name": "a"}]}, "bundle.issuers[0].name",
     "is a shop, too"),
    ({"shops": [{"name": "s", "rows": [{"item": 1, "product": "x"}]}]},
     "bundle.shops[0].rows[0].product", "no product 'x'"),
    (ticket(product="Night"), "bundle.tickets[0].product", "no product 'Night'"),
    (ticket(issuer="nobody"), "bundle.tickets[0].issuer", "no issuer 'nobody'"),
    (ticket(product=None, shop="web"), "bundle.tickets[0].shop", "no shop 'web'"),
    (ticket(product=None), "bundle.tickets[0].product", "is missing"),
    (ticket(replaces="Old"), "bundle.tickets[0].replaces", "cannot be replaced"),
    (ticket(valid_from="2026-07-02T00:00", valid_until="2026-07-02T00:00"),
     "bundle.tickets[0].valid_until", "is not after valid_from"),
    ({"media": [{"name": "B", "code": "1", "tickets": ["Bob"]}]}, "bundle.media[0].tickets[0]",
     "no ticket 'Bob'"),
    ({"canceled": ["Bob"]}, "bundle.canceled[0]", "no ticket 'Bob'"),
    ({"revoked": [{"ticket": "Bob", "issued_before": "2026-01-01T00:00"}]},
     "bundle.revoked[0].ticket", "no ticket 'Bob'"),
    ({"rules": [{"logic": {"var": "nothing"}}]}, "bundle.rules[0].logic", "unknown variable"),
    ({"rules": [{"logic": "{"}]}, "bundle.rules[0].logic", "is no JSON"),
    ({"rules": [{"logic": True, "gate": "x"}]}, "bundle.rules[0].gate", "no gate 'x'"),
    ({"policy": {"exits_at": ["south"]}}, "bundle.policy.exits_at[0]", "no gateway 'south'"),
    ({"policy": {"when_unheard": "mark"}}, "bundle.policy.when_unheard", "does nothing"),
    ({"policy": {"colours": [{"day": "2026-13-01", "name": "red"}]}},
     "bundle.policy.colours[0].day", "is no day"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "path", "problem"), VENUES, ids=lambda value: str(value)[:40])
def test_a_fault_of_the_venue(change: dict[str, Any], path: str, problem: str) -> None:
    told = [fault for fault in faults(bundle=VENUE | change) if fault.path == path]
    assert told
    assert problem in told[0].problem
    assert told[0].hint


def test_what_a_shops_ticket_may_not_say() -> None:
    shop = {"name": "S", "shop": "web", "product": "Day", "rotating": True, "persons": 2}
    venue = VENUE | {"shops": [{"name": "web"}], "tickets": [shop]}
    paths = [fault.path for fault in faults(bundle=venue)]
    assert paths == [f"bundle.tickets[0].{name}" for name in ("product", "rotating", "persons")]


def test_a_newer_bundle_may_not_leave_out_what_stays() -> None:
    venue = VENUE | {"gates": [{"name": "North", "products": ["Day"]}]}
    (fault,) = faults(
        scan(), {"do": "bundle", "bundle": {"products": [{"name": "Night"}]}}, bundle=venue
    )
    assert fault.path == "steps[1].bundle.products"
    assert "'Day', which gates of the first bundle names" in fault.problem
    both = {"products": [{"name": "Night"}], "gates": [{"name": "North"}]}
    assert faults(scan(), {"do": "bundle", "bundle": both}, bundle=venue) == []


@pytest.mark.parametrize("kind", ["tickets", "issuers", "shops"])
def test_a_newer_bundle_sells_no_tickets(kind: str) -> None:
    (fault,) = faults({"do": "bundle", "bundle": {kind: []}})
    assert fault.path == f"steps[0].bundle.{kind}"


def test_faults_of_one_place_hide_none_of_another() -> None:
    venue = VENUE | {"products": [{"name": 5}, DAY], "canceled": ["Bob"]}
    paths = {fault.path for fault in faults(scan("Bob"), bundle=venue, timezone="Mars")}
    assert paths >= {"bundle.products[0].name", "bundle.canceled[0]", "timezone", "steps[0].ticket"}
