"""One run: the venue is founded, the doors open, things break, and everything is counted."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx2
import trio

from edge.demo import checks, conflicts, summary
from edge.demo.accounts import account
from edge.demo.bar import Bar, findings_of
from edge.demo.bar_reading import read_bar
from edge.demo.box_office import sell
from edge.demo.checks import Finding
from edge.demo.copies import copies_of, hex_of, judge, needed, plan_copies, plan_pairs
from edge.demo.crowd import Crowd
from edge.demo.gateways import GatewayProcess
from edge.demo.guests import Codes, Guest, plan
from edge.demo.listening import Listener
from edge.demo.processes import DemoFailed, Processes
from edge.demo.purse import Purses
from edge.demo.reading import Held, read_both
from edge.demo.summary import Summary
from edge.demo.table import News
from edge.demo.tally import LaneTally, total
from edge.demo.troubles import Troubles
from edge.demo.venue import Venue
from edge.demo.watching import Watch, lag_of

DELIVERED_S: Final = 60.0
#: Nobody may wait longer than this for the end of the rush, beyond its length.
LATE_S: Final = 180.0
#: Copies across gateways come within this share of the rush.
COPIES_WITHIN: Final = 0.1
#: In the folder: what a later comparison must know.
PLAN_FILE: Final = "demo.json"


class Play:
    """One run of `guests` in `seconds` from `seed`, at a venue of `gateways`."""

    def __init__(
        self, folder: Path, *, guests: int, seconds: float, seed: int, news: News,
        processes: Processes, gateways: int = 1, bar: bool = True, nfc_python: str = "",
    ) -> None:  # fmt: skip
        self.seed = seed
        self.guests = guests
        self.seconds = seconds
        self.news = news
        self.venue = Venue(folder, processes, news.say, gateways, bar, nfc_python)
        self.watch = Watch({each.name: _api_of(each) for each in self.venue.gateways})
        self.bar: Bar | None = None
        if bar:
            self.bar = Bar(
                self.venue, guests=guests, seconds=seconds, seed=seed,
                joined=lambda: self.watch.joined,
            )  # fmt: skip
        self.crowd: Crowd | None = None
        self.troubles: Troubles | None = None
        self.copies: list[Guest] = []
        self.pairs: list[Guest] = []
        self.opened_s = 0.0
        self._folder = folder
        self._events = (folder / "events.jsonl").open("w", buffering=1)
        self._phase = "being set up"
        self.gateway_exit = 0

    @property
    def lanes(self) -> dict[int, LaneTally]:
        """What was counted, by lane."""
        return {n: lane.tally for n, lane in self.crowd.lanes.items()} if self.crowd else {}

    @property
    def phase(self) -> str:
        """What is going on, in a few words."""
        return self._phase or (self.troubles.phase if self.troubles else "")

    async def run(self) -> tuple[Summary, list[Finding]]:
        """From the first process to the last check. Raises `DemoFailed`."""
        try:
            async with trio.open_nursery() as nursery:
                if self.venue.lan is not None:
                    await nursery.start(self.venue.lan.run)
                await self._prepare()
                async with httpx2.AsyncClient(timeout=3, trust_env=False) as client:
                    await self._rush(client)
                    told = await self._last_words(client)
                nursery.cancel_scope.cancel()
            return await self._count(told)
        finally:
            with trio.CancelScope(shield=True):
                self._phase = "closing"
                self._events.close()
                await self.venue.close()

    # -- before --------------------------------------------------------------------------------

    async def _prepare(self) -> None:
        say, venue = self.news.say, self.venue
        say("The centre makes its keys and starts a PostgreSQL of its own.")
        await venue.found()
        several = len(venue.gateways) > 1
        who = f"{len(venue.gateways)} gateways are" if several else "the gateway is"
        say(f"Tickets are sold, a foreign shop is admitted, {who} enrolled.")
        codes = await self._sell(needed(self.guests) if several else 0)
        await venue.start_gateways()
        for each in venue.gateways:
            named = f"Gateway {each.name}'s page" if several else "The gateway's page"
            say(f"{named}: {each.api}/")
        say(f"The centre's page: {venue.central_page}")
        assert venue.scanners is not None and venue.boards is not None
        crowd = plan(self.seed, self.guests, self.seconds, codes, len(venue.gateways))
        if several:
            self._plan_copies(codes)
        self._keep_plan()
        self.crowd = Crowd(
            crowd, venue.scanners, venue.boards, lambda lane: venue.gateway_of(lane).api,
            self.seed, venue.lanes, [*self.copies, *self.pairs], self._heard_of,
        )  # fmt: skip
        self.guests += len(self.copies) + len(self.pairs)
        self.troubles = Troubles(
            venue, self.crowd, self.watch, self.news, self.seconds, self.copies, self.pairs,
            self.bar,
        )  # fmt: skip

    async def _sell(self, copied: int) -> Codes:
        """The tickets; and what the bar needs of the centre."""
        if self.bar is None:
            return await sell(self.venue, self.guests, copied)
        self.news.say("Prices are set, bands and their readers are laid out.")
        found: list[Codes] = []

        async def tickets() -> None:
            found.append(await sell(self.venue, self.guests, copied))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(tickets)
            nursery.start_soon(self.bar.found)
        await self.bar.enrol()
        return found[0]

    def _plan_copies(self, codes: Codes) -> None:
        """Who shows copies at two gateways; their tickets are the last ones, for nobody else."""
        sites = [each.site for each in self.venue.gateways]
        last, number = codes.day[-needed(self.guests) :], self.guests + 1
        copied = copies_of(self.guests)
        within_s = self.seconds * COPIES_WITHIN
        self.copies = plan_copies(self.seed, last[:copied], sites, number, within_s)
        self.pairs = plan_pairs(self.seed, last[copied:], sites, number + copied)

    @property
    def planned(self) -> frozenset[str]:
        """The tickets that must be let in twice, as rows name them."""
        return frozenset(hex_of(guest.code.identity) for guest in self.pairs)

    def _keep_plan(self) -> None:
        kept: dict[str, Any] = {
            "gateways": len(self.venue.gateways), "planned": sorted(self.planned),
            "bar": self.bar.json() if self.bar else None,
        }  # fmt: skip
        (self._folder / PLAN_FILE).write_text(json.dumps(kept) + "\n")

    # -- the rush ------------------------------------------------------------------------------

    async def _rush(self, client: httpx2.AsyncClient) -> None:
        crowd, troubles, watch = self.crowd, self.troubles, self.watch
        assert crowd is not None and troubles is not None
        async with trio.open_nursery() as nursery:
            listeners = [
                Listener(
                    _api_of(each), partial(self._heard, each.name),
                    partial(crowd.deaf, each.site.lanes),
                    partial(crowd.hears_again, each.site.lanes),
                )
                for each in self.venue.gateways
            ]  # fmt: skip
            for listener in listeners:
                nursery.start_soon(listener.run)
            nursery.start_soon(watch.run, client)
            await self._until(
                lambda: all(one.hears.is_set() for one in listeners) and watch.connected, 30,
                "not every gateway reaches the centre and its siblings",
            )  # fmt: skip
            doors = trio.Event()
            if self.bar is not None:
                await nursery.start(self.bar.run, doors)
            self._phase = ""
            self.opened_s = trio.current_time()
            doors.set()
            watch.calm = True
            self.news.say(f"Doors open: {self.guests} guests within {self.seconds:g} seconds.")
            async with trio.open_nursery() as breaking:
                breaking.start_soon(troubles.cut_off)
                breaking.start_soon(troubles.kill)
                with trio.move_on_after(self.seconds + LATE_S) as late:
                    await crowd.run()
                    self.news.say("The gates are empty.")
                    if self.bar is not None:
                        await self.bar.served.wait()
            if late.cancelled_caught:
                raise DemoFailed(
                    f"after {self.seconds + LATE_S:g} s guests still wait; see the logs"
                )
            if self.bar is not None:
                await self.bar.close()
                self._keep_plan()
            self.news.say(f"Everybody was served. {self._who} what is still held.")
            await self._until_delivered()
            nursery.cancel_scope.cancel()

    @property
    def _who(self) -> str:
        return "The gateway delivers" if len(self.venue.gateways) == 1 else "The gateways deliver"

    def _heard(self, gateway: str, event: dict[str, Any]) -> None:
        """Every live event is kept in the folder, for whoever looks into a failed run."""
        assert self.crowd is not None
        self.crowd.heard(event)
        at = {"at_s": round(trio.current_time() - self.opened_s, 3), "gateway": gateway}
        self._events.write(json.dumps(at | event) + "\n")

    async def _heard_of(self, lane: int, other: int) -> None:
        of, by = (self.venue.gateway_of(each).name for each in (lane, other))
        await self.watch.until_heard(of, by)

    async def _until_delivered(self) -> None:
        what = "facts wait on a gateway without a receipt, or without all siblings"
        await self._until(lambda: self.watch.delivered, DELIVERED_S, what)

    async def _until(self, true: Callable[[], bool], within_s: float, what: str) -> None:
        with trio.move_on_after(within_s):
            while not true():  # noqa: ASYNC110 - it is seen by looking
                await trio.sleep(0.05)
            return
        raise DemoFailed(f"after {within_s:g} s {what}; see the logs")

    # -- after ---------------------------------------------------------------------------------

    async def _last_words(self, client: httpx2.AsyncClient) -> Mapping[str, int]:
        """Stop in order; what a gateway writes while stopping is delivered at its next start.

        Then it is frozen by a kill: it must not write while it is compared. How many conflicts
        each gateway counts, by name.
        """
        self._phase = "closing"
        self.watch.calm = False
        self.gateway_exit = await self.venue.stop_gateways()
        one = len(self.venue.gateways) == 1
        said = "The gateway has stopped in order, and starts" if one else (
            "The gateways have stopped in order, and start"
        )  # fmt: skip
        self.news.say(f"{said} again for the rest.")
        await self.venue.start_gateways()
        self.watch.forget()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.watch.run, client)
            await self._until_delivered()
            nursery.cancel_scope.cancel()
        await self.venue.kill_gateways()
        return {name: look.conflicts for name, look in self.watch.looks.items()}

    async def _count(self, told: Mapping[str, int]) -> tuple[Summary, list[Finding]]:
        self._phase = "counting"
        self.news.say("Every fact of every ledger is compared with the rows at the centre.")
        held = await read_both(self.venue)
        crowd, troubles = self.crowd, self.troubles
        assert crowd is not None and troubles is not None
        ledger, central = account(held.ledger), account(held.central)
        said = {n: [visit.said for visit in visits] for n, visits in crowd.visits.items()}
        copied = judge(self.copies, said, ledger.regained)
        found = {later for _, later in conflicts.found_in(held.ledger)}
        findings = compare(held, self.planned)
        findings += copied.findings
        if self.pairs:
            findings += conflicts.compare_counts(len(found), told)
        findings += self._rush_findings(held, ledger.open)
        bar = None
        if self.bar is not None:
            money = await read_bar(self.venue, held, self.bar.purses)
            findings += self.bar.findings(money)
            bar = asdict(self.bar.summary(money))
        figures = self._figures(held) | {
            "bar": bar,
            "conflicts_found": len(found), "conflicts_planned": len(self.planned),
            "copies_across_gateways": copied.shown,
            "copies_admitted_twice": copied.admitted_twice,
        }  # fmt: skip
        return summary.summarize(
            findings=findings, heard=total(list(self.lanes.values())), ledger=ledger,
            central=central, figures=figures, planned=self.planned,
        ), findings  # fmt: skip

    def _rush_findings(self, held: Held, open_holds: int) -> list[Finding]:
        crowd, troubles = self.crowd, self.troubles
        assert crowd is not None and troubles is not None
        findings = checks.guests_were_right(
            [str(one) for one in crowd.beliefs.surprises], crowd.unserved, crowd.wrong_replies
        )
        return findings + checks.outages_happened(
            restarts=troubles.kills, outages=troubles.outages, gateway_exit=self.gateway_exit,
            open_holds=open_holds, durable=sum(log.head[1] for log in held.logs),
            receipted=self._receipted,
        )  # fmt: skip

    @property
    def _receipted(self) -> int:
        return sum(look.receipted for look in self.watch.looks.values())

    def _figures(self, held: Held) -> dict[str, Any]:
        crowd, troubles, watch = self.crowd, self.troubles, self.watch
        assert crowd is not None and troubles is not None
        newest = {(log.gateway, log.head[0]) for log in held.logs}
        older = sum(row.place[:2] not in newest for row in held.ledger)
        return {
            "seed": self.seed, "guests": self.guests, "seconds": self.seconds,
            "gateways": len(held.logs), "facts": len(held.ledger),
            "blocks": sum(log.blocks for log in held.logs),
            "epochs": len({row.place[:2] for row in held.ledger}),
            "receipted": older + self._receipted, "booked": len(held.central),
            "expected_answers": crowd.beliefs.expected_count,
            "doubtful_answers": crowd.beliefs.doubtful_count,
            "unexpected_answers": len(crowd.beliefs.surprises),
            "gateway_restarts": troubles.kills, "central_outages": troubles.outages,
            "central_away_s": round(troubles.away_s, 1), "waiting_max": watch.waiting_max,
            "lan_cut_s": round(troubles.lan_cut_s, 1),
            "replication_lag_ms": lag_of(watch.lags_ms) if len(held.logs) > 1 else None,
        }  # fmt: skip


def _api_of(gateway: GatewayProcess) -> Callable[[], str]:
    return lambda: gateway.api


def compare(held: Held, planned: frozenset[str] = frozenset()) -> list[Finding]:
    """Everything that gateways and centre must agree on."""
    findings = checks.agree(
        logs=held.logs, central=held.central, central_heads=held.central_heads,
        central_blocks=held.central_blocks, trouble=held.trouble, planned=planned,
    )  # fmt: skip
    if len(held.logs) > 1 and not any(log.broken for log in held.logs):
        findings += conflicts.compare_conflicts(held.logs, held.central, planned)
        findings += conflicts.compare_mirrors(held.logs)
    return findings


async def check_again(folder: Path, news: News, processes: Processes) -> list[Finding]:
    """Compare what a kept folder holds; its centre is started for that. Raises `DemoFailed`."""
    kept = json.loads((folder / PLAN_FILE).read_text())
    venue = Venue(folder, processes, news.say, kept["gateways"], bool(kept["bar"]))
    try:
        await venue.start_central()
        held = await read_both(venue)
        findings = compare(held, frozenset(kept["planned"]))
        if kept["bar"] and not any(log.broken for log in held.logs):
            money = await read_bar(venue, held, Purses.load(kept["bar"]["purses"]))
            findings += findings_of(money, kept["bar"])
        return findings
    finally:
        with trio.CancelScope(shield=True):
            await venue.close()
