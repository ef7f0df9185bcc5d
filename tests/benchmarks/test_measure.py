"""The arithmetic of benchmarks, and that every name in the help is there."""

from __future__ import annotations

import importlib
import inspect
import json

import pytest

from benchmarks import __main__ as command
from benchmarks.measure import (
    Report,
    Row,
    alternate,
    median,
    paired_ratio,
    quantile,
    round_p99,
    show,
    spread,
)


def test_rounds_alternate_and_turn_around() -> None:
    ran: list[str] = []

    def named(name: str, took: float) -> float:
        ran.append(name)
        return took

    found = alternate({"a": lambda: named("a", 1.0), "b": lambda: named("b", 2.0)}, rounds=3)
    assert found == {"a": [1.0] * 3, "b": [2.0] * 3}
    assert "".join(ran) == "ab" + "ab" + "ba" + "ab"  # one round to warm up


def test_quantiles_are_values_that_were_seen() -> None:
    values = [float(number) for number in range(1, 101)]
    assert quantile(values, 0.5) == 51.0
    assert quantile(values, 0.99) == 100.0
    assert quantile([7.0], 0.999) == 7.0


def test_a_paired_ratio_is_blind_to_a_machine_that_slows_down() -> None:
    reference = [100.0, 50.0, 25.0, 10.0]
    subject = [90.0, 45.0, 22.5, 9.0]
    assert paired_ratio(subject, reference) == pytest.approx(0.9)
    assert median(reference) == 37.5
    assert spread([5.0, 5.0, 5.0, 5.0]) == 0.0


def test_a_report_says_what_was_missed(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        Row(name="slow thing", value=10.0, unit="1/s", ratio=0.5, against="limit",
            target="≥ 0.9", met=False),
        Row(name="quick thing", value=12_345.6, unit="1/s", target="≥ 9", met=True),
    ]  # fmt: skip
    show(Report(bench="made up", rows=rows, notes=["a note"]), as_json=False)
    text = capsys.readouterr().out
    assert "0.50 × limit  target ≥ 0.9 NOT MET" in text
    assert "12,346 1/s" in text and "target ≥ 9 met" in text and "note: a note" in text
    show(Report(bench="made up", rows=rows), as_json=True)
    read = json.loads(capsys.readouterr().out)
    assert [row["met"] for row in read["rows"]] == [False, True]
    assert read["machine"] and read["date"]


@pytest.mark.parametrize("name", command.NAMES)
def test_every_benchmark_can_be_run(name: str) -> None:
    run = importlib.import_module(f"benchmarks.{name}").run
    assert "rounds" in inspect.signature(run).parameters


def test_a_wrong_name_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["speed"])
    assert ended.value.code == 2
    assert "invalid choice: 'speed'" in capsys.readouterr().err


def test_one_really_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["verify", "--rounds", "1", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    names = ["decode and verify", "offline decision"]
    assert [row["name"] for row in rows][-2:] == names and "(reference)" in rows[0]["name"]
    assert all(row["value"] > 0 for row in rows)


def test_one_disturbed_round_is_not_the_p99_of_all() -> None:
    calm = [1.0] * 98 + [2.0] * 2
    assert round_p99([calm, [9.0] * 100, calm]) == 2.0
