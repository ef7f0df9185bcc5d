"""What is printed of a step, what is told of a failure, and that no file crashes the runner."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.faults import ConfigInvalid
from edge.core import admission
from edge.scenario import running
from edge.scenario.reading import parse_untrusted
from tests.edge.scenario.written import NOON, file, lines, scan


def test_a_line_says_when_who_where_what_and_why() -> None:
    (line, later) = lines(scan(gate="North", note="first"), scan(expect={"decision": "refused"}))
    assert line == {
        "scenario": "A test", "step": 0, "at": "2026-07-03T12:00:00+02:00", "do": "scan",
        "ticket": "Anna", "gate": "North", "lane": 1, "decision": "admitted", "granted": 1,
        "text": "Welcome.", "marks": ["no_window"], "facts": ["Admitted", "PassageCompleted"],
        "conflicts": 0, "inside": 1, "ok": True, "note": "first",
    }  # fmt: skip
    assert (later["reason"], later["ok"]) == ("already_redeemed", True)
    assert "12:00" in later["text"]


def test_an_expectation_that_fails_names_step_expected_got_and_explanation() -> None:
    expect = {"decision": "admitted", "granted": 1, "text": "Welcome"}
    line = lines(scan(), scan(expect=expect))[1]
    assert line["ok"] is False
    assert line["failed"][0] == {"what": "decision", "expected": "admitted", "got": "refused"}
    assert [one["what"] for one in line["failed"]] == ["decision", "granted", "text"]
    assert line["message"].startswith(
        "steps[1] at 2026-07-03T12:01:00+02:00, scan of 'Anna': "
        "expected decision admitted, got refused; expected granted 1, got 0; "
    )
    assert line["message"].endswith("(already_redeemed): Already used at 12:00, lane 1.")


def test_a_crash_of_a_lane_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("edge.scenario.node.MemoryBarrier.grant", broken)
    monkeypatch.setattr("edge.lane.Lane.unknown", broken)
    (line,) = lines(scan())
    assert line["ok"] is False
    assert "expected crashes 0, got 1" in line["message"]


def test_what_decides_is_the_core(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: Any, **__: Any) -> admission.Decision:
        return admission.Decision(admission.Reason.ERROR)

    monkeypatch.setattr("edge.lane.decide", nobody)
    (line,) = lines(scan())
    assert line["reason"] == "error"


def test_without_expectations_a_step_is_only_told() -> None:
    assert all(line["ok"] for line in lines(scan(), scan(), {"do": "wait"}, {"do": "crash"}))


GATEWAYS = st.sampled_from([["a"], ["a", "b"], ["a", "b", "c"]])
TIMES = st.sampled_from(["+0s", "+1ms", "+1s", "+31s", "+5m", "+3h", "+1d", "+400d"])
EXPECT = st.none() | st.fixed_dictionaries(
    {}, optional={
        "decision": st.sampled_from(["admitted", "refused", "queued", "none"]),
        "granted": st.integers(0, 3), "facts": st.just([]), "text": st.just("x"),
        "marks": st.just([]), "inside": st.integers(0, 3), "possibly": st.booleans(),
        "earlier_lane": st.integers(1, 2), "guest": st.just(["a", "b"]),
    },
)  # fmt: skip


KINDS = ["scan"] * 6 + ["exit"] * 2 + ["force", "simulate", "upload", "annul", "find", "walk"]
KINDS += ["turn_back", "device", "wait", "clock", "crash", "restart", "restart", "cut", "heal"]
KINDS += ["sync", "bundle"]


@st.composite
def steps(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    kind = draw(st.sampled_from(KINDS))
    step: dict[str, Any] = {"do": kind, "at": draw(TIMES)}
    if len(names) > 1 or draw(st.booleans()):
        step["gateway"] = draw(st.sampled_from(names))
    if (expect := draw(EXPECT)) is not None:
        step["expect"] = expect
    lane = st.integers(1, 2)
    if kind in ("scan", "exit", "force", "simulate", "upload"):
        step |= draw(st.sampled_from([
            {"ticket": "Anna"}, {"ticket": "Mia"}, {"ticket": "Tour"}, {"ticket": "Shop"},
            {"ticket": "Live"}, {"ticket": "Mia again"}, {"medium": "Band"}, {"code": "x\u0000"},
        ]))  # fmt: skip
        if kind in ("scan", "exit", "force"):
            step["guest"] = draw(st.sampled_from(["walks", "turns_back", "hangs"]))
        elif kind == "upload":
            step["then"] = draw(st.sampled_from([NOON, "2026-07-03T11:59", "2030-01-01T00:00"]))
        step["lane"] = draw(lane)
        step["shown"] = draw(st.sampled_from(["printed", "altered", "with_address", "lower_case"]))
        if kind != "exit":
            step["count"] = draw(st.integers(1, 3))
            step["answers"] = draw(st.sampled_from([[], ["18?"]]))
        if "medium" in step and draw(st.booleans()):
            step["choice"] = draw(st.sampled_from(["Anna", "Tour", "Mia"]))
        if draw(st.booleans()):
            step["nonce"] = draw(st.sampled_from(["n1", "n2"]))
    elif kind == "annul":
        step["nonce"] = draw(st.sampled_from(["n1", "n2", "n3"]))
    elif kind == "find":
        step["name"] = draw(st.sampled_from(["mu", "Mueller", "x", ""]) | st.text(max_size=9))
    elif kind in ("walk", "turn_back"):
        step["lane"] = draw(lane)
    elif kind == "device":
        step |= {"lane": draw(lane), "well": draw(st.booleans())}
    elif kind == "clock":
        step["by_s"] = draw(st.sampled_from([0, -1, 3600, -86_400, -900_000_000, 900_000_000]))
        step["confirmed"] = draw(st.booleans())
    elif kind in ("cut", "heal", "sync") and draw(st.booleans()):
        step["between"] = draw(st.lists(st.sampled_from([*names, "centre"]), min_size=2,
                                        max_size=2))  # fmt: skip
    elif kind == "bundle":
        step["bundle"] = draw(st.sampled_from([
            {}, {"canceled": ["Anna"]}, {"blocked": ["Shop"]}, {"canceled": []},
            {"gates": [{"name": "North", "zones": []}]}, {"products": [{"name": "Day"}]},
            {"policy": {"capacity": 1, "exit_all_at": "04:00"}}, {"unpaid": ["Mia"]},
            {"guests": [{"name": "Ida"}]},
            {"policy": {"colours": [{"day": "2026-07-03", "name": "red"}]}},
            {"rules": [{"logic": {"<": [{"var": "entries_today"}, 1]}}]},
        ]))  # fmt: skip
    return step


RICH = {
    "products": [{"name": "Day"},
                 {"name": "Festival", "reentry": "after_exit", "questions": ["18?"]},
                 {"name": "Crew", "reentry": "unlimited", "reentry_after_s": 60}],
    "gates": [{"name": "North", "zones": ["Floor"]}],
    "zones": [{"name": "Floor", "capacity": 3}],
    "shops": [{"name": "web", "rows": [{"item": 1, "product": "Crew"}]}],
    "tickets": [
        {"name": "Anna", "product": "Day"}, {"name": "Mia", "product": "Festival"},
        {"name": "Mia again", "product": "Festival", "replaces": "Mia"},
        {"name": "Tour", "product": "Day", "persons": 3},
        {"name": "Live", "product": "Day", "rotating": True},
        {"name": "Shop", "shop": "web", "item": 1},
    ],
    "guests": [{"name": "Mia Müller", "ticket": "Mia", "birthday": "07-03"}],
    "media": [{"name": "Band", "code": "04AABB", "tickets": ["Anna", "Tour"]}],
}  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(GATEWAYS)
    made = draw(st.lists(steps(names), min_size=1, max_size=12))
    first = {"at": draw(st.sampled_from([NOON, "2026-03-29T01:59:59", "2026-10-25T02:30+01:00"]))}
    barrier = draw(st.booleans())
    lanes = [{"number": n, "gate": "North", "barrier": barrier} for n in (1, 2)]
    gateways = [{"name": name, "lanes": lanes} for name in names]
    made[0] |= first
    return file(gateways=gateways, bundle=RICH) | {
        "steps": made, "language": draw(st.sampled_from(["de", "en", "fr"])),
    }  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(files())
def test_whatever_a_file_says_the_runner_only_tells(made: dict[str, Any]) -> None:
    try:
        scenario = parse_untrusted(json.dumps(made).encode(), "a.json")
    except ConfigInvalid as invalid:
        assert all(fault.path for fault in invalid.faults)
        return
    told = list(running.run(scenario))
    assert len(told) == len(scenario.steps)
    for line in told:
        assert ("message" in line) is not line["ok"]
        assert "crashes" not in [one["what"] for one in line.get("failed", [])]
        msgspec.json.encode(line)
