"""One run: the venue is founded, the doors open, things break, and everything is counted."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import trio

from edge.demo import checks, summary
from edge.demo.accounts import account
from edge.demo.box_office import sell
from edge.demo.checks import Finding
from edge.demo.crowd import Crowd
from edge.demo.guests import plan
from edge.demo.listening import Listener
from edge.demo.processes import DemoFailed, Processes
from edge.demo.reading import Held, read_central, read_ledger
from edge.demo.summary import Summary
from edge.demo.table import News
from edge.demo.tally import LaneTally, total
from edge.demo.venue import Venue

#: When things break, as shares of the rush.
CENTRAL_STOPS: Final = 0.20
CENTRAL_RETURNS: Final = 0.50
GATEWAY_DIES: Final = 0.65
DEAD_S: Final = 0.8
LOOK_S: Final = 0.25
DELIVERED_S: Final = 60.0
#: Nobody may wait longer than this for the end of the rush, beyond its length.
LATE_S: Final = 180.0


@dataclass
class Look:
    """The last look at the gateway's status."""

    connected: bool = False
    durable: int = 0
    receipted: int = 0
    waiting: int = 0
    waiting_max: int = 0
    answers: bool = False


class Play:
    """One run of `guests` in `seconds` from `seed`. `changed` is called when there is news."""

    def __init__(
        self, folder: Path, *, guests: int, seconds: float, seed: int, news: News,
        processes: Processes,
    ) -> None:  # fmt: skip
        self.seed = seed
        self.guests = guests
        self.seconds = seconds
        self.news = news
        self.venue = Venue(folder, processes, news.say)
        self.crowd: Crowd | None = None
        self.opened_s = 0.0
        self._events = (folder / "events.jsonl").open("w", buffering=1)
        self.look = Look()
        self.phase = "being set up"
        self.cut_off = False
        self.kills = 0
        self.outages = 0
        self.away_s = 0.0
        self.gateway_exit = 0
        self._client: httpx2.AsyncClient | None = None

    @property
    def lanes(self) -> dict[int, LaneTally]:
        """What was counted, by lane."""
        return {n: lane.tally for n, lane in self.crowd.lanes.items()} if self.crowd else {}

    async def run(self) -> tuple[Summary, list[Finding]]:
        """From the first process to the last check. Raises `DemoFailed`."""
        try:
            await self._prepare()
            async with httpx2.AsyncClient(timeout=3, trust_env=False) as self._client:
                await self._rush()
                await self._last_words()
            return await self._count()
        finally:
            with trio.CancelScope(shield=True):
                self.phase = "closing"
                self._events.close()
                await self.venue.close()

    # -- before --------------------------------------------------------------------------------

    async def _prepare(self) -> None:
        say, venue = self.news.say, self.venue
        say("The centre makes its keys and starts a PostgreSQL of its own.")
        await venue.found()
        say("Tickets are sold, a foreign shop is admitted, the gateway is enrolled.")
        codes = await sell(venue, self.guests)
        await venue.start_gateway()
        say(f"The gateway's page: {venue.api}/   the centre's page: {venue.central_page}")
        assert venue.scanners is not None and venue.boards is not None
        crowd = plan(self.seed, self.guests, self.seconds, codes)
        self.crowd = Crowd(crowd, venue.scanners, venue.boards, lambda: venue.api, self.seed)

    # -- the rush ------------------------------------------------------------------------------

    async def _rush(self) -> None:
        crowd = self.crowd
        assert crowd is not None
        listener = Listener(lambda: self.venue.api, self._heard, crowd.deaf, crowd.hears_again)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listener.run)
            nursery.start_soon(self._watch)
            await self._until(lambda: listener.hears.is_set() and self.look.connected, 30,
                              "the gateway does not reach the centre")  # fmt: skip
            self.phase = "doors are open"
            self.opened_s = trio.current_time()
            self.news.say(f"Doors open: {self.guests} guests within {self.seconds:g} seconds.")
            async with trio.open_nursery() as troubles:
                troubles.start_soon(self._cut_off)
                troubles.start_soon(self._kill)
                with trio.move_on_after(self.seconds + LATE_S) as late:
                    await crowd.run()
            if late.cancelled_caught:
                raise DemoFailed(
                    f"after {self.seconds + LATE_S:g} s guests still wait; see the logs"
                )
            self.news.say("Everybody was served. The gateway delivers what it still holds.")
            await self._until_delivered()
            nursery.cancel_scope.cancel()

    def _heard(self, event: dict[str, Any]) -> None:
        """Every live event is kept in the folder, for whoever looks into a failed run."""
        assert self.crowd is not None
        self.crowd.heard(event)
        line = json.dumps({"at_s": round(trio.current_time() - self.opened_s, 3), **event})
        self._events.write(line + "\n")

    async def _cut_off(self) -> None:
        await trio.sleep(self.seconds * CENTRAL_STOPS)
        began = trio.current_time()
        self.phase = "centre stopped"
        self.cut_off = True
        self.news.say("The centre is stopped. Guests must not notice.")
        code = await self.venue.stop_central()
        if code:
            raise DemoFailed(f"the centre ended with exit code {code} when told to stop")
        await trio.sleep_until(began + self.seconds * (CENTRAL_RETURNS - CENTRAL_STOPS))
        self.news.say("The centre comes back; what waited is delivered.")
        self.cut_off = False
        await self.venue.start_central()
        self.outages += 1
        self.away_s = trio.current_time() - began
        self.phase = "doors are open"

    async def _kill(self) -> None:
        await trio.sleep(self.seconds * GATEWAY_DIES)
        self.phase = "gateway killed"
        self.news.say("The gateway is killed (kill -9) in the middle of the rush.")
        await self.venue.kill_gateway()
        await trio.sleep(DEAD_S)
        self.news.say("The gateway starts again: who was in a passage is unknown.")
        page = self.venue.api
        await self.venue.start_gateway()
        self.kills += 1
        if self.venue.api != page:
            self.news.say(f"The gateway's page has moved: {self.venue.api}/")
        self.phase = "doors are open"

    async def _watch(self) -> None:
        """Look at the gateway's status again and again."""
        while True:
            await self._look()
            await trio.sleep(LOOK_S)

    async def _look(self) -> None:
        assert self._client is not None
        look = self.look
        try:
            answer = await self._client.get(self.venue.api + "/v1/status")
            uplink: dict[str, Any] = answer.json()["uplink"]
        except (httpx2.HTTPError, ValueError, KeyError):
            look.answers = look.connected = False
            return
        look.answers, look.connected = True, uplink["connected"]
        look.durable, look.receipted = uplink["durable_seq"], uplink["receipted_seq"]
        look.waiting = uplink["waiting"]
        if self.cut_off:  # after a start all facts seem to wait, until the centre was asked
            look.waiting_max = max(look.waiting_max, look.waiting)

    async def _until_delivered(self) -> None:
        def delivered() -> bool:
            look = self.look
            return look.connected and not look.waiting and look.receipted == look.durable > 0

        await self._until(delivered, DELIVERED_S, "facts wait on the gateway without a receipt")

    async def _until(self, true: Callable[[], bool], within_s: float, what: str) -> None:
        with trio.move_on_after(within_s):
            while not true():  # noqa: ASYNC110 - it is seen by looking
                await trio.sleep(0.05)
            return
        raise DemoFailed(f"after {within_s:g} s {what}; see the logs")

    # -- after ---------------------------------------------------------------------------------

    async def _last_words(self) -> None:
        """Stop in order; what a gateway writes while stopping is delivered at its next start.

        Then it is frozen by a kill: it must not write while it is compared.
        """
        self.phase = "closing"
        self.gateway_exit = await self.venue.stop_gateway()
        self.news.say("The gateway has stopped in order, and starts again for the rest.")
        await self.venue.start_gateway()
        self.look.connected = False
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._watch)
            await self._until_delivered()
            nursery.cancel_scope.cancel()
        await self.venue.kill_gateway()

    async def _count(self) -> tuple[Summary, list[Finding]]:
        self.phase = "counting"
        self.news.say("Every fact of the ledger is compared with the rows at the centre.")
        held = await read_both(self.venue)
        crowd, look = self.crowd, self.look
        assert crowd is not None
        ledger, central = account(held.ledger), account(held.central)
        epoch = held.ledger_head[0]
        older = sum(row.epoch != epoch for row in held.ledger)
        beliefs = crowd.beliefs
        findings = compare(held)
        findings += checks.guests_were_right(
            [str(one) for one in beliefs.surprises], crowd.unserved, crowd.wrong_replies
        )
        findings += checks.outages_happened(
            restarts=self.kills, outages=self.outages, gateway_exit=self.gateway_exit,
            open_holds=ledger.open, durable=held.ledger_head[1], receipted=look.receipted,
        )  # fmt: skip
        figures: dict[str, Any] = {
            "seed": self.seed, "guests": self.guests, "seconds": self.seconds,
            "facts": len(held.ledger), "blocks": held.blocks,
            "epochs": len({row.epoch for row in held.ledger}),
            "receipted": older + look.receipted, "booked": len(held.central),
            "expected_answers": beliefs.expected_count,
            "doubtful_answers": beliefs.doubtful_count,
            "unexpected_answers": len(beliefs.surprises),
            "gateway_restarts": self.kills, "central_outages": self.outages,
            "central_away_s": round(self.away_s, 1), "waiting_max": look.waiting_max,
        }  # fmt: skip
        return summary.summarize(
            findings=findings, heard=total(list(self.lanes.values())), ledger=ledger,
            central=central, figures=figures,
        ), findings  # fmt: skip


async def read_both(venue: Venue) -> Held:
    """Ledger and centre, at the same time; the centre must run and the gateway must not."""
    held = Held()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(read_ledger, venue, held)
        nursery.start_soon(read_central, venue, held)
    return held


def compare(held: Held) -> list[Finding]:
    """Everything that gateway and centre must agree on."""
    return checks.agree(
        broken=held.broken, ledger=held.ledger, ledger_head=held.ledger_head, blocks=held.blocks,
        central=held.central, central_heads=held.central_heads,
        central_blocks=held.central_blocks, trouble=held.trouble,
    )  # fmt: skip


async def check_again(folder: Path, news: News, processes: Processes) -> list[Finding]:
    """Compare what a kept folder holds; its centre is started for that. Raises `DemoFailed`."""
    venue = Venue(folder, processes, news.say)
    try:
        await venue.start_central()
        return compare(await read_both(venue))
    finally:
        with trio.CancelScope(shield=True):
            await venue.close()
