"""Gauges of money: none before the first look, the last ones when a look fails."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from central import money_watch
from central.money_watch import GAUGES, LOOK_S, Watch
from tests.central.test_outlook import CALM


class Nobody:
    """A database whose connections are counted."""

    asked = 0

    def connection(self) -> Nobody:
        return self

    async def __aenter__(self) -> Nobody:
        self.asked += 1
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


@pytest.mark.asyncio
async def test_looks_go_on_whatever_is_in_the_way(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes: list[Any] = [OSError("gone"), OSError("gone"), CALM, ValueError("ours"), CALM]
    registry, seen, pauses = CollectorRegistry(), [], []
    watch = Watch(Nobody(), bytes(16), lambda: 7000, registry)  # type: ignore[arg-type]

    async def look(*_: object) -> Any:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        seen.append((watch.trouble, registry.get_sample_value("gatehouse_central_band_forks")))
        if not outcomes:
            raise asyncio.CancelledError

    monkeypatch.setattr(money_watch, "look", look)
    monkeypatch.setattr(money_watch.asyncio, "sleep", pause)
    with pytest.raises(asyncio.CancelledError):
        await watch.watch()
    away = "the database does not answer: OSError"
    assert [told for told, _ in seen] == [away, away, "", "ValueError: ours", ""]
    assert all(value is not None and math.isnan(value) for _, value in seen[:2])
    assert [value for _, value in seen[2:]] == [0, 0, 0]
    assert len(caplog.records) == 2 and min(pauses) >= LOOK_S
    value = registry.get_sample_value
    assert value("gatehouse_central_money_looks_failed_total") == 3
    assert value("gatehouse_central_money_looked_at_seconds") == 7
    for name, _, _ in GAUGES:
        assert value(f"gatehouse_central_{name}") == 0
