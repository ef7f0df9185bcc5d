"""What goes wrong, and when: ends of lives, rot on the disk, cuts of lines, clocks that are set."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

import trio

from crypto.block import ALIGN_BYTES, read_untrusted
from edge.ledger.segments import FIRST_BLOCK_AT, SUFFIX
from tests.sim import venue
from tests.sim.clock import BEGIN_S
from tests.sim.disk import CAPACITY_BYTES

if TYPE_CHECKING:
    from tests.sim.history import History
    from tests.sim.life import Life


class End(NamedTuple):
    """How a life ends. `power`: the machine loses power, else only the process dies."""

    kind: str
    after_s: float
    count: int
    power: bool
    down_s: float


#: A gateway writes something within this time, and finds that its disk fails.
EIO_S = 600.0
_KINDS = ("kill", "power", "disk step", "fact", "eio", "stop")
_WEIGHTS = (3, 3, 4, 5, 2, 2)


def plan_end(history: History, dice: random.Random) -> End:
    """How the next life is going to end."""
    kind = dice.choices(_KINDS, _WEIGHTS)[0]
    power = kind in ("power", "disk step") or (kind == "fact" and dice.random() < 0.5)
    return End(kind, dice.uniform(0.2, 30), dice.randint(1, 120), power, dice.uniform(0.1, 5))


async def bring(history: History, life: Life, end: End, scope: trio.CancelScope) -> None:
    """Let `life` end as planned."""
    if end.kind == "disk step":
        history.disk.cut_power_at_step = history.disk.steps + end.count
        await trio.sleep_forever()
    if end.kind == "fact":
        reached = trio.Event()
        life.on_fact(lambda n: reached.set() if n >= end.count else None)
        await reached.wait()
        for _ in range(end.count % 7):  # anywhere between the fact and what follows from it
            await trio.lowlevel.checkpoint()
        if end.count % 3 == 0:
            await trio.sleep(end.after_s / 100)
    else:
        await trio.sleep(end.after_s)
    if end.kind == "eio":
        history.disk.fail_sync = True
        await trio.sleep(EIO_S)  # not for ever: whoever forgives the disk would never die
    if end.kind == "stop" and life.ready:
        life.stop()
        await trio.sleep_forever()
    life.kill()
    scope.cancel()


def between_lives(history: History, dice: random.Random) -> None:
    """The disk lies there; sometimes a bit rots."""
    if dice.random() >= 0.3 or not history.medium:
        return
    kind = dice.choice(("last block", "last block", "old block", "key", "snapshot", "header"))
    disk = history.disk
    if kind in ("last block", "old block"):
        last = max(history.medium)
        held = [k for k in history.medium if _at_centre(history, k) and k[0] == last[0]]
        key = last if kind == "last block" or not held else dice.choice(held)
        file, at, block = history.medium[key]
        if file not in disk.files or not disk.holds(file, at, block.raw):
            return
        history.rotten.add(key)
        disk.rot(file, at, len(block.raw))
    else:
        ending = {"key": ".key", "snapshot": ".snapshot", "header": SUFFIX}[kind]
        files = sorted(file for file in disk.files if file.endswith(ending))
        if not files:
            return
        file = dice.choice(files)
        disk.rot(file, 0, min(len(disk.files[file]), 40))
    history.sabotaged = True
    history.note("rot", kind, file)


def _at_centre(history: History, key: tuple[int, int]) -> bool:
    return history.centre.head(key[0]).seq >= key[1]


def start(history: History, nursery: trio.Nursery) -> None:
    """Everything that goes wrong by itself while lives come and go."""
    for mood in (_line, _devices, _clock, _lists, _disk):
        nursery.start_soon(mood, history, history.dice(mood.__name__))


async def _line(history: History, dice: random.Random) -> None:
    history.centre.trouble = dice.choice((0.0, 0.1, 0.4))
    while True:
        await trio.sleep(dice.uniform(1, 20))
        history.centre.reachable = dice.random() < 0.6
        history.note("centre", history.centre.reachable)


async def _devices(history: History, dice: random.Random) -> None:
    for lane in sorted(history.booths):
        history.booths[lane].trouble = dice.choice((0.0, 0.05, 0.3))
    while True:
        await trio.sleep(dice.uniform(2, 25))
        links = [history.booths[n].link for n in sorted(history.booths)]
        links += [history.stands[n].link for n in sorted(history.stands)]
        link = dice.choice(links)
        link.powered = dice.random() < 0.6
        history.note("cable", links.index(link), link.powered)
        if not link.powered or dice.random() < 0.5:
            await link.drop()
            if not link.powered:
                await trio.sleep(dice.uniform(0.1, 6))
                link.powered = True


async def _clock(history: History, dice: random.Random) -> None:
    while True:
        await trio.sleep(dice.uniform(5, 60))
        step_ms = dice.choice((-3_600_000, -90_000, -700, 300, 5_000, 86_400_000, 0))
        history.world.set_ms = step_ms or 0
        history.note("clock", step_ms)


async def _lists(history: History, dice: random.Random) -> None:
    version = 1
    while True:
        await trio.sleep(dice.uniform(5, 25))
        version += 1
        lists, ticket = history.lists, dice.choice(history.tickets)
        kind = dice.randrange(3)
        if kind == 0:
            lists = lists._replace(revoked={**lists.revoked, ticket.identity: BEGIN_S - 2000})
        elif kind == 1:
            lists = lists._replace(canceled=lists.canceled | {ticket.identity})
        else:
            lists = lists._replace(blocked=lists.blocked | {ticket.identity})
        history.lists = history.published[version] = lists
        history.centre.publish(venue.make_bundle(version, lists))
        history.note("bundle", version, kind, ticket.number)


async def _disk(history: History, dice: random.Random) -> None:
    """Full for a while; and, rarely, a write that lands elsewhere."""
    while True:
        await trio.sleep(dice.uniform(10, 60))
        if dice.random() < 0.3:
            history.disk.capacity_bytes = 0
            history.note("disk full")
            await trio.sleep(dice.uniform(1, 15))
            history.disk.capacity_bytes = CAPACITY_BYTES
        elif dice.random() < 0.15:
            history.disk.misdirect = lambda name, at, data: _astray(history, dice, name, at, data)


def _astray(
    history: History, dice: random.Random, name: str, at: int, data: bytes
) -> tuple[str, int]:
    if not name.endswith(SUFFIX) or at < FIRST_BLOCK_AT:
        return name, at
    disk = history.disk
    pages = (len(disk.files[name]) - FIRST_BLOCK_AT - len(data)) // ALIGN_BYTES
    # Only places further on: a last write that lands where a snapshot makes nobody look again is as
    # good as never written.
    least = (at - FIRST_BLOCK_AT) // ALIGN_BYTES
    if least > pages:
        return name, at
    elsewhere = FIRST_BLOCK_AT + ALIGN_BYTES * dice.randint(least, pages)
    block, _ = read_untrusted(data)
    history.rotten.add((block.epoch, block.first_seq))
    for key, (file, place, victim) in history.medium.items():
        if file == name and place < elsewhere + len(data) and elsewhere < place + len(victim.raw):
            history.rotten.add(key)
    history.sabotaged = history.astray = True
    history.note("misdirected", name, at, elsewhere)
    return name, elsewhere


def heal(history: History) -> None:
    """Nothing goes wrong from now on."""
    history.centre.reachable, history.centre.trouble = True, 0.0
    history.disk.capacity_bytes = CAPACITY_BYTES
    for booth in history.booths.values():
        booth.trouble, booth.link.powered = 0.0, True
    for stand in history.stands.values():
        stand.link.powered = True
