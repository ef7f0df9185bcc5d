"""The configuration of one gateway, `gateway.toml` (`gateway.example.toml` shows all of it)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Meta

from config.binds import Bind, parse_bind
from config.bounds import GIB, MIB, File, Folder, Host, HttpsUrl, Name, Number, Slug, TimeOfDay
from config.check import Cross, known
from config.credentials import Credential
from config.devices import Scanner, Turnstile
from config.faults import nearest
from config.peers import Peers, peer_faults
from config.shown import Display, Texts, texts_faults
from config.staff import Staff, reach_faults, staff_faults
from config.tills import CashlessSettings, Till, till_faults

#: The ledger writes blocks on these boundaries (ARCHITECTURE.md, Formats).
PAGE_BYTES = 4096


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Gate(_Table, frozen=True):
    """A group of lanes that guests know by one name."""

    number: Number
    name: Name


class Lane(_Table, frozen=True):
    """One direction of one barrier. Without a turnstile the lane only answers (handhelds)."""

    number: Number
    name: Name
    gate: Number
    direction: Literal["entry", "exit", "both"] = "entry"
    scanner: Scanner | None = None
    turnstile: Turnstile | None = None
    #: How long an admission is held for a passage whose end nobody reports.
    hold_timeout_s: Annotated[int, Meta(ge=2, le=300)] = 30


class Ledger(_Table, frozen=True):
    """The log on disk. Spare segments are written ahead: only that can ever run out of space."""

    segment_bytes: Annotated[int, Meta(ge=MIB, le=GIB, multiple_of=PAGE_BYTES)] = 64 * MIB
    spare_segments: Annotated[int, Meta(ge=1, le=64)] = 4
    #: Most facts and bytes in one block, that is in one fdatasync.
    group_facts_max: Annotated[int, Meta(ge=1, le=4096)] = 512
    group_bytes_max: Annotated[int, Meta(ge=PAGE_BYTES, le=MIB)] = 256 * 1024
    snapshot_every_facts: Annotated[int, Meta(ge=1000, le=10_000_000)] = 50_000
    #: Older segments are deleted once the centre has receipted them and a snapshot, recorded as a
    #: fact, stands for them; siblings' in the same way. 0: kept for ever.
    retention_days: Annotated[int, Meta(ge=0, le=3650)] = 400
    #: Fewer free spare segments than this raise the alarm; fewer than `unready`, readiness is red.
    alarm_spare_segments: Annotated[int, Meta(ge=1, le=64)] = 3
    unready_spare_segments: Annotated[int, Meta(ge=1, le=64)] = 1


class CentralLink(_Table, frozen=True):
    """Where blocks go. Without this table a gateway keeps its facts and never uploads."""

    url: HttpsUrl
    backoff_min_s: Annotated[float, Meta(ge=0.1, le=60)] = 0.5
    backoff_max_s: Annotated[float, Meta(ge=1, le=3600)] = 30.0
    #: One upload: that many blocks, and no more than these bytes before compression.
    batch_blocks_max: Annotated[int, Meta(ge=1, le=4096)] = 256
    batch_bytes_max: Annotated[int, Meta(ge=64 * 1024, le=16 * MIB)] = 4 * MIB
    request_timeout_s: Annotated[float, Meta(ge=1, le=300)] = 20.0
    #: How long the centre may hold the question for a newer bundle.
    bundle_wait_s: Annotated[int, Meta(ge=0, le=30)] = 25


class LocalTls(_Table, frozen=True):
    """For browsers, so a P-256 key: they do not take the Ed25519 of the device's certificate."""

    #: PEM: the certificate and those up to an authority that the phones trust.
    certificate: File
    key: File


class LocalApi(_Table, frozen=True):
    """HTTP for handhelds, displays and technicians. Other machines reach it only with TLS and
    [[staff]]."""

    bind: str = "127.0.0.1:8081"
    #: Names and addresses (without port) by which browsers call this gateway, beside that of bind.
    names: Annotated[tuple[Host, ...], Meta(max_length=16)] = ()
    tls: LocalTls | None = None
    #: How long a sign-in lasts. A page that nobody has open is signed out earlier.
    session_s: Annotated[int, Meta(ge=300, le=86_400)] = 43_200
    connections_max: Annotated[int, Meta(ge=4, le=4096)] = 128
    body_bytes_max: Annotated[int, Meta(ge=256, le=MIB)] = 16 * 1024
    #: Time for the headers, and then again for the body of a request.
    read_timeout_s: Annotated[float, Meta(ge=1, le=60)] = 5.0

    @property
    def address(self) -> Bind:
        return parse_bind(self.bind)


class Clock(_Table, frozen=True):
    """How far clocks may be apart before somebody is told."""

    #: The hybrid logical clock runs at most this far ahead of the wall clock.
    drift_max_ms: Annotated[int, Meta(ge=1000, le=3_600_000)] = 60_000
    #: A step of the wall clock of at least this size becomes a fact.
    step_min_ms: Annotated[int, Meta(ge=100, le=60_000)] = 1000
    #: A sibling's clock that is further off becomes a fact, and a warning.
    sibling_max_ms: Annotated[int, Meta(ge=50, le=3_600_000)] = 2000
    #: So does the centre's.
    central_max_ms: Annotated[int, Meta(ge=50, le=3_600_000)] = 2000


class Log(_Table, frozen=True):
    level: Literal["debug", "info", "warning", "error"] = "info"


class Gateway(_Table, frozen=True):
    """One gateway: who it is, where it keeps things, its gates and lanes."""

    name: Slug
    #: device.key, device.pem and trust.json, as `edge init` makes them.
    identity_dir: Folder
    timezone: Annotated[str, Meta(description="an IANA name, as Europe/Vienna")]
    #: Where nobody is let in or out, at a bar, there are neither.
    gates: Annotated[tuple[Gate, ...], Meta(max_length=1000)] = ()
    lanes: Annotated[tuple[Lane, ...], Meta(max_length=256)] = ()
    business_day_cutover: TimeOfDay = "06:00"
    #: ledger/ and bundle/. Absent: in identity_dir.
    data_dir: Folder = ""
    #: Instead of device.key in identity_dir.
    device_key: Credential | None = None
    ledger: Ledger = Ledger()
    central: CentralLink | None = None
    peers: Peers | None = None
    local_api: LocalApi = LocalApi()
    clock: Clock = Clock()
    log: Log = Log()
    #: With anybody here, the local API asks who is calling.
    staff: Annotated[tuple[Staff, ...], Meta(max_length=1000)] = ()
    texts: Texts = Texts()
    display: Display = Display()
    tills: Annotated[tuple[Till, ...], Meta(max_length=256)] = ()
    cashless: CashlessSettings = CashlessSettings()

    def __post_init__(self) -> None:
        if not self.data_dir:
            msgspec.structs.force_setattr(self, "data_dir", self.identity_dir)

    @property
    def ledger_dir(self) -> str:
        return os.path.join(self.data_dir, "ledger")

    @property
    def bundle_dir(self) -> str:
        return os.path.join(self.data_dir, "bundle")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def cutover_minutes(self) -> int:
        """Minutes after local midnight at which a business day begins."""
        hours, minutes = self.business_day_cutover.split(":")
        return int(hours) * 60 + int(minutes)

    @staticmethod
    def cross_faults(value: object) -> Iterator[Cross]:
        """What only shows when several values are seen together."""
        yield from _zone_faults(known(value, "timezone"))
        yield from reach_faults(value)
        yield from staff_faults(value)
        yield from texts_faults(known(value, "texts"))
        yield from till_faults(value)
        yield from _number_faults(known(value, "gates") or (), "gates", "gate")
        yield from _number_faults(known(value, "lanes") or (), "lanes", "lane")
        yield from _idle_faults(value)
        yield from _gate_faults(value)
        yield from _device_faults(known(value, "lanes") or ())
        yield from _ledger_faults(value)
        yield from peer_faults(value)
        least, most = (known(value, "central", f"backoff_{end}_s") for end in ("min", "max"))
        if least is not None and most is not None and least > most:
            path = ("central", "backoff_max_s")
            yield path, f"{most} is below backoff_min_s = {least}", "raise it"


def _zone_faults(zone: str | None) -> Iterator[Cross]:
    if zone is None:
        return
    try:
        ZoneInfo(zone)
    except (KeyError, OSError, ValueError):
        hint = nearest(zone, sorted(available_timezones()))
        if not hint.startswith("did you mean"):
            hint = "an IANA name, as Europe/Vienna"
        yield ("timezone",), f"{zone!r} is not a time zone", hint


def local_bind_faults(bind: str | None, path: tuple[str, ...]) -> Iterator[Cross]:
    """Faults of an address that answers without sign-in (ARCHITECTURE.md, Listening)."""
    if bind is None:
        return
    try:
        address = parse_bind(bind)
    except ValueError as error:
        yield path, f"{bind!r} cannot be listened on", str(error)
        return
    if not address.loopback:
        yield (
            path,
            f"{bind!r} can be reached from other machines, and nobody signs in here yet",
            "127.0.0.1:PORT, [::1]:PORT or unix:/PATH",
        )


def _number_faults(rows: Any, table: str, word: str) -> Iterator[Cross]:
    seen: dict[int, int] = {}
    for i in range(len(rows)):
        number = known(rows, i, "number")
        if number is None:
            continue
        if number in seen:
            hint = f"{table}[{seen[number]}] has it already; every {word} needs its own"
            yield (table, i, "number"), f"{word} number {number} is used twice", hint
        seen.setdefault(number, i)


def _idle_faults(value: object) -> Iterator[Cross]:
    """A gateway without lanes and tills is a file that somebody has not finished."""
    # Not through `known`: what has faults of its own is there.
    if getattr(value, "lanes", ()) == () and getattr(value, "tills", ()) == ():
        yield (
            ("lanes",),
            "is missing, and so is tills",
            "begin each entry with [[lanes]] or [[tills]]",
        )


def _gate_faults(value: object) -> Iterator[Cross]:
    gates, lanes = known(value, "gates"), known(value, "lanes")
    if gates is None or lanes is None:
        return
    numbers = [known(gates, i, "number") for i in range(len(gates))]
    if None in numbers:
        return
    for i in range(len(lanes)):
        gate = known(lanes, i, "gate")
        if gate is not None and gate not in numbers:
            hint = "known gates: " + ", ".join(map(str, numbers))
            yield ("lanes", i, "gate"), f"there is no gate {gate}", hint


def _device_faults(lanes: Any) -> Iterator[Cross]:
    """Two lanes on one wire: one guest's ticket would open the other's barrier."""
    seen: dict[tuple[object, ...], int] = {}
    for i in range(len(lanes)):
        board = tuple(known(lanes, i, "turnstile", key) for key in ("host", "port", "unit"))
        wires: list[tuple[tuple[object, ...], str, str]] = []
        for key, word in (
            ("relay", "relay"),
            ("passage_input", "input"),
        ):
            wires.append(((word, *board, known(lanes, i, "turnstile", key)), "turnstile", key))
        scanner = [known(lanes, i, "scanner", key) for key in ("mode", "host", "port")]
        if scanner[2] == 0 and scanner[0] == "client":
            hint = 'allowed: 1 to 65535; 0 only with mode = "server"'
            yield ("lanes", i, "scanner", "port"), "0 is not a port to connect to", hint
        elif scanner[2]:
            wires.append((("scanner", *scanner), "scanner", "port"))
        for wire, device, key in wires:
            if None in wire:
                continue
            if wire in seen:
                problem = f"the same {wire[0]} serves lanes[{seen[wire]}]"
                yield ("lanes", i, device, key), problem, "give each lane its own"
            seen.setdefault(wire, i)


def _ledger_faults(value: object) -> Iterator[Cross]:
    ledger = known(value, "ledger") or Ledger()
    spare, alarm, unready = (
        known(ledger, key) if hasattr(ledger, key) else getattr(Ledger(), key)
        for key in ("spare_segments", "alarm_spare_segments", "unready_spare_segments")
    )
    path = ("ledger", "alarm_spare_segments")
    if spare is not None and alarm is not None and alarm > spare:
        yield path, f"{alarm} is above spare_segments = {spare}", "the alarm would never end"
    if alarm is not None and unready is not None and unready > alarm:
        path = ("ledger", "unready_spare_segments")
        yield path, f"{unready} is above alarm_spare_segments = {alarm}", "alarm comes first"
