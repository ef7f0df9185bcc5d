"""Scenario files about money for the tests, made from Python."""

import json
from typing import Any

from config.faults import ConfigInvalid, Fault
from edge.scenario.reading import parse_untrusted
from edge.scenario.running import run
from edge.scenario.schema import Scenario

CASHLESS: dict[str, Any] = {
    "bands": [
        {"name": "anna", "class": "Guest", "balance": "20.00"},
        {"name": "blank", "chip": "NTAG216"},
    ],
    "classes": [{"name": "Guest", "exposure_plain_minor": "12.00"}],
    "articles": [
        {"name": "Cup", "kind": "deposit", "price_minor": "2.00"},
        {"name": "Beer", "price_minor": "5.20", "deposit": "Cup"},
        {"name": "Soup", "price_minor": 600},
        {"name": "Other"},
    ],
}
SIX = "2026-07-03T18:00:00"
TWO = [{"name": "a"}, {"name": "b"}]


def file(*steps: dict[str, Any], cashless: Any = None, **changes: Any) -> dict[str, Any]:
    """A scenario that sells beer; of one gateway with one till, unless it is said otherwise."""
    bundle = {"cashless": CASHLESS | (cashless or {})}
    later = [{"at": SIX if i == 0 else "+1m"} | step for i, step in enumerate(steps)]
    whole = {"name": "A sale", "timezone": "Europe/Vienna", "bundle": bundle}
    return whole | {"steps": later or [{"at": SIX, "do": "wait"}]} | changes


def sale(article: str = "Soup", quantity: int | None = None, **how: Any) -> dict[str, Any]:
    item = {"article": article} | ({} if quantity is None else {"quantity": quantity})
    return {"do": "sale", "band": "anna", "items": [item]} | how


def tap(band: str = "anna", **how: Any) -> dict[str, Any]:
    return {"do": "tap", "band": band} | how


def read(*steps: dict[str, Any], **changes: Any) -> Scenario:
    return parse_untrusted(json.dumps(file(*steps, **changes)).encode(), "a.json")


def lines(*steps: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    return list(run(read(*steps, **changes)))


def faults(*steps: dict[str, Any], **changes: Any) -> list[Fault]:
    try:
        read(*steps, **changes)
    except ConfigInvalid as invalid:
        return list(invalid.faults)
    return []
