"""Services that crash begin anew, a failed disk ends everything; no centre, no services."""

from __future__ import annotations

import logging
from typing import Any, cast

import pytest
import trio
import trio.testing

from config.gateway import CentralLink, Clock
from edge import services
from edge.ledger.errors import StorageFailed


@pytest.mark.trio
async def test_a_crash_is_told_with_its_trace_and_the_service_begins_anew(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    begun: list[int] = []

    async def work() -> None:
        begun.append(1)
        if len(begun) == 1:
            raise AssertionError("a mistake of ours")
        await trio.sleep_forever()

    with trio.move_on_after(5 * services.AGAIN_S):
        await services.bordered("uplink", work)
    assert len(begun) == 2
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.getMessage().startswith("uplink crashed") and record.exc_info


@pytest.mark.trio
async def test_a_failed_disk_is_not_tried_again() -> None:
    async def work() -> None:
        raise StorageFailed("Input/output error")

    with pytest.raises(StorageFailed):
        await services.bordered("courier", work)


def test_the_jitter_is_a_share() -> None:
    assert all(0 <= services.jitter() <= 1 for _ in range(100))


class Config:
    central: CentralLink | None = None
    clock = Clock()


@pytest.mark.trio
async def test_without_a_centre_there_is_no_uplink_and_nothing_starts() -> None:
    config, nothing = cast(Any, Config()), cast(Any, None)
    assert services.make_transport(config, nothing) is None
    assert services.make_uplink(config, nothing, nothing, nothing, None, nothing) is None
    async with trio.open_nursery() as nursery:
        services.start_uplink(nursery, config, nothing, nothing, None, nothing, None)
        assert not nursery.child_tasks


@pytest.mark.trio
async def test_with_a_centre_delivery_bundles_guests_and_clocks_are_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[str] = []

    async def note(name: str, work: Any) -> None:
        started.append(name)

    monkeypatch.setattr(services, "bordered", note)
    config = cast(Any, Config())
    config.central = CentralLink("https://centre.example")
    anything = cast(Any, Config())
    anything.run = None
    async with trio.open_nursery() as nursery:
        services.start_uplink(nursery, config, *[anything] * 5)
    assert sorted(started) == ["bundles", "clocks", "guests", "uplink"]
