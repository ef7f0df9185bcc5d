"""What was written onto bands without a fact, and whether a fact of it may still come.

A gateway that was stolen has the keys of slots: it can undo what was spent. The next honest hold
shows it (`central.books.unexplained`). It is *awaited* as long as some gateway that is not revoked
may not have brought all it knew by then, and *proven* afterwards. Worked out anew from the rows
each time: a block that arrives late takes its entry away, whatever was said before.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import msgspec

from central.books.unexplained import HELD, POSTED, REISSUED, Row, Step, steps
from central.replaced import Awaited, gaps
from central.store import logs, trouble, trust
from central.store import unexplained as stored

if TYPE_CHECKING:
    from central.store import Connection
    from central.store.logs import Watermark

#: So far clocks of gateways that do not hear each other may be apart: they are set by people.
CLOCKS_APART_MS = 300_000
#: Kinds of dead letters that could explain a step; 0 is a whole body.
EXPLAINING = (0, REISSUED, HELD, POSTED)


class Unexplained(msgspec.Struct, frozen=True):
    """A step that no fact explains, and who may still bring one; proven when nobody may."""

    step: Step
    awaits: list[Awaited]

    @property
    def proven(self) -> bool:
        return not self.awaits


class Sums(msgspec.Struct, frozen=True):
    """Amounts without a fact. `given`: guests can spend more than is booked, a loss once proven;
    `debited`: they can spend less. Steps of seq alone count in `steps`."""

    steps: int
    proven_given_minor: int
    proven_debited_minor: int
    awaited_given_minor: int
    awaited_debited_minor: int

    @property
    def agree(self) -> bool:
        """Whether no amount is proven."""
        return not self.proven_given_minor and not self.proven_debited_minor


def unheard(
    shown: Row, gateways: Sequence[trust.Gateway], marks: Sequence[Watermark],
    unread: Collection[bytes] = (),
) -> list[Awaited]:  # fmt: skip
    """Whose log is not held, and booked, to a while after the hold that showed a step. Pure.

    `unread`: gateways of which facts are held that are not understood.
    """
    shown_ms = shown.hlc >> 16
    found = []
    for one in gateways:
        if one.revoked_ms is not None:
            continue
        held = [mark for mark in marks if mark.gateway == one.gateway]
        unbooked = [mark for mark in held if mark.posted_seq < mark.through_seq]
        newest = max((mark.wall_ms for mark in held), default=0)
        if not held:
            found.append(Awaited(one.name, "nothing of it is held"))
        elif unbooked:
            at = unbooked[0]
            why = f"epoch {at.epoch} is booked to {at.posted_seq} of {at.through_seq}"
            found.append(Awaited(one.name, why))
        elif one.gateway in unread:
            found.append(Awaited(one.name, "facts of it are not understood: `central redrive`"))
        elif one.gateway != shown.gateway and newest < shown_ms + CLOCKS_APART_MS:
            found.append(Awaited(one.name, f"it is held to {_utc(newest)}"))
    return found


async def unexplained(
    connection: Connection, tenant: bytes, medium: bytes | None = None
) -> list[Unexplained]:
    """Every unexplained step, or those of one band, by the clock of who showed it.

    Without `medium` it reads every hold there is.
    """
    media = [medium] if medium is not None else await stored.suspects(connection, tenant)
    if not media:
        return []
    # Who has delivered is read before what: what comes in between would be awaited for nothing,
    # and never the other way.
    gateways = await trust.list_gateways(connection, tenant)
    marks = await logs.list_watermarks(connection, tenant)
    missing = await gaps(connection, tenant, gateways)
    letters = await trouble.list_letters(connection, tenant)
    unread = {one.gateway for one in letters if one.kind in EXPLAINING}
    found = steps(await stored.told(connection, tenant, media))
    return [
        Unexplained(one, unheard(one.shown, gateways, marks, unread) + missing) for one in found
    ]


def summed(found: Sequence[Unexplained]) -> Sums:
    """What finance has to see of them. Pure."""
    sums = {True: [0, 0], False: [0, 0]}
    for one in found:
        sums[one.proven][0] += one.step.given_minor
        sums[one.proven][1] += one.step.debited_minor
    return Sums(len(found), *sums[True], *sums[False])


def _utc(ms: int) -> str:
    at = datetime.datetime.fromtimestamp(ms // 1000, datetime.UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
