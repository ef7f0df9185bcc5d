"""A step at a till -> what happened; and no file about money crashes the runner."""

import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from config.faults import ConfigInvalid
from edge.scenario.reading import parse_untrusted
from edge.scenario.running import run
from tests.edge.scenario.selling import TWO, file, lines, sale, tap


def test_a_line_says_who_where_what_and_why() -> None:
    (line, poor) = lines(sale(id="x", note="first"), sale("Soup", 3))
    assert line == {
        "scenario": "A sale", "step": 0, "at": "2026-07-03T18:00:00+02:00", "do": "sale",
        "id": "x", "band": "anna", "till": 1, "state": "paid", "total": "6.00",
        "balance": "14.00", "facts": ["DebitHeld", "DebitPosted"], "conflicts": 0, "inside": 0,
        "ok": True, "note": "first",
    }  # fmt: skip
    assert (poor["state"], poor["reason"], poor["balance"]) == ("not_paid", "balance", "14.00")
    assert "14.00 EUR" in poor["text"]


def test_an_expectation_that_fails_names_expected_got_and_the_explanation() -> None:
    poor, rich, dead = lines(
        sale("Soup", 4, expect={"state": "paid", "balance": "-4.00"}),
        sale(expect={"state": "not_paid", "total": 700}),
        sale(crash="before_write", expect={"state": "paid"}),
    )
    assert poor["message"].startswith(
        "steps[0] at 2026-07-03T18:00:00+02:00, sale of 'anna' at till 1: "
        "expected state paid, got not_paid; expected balance -4.00, got 20.00; "
        "the till said (balance): Not enough credit"
    )
    assert rich["message"].endswith(
        "expected state not_paid, got paid; expected total 7.00, got 6.00; "
        "the till said: paid, total 6.00, balance 14.00"
    )
    assert dead["message"].endswith("got none; the till said nothing: the gateway is dead")


def test_a_till_speaks_the_venue_s_language() -> None:
    (line,) = lines(sale("Soup", 4), language="de")
    assert "Guthaben" in line["text"]


def test_an_attempt_that_another_gateway_made_is_told_to_the_next() -> None:
    steps = sale(id="x", gateway="a", leaves="after"), sale(id="x", gateway="b")
    cut = {"do": "cut"}
    _, torn, once, last = lines(cut, *steps, tap(gateway="b"), gateways=TWO)
    assert (torn["state"], once["state"], last["balance"]) == ("tap_again", "already_paid", "14.00")


def test_what_a_newer_bundle_sells_can_be_sold() -> None:
    tea = {"cashless": {"articles": [{"name": "Tea", "price_minor": "2.50"}]}}
    _, sold = lines({"do": "bundle", "bundle": tea}, sale("Tea"))
    assert (sold["state"], sold["total"]) == ("paid", "2.50")


KINDS = ["sale"] * 6 + ["topup"] * 2 + ["tap", "refund", "reverse", "cash_out", "issue", "reissue"]
KINDS += ["lock", "clone", "late_decline", "cut", "heal", "crash", "restart", "bundle", "clock"]
BANDS = st.sampled_from(["anna", "blank"])
IDS = st.sampled_from(["x", "y", "z"])
MISHAPS = st.sampled_from([{}, {}, {"torn": 6}, {"torn": 30}, {"leaves": "before"},
                           {"leaves": "after"}, {"crash": "before_write"},
                           {"crash": "after_write"}])  # fmt: skip


@st.composite
def steps(draw: st.DrawFn, at: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(KINDS))
    step: dict[str, Any] = {"do": kind, "gateway": draw(st.sampled_from(["a", "b"]))}
    step["at"] = draw(st.sampled_from(["+0s", "+1s", "+15s", "+3h"]))
    if kind in ("cut", "heal"):
        return step
    if kind == "bundle":
        says = [{"band": "anna", "held": "3.00"}, {"band": "blank", "presale": "5.00"}]
        return step | {"bundle": {"cashless": draw(st.sampled_from([{}, {"wallets": says}]))}}
    if kind == "clock":
        return step | {"by_s": draw(st.sampled_from([-90_000, 3600]))}
    if kind in ("reverse", "late_decline"):
        step["of"] = draw(IDS)
    elif kind not in ("crash", "restart", "clone"):
        step["id"] = draw(IDS)
    if kind not in ("crash", "restart", "late_decline"):
        step["band"] = draw(BANDS)
    if kind == "clone":
        return step | {"copy": f"copy {at}", "own_uid": draw(st.booleans())}
    if kind == "reissue":
        step["old"] = "anna"
    if kind in ("sale", "refund"):
        article = draw(st.sampled_from(["Beer", "Soup", "Cup"]))
        step["items"] = [{"article": article, "quantity": draw(st.sampled_from([1, 2, -1]))}]
    if kind == "sale":
        step |= draw(st.sampled_from([{}, {"take_left": True}, {"amount": 100}, {"part": 1}]))
        step["answers"] = ["same_amount"]
    if kind == "topup":
        step |= {"amount": draw(st.sampled_from(["1.00", 900])), "card": draw(
            st.sampled_from(["approved", "declined", "unknown"])),
            "method": draw(st.sampled_from(["cash", "card"]))}  # fmt: skip
    if kind not in ("tap", "lock", "crash", "restart", "late_decline"):
        step |= draw(MISHAPS)
    return step


@st.composite
def files(draw: st.DrawFn) -> dict[str, Any]:
    made = [draw(steps(at)) for at in range(draw(st.integers(1, 10)))]
    named = [{"at": "2026-07-03T18:00:00", "do": "tap", "band": "anna", "gateway": "a", "id": id}
             for id in ("x", "y", "z")]  # fmt: skip
    first, *rest = [one | ({"id": f"{one['id']} named"}) for one in named]
    made = [step | ({"of": f"{step['of']} named"} if "of" in step and draw(st.booleans()) else {})
            for step in made]  # fmt: skip
    return file(first, *rest, *made, gateways=TWO)


@settings(deadline=None, max_examples=25)
@given(files())
def test_whatever_a_file_says_of_money_the_runner_only_tells_and_the_same_twice(
    made: dict[str, Any],
) -> None:
    try:
        scenario = parse_untrusted(json.dumps(made).encode(), "a.json")
    except ConfigInvalid as invalid:
        assert all(fault.path for fault in invalid.faults)
        return
    told = list(run(scenario))
    assert len(told) == len(scenario.steps)
    assert all(("message" in line) is not line["ok"] for line in told)
    assert not [line for line in told if line.get("reason") == "crashed"]
    assert msgspec.json.encode(told) == msgspec.json.encode(list(run(scenario)))
