"""Every example that ships is good, and does what it expects; together they reach every step."""

from typing import get_args

import msgspec
import pytest

from edge.scenario.reading import example_bytes, example_names, parse_untrusted, title_of
from edge.scenario.running import run
from edge.scenario.schema import Expect, Shows, kind_of
from edge.scenario.till_steps import TillStep

NAMES = example_names()


@pytest.mark.parametrize("name", NAMES)
def test_every_expectation_of_an_example_is_met(name: str) -> None:
    scenario = parse_untrusted(example_bytes(name), name)
    lines = list(run(scenario))
    assert [line["message"] for line in lines if not line["ok"]] == []
    assert len(lines) == len(scenario.steps)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_expects_much_and_says_what_it_is_about(name: str) -> None:
    scenario = parse_untrusted(example_bytes(name), name)
    shown = [step for step in scenario.steps if isinstance(step, Shows)]
    expected = [step.expect for step in shown if step.expect is not None]
    assert len(expected) == len(shown)
    assert all(expect.decision for expect in expected)
    assert all(expect.reason for expect in expected if expect.decision == "refused")
    paid = [step.expect for step in scenario.steps if isinstance(step, TillStep)]
    assert all(expect is not None and expect.state for expect in paid)
    assert all(
        expect.reason for expect in paid if expect and expect.state in ("not_paid", "not_done")
    )
    assert len(scenario.about) > 40
    assert title_of(example_bytes(name)).startswith(scenario.name)


def test_there_are_forty_and_each_has_a_name_of_its_own() -> None:
    titles = {parse_untrusted(example_bytes(name), name).name for name in NAMES}
    assert len(NAMES) == len(titles) >= 40


def test_the_examples_are_the_same_each_time() -> None:
    about_money = [name for name in NAMES if b"[bundle.cashless]" in example_bytes(name)]
    assert len(about_money) >= 9
    for name in ("conflict-after-healing", "pretix-shop", *about_money):
        scenario = parse_untrusted(example_bytes(name), name)
        once, again = (msgspec.json.encode(list(run(scenario))) for _ in range(2))
        assert once == again


def test_the_examples_show_every_step_and_every_expectation() -> None:
    steps = [step for name in NAMES for step in parse_untrusted(example_bytes(name), name).steps]
    kinds = {kind_of(step) for step in steps}
    assert kinds >= {"scan", "exit", "walk", "device", "wait", "clock", "crash", "restart"}
    assert kinds >= {
        "cut",
        "heal",
        "sync",
        "bundle",
        "force",
        "annul",
        "simulate",
        "upload",
        "find",
    }
    assert kinds >= {str(kind.__struct_config__.tag) for kind in get_args(TillStep)}
    assert kinds >= {"clone", "late_decline"}
    used = {
        field
        for step in steps if step.expect is not None
        for field in Expect.__struct_fields__ if getattr(step.expect, field) is not None
    }  # fmt: skip
    assert used == set(Expect.__struct_fields__)
