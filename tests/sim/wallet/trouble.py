"""What goes wrong at the fair: disks that take their time, cables, clocks, and days that pass."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import trio

from tests.sim.wallet.life import Died, Life, Machine

if TYPE_CHECKING:
    from tests.sim.wallet.history import History

DAY_MS = 86_400_000


def start(history: History, nursery: trio.Nursery) -> None:
    """Everything that happens by itself."""
    for machine in history.machines:
        for other in history.machines:
            if other is not machine:
                nursery.start_soon(_listen, history, machine, other)
    nursery.start_soon(_cables, history)
    nursery.start_soon(_kills, history)
    nursery.start_soon(_days, history)


async def disk(history: History, life: Life, pace: random.Random, scope: trio.CancelScope) -> None:
    """What is in line becomes durable a moment later; the process may die before or after."""
    try:
        while True:
            await life.log.wanted.wait()
            await trio.sleep(pace.uniform(0.001, 0.02) if pace.random() < 0.95 else 0.5)
            life.step()
            life.log.sync()
            life.step()
    except Died:
        scope.cancel()


async def ticks(life: Life) -> None:
    """What a gateway does about once a second, as its daemon has it."""
    while life.alive:
        await trio.sleep(1)
        if life.alive:
            life.gateway.tick()


async def _listen(history: History, machine: Machine, other: Machine) -> None:
    dice = history.dice(f"lan {machine.number} {other.number}")
    pair = frozenset((machine.number, other.number))
    while True:
        await trio.sleep(dice.uniform(0.05, 0.9))
        ours, theirs = machine.life, other.life
        if pair in history.cut or ours is None or theirs is None:
            continue
        if not (ours.alive and theirs.alive):
            continue
        most = None if dice.random() < 0.8 else dice.randint(0, 2)
        if machine.hear(other, most):
            history.note("heard", machine.number, other.number)
        if most is None:
            history.heard_at[machine.number, other.number] = trio.current_time()


async def _cables(history: History) -> None:
    dice = history.dice("cables")
    numbers = range(len(history.machines))
    pairs = [frozenset((a, b)) for a in numbers for b in numbers if a < b]
    while True:
        await trio.sleep(dice.uniform(2, 15))
        if history.cut and dice.random() < 0.5:
            history.cut.clear()
            history.note("joined")
            continue
        history.cut.update(dice.sample(pairs, dice.randint(1, len(pairs))))
        history.note("cut", sorted(map(sorted, history.cut)))


async def _kills(history: History) -> None:
    """`kill -9` at any moment, beside the deaths at awaits."""
    dice = history.dice("kills")
    while True:
        await trio.sleep(dice.expovariate(1 / 25))
        life = dice.choice(history.machines).life
        if life is not None and life.alive:
            life.kill()
            if life.scope is not None:
                life.scope.cancel()


async def _days(history: History) -> None:
    """Nobody hears the centre for days; the bundle stays what it was."""
    dice = history.dice("days")
    while True:
        await trio.sleep(dice.uniform(10, 60))
        for machine in history.machines:
            machine.set_ms += DAY_MS * dice.randint(0, 2) if machine.number == 0 else 0
        days = history.machines[0].set_ms
        for machine in history.machines:
            machine.set_ms = days
        history.note("days", days // DAY_MS)
