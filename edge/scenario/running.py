"""A scenario, step by step: one plain dictionary for each, ready to be a line of JSON."""

from collections.abc import Iterator
from typing import Any

from edge.scenario.expecting import Difference, differences
from edge.scenario.moment import shown
from edge.scenario.performing import Outcome, Play
from edge.scenario.schema import Scenario, Shows, Step, kind_of

_ANSWERED = (
    "reason", "overridden", "granted", "repeated", "simulated", "text", "marks", "zone",
    "questions", "name", "note", "birthday", "colour",
)  # fmt: skip


def run(scenario: Scenario) -> Iterator[dict[str, Any]]:
    """One dictionary for each step, as it happens.

    `ok` is False when something is otherwise than expected; `failed` lists what, and `message`
    says it in one sentence.
    """
    play = Play(scenario)
    for i, step in enumerate(scenario.steps):
        outcome = play.perform(step)
        wrong = differences(step.expect, outcome)
        line: dict[str, Any] = {
            "scenario": scenario.name,
            "step": i,
            "at": shown(play.time.ms, play.zone),
            "do": kind_of(step),
            **_who(step),
            **outcome.where,
            **_told(outcome),
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
    if isinstance(step, Shows):
        for name in ("ticket", "medium", "code"):
            if (value := getattr(step, name)) is not None:
                fields[name] = value
    return fields


def _told(outcome: Outcome) -> dict[str, Any]:
    fields: dict[str, Any] = {"decision": outcome.decision} if outcome.decision else {}
    answer = outcome.answer
    if answer is not None:
        for name in _ANSWERED:
            if value := getattr(answer, name):
                fields["hint" if name == "note" else name] = value
    if outcome.problem:
        fields["reason"] = outcome.problem
    for name in ("found", "choices"):
        if value := getattr(outcome, name):
            fields[name] = value
    counts = {"conflicts": outcome.conflicts, "inside": outcome.inside}
    return fields | {"facts": outcome.facts, **counts}


def _message(line: dict[str, Any], wrong: list[Difference], outcome: Outcome) -> str:
    who = next((f" of {line[n]!r}" for n in ("ticket", "medium", "code") if n in line), "")
    parts = [f"expected {one.what} {_said(one.expected)}, got {_said(one.got)}" for one in wrong]
    place = f"steps[{line['step']}] at {line['at']}, {line['do']}{who}"
    why = ""
    if outcome.answer is not None:
        reason = f" ({outcome.answer.reason})" if outcome.answer.reason else ""
        why = f"; the gate said{reason}: {outcome.answer.text}"
    return f"{place}: {'; '.join(parts)}{why}"


def _said(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(str, value)) + "]"
    return "nothing" if value in (None, "") else str(value)
