"""Faults of steps that only show beside the rest of the file."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

from config.check import Cross, Where, known
from config.faults import nearest
from crypto import entry
from edge.core.reasons import BY_CODE
from edge.core.staff import NotAnnulled
from edge.scenario import moment, schema, till_steps
from edge.scenario.happening import Happens
from edge.scenario.lanes import gateways_of, lane_for, lanes_of
from edge.scenario.till_references import REASONS, at_till

CENTRE: Final = "centre"
FACT_KINDS: Final = tuple(sorted(kind.__name__ for kind in get_args(entry.KnownFact)))
MARKS: Final = tuple(
    name.removeprefix("MARK_").lower() for name in vars(entry) if name.startswith("MARK_")
)
_ALONE: Final = (
    schema.Wait, schema.Cut, schema.Heal, schema.Sync, schema.Publish, till_steps.Clone,
)  # fmt: skip


def step_faults(
    scenario: object, names: Mapping[str, list[str]], zone: ZoneInfo
) -> Iterator[Cross]:
    """(path, problem, hint) of each."""
    yield from _gateway_faults(scenario, names)
    rows = known(scenario, "gateways") or ()
    gateways: Any = gateways_of([row for i in range(len(rows)) if (row := known(rows, i))])
    gates: Any = [gate for gate in known(scenario, "bundle", "gates") or () if known(gate, "name")]
    before_ms: int | None = None
    ahead_s: dict[str | None, int] = {}
    steps = known(scenario, "steps") or ()
    for i in range(len(steps)):
        step, at = known(steps, i), ("steps", i)
        if step is None:
            continue
        text = known(step, "at")
        if text is not None:
            try:
                now_ms = moment.step_ms(text, zone, before_ms)
            except (ValueError, OverflowError):
                yield (*at, "at"), f"{text!r} is no time of a step", moment.STEP_HINT
            else:
                if before_ms is not None and now_ms < before_ms:
                    hint = "steps stand in their order; set a clock back by the step `clock`"
                    yield (*at, "at"), "is before the step above", hint
                before_ms = now_ms
        whose = known(step, "gateway")
        ahead = ahead_s.get(whose, 0) + (known(step, "by_s") or 0)
        if abs(ahead) > schema.CLOCK_OFF_S_MAX:
            years = schema.CLOCK_OFF_S_MAX // 31_556_952
            yield (*at, "by_s"), "sets the clock too far off", f"{years} years in all, at most"
        ahead_s[whose] = ahead
        yield from _place_faults(at, step, gateways, gates, names["gates"])
        yield from _shown_faults(at, step, names)
        for field in ("when", "then"):
            if (text := known(step, field)) is not None and not is_time(text, zone):
                yield (*at, field), f"{text!r} is no time", moment.HINT
        yield from _expect_faults((*at, "expect"), known(step, "expect"), _reasons(step))


def _reasons(step: object) -> tuple[str, ...]:
    """The words that may be expected of a step; of one that is not whole, all of them."""
    if at_till(step):
        return REASONS
    gate = (*BY_CODE, *get_args(NotAnnulled))
    return gate if isinstance(step, Happens) else (*gate, *REASONS)


def _gateway_faults(scenario: object, names: Mapping[str, list[str]]) -> Iterator[Cross]:
    seen: set[str] = set()
    rows = known(scenario, "gateways") or ()
    for i in range(len(rows)):
        name = known(rows, i, "name")
        if name is not None and (name in seen or name == CENTRE):
            yield ("gateways", i, "name"), f"{name!r} is taken", "give it another name"
        seen.add(name)
        lanes = known(rows, i, "lanes") or ()
        numbers: set[int] = set()
        for j in range(len(lanes)):
            at: Where = ("gateways", i, "lanes", j)
            gate, number = known(lanes, j, "gate"), known(lanes, j, "number")
            if gate is not None and gate not in names["gates"]:
                hint = nearest(gate, names["gates"])
                yield (*at, "gate"), f"there is no gate {gate!r}", hint
            if number in numbers:
                yield (*at, "number"), f"lane {number} is there twice", "number each once"
            numbers.add(number)


def _place_faults(
    at: Where, step: object, gateways: Any, gates: Any, gate_names: list[str]
) -> Iterator[Cross]:
    names = [name for one in gateways if (name := known(one, "name"))]
    for j, name in enumerate(known(step, "between") or ()):
        if isinstance(name, str) and name not in (*names, CENTRE):
            hint = nearest(name, [*names, CENTRE])
            yield (*at, "between", j), f"there is no gateway {name!r}", hint
    name = known(step, "gateway")
    if name is not None and name not in names:
        yield (*at, "gateway"), f"there is no gateway {name!r}", nearest(name, names)
        return
    if name is None:
        if len(names) > 1 and not isinstance(step, _ALONE) and not known(step, "between"):
            yield (*at, "gateway"), "is missing", "one of: " + ", ".join(names)
        if len(names) != 1:
            return
        name = names[0]
    gate, number = known(step, "gate"), known(step, "lane")
    if gate is not None and gate not in gate_names:
        yield (*at, "gate"), f"there is no gate {gate!r}", nearest(gate, gate_names)
        return
    gateway = next(one for one in gateways if known(one, "name") == name)
    if known(gateway, "lanes") is None:  # the gateway has a fault, or its lanes do
        return
    lanes = [lane for lane in lanes_of(gateway, gates) if known(lane, "direction")]
    if any(known(lane, "gate") is None or known(lane, "number") is None for lane in lanes):
        return
    if isinstance(step, schema.Shows):
        way = schema.way_of(step)
        if gate is None and number is None and len({lane.gate for lane in lanes}) > 1:
            yield (*at, "gate"), "is missing", "one of: " + ", ".join(gate_names)
        elif lane_for(lanes, gate, number, way) is None:
            there = ", ".join(f"{lane.number} ({lane.gate}, {lane.direction})" for lane in lanes)
            yield at, f"gateway {name!r} has no such lane for {way}", f"its lanes: {there}"
    elif number is not None and number not in [lane.number for lane in lanes]:
        there = ", ".join(str(lane.number) for lane in lanes)
        yield (*at, "lane"), f"gateway {name!r} has no lane {number}", f"its lanes: {there}"


def _shown_faults(at: Where, step: object, names: Mapping[str, list[str]]) -> Iterator[Cross]:
    if not isinstance(step, schema.Shows):
        return
    given = [f for f in ("ticket", "medium", "code") if known(step, f) is not None]
    if len(given) != 1:
        problem = "says " + (" and ".join(given) or "nothing") + " of what is shown"
        yield at, problem, "give one of ticket, medium, code"
    for field, kind in (("ticket", "tickets"), ("choice", "tickets"), ("medium", "media")):
        name = known(step, field)
        if name is not None and name not in names[kind]:
            yield (*at, field), f"there is no {field} {name!r}", nearest(name, names[kind])
    if len((step.nonce or "").encode()) > 32:
        yield (*at, "nonce"), "is longer than 32 bytes", "use a-z and 0-9"
    if isinstance(step, schema.Scan | schema.Force) and step.passed is not None:
        if step.guest != "walks":
            yield (*at, "passed"), f"does not go with guest {step.guest!r}", "leave it out"
        elif step.passed > step.count:
            yield (*at, "passed"), f"is more than count = {step.count}", "lower it"


def _expect_faults(at: Where, expect: object, reasons: tuple[str, ...]) -> Iterator[Cross]:
    words: list[tuple[Where, Any, tuple[str, ...]]] = [
        ((*at, "reason"), known(expect, "reason"), reasons),
        ((*at, "overridden"), known(expect, "overridden"), ("", *BY_CODE)),
    ]
    for field, all_words in (("marks", MARKS), ("facts", FACT_KINDS)):
        for j, word in enumerate(known(expect, field) or ()):
            words.append(((*at, field, j), word, all_words))
    for path, word, all_words in words:
        if isinstance(word, str) and word not in all_words:
            yield path, f"{word!r} is unknown", nearest(word, all_words)
    if known(expect, "decision") == "admitted" and known(expect, "reason"):
        yield (*at, "reason"), "an admission has no reason", "leave it out"


def is_time(text: str, zone: ZoneInfo) -> bool:
    """Whether a time can be read."""
    try:
        moment.at_ms(text, zone)
    except (ValueError, OverflowError):
        return False
    return True
