"""A scenario, step by step: one plain dictionary for each, ready to be a line of JSON."""

from collections.abc import Iterator
from typing import Any

from edge.scenario.amounts import shown as shown_amount
from edge.scenario.expecting import AMOUNTS, Difference, differences
from edge.scenario.moment import shown
from edge.scenario.paying import Seen
from edge.scenario.performing import Outcome, Play
from edge.scenario.schema import Scenario, Shows, Step, kind_of

_ANSWERED = (
    "reason", "overridden", "granted", "repeated", "simulated", "text", "marks", "zone",
    "questions", "name", "note", "birthday", "colour",
)  # fmt: skip
_MOSTLY_0 = ("left", "exposure", "promo")


def run(scenario: Scenario) -> Iterator[dict[str, Any]]:
    """One dictionary for each step, as it happens.

    `ok` is False when something is otherwise than expected; `failed` lists what, and `message`
    says it in one sentence.
    """
    play = Play(scenario)
    for i, step in enumerate(scenario.steps):
        outcome = play.perform(step)
        wrong = differences(step.expect, outcome, play.money.exponent)
        line: dict[str, Any] = {
            "scenario": scenario.name,
            "step": i,
            "at": shown(play.time.ms, play.zone),
            "do": kind_of(step),
            **_who(step),
            **outcome.where,
            **_told(outcome, play.money.exponent),
            "ok": not wrong,
        }
        if step.note:
            line["note"] = step.note
        if wrong:
            line["failed"] = [one._asdict() for one in wrong]
            line["message"] = _message(line, wrong, outcome)
        yield line


def _who(step: Step) -> dict[str, Any]:
    fields: dict[str, Any] = {"gateway": step.gateway} if step.gateway else {}
    words = ("ticket", "medium", "code") if isinstance(step, Shows) else ("id", "band")
    for name in words:
        if (value := getattr(step, name, None)) is not None:
            fields[name] = value
    return fields


def _told(outcome: Outcome, exponent: int) -> dict[str, Any]:
    fields: dict[str, Any] = {"decision": outcome.decision} if outcome.decision else {}
    answer = outcome.answer
    if answer is not None:
        for name in _ANSWERED:
            if value := getattr(answer, name):
                fields["hint" if name == "note" else name] = value
    if outcome.problem:
        fields["reason"] = outcome.problem
    if outcome.seen is not None:
        fields |= _at_till(outcome.seen, exponent)
    for name in ("found", "choices"):
        if value := getattr(outcome, name):
            fields[name] = value
    if outcome.money_conflicts:
        fields["money_conflicts"] = outcome.money_conflicts
    counts = {"conflicts": outcome.conflicts, "inside": outcome.inside}
    return fields | {"facts": outcome.facts, **counts}


def _at_till(seen: Seen, exponent: int) -> dict[str, Any]:
    """What is worth telling: nothing that is 0, or the same again, as it mostly is."""
    fields: dict[str, Any] = {"state": seen.state}
    for name in ("reason", "question", "text"):
        if value := getattr(seen, name):
            fields[name] = value
    usual = {"spendable": seen.balance, "paid": seen.total} | dict.fromkeys(_MOSTLY_0, 0)
    for name in AMOUNTS:
        amount = getattr(seen, name)
        usual = {
            "left": 0,
            "exposure": 0,
            "promo": 0,
            "spendable": seen.balance,
            "paid": seen.total,
        }
        if amount is not None and amount != usual.get(name):
            fields[name] = shown_amount(amount, exponent)
    return fields | ({"vouchers": seen.vouchers} if seen.vouchers else {})


def _message(line: dict[str, Any], wrong: list[Difference], outcome: Outcome) -> str:
    names = ("ticket", "medium", "code", "band")
    who = next((f" of {line[n]!r}" for n in names if n in line), "")
    who += f" at till {line['till']}" if "till" in line else ""
    parts = [f"expected {one.what} {_said(one.expected)}, got {_said(one.got)}" for one in wrong]
    place = f"steps[{line['step']}] at {line['at']}, {line['do']}{who}"
    why = ""
    if outcome.answer is not None:
        reason = f" ({outcome.answer.reason})" if outcome.answer.reason else ""
        why = f"; the gate said{reason}: {outcome.answer.text}"
    elif outcome.seen is not None:
        why = f"; the till said{_till_said(line, outcome.seen)}"
    return f"{place}: {'; '.join(parts)}{why}"


def _till_said(line: dict[str, Any], seen: Seen) -> str:
    """Why, as the cashier reads it; where there is nothing to explain, how it stands."""
    if seen.state == "none":
        return " nothing: the gateway is dead"
    if seen.reason:
        return f" ({seen.reason}): {seen.text}"
    told = [f"{name} {line[name]}" for name in ("total", "paid", "left", "balance") if name in line]
    return f": {', '.join([seen.state, *told])}"


def _said(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(str, value)) + "]"
    return "nothing" if value in (None, "") else str(value)
