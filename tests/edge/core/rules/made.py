"""Rules and facts for the tests: written by hand, and made at random."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from edge.core.rules import Event, RuleContext

BERLIN = ZoneInfo("Europe/Berlin")
TOKYO = ZoneInfo("Asia/Tokyo")
NOW = "2026-03-14T11:30:00+00:00"


def ms(text: str) -> int:
    """Unix ms of an ISO time with offset."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def facts(now: str = NOW, zone: tzinfo = BERLIN, **fields: Any) -> RuleContext:
    """Facts at `now`; `entries` and `exits` are ISO times, `date_*` too."""
    events = [Event(ms(at)) for at in fields.pop("entries", [])]
    events += [Event(ms(at), is_exit=True) for at in fields.pop("exits", [])]
    events.sort(key=lambda event: event.at_ms)
    for name in ("date_from", "date_to", "date_admission"):
        if name in fields:
            fields[f"{name}_ms"] = ms(fields.pop(name))
    fields.setdefault("events", events)
    return RuleContext(now_ms=ms(now), zone=zone, **fields)


def var(name: str) -> dict[str, Any]:
    return {"var": name}


def built(*args: str) -> dict[str, Any]:
    return {"buildTime": list(args)}


def after(*args: str, tolerance: Any = None) -> dict[str, Any]:
    return {"isAfter": [var("now"), built(*args), tolerance]}


def before(*args: str, tolerance: Any = None) -> dict[str, Any]:
    return {"isBefore": [var("now"), built(*args), tolerance]}


def one_of(name: str, *numbers: int) -> dict[str, Any]:
    looked_up = [{"lookup": [name, str(number), f"{name} {number}"]} for number in numbers]
    return {"inList": [var(name), {"objectList": looked_up}]}


# Small domains on purpose: rules that hold sometimes, and contradictions, are common in them.
START = datetime(2026, 3, 28, 12, tzinfo=UTC)  # Berlin sets its clocks in the night after
HOURS = st.integers(-30, 60)
TIMES = st.one_of(
    st.just(var("now")),
    HOURS.map(lambda h: built("custom", (START + timedelta(hours=h)).isoformat())),
    HOURS.map(lambda h: built("custom", (START + timedelta(hours=h)).strftime("%Y-%m-%dT%H:%M"))),
    st.integers(0, 23).map(lambda h: built("customtime", f"{h:02}:30")),
    st.sampled_from([built("date_from"), built("date_to"), built("date_admission")]),
)
COUNTED = st.one_of(
    st.sampled_from(
        [
            var("entries_number"), var("entries_today"), var("entries_days"),
            var("minutes_since_last_entry"), var("minutes_since_first_entry"),
            var("now_isoweekday"), var("product"), var("gate"), var("variation"),
        ]
    ),
    st.builds(
        lambda name, at: {name: [at]},
        st.sampled_from(
            ["entries_since", "entries_before", "entries_days_since", "entries_days_before"]
        ),
        TIMES,
    ),
)  # fmt: skip
LIMITS = st.one_of(st.integers(-2, 8), st.sampled_from([60, 120, 1.5, "2", None, True]))
COMPARED = st.builds(
    lambda op, a, b, flipped: {op: [b, a] if flipped else [a, b]},
    st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "===", "!=="]),
    COUNTED,
    LIMITS,
    st.booleans(),
)
LEAVES = st.one_of(
    COMPARED,
    COMPARED,
    st.builds(
        lambda op, a, b, tolerance: {op: [a, b, tolerance]},
        st.sampled_from(["isBefore", "isAfter"]),
        TIMES,
        TIMES,
        st.sampled_from([None, 0, 10, 600]),
    ),
    st.builds(
        lambda name, numbers: one_of(name, *numbers),
        st.sampled_from(["product", "gate", "variation"]),
        st.lists(st.integers(1, 3), max_size=2),
    ),
    st.sampled_from([{"==": [var("entry_status"), status]} for status in ("present", "absent")]),
    st.builds(lambda a: {"<": [0, a, 3]}, COUNTED),
    st.booleans(),
    COUNTED,
)
RULES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda part: st.one_of(
        st.builds(
            lambda op, parts: {op: parts},
            st.sampled_from(["and", "or"]),
            st.lists(part, max_size=3),
        ),
        st.builds(lambda op, one: {op: [one]}, st.sampled_from(["!", "!!"]), part),
        st.builds(lambda parts: {"if": parts}, st.lists(part, max_size=4)),
    ),
    max_leaves=6,
)


def _made(
    now_h: int, events: list[tuple[int, bool, int]], numbers: tuple[int, int, int | None],
    dates: tuple[int | None, int | None, int | None], persons: int, ahead: int,
) -> RuleContext:  # fmt: skip
    def at(hours: int) -> int:
        return round((START + timedelta(hours=hours)).timestamp() * 1000)

    history = [Event(at(h), is_exit, n) for h, is_exit, n in sorted(events)]
    date_from, date_to, admission = (None if h is None else at(h) for h in dates)
    product, gate, variation = numbers
    return RuleContext(
        now_ms=at(now_h), zone=BERLIN, product=product, gate=gate, variation=variation,
        date_from_ms=date_from, date_to_ms=date_to, date_admission_ms=admission,
        events=history, persons=persons, ahead=ahead,
    )  # fmt: skip


EVENTS = st.lists(st.tuples(st.integers(-40, 40), st.booleans(), st.integers(0, 3)), max_size=5)
KNOWN = st.builds(
    _made,
    HOURS,
    EVENTS,
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.one_of(st.none(), st.integers(0, 3))),
    st.tuples(HOURS, HOURS, HOURS),
    st.integers(1, 3),
    st.integers(0, 2),
)
ANY = st.builds(
    _made,
    HOURS,
    EVENTS,
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.one_of(st.none(), st.integers(0, 3))),
    st.tuples(*[st.one_of(st.none(), HOURS)] * 3),
    st.integers(1, 3),
    st.integers(0, 2),
)
