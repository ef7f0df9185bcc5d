"""The guests at the lanes: they scan, walk or do not walk, and grow impatient.

Each lane serves one guest at a time, in the order of arrival; sometimes the next one scans
while the guest before still walks, as people do. Nobody here knows what the gateway decides but by
its live events, and nobody walks but through a barrier whose relay was pulsed.
"""

import hashlib
import heapq
import os
from collections import deque
from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import httpx2
import trio

from edge.demo.beliefs import ADMITTED, LATER, REPEATED, Beliefs
from edge.demo.guests import Guest, Show
from edge.demo.processes import Child
from edge.demo.settings import DEBOUNCE_MS, WALK_S
from edge.demo.tally import LaneTally

#: A guest without an answer shows the code again after this time.
IMPATIENCE_S: Final = 2.0
SILENT_S: Final = 0.6
TRIES_MAX: Final = 40
#: How long a passage contact stays closed, s: longer than the gateway polls and debounces.
CONTACT_S: Final = 0.2
OUTCOME_S: Final = WALK_S + 4
PUSHY: Final = 0.25


@dataclass
class Visit:
    """One showing: what was answered (`said`: the last decision), and how the passage ended."""

    guest: Guest
    show: Show
    key: str
    answers: list[str] = field(default_factory=list)
    answered: trio.Event = field(default_factory=trio.Event)
    said: dict[str, Any] = field(default_factory=dict)
    seq: int = 0
    pulses: int = 0
    ended: trio.Event = field(default_factory=trio.Event)


@dataclass
class _Lane:
    """Who waits at a lane, and whose turn it is."""

    number: int
    tally: LaneTally = field(default_factory=LaneTally)
    queue: list[tuple[float, int, Guest, int]] = field(default_factory=list)
    came: trio.Event = field(default_factory=trio.Event)
    #: Whose turn it is, and who scans while the one before still walks.
    visits: deque[Visit] = field(default_factory=deque)


def key_of(guest: Guest) -> str:
    """What beliefs call the guest's code: its identity, or a hash of a text that names none."""
    code = guest.code
    return code.identity or "text " + hashlib.sha256(code.text).hexdigest()[:12]


async def _known_at_once(_lane: int, _other: int) -> None:
    """As of lanes of one gateway."""


class Crowd:
    """`guests` before `lanes`; `done` when all were served or have given up.

    `later`: who comes when they are told to (`bring`), beside the others. `api`: of which lane.
    `heard`: returns once what happened at one lane is known at another.
    """

    def __init__(
        self, guests: list[Guest], scanners: Child, boards: Child, api: Callable[[int], str],
        seed: int, lanes: Iterable[int], later: Sequence[Guest] = (),
        heard: Callable[[int, int], Awaitable[None]] = _known_at_once,
    ) -> None:  # fmt: skip
        self.beliefs = Beliefs()
        self.lanes = {number: _Lane(number) for number in lanes}
        #: Every showing of those who came later, by number of the guest.
        self.visits: dict[int, list[Visit]] = {guest.number: [] for guest in later}
        self.unserved: list[str] = []
        self.wrong_replies: list[str] = []
        self.served = 0
        self.done = trio.Event()
        self._random = Random(seed)
        self._scanners = scanners
        self._boards = boards
        self._api = api
        self._heard = heard
        everybody = [*guests, *later]
        self._open = sum(len(guest.shows) for guest in everybody)
        self._gone: dict[int, trio.Event] = {guest.number: trio.Event() for guest in later}
        self.shows_count = self._open
        self._order = 0
        self._doors = 0.0
        for guest in everybody:
            for show in guest.shows:
                self.beliefs.know(key_of(guest), guest.code.persons, show.lane, guest.reason)
        for guest in guests:
            self._enqueue(guest.shows[0].lane, guest.at_s, guest, 0)

    # -- the play ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Open the doors; returns when nobody is left."""
        self._doors = trio.current_time()
        limits = httpx2.Limits(max_keepalive_connections=0)
        async with (
            httpx2.AsyncClient(timeout=IMPATIENCE_S, trust_env=False, limits=limits) as client,
            trio.open_nursery() as nursery,
        ):
            self._client = client
            self._nursery = nursery
            nursery.start_soon(self._watch_boards)
            for lane in self.lanes.values():
                nursery.start_soon(self._serve, lane)
            await self.done.wait()
            nursery.cancel_scope.cancel()

    async def bring(self, guests: Sequence[Guest]) -> None:
        """These, of those who come later, come now (`at_s` from now); returns when they have gone.

        They need not queue, or their moment might be over.
        """
        for guest in guests:
            self._nursery.start_soon(self._arrive, guest, 0, guest.at_s)
        for guest in guests:
            await self._gone[guest.number].wait()

    async def _arrive(self, guest: Guest, which: int, after_s: float) -> None:
        if which:
            await self._heard(guest.shows[which - 1].lane, guest.shows[which].lane)
        await trio.sleep(after_s)
        self._enqueue(guest.shows[which].lane, 0.0, guest, which)

    def _enqueue(self, number: int, at_s: float, guest: Guest, which: int) -> None:
        lane = self.lanes[number]
        self._order += 1
        heapq.heappush(lane.queue, (at_s, self._order, guest, which))
        lane.came.set()

    async def _serve(self, lane: _Lane) -> None:
        while True:
            if not lane.queue:
                lane.came = trio.Event()
                await lane.came.wait()
            wait_s = self._doors + lane.queue[0][0] - trio.current_time()
            if wait_s > 0:
                lane.came = trio.Event()
                with trio.move_on_after(wait_s):
                    await lane.came.wait()
                continue
            _, _, guest, which = heapq.heappop(lane.queue)
            lane.tally.waiting = sum(
                at + self._doors < trio.current_time() for at, *_ in lane.queue
            )
            await self._visit(lane, guest, which)

    async def _visit(self, lane: _Lane, guest: Guest, which: int) -> None:
        show = guest.shows[which]
        visit = Visit(guest, show, key_of(guest))
        if guest.number in self.visits:
            self.visits[guest.number].append(visit)
        lane.visits.append(visit)
        self.beliefs.shows(visit.key, True)
        await self._until_answered(lane, visit)
        if show.twice and visit.answers[-1:] == [ADMITTED]:
            await self._show_again(lane, visit)
        if visit.seq and not visit.ended.is_set():
            self._nursery.start_soon(self._walk_out, lane, visit, which)
            if show.count > 1 or self._random.random() > PUSHY:
                await visit.ended.wait()
        else:
            self._leave(lane, visit, which)

    async def _walk_out(self, lane: _Lane, visit: Visit, which: int) -> None:
        with trio.move_on_after(OUTCOME_S * max(1, visit.show.count)):
            await visit.ended.wait()
        visit.ended.set()
        self._leave(lane, visit, which)

    def _leave(self, lane: _Lane, visit: Visit, which: int) -> None:
        self.beliefs.shows(visit.key, False)
        visit.ended.set()
        if visit in lane.visits:
            lane.visits.remove(visit)
        self._open -= 1
        guest = visit.guest
        if which + 1 < len(guest.shows):
            after = guest.shows[which + 1]
            if guest.number in self._gone:
                self._nursery.start_soon(self._arrive, guest, which + 1, after.after_s)
                return
            at_s = trio.current_time() - self._doors + after.after_s
            self._enqueue(after.lane, at_s, guest, which + 1)
        else:
            self.served += 1
            if guest.number in self._gone:
                self._gone[guest.number].set()
        if self._open == 0:
            self.done.set()

    # -- showing -------------------------------------------------------------------------------

    async def _until_answered(self, lane: _Lane, visit: Visit) -> None:
        guest = visit.guest
        for _ in range(TRIES_MAX):
            if visit.answers and visit.answers[-1] not in LATER:
                return
            visit.answered = trio.Event()
            if visit.show.by_hand:
                await self._by_hand(lane, visit)
            else:
                await self._scan(lane, guest.code.text)
            with trio.move_on_after(SILENT_S if guest.silent else IMPATIENCE_S):
                await visit.answered.wait()
            if visit.answers and visit.answers[-1] not in LATER:
                return
            if guest.silent and not visit.answers:
                return  # swallowed by the scanner, as it may be
            if visit.answers:
                await trio.sleep(DEBOUNCE_MS / 1000 + 0.2)
        self.unserved.append(f"guest {guest.number} ({guest.sort}) on lane {lane.number}")

    async def _show_again(self, lane: _Lane, visit: Visit) -> None:
        """The nervous guest: again at once (the scanner's repeat), and again while it is held."""
        await self._scan(lane, visit.guest.code.text)
        await trio.sleep(DEBOUNCE_MS / 1000 + 0.1)
        visit.answered = trio.Event()
        await self._scan(lane, visit.guest.code.text)
        with trio.move_on_after(1):
            await visit.answered.wait()

    async def _scan(self, lane: _Lane, code: bytes) -> None:
        lane.tally.shown += 1
        await self._scanners.tell({"scanner": lane.number - 1, "hex": code.hex()})

    async def _by_hand(self, lane: _Lane, visit: Visit) -> None:
        """Over the local API, as a handheld does: with a nonce, and asked again with it."""
        text = visit.guest.code.text.decode()
        body = {"code": text, "nonce": os.urandom(8).hex(), "count": visit.show.count}
        url = f"{self._api(lane.number)}/v1/lanes/{lane.number}/presentations"
        lane.tally.shown += 1
        try:
            first = (await self._client.post(url, json=body)).json()
            second = (await self._client.post(url, json=body)).json()
        except (httpx2.HTTPError, ValueError):
            return  # the gateway is away: the guest will be asked again
        if first.get("seq") != second.get("seq") or first.get("decision") != second.get("decision"):
            self.wrong_replies.append(f"one nonce, two answers: {first} and {second}")

    # -- walking -------------------------------------------------------------------------------

    async def _watch_boards(self) -> None:
        while (line := await self._boards.line()) is not None:
            if "pulse" not in line:
                continue
            lane = self.lanes[line["board"] + 1]
            visit = lane.visits[0] if lane.visits else None
            if visit is None:
                continue
            visit.pulses += 1
            if visit.pulses <= visit.show.walkers:
                self._nursery.start_soon(self._walk, lane.number, visit.show.twice)

    async def _walk(self, lane: int, hesitant: bool) -> None:
        """Somebody goes through: the contact closes and opens again."""
        # Who shows the code a second time has not begun to walk.
        await trio.sleep(0.8 if hesitant else self._random.uniform(0.03, 0.2))
        await self._boards.tell({"board": lane - 1, "input": 0, "on": True})
        await trio.sleep(CONTACT_S)
        await self._boards.tell({"board": lane - 1, "input": 0, "on": False})

    # -- hearing -------------------------------------------------------------------------------

    def heard(self, event: dict[str, Any]) -> None:
        """One live event of the gateway."""
        lane = self.lanes.get(event.get("lane", 0))
        if lane is None:
            return
        if event["event"] == "decision":
            self._decided(lane, event)
        elif event["event"] in ("completed", "lapsed", "unknown"):
            self._settled(lane, event)

    def _decided(self, lane: _Lane, event: dict[str, Any]) -> None:
        answer = REPEATED if event.get("repeated") else event.get("reason") or ADMITTED
        lane.tally.decided(answer)
        identity, seq = event.get("identity", ""), event.get("seq", 0)
        visit = next((v for v in lane.visits if _is_about(v, identity)), None)
        if visit is None and not identity:
            return  # somebody who has gone
        key = identity or (visit.key if visit else "")
        now_s = trio.current_time()
        count = event.get("granted") or (visit.show.count if visit else 1)
        self.beliefs.decided(now_s, lane.number, key, answer, count, seq)
        if visit is not None:
            visit.answers.append(answer)
            visit.said = event
            visit.seq = seq if answer == ADMITTED else visit.seq
            visit.answered.set()

    def _settled(self, lane: _Lane, event: dict[str, Any]) -> None:
        outcome, seq, passed = event["event"], event["seq"], event.get("passed", 0)
        lane.tally.settled(outcome)
        self.beliefs.settled(trio.current_time(), lane.number, seq, outcome, passed)
        for visit in lane.visits:
            if visit.seq == seq:
                visit.ended.set()
                lane.visits.remove(visit)  # the next pulse is for somebody else
                return

    def hears_again(self, lanes: Container[int]) -> None:
        """What was decided at `lanes` before the first word of a new life was missed."""
        self.beliefs.killed(trio.current_time(), lanes)

    def deaf(self, lanes: Container[int]) -> None:
        """The words of the gateway of `lanes` were lost for a while: it died, or we were slow."""
        for number in self.beliefs.open_holds(lanes):
            self.lanes[number].tally.settled("unknown")  # as the gateway will say when it is back
        self.beliefs.killed(trio.current_time(), lanes)
        for lane in self.lanes.values():
            for visit in list(lane.visits) if lane.number in lanes else ():
                if visit.seq:
                    visit.ended.set()


def _is_about(visit: Visit, identity: str) -> bool:
    return visit.guest.code.identity == identity
