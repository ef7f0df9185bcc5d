"""What people see of siblings: a row for each, and warnings in words."""

import math
from typing import TYPE_CHECKING

import msgspec
import trio

from config.binds import Bind
from crypto.bundle import GatewayCard
from edge.peers.compare import DIFFERS
from edge.peers.intake import Counts, Key
from edge.peers.session import Session

if TYPE_CHECKING:
    from edge.peers.links import Links


class FoundRow(msgspec.Struct, frozen=True):
    """An address that mDNS told. `problem` "": none yet; else it is tried again in `again_s`."""

    address: str
    problem: str
    again_s: float


class SiblingRow(msgspec.Struct, frozen=True):
    """A sibling as technicians see it.

    `heard_s`: since it was last heard, itself or through others; None: never. `lag_ms`: from the
    sealing of its newest block there to its folding here, by both clocks. `waiting`: facts of ours
    that are not durable there. `offset_ms`: our lead over its clock. `held`: its facts here.
    `address`: where it is; `how` that was found: "configured", "mdns", or it "came". `found`: where
    it may be by mDNS, and what was wrong there.
    `state`: how it compared when both knew the same facts, "same" or "differs", `state_age_s` ago.
    """

    gateway: str
    name: str
    revoked: bool
    connected: bool
    dialed: bool
    heard_s: float | None
    heard_through: str
    lag_ms: int | None
    waiting: int
    held: int
    offset_ms: int | None
    round_trip_ms: int | None
    clock_beyond: bool
    blocks: dict[str, int]
    problem: str
    state: str = ""
    state_age_s: float | None = None
    address: str = ""
    how: str = ""
    found: list[FoundRow] = []


def row_of(links: "Links", gateway: bytes, card: GatewayCard | None) -> SiblingRow:
    """`gateway` as it is known now; `card`: what the bundle says of it."""
    sibling = links.sibling(gateway)
    session, measured = sibling.session, sibling.clock.measured
    heads = links.holdings.intake.heads()
    never = sibling.heard_at == -math.inf
    counts = links.holdings.intake.counts.get(gateway, Counts())
    state, state_at = links.compare.found.get(gateway, ("", 0.0))
    return SiblingRow(
        gateway=gateway.hex(),
        name=links.name(gateway),
        revoked=card is not None and card.revoked,
        connected=session is not None,
        dialed=session is not None and session.dialed,
        heard_s=None if never else round(trio.current_time() - sibling.heard_at, 1),
        heard_through=links.name(sibling.through) if sibling.through else "",
        lag_ms=sibling.lag_ms,
        waiting=_waiting(links, session),
        held=sum(head.seq for (owner, _), head in heads.items() if owner == gateway),
        offset_ms=measured.lead_ms if measured else None,
        round_trip_ms=measured.round_trip_ms if measured else None,
        clock_beyond=sibling.clock.beyond,
        blocks=msgspec.structs.asdict(counts),
        problem=sibling.problem,
        address=session.address if session is not None else "",
        how=session.how if session is not None else "",
        found=_found_rows(links, gateway),
        state=state,
        state_age_s=round(trio.current_time() - state_at, 1) if state else None,
    )


def _found_rows(links: "Links", gateway: bytes) -> list[FoundRow]:
    now = trio.current_time()
    known = links.found.addresses(gateway, now) if links.found is not None else []
    return [
        FoundRow(str(Bind(e.host, e.port)), e.problem, round(max(0.0, e.due - now), 1))
        for e in known
    ]


def _waiting(links: "Links", session: Session | None) -> int:
    waiting = 0
    for epoch, head in links.holdings.own.heads.items():
        key: Key = (links.gateway.identity, epoch)
        there = session.held.get(key) if session is not None else None
        waiting += max(0, head.seq - (there.seq if there is not None else 0))
    return waiting


def warnings(links: "Links") -> list[str]:
    """What somebody should look at, in words."""
    told: list[str] = []
    for row in (row for row in links.rows() if not row.revoked):
        unheard_s = links.unheard_s(bytes.fromhex(row.gateway))
        if unheard_s >= links.unheard_after_s:
            told.append(f"sibling {row.name} was not heard for {unheard_s:.0f} s")
        if row.clock_beyond:
            told.append(f"our clock is {row.offset_ms} ms ahead of sibling {row.name}'s")
        if row.state == DIFFERS:
            told.append(f"sibling {row.name} makes another state of the same facts: report it")
        if row.blocks["forks"]:
            told.append(f"sibling {row.name} has written two histories: set it apart")
        if row.blocks["forged"]:
            told.append(f"blocks of sibling {row.name} came that it never sealed")
    if links.holdings.intake.full:
        told.append("siblings' blocks find no room on disk")
    return told
