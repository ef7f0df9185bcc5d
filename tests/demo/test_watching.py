"""What is seen of the gateways, and the figures of the lag."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from edge.demo.watching import LAG_S, Watch, lag_of, percentile


def status(waiting: int = 0, behind: int = 0, held: int = 1, lag_ms: int = 7) -> dict[str, Any]:
    uplink = {"connected": True, "durable_seq": 9, "receipted_seq": 9 - waiting, "waiting": waiting}
    row = {"name": "b", "connected": True, "waiting": behind, "held": held, "lag_ms": lag_ms}
    return {"uplink": uplink, "siblings": [row], "conflicts": 2}


def watch() -> Watch:
    return Watch({"a": lambda: "", "b": lambda: ""})


def test_all_must_be_delivered_to_centre_and_siblings() -> None:
    seen = watch()
    assert not seen.connected and not seen.delivered
    seen.saw("a", status(), True)
    assert not seen.delivered
    seen.saw("b", status(), True)
    assert seen.connected and seen.delivered
    seen.saw("b", status(waiting=1), True)
    assert not seen.delivered
    seen.saw("b", status(behind=1), True)
    assert not seen.delivered
    seen.forget()
    assert not seen.connected


def test_a_gateway_alone_needs_no_siblings() -> None:
    seen = Watch({"a": lambda: ""})
    seen.saw("a", status() | {"siblings": []}, True)
    assert seen.connected and seen.delivered


def test_lags_are_of_news_and_of_quiet_times_only() -> None:
    seen = watch()
    seen.saw("a", status(held=1, lag_ms=7), True)
    seen.saw("a", status(held=1, lag_ms=8), True)
    seen.saw("a", status(held=2, lag_ms=9000), False)
    seen.saw("a", status(held=3, lag_ms=-1), True)
    assert seen.lags_ms == [7, 0]


@pytest.mark.trio
async def test_what_is_durable_is_awaited_at_another(autojump_clock: object) -> None:
    seen, done = watch(), trio.Event()
    seen.saw("a", status(), True)

    async def wait() -> None:
        await seen.until_heard("b", "a")
        done.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await trio.sleep(1)
        seen.saw("b", status(), True)  # was under way when the question began
        seen.saw("a", status(held=9), True)
        await trio.sleep(1)
        assert not done.is_set()
        fresh = status()
        fresh["uplink"]["durable_seq"] = 11
        seen.saw("b", fresh, True)
        await trio.sleep(1)
        assert not done.is_set()
        seen.saw("a", status(held=11), True)
        await trio.sleep(1)
        assert done.is_set()
        began = trio.current_time()
        await seen.until_heard("b", "a")  # nobody answers any more
        assert trio.current_time() - began == LAG_S


def test_what_waits_is_counted_while_the_centre_is_away() -> None:
    seen = watch()
    seen.saw("a", status(waiting=5), True)
    assert seen.waiting_max == 0
    seen.cut_off = True
    seen.saw("b", status(waiting=4), True)
    assert seen.waiting_max == 9


def test_a_status_that_is_none_is_no_status() -> None:
    with pytest.raises(KeyError):
        watch().saw("a", {"uplink": {}}, True)


def test_percentiles_are_values_that_occurred() -> None:
    assert percentile([], 99) == 0
    assert percentile([5], 50) == percentile([5], 99) == 5
    assert percentile(list(range(100, 0, -1)), 50) == 50
    assert percentile(list(range(1, 101)), 99) == 99
    assert lag_of([3, 1, 2]) == {"p50": 2, "p99": 3, "observed": 3}
