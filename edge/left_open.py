"""Holds that nobody will settle any more: the process that gave them is gone."""

from collections.abc import Callable, Iterable, Iterator

from crypto.entry import KnownFact, PassageUnknown
from edge.core.holds import Hold
from edge.core.moments import Moment
from edge.core.state import State


def unknown(
    ticket: bytes, lane: int, epoch: int, seq: int, passed: int
) -> Callable[[int, Moment], KnownFact]:
    """Makes the fact that says so of the hold `seq` of our epoch `epoch`."""
    return lambda hlc, now: PassageUnknown(
        hlc, now.day, now.offset_min, lane, ticket, epoch, seq, passed, "restart"
    )


def of_older_epochs(
    state: State, gateway: bytes, epoch: int, tickets: Iterable[bytes]
) -> Iterator[tuple[bytes, Hold]]:
    """(ticket, hold) of every open hold of `gateway` on `tickets` from an epoch before `epoch`."""
    for ticket in tickets:
        known = state.tickets.get(ticket)
        for hold in tuple(known.holds) if known is not None else ():
            origin = state.origins[hold.origin]
            ours = origin.gateway == gateway and origin.epoch < epoch
            if ours and hold.hlc and hold.open:
                yield ticket, hold
