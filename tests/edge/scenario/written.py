"""Scenario files for the tests, made from Python."""

import json
from pathlib import Path
from typing import Any

from edge.scenario.reading import parse_untrusted
from edge.scenario.running import run
from edge.scenario.schema import Scenario

VENUE: dict[str, Any] = {
    "products": [{"name": "Day"}, {"name": "Festival", "reentry": "after_exit"}],
    "gates": [{"name": "North"}],
    "tickets": [{"name": "Anna", "product": "Day"}, {"name": "Mia", "product": "Festival"}],
}
NOON = "2026-07-03T12:00:00"


def file(*steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A scenario of one gateway with one gate, two products and two tickets."""
    later = [{"at": NOON if i == 0 else "+1m"} | step for i, step in enumerate(steps)]
    steps_or_wait = later or [{"at": NOON, "do": "wait"}]
    whole = {"name": "A test", "timezone": "Europe/Berlin", "bundle": VENUE}
    return whole | {"steps": steps_or_wait} | changes


def scan(ticket: str = "Anna", **changes: Any) -> dict[str, Any]:
    return {"do": "scan", "ticket": ticket} | changes


def read(*steps: dict[str, Any], **changes: Any) -> Scenario:
    return parse_untrusted(json.dumps(file(*steps, **changes)).encode(), "a.json")


def lines(*steps: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    return list(run(read(*steps, **changes)))


def write(folder: Path, *steps: dict[str, Any], **changes: Any) -> Path:
    path = folder / "a.json"
    path.write_text(json.dumps(file(*steps, **changes)))
    return path
