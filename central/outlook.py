"""What of money somebody has to look at, added up: for gauges and the operators' page.

Worked out anew from the rows each time, which reads every hold: `central.money_watch` does it now
and then. Each line says what to do about it, for whoever meets it at three in the morning.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from central import replaced
from central.replaced import Awaited
from central.store import conflicts, logs, money, trust
from central.unexplained import Sums, summed, unexplained

if TYPE_CHECKING:
    from central.store import Connection


class Holdup(msgspec.Struct, frozen=True):
    """A gateway that is awaited: by so many lost bands and so many unexplained steps.

    `silent`: nothing was ever heard of it.
    """

    name: str
    why: str
    bands: int
    steps: int
    silent: bool


class Outlook(msgspec.Struct, frozen=True):
    """Debits in doubt; copies and other clashes; steps without a fact, of which `proven` are
    proven; what lost bands have left (`held_minor`), what was lost by them; who is awaited."""

    in_doubt: int
    in_doubt_minor: int
    forks: int
    conflicts: int
    unexplained: Sums
    proven: int
    waiting: int
    held_minor: int
    lost_minor: int
    awaited: list[Holdup]


class Line(msgspec.Struct, frozen=True):
    """One thing to look at. `amount_minor` None: nothing to add up; `bad`: a loss, or proven.

    Commands in `do` stand between backticks.
    """

    what: str
    count: int
    amount_minor: int | None
    bad: bool
    do: str


async def never_heard(connection: Connection, tenant: bytes) -> set[str]:
    """Names of gateways that were approved, not revoked, and of which no block is held."""
    heard = {mark.gateway for mark in await logs.list_watermarks(connection, tenant)}
    known = await trust.list_gateways(connection, tenant)
    return {one.name for one in known if one.revoked_ms is None and one.gateway not in heard}


async def look(connection: Connection, tenant: bytes) -> Outlook:
    """All of it as it is now, of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        doubts, doubts_minor = await money.count_in_doubt(connection, tenant)
        steps = await unexplained(connection, tenant)
        lost = await replaced.remainders(connection, tenant)
        waiting = [one for one in lost if one.reissue.released_minor is None]
        txids = [one.reissue.txid for one in waiting]
        awaited = await replaced.awaited(connection, tenant, txids)
        clashes = await conflicts.conflicts(connection, tenant)
        return Outlook(
            in_doubt=doubts,
            in_doubt_minor=doubts_minor,
            forks=len(await money.forks(connection, tenant)),
            conflicts=sum(one["what"] != "fork" for one in clashes),
            unexplained=summed(steps),
            proven=sum(one.proven for one in steps),
            waiting=len(waiting),
            held_minor=sum(one.left_minor for one in waiting),
            lost_minor=sum(one.lost_minor for one in lost),
            awaited=holdups(
                awaited.values(), (one.awaits for one in steps),
                await never_heard(connection, tenant),
            ),
        )  # fmt: skip


def holdups(
    bands: Iterable[list[Awaited]], steps: Iterable[list[Awaited]], silent: set[str]
) -> list[Holdup]:
    """Who is awaited by how much, the most awaited first. Pure."""
    whys: dict[str, str] = {}
    counts: dict[str, list[int]] = {}
    for at, lists in enumerate((bands, steps)):
        for each in lists:
            for one in {one.gateway: one for one in reversed(each)}.values():
                whys.setdefault(one.gateway, one.why)
                counts.setdefault(one.gateway, [0, 0])[at] += 1
    found = [
        Holdup(name, whys[name], bands, steps, name in silent)
        for name, (bands, steps) in counts.items()
    ]
    return sorted(found, key=lambda one: (-one.bands - one.steps, one.name))


def lines(told: Outlook) -> list[Line]:
    """What is to be looked at, the worst first; nothing when all is well. Pure."""
    found = [*_without_a_fact(told.unexplained, told.proven)]
    if told.forks:
        do = "`gatehouse central wallet forks` has the proof; copies are refused by themselves"
        found.append(Line("copied bands, proven", told.forks, None, True, do))
    if told.conflicts:
        do = "`gatehouse central wallet doubts` names them: a code used twice, a band overdrawn"
        found.append(Line("clashes between gateways", told.conflicts, None, True, do))
    if told.lost_minor:
        do = "spent of lost bands after their credit had moved on; book it as a loss"
        found.append(Line("lost by replaced bands", 1, told.lost_minor, True, do))
    if told.waiting:
        do = (
            "it follows by itself once no gateway is awaited; `gatehouse central wallet release "
            "BAND --reason WHY` waits no longer"
        )
        found.append(Line("lost bands held back", told.waiting, told.held_minor, False, do))
    found += [_awaited(one) for one in told.awaited]
    if told.in_doubt:
        do = "the next tap of a band settles its own; `gatehouse central wallet doubts` says where"
        found.append(Line("debits in doubt", told.in_doubt, told.in_doubt_minor, False, do))
    return sorted(found, key=lambda one: not one.bad)


def _without_a_fact(sums: Sums, proven: int) -> Iterable[Line]:
    see = "`gatehouse central wallet doubts` says which bands, when and at which till. "
    if sums.proven_given_minor:
        do = (
            f"{see}Revoke the gateway that was stolen, then run `gatehouse central cashless "
            "rotate-key`; what was given is a loss"
        )
        yield Line(
            "given back on bands without a fact, proven", proven, sums.proven_given_minor, True, do,
        )  # fmt: skip
    if sums.proven_debited_minor:
        do = f"{see}Guests have less than is booked: give it back to whoever asks"
        yield Line(
            "taken from bands without a fact, proven", proven, sums.proven_debited_minor, True, do,
        )  # fmt: skip
    if sums.steps > proven:
        awaited = sums.awaited_given_minor + sums.awaited_debited_minor
        do = f"{see}A gateway that comes back may explain it; revoke one that was stolen"
        yield Line("changed on bands, not explained yet", sums.steps - proven, awaited, False, do)


def _awaited(one: Holdup) -> Line:
    revoke = f"`gatehouse central gateway revoke {one.name}`"
    if one.silent:
        what, do = f"awaited: {one.name}, approved and never heard of", "start it"
    else:
        what, do = f"awaited: {one.name}, {one.why}", "bring it back into the network"
    return Line(what, one.bands + one.steps, None, False, f"{do}, or if it is gone: {revoke}")
