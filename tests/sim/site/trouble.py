"""What goes wrong between gateways, and when; and how each life of each of them ends."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

import trio

from tests.sim import venue
from tests.sim.site import lan
from tests.sim.site.centre import make_bundle

if TYPE_CHECKING:
    from tests.sim.site.history import History
    from tests.sim.site.life import Life
    from tests.sim.site.machine import Machine


class End(NamedTuple):
    """How a life ends. `after`: "" the same disk again, "rebuild" an empty one, "burn" never."""

    kind: str
    after_s: float
    down_s: float
    after: str


def plan_end(history: History, machine: Machine, dice: random.Random) -> End:
    """How the next life of `machine` is going to end."""
    kind = dice.choices(("kill", "power", "stop"), (3, 3, 2))[0]
    long = dice.random() < 0.5
    after = dice.choices(("", "rebuild", "burn"), (10, 2, 2))[0]
    after_s = dice.uniform(20, 90) if long else dice.uniform(1, 20)
    return End(kind, after_s, dice.uniform(0.1, 6), after)


def may_burn(history: History, machine: Machine) -> bool:
    """One gateway at least is never lost."""
    return sum(not one.burnt for one in history.machines) > 1


async def bring(history: History, life: Life, end: End, scope: trio.CancelScope) -> None:
    """Let `life` end as planned, unless the history is over before."""
    with trio.move_on_after(end.after_s):
        await history.ending.wait()
        return
    if end.kind == "stop" and life.ready and not end.after:
        life.stop()
        await trio.sleep_forever()
    life.kill()
    scope.cancel()


def start(history: History, nursery: trio.Nursery) -> None:
    """Everything that goes wrong by itself while lives come and go."""
    for mood in (_lan, _resets, _line, _lists):
        nursery.start_soon(mood, history, history.dice(mood.__name__))
    for machine in history.machines:
        nursery.start_soon(_clock, history, machine, history.dice(f"clock {machine.number}"))


def heal(history: History) -> None:
    """From now on nothing goes wrong."""
    history.lan.change(set())
    history.lan.delay_s = min(history.lan.delay_s, 0.02)
    history.lan.forgery = 0.0
    history.centre.reachable = True
    history.centre.trouble = 0.0


async def _lan(history: History, dice: random.Random) -> None:
    """Partitions: of any size, of one alone, in both directions or only in one."""
    history.lan.delay_s = dice.choice((0.001, 0.02, 0.3, 1.0))
    history.lan.forgery = dice.choice((0.0, 0.02, 0.2))
    everybody = list(range(history.gateways))
    while True:
        await trio.sleep(dice.uniform(1, 15))
        kind = dice.choice(("whole", "halves", "one alone", "pair"))
        size = {"whole": 0, "halves": dice.randint(1, history.gateways - 1)}.get(kind, 1)
        group = set(dice.sample(everybody, size))
        rest = set(everybody) - group
        if kind == "pair":
            rest = {dice.choice(sorted(rest))}
        one_way = dice.random() < 0.3
        history.note("lan", kind, sorted(group), sorted(rest), one_way)
        history.lan.change(lan.cut((group, rest), one_way))


async def _resets(history: History, dice: random.Random) -> None:
    every_s = dice.choice((1.0, 5.0, 1000.0))
    while True:
        await trio.sleep(dice.expovariate(1 / every_s))
        history.lan.reset(dice.choice)
        history.note("reset")


async def _line(history: History, dice: random.Random) -> None:
    """The way to the centre: sometimes shaky, sometimes gone for the whole evening."""
    history.centre.trouble = dice.choice((0.0, 0.1, 0.4))
    if dice.random() < 0.4:
        await trio.sleep(dice.uniform(0, 10))
        history.centre.reachable = False
        history.note("centre cut off for long")
        await trio.sleep_forever()
    while True:
        await trio.sleep(dice.uniform(1, 20))
        history.centre.reachable = dice.random() < 0.6
        history.note("centre", history.centre.reachable)


async def _lists(history: History, dice: random.Random) -> None:
    """A newer bundle now and then; whoever hears the centre brings it to the others."""
    version, lists = 1, venue.Lists()
    while True:
        await trio.sleep(dice.uniform(15, 40))
        version += 1
        ticket = dice.choice(history.tickets)
        lists = lists._replace(canceled=lists.canceled | {ticket.identity})
        history.centre.publish(version, make_bundle(version, history.gateways, lists))
        history.note("bundle", version, ticket.number)


async def _clock(history: History, machine: Machine, dice: random.Random) -> None:
    while True:
        await trio.sleep(dice.uniform(5, 80))
        machine.world.set_ms = dice.choice((-90_000, -700, 300, 5_000, 50_000, 600_000, 0))
        history.note("clock", machine.name, machine.world.set_ms)
