"""What breaks, in which order: copies before the cut, pairs within it, the centre after it."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from edge.demo.guests import Code, Guest, Show
from edge.demo.processes import DemoFailed
from edge.demo.table import News
from edge.demo.troubles import CUT_S, Troubles
from edge.demo.watching import Watch

ONE = Guest(1, "copy", 0.0, Code(b"a", "us:01"), (Show(1), Show(3)))
PAIR = [Guest(n, "copy", 0.0, Code(b"b", "us:02"), (Show(n),), "admitted") for n in (2, 3)]


class Place:
    """Venue, LAN, crowd and gateway in one: notes what is done, and while what was broken."""

    def __init__(self, gateways: int, code: int = 0) -> None:
        self.gateways = [self] * gateways
        self.lan = self if gateways > 1 else None
        self.name, self.api = "demo-1", "http://127.0.0.1:9"
        self.up = self.centre = True
        self.done: list[str] = []
        self.watch = Watch({f"demo-{n + 1}": lambda: "" for n in range(gateways)})
        self._code = code

    async def stop_central(self) -> int:
        self.centre = False
        self.done.append("centre stops")
        return self._code

    async def start_central(self) -> None:
        self.centre = True
        self.done.append("centre returns")

    async def kill(self) -> None:
        self.done.append("kill")

    async def start_gateway(self, gateway: object) -> None:
        self.done.append("start")

    def cut(self) -> None:
        self.up = False
        self.done.append("cut")

    def heal(self) -> None:
        self.up = True
        self.done.append("heal")
        for look in self.watch.looks.values():
            look.siblings, look.conflicts = len(self.watch.looks) - 1, 1

    async def bring(self, guests: list[Guest]) -> None:
        assert not self.centre, "copies come while there is no internet"
        assert self.up == (guests == [ONE])
        self.done.append("copies" if guests == [ONE] else "pairs")
        await trio.sleep(0.5)


async def broken(place: Any, several: bool) -> Troubles:
    copies, pairs = ([ONE], PAIR) if several else ([], [])
    troubles = Troubles(place, place, place.watch, News(None), 10.0, copies, pairs)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(troubles.cut_off)
        nursery.start_soon(troubles.kill)
    return troubles


@pytest.mark.trio
async def test_one_gateway_loses_its_centre_and_is_killed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    place = Place(1)
    troubles = await broken(place, several=False)
    assert place.done == ["centre stops", "centre returns", "kill", "start"]
    assert (troubles.kills, troubles.outages, troubles.lan_cut_s) == (1, 1, 0.0)


@pytest.mark.trio
async def test_copies_come_before_the_cut_and_pairs_within_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    place = Place(3)
    troubles = await broken(place, several=True)
    assert place.done == [
        "centre stops", "copies", "cut", "pairs", "heal", "centre returns", "kill", "start"
    ]  # fmt: skip
    assert troubles.lan_cut_s >= CUT_S
    assert place.watch.calm


@pytest.mark.trio
async def test_a_centre_that_does_not_stop_in_order_ends_the_run(
    autojump_clock: trio.testing.MockClock,
) -> None:
    with pytest.raises(BaseExceptionGroup) as failed:
        await broken(Place(1, code=1), several=False)
    assert failed.group_contains(DemoFailed, match="exit code 1")
