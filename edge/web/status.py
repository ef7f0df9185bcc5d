"""What technicians see of a gateway, as structs; and whether it can do its work."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import trio

from edge.answers import Answer, gate_name
from edge.clock import SystemClock
from edge.core.reasons import Reason
from edge.digests import Digest
from edge.gateway import VERSION, Gateway
from edge.lane import Lane
from edge.ledger.spares import Room
from edge.peers.rows import SiblingRow
from edge.wiring import Device

WELL: Final = frozenset({"ready", "busy"})


class LedgerRoom(msgspec.Struct, frozen=True):
    """How many spare segments are ready, what that means, and how many old ones were deleted."""

    spares: int
    room: Room
    deleted: int = 0


class Sources(msgspec.Struct, frozen=True):
    """Where the figures come from. `uplink` is `Uplink.status`, or None without a centre."""

    gateway: Gateway
    ledger_room: Callable[[], LedgerRoom]
    uplink: Callable[[], Mapping[str, Any]] | None = None
    devices: Sequence[Device] = ()


class DeviceRow(msgspec.Struct, frozen=True):
    """A device of a lane. `state`: gone, opening, ready, busy or fault, for `since_s` seconds."""

    device: str
    state: str
    well: bool
    since_s: float
    reason: str
    lost_count: int
    flap_count: int
    crash_count: int


class LaneRow(msgspec.Struct, frozen=True):
    """A lane. `last`: what it said last, at `last_at_ms` (unix ms, 0 = nothing yet).

    `said`: answers since the start by reason, and as "admitted" and "repeated".
    """

    lane: int
    name: str
    gate: int
    gate_name: str
    direction: str
    barrier: bool
    in_service: bool
    busy: bool
    devices: list[DeviceRow]
    last: Answer | None
    last_at_ms: int
    said: dict[str, int]


class LanesBody(msgspec.Struct, frozen=True):
    """All lanes, in the order of their numbers."""

    lanes: list[LaneRow]


class BundleRow(msgspec.Struct, frozen=True):
    """The rules in force. Version 0: none yet. `age_s` since the centre issued them.

    `ages_s`: of each part, as seconds: "bundle" since it was issued, "lists" since the centre last
    said that nothing is newer, "guests" since the guest list was issued.
    """

    version: int
    issued_at_ms: int
    age_s: float | None
    ages_s: dict[str, float] = {}


class ClockRow(msgspec.Struct, frozen=True):
    """`offset_ms`: our lead over the centre's clock; None: nobody confirmed ours yet."""

    now_ms: int
    offset_ms: int | None
    unsure: bool


class LedgerRow(msgspec.Struct, frozen=True):
    """`durable_seq` facts of `epoch` are on disk. `room`: plenty, alarm, unready or none.

    `unsaved`: facts that wait in memory for room. `deleted_segments`: old ones, own and siblings',
    that were deleted since the start.
    """

    epoch: int
    durable_seq: int
    spares: int
    room: str
    unsaved: int
    deleted_segments: int


class UplinkRow(msgspec.Struct, frozen=True):
    """The way to the centre: `waiting` facts of this epoch have no receipt yet."""

    connected: bool
    problem: str
    durable_seq: int
    receipted_seq: int
    waiting: int
    receipt_at_ms: int


class Counts(msgspec.Struct, frozen=True):
    """`facts` of this process by kind; `said` answers of it; `refused` facts of the whole log.

    `crashed`: lanes that failed while they let somebody go; should stay 0.
    """

    facts: dict[str, int]
    said: dict[str, int]
    refused: dict[str, int]
    crashed: int


class DigestRow(msgspec.Struct, frozen=True):
    """`state`: SHA-256 in hex of the state that `facts` facts made `age_s` ago.

    `vector`: SHA-256 of which facts. Gateways with equal vectors must have equal states.
    """

    state: str
    vector: str
    facts: int
    age_s: float


class Status(msgspec.Struct, frozen=True):
    """One gateway. `uplink` None: it has no centre. `reasons`: why it is not all well.

    `siblings`: the other gateways of the venue (`edge.peers.rows.SiblingRow`); `conflicts`: how
    many admissions, of all gateways, were one too many. `digest`: the newest that was asked for.
    """

    version: str
    gateway: str
    identity: str
    ready: bool
    reasons: list[str]
    bundle: BundleRow
    clock: ClockRow
    ledger: LedgerRow
    uplink: UplinkRow | None
    counts: Counts
    siblings: list[SiblingRow]
    conflicts: int
    digest: DigestRow | None = None


def lane_rows(sources: Sources) -> list[LaneRow]:
    """One row per lane."""
    lanes = sources.gateway.lanes
    return [_lane_row(lanes[number], sources) for number in sorted(lanes)]


def _lane_row(lane: Lane, sources: Sources) -> LaneRow:
    devices = [_device_row(each) for each in sources.devices if each.lane == lane.number]
    return LaneRow(
        **lane.health(),
        gate_name=gate_name(sources.gateway.policy, lane.gate),
        devices=devices,
        last=lane.last,
        last_at_ms=lane.last_at_ms,
        said=dict(lane.said),
    )


def _device_row(device: Device) -> DeviceRow:
    report = device.health()
    state = report.state.value
    since_s = max(0.0, round(trio.current_time() - report.since, 1)) if report.since else 0.0
    return DeviceRow(
        device.name, state, state in WELL, since_s, report.reason,
        report.lost_count, report.flap_count, report.crash_count,
    )  # fmt: skip


def status(sources: Sources) -> Status:
    """The gateway now."""
    gateway = sources.gateway
    now = gateway.clock.now()
    bundle = gateway.policy.bundle
    age_s = (now.ms - bundle.issued_at_ms) / 1000 if bundle.version else None
    ages_s = {part: ms / 1000 for part, ms in gateway.policy.ages_ms(now.ms).items()}
    offset_ms = gateway.clock.offset_ms if isinstance(gateway.clock, SystemClock) else None
    room = sources.ledger_room()
    ledger = gateway.ledger
    stops, warnings = readiness(sources)
    return Status(
        version=VERSION,
        gateway=gateway.name,
        identity=gateway.identity.hex(),
        ready=not stops,
        reasons=stops + warnings,
        bundle=BundleRow(bundle.version, bundle.issued_at_ms, age_s, ages_s),
        clock=ClockRow(now.ms, offset_ms, now.unsure),
        ledger=LedgerRow(
            ledger.epoch, ledger.durable.seq, room.spares, room.room.name.lower(),
            gateway.unsaved_count, room.deleted,
        ),
        uplink=msgspec.convert(sources.uplink(), UplinkRow) if sources.uplink else None,
        counts=_counts(gateway),
        siblings=list(gateway.siblings.rows()) if gateway.siblings is not None else [],
        conflicts=len(gateway.state.conflicts),
        digest=_digest_row(gateway.digests.last),
    )  # fmt: skip


def _digest_row(found: Digest | None) -> DigestRow | None:
    if found is None:
        return None
    age_s = max(0.0, round(trio.current_time() - found.at, 1))
    return DigestRow(found.state.hex(), found.vector.hex(), found.facts, age_s)


def _counts(gateway: Gateway) -> Counts:
    said: dict[str, int] = {}
    for lane in gateway.lanes.values():
        for kind, count in lane.said.items():
            said[kind] = said.get(kind, 0) + count
    refused: dict[str, int] = {}
    for (_gate, number), count in gateway.state.refused.items():
        name = reason_name(number)
        refused[name] = refused.get(name, 0) + count
    facts = dict(gateway.counts)
    crashed = facts.pop("crashed", 0)  # the one count there that is not of facts
    return Counts(facts, said, refused, crashed)


def reason_name(number: int) -> str:
    """The name of a reason; one that a newer gateway of the venue wrote keeps its number."""
    try:
        return Reason(number).code
    except ValueError:
        return f"reason_{number}"


def readiness(sources: Sources) -> tuple[list[str], list[str]]:
    """(what makes this gateway useless, what somebody should look at), in words."""
    gateway = sources.gateway
    stops: list[str] = []
    warnings: list[str] = []
    if gateway.policy.version == 0:
        stops.append("no bundle yet: nobody can be admitted; connect this gateway to its centre")
    room = sources.ledger_room()
    if room.room is Room.NONE:
        stops.append("the ledger is full: nobody can be admitted; make room on its disk")
    elif room.room is Room.UNREADY:
        stops.append(f"the ledger is nearly full, {_left(room)}")
    elif room.room is Room.ALARM:
        warnings.append(f"the ledger needs more disk, {_left(room)}")
    if gateway.unsaved_count:
        warnings.append(f"{gateway.unsaved_count} facts wait in memory for room in the ledger")
    if gateway.policy.stale(gateway.clock.now().ms):
        age_s = gateway.policy.age_ms(gateway.clock.now().ms) // 1000
        warnings.append(f"the lists are {age_s} s old: connect this gateway to its centre")
    warnings += gateway.policy.faults
    warnings += _lost(sources)
    if gateway.siblings is not None:
        warnings += gateway.siblings.warnings()
    return stops, warnings


def _left(room: LedgerRoom) -> str:
    hint = "wait a moment after a start, else make room on its disk"
    return f"{room.spares} spare segment{'' if room.spares == 1 else 's'} left; {hint}"


def _lost(sources: Sources) -> Iterable[str]:
    gateway = sources.gateway
    unwell = set()
    for device in sources.devices:
        report = device.health()
        if report.state.value not in WELL:
            unwell.add(device.lane)
            why = f" ({report.reason})" if report.reason else ""
            yield f"lane {device.lane}: its {device.name} is {report.state.value}{why}"
    for lane in gateway.lanes.values():
        barrier = lane.barrier
        if barrier is not None and not barrier.service and lane.number not in unwell:
            yield f"lane {lane.number} is out of service"
