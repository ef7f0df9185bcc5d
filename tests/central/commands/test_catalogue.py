"""product, performance, gate: add and list."""

from __future__ import annotations

import pytest

from central.commands.catalogue import next_free, seconds
from central.commands.errors import CommandFailed
from tests.central.commands.conftest import Run


def test_numbers_are_given_or_counted(run: Run) -> None:
    assert run("product", "add", "Night", "--number", "7").out["product"] == 7
    assert run("product", "add", "Week").out["product"] == 8
    names = [one["name"] for one in run("product", "list").out["products"]]
    assert names == ["Day", "Night", "Week"]


def test_every_change_publishes_a_bundle(run: Run) -> None:
    before = run("bundle", "publish").out["bundle_version"]
    assert run("gate", "add", "North").out["bundle_version"] == before + 1


@pytest.mark.parametrize("words", [("Day",), ("Other", "--number", "1")])
def test_a_second_of_the_same_is_refused(run: Run, words: tuple[str, ...]) -> None:
    answer = run("product", "add", *words)
    assert answer.code == 1 and "choose another" in answer.err


@pytest.mark.parametrize(
    "words",
    [
        ("product", "add", "X", "--number", "65536"),
        ("product", "add", ""),
        ("product", "add", "x" * 121),
        ("product", "add", "X", "--reentry", "sometimes"),
        ("product", "add", "X", "--reentry-after-s", "-1"),
        ("performance", "add", "X", "--starts", "200", "--ends", "100"),
        ("performance", "add", "X", "--starts", "tomorrow"),
        ("performance", "add", "X", "--starts", "2026-07-04T20:00"),
        ("gate", "add", "X", "--number", "70000"),
    ],
)
def test_what_breaks_a_rule_is_refused(run: Run, words: tuple[str, ...]) -> None:
    answer = run(*words)
    assert answer.code == 2 and answer.err.strip()


def test_a_gate_names_what_it_admits(run: Run) -> None:
    assert run("gate", "add", "N", "--product", "Day", "--performance", "Saturday").code == 0
    gate = run("gate", "list").out["gates"][0]
    assert (gate["products"], gate["performances"]) == ([1], [1])
    answer = run("gate", "add", "S", "--product", "Nothing")
    assert answer.code == 1 and "central product add" in answer.err


def test_performances_show_times_and_issued_codes(run: Run) -> None:
    run("performance", "add", "Sunday", "--starts", "2026-07-05T20:00+02:00")
    rows = run("performance", "list").out["performances"]
    assert rows[1]["starts_s"] == 1783274400 and rows[1]["issued"] == 0


def test_times() -> None:
    assert seconds(None, "--x") == 0
    assert seconds("12", "--x") == 12
    assert seconds("1970-01-01T02:00:00+01:00", "--x") == 3600
    with pytest.raises(CommandFailed, match="out of range"):
        seconds("1960-01-01T00:00:00+00:00", "--x")
    assert next_free([]) == 1
