"""Whatever dies at whatever message: charged once or not at all, and the till knows which.

The oracle is the terminal's journal: what guests have really paid.
"""

from __future__ import annotations

import pytest
import trio
import trio.testing

from drivers.payment.outcome import State
from tests.drivers.payment.world import FIRST, NEXT, World

SCRIPTS = (
    "approve", "decline", "twice", "lose", "drop", "die", "die_first", "late", "offline",
    "wrong_amount", "wrong_currency", "wrong_reference", "charged_other",
)  # fmt: skip
REVERSALS = ("approve", "offline", "reversal_lost", "reversal_refused")
# A payment takes four messages, two of greeting and two of asking, and the next guest follows.
MESSAGES = range(1, 12)
DEATHS = [("link", "before"), ("link", "half"), ("link", "after")]
DEATHS += [(who, how) for who in ("till", "terminal") for how in ("before", "after")]


def judge(world: World) -> None:
    charges = [row["reference"] for row in world.journal.rows if row["what"] == "charge"]
    assert len(charges) == len(set(charges)), "nobody is charged twice"
    charged = world.journal.charged()
    for asked, outcome in zip((FIRST, NEXT), world.outcomes, strict=True):
        paid = charged.get(asked.reference, 0)
        if outcome.state is State.UNKNOWN:
            assert outcome.flagged == "amount_minor", "unknown only what the terminal never clears"
            assert paid == asked.amount_minor + 1
            continue
        assert paid == (asked.amount_minor if outcome.state is State.APPROVED else 0)
        assert outcome.state in (State.APPROVED, State.DECLINED, State.REVERSED)
        assert (outcome.reference, outcome.amount_minor) == (asked.reference, asked.amount_minor)


@pytest.mark.trio
@pytest.mark.parametrize(("victim", "how"), DEATHS)
@pytest.mark.parametrize("script", SCRIPTS)
async def test_charged_once_or_not_at_all(
    autojump_clock: trio.testing.MockClock, script: str, victim: str, how: str
) -> None:
    for die_at in MESSAGES:
        world = World(script, victim, die_at, how)
        await world.play()
        judge(world)
        if world.messages < die_at:
            break  # nobody died any more


@pytest.mark.trio
@pytest.mark.parametrize(("victim", "how"), DEATHS)
@pytest.mark.parametrize("script", REVERSALS)
async def test_given_back_once_or_not_at_all(
    autojump_clock: trio.testing.MockClock, script: str, victim: str, how: str
) -> None:
    for die_at in MESSAGES:
        world = World(script, victim, die_at, how, reverse=True)
        await world.play()
        judge(world)
        backs = [row for row in world.journal.rows if row["what"] == "reverse"]
        assert len(backs) <= 1
        if world.messages < die_at:
            break


@pytest.mark.trio
@pytest.mark.parametrize(("victim", "how"), DEATHS)
async def test_a_late_decline_is_booked_whoever_dies(
    autojump_clock: trio.testing.MockClock, victim: str, how: str
) -> None:
    for die_at in MESSAGES:
        world = World("offline", victim, die_at, how, late=True)
        await world.play()
        assert world.journal.charged().get("guest-1", 0) == 0
        declined = world.outcomes[0].state
        assert declined in (State.DECLINED, State.DECLINED_LATE)
        assert world.booked_late == ({"guest-1"} if declined is State.DECLINED_LATE else set())
        if world.messages < die_at:
            break


@pytest.mark.trio
@pytest.mark.parametrize("script", SCRIPTS)
async def test_without_a_death_each_script_ends_as_it_says(
    autojump_clock: trio.testing.MockClock, script: str
) -> None:
    world = World(script)
    await world.play()
    judge(world)
    first = world.outcomes[0]
    ends = {"decline": State.DECLINED, "die_first": State.DECLINED, "charged_other": State.UNKNOWN}
    assert first.state is ends.get(script, State.APPROVED)
    assert first.stored_offline is (script == "offline")
    assert world.outcomes[1].state is State.APPROVED
    was_unknown = State.UNKNOWN in [each.state for each in world.told]
    asked_back = ("lose", "drop", "die", "die_first", "late")
    assert was_unknown is (script.startswith(("wrong", "charged_other")) or script in asked_back)
