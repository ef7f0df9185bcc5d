"""Scanners and turnstiles as a technician describes them.

Drivers import nothing of ours: `edge/wiring.py` hands them these values as plain arguments.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from config.bounds import Host, Port

#: A tripod is passed in one step, a speed gate with a suitcase is not.
_TIMEOUT_S = {"tripod": 5.0, "speed_gate": 8.0}

#: Modbus addresses of coils and discrete inputs; no relay board in use has more than 256.
Channel = Annotated[int, Meta(ge=0, le=255)]


class TcpScanner(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="tcp"
):
    """A scanner that speaks over TCP.

    `mode = "client"`: the gateway connects to the scanner. `mode = "server"`: the scanner connects
    to the gateway, which listens on `host` and `port` (0 = any free port).
    """

    host: Host
    port: Annotated[int, Meta(ge=0, le=65535)]
    mode: Literal["client", "server"] = "client"
    #: With mode = "server": the only address that may connect. Without it, whoever reaches the
    #: port takes over the lane.
    peer_ip: Host | None = None
    #: What ends a code. "none": only `idle_flush_ms` of silence does.
    suffix: Literal["cr", "lf", "crlf", "etx", "none"] = "cr"
    #: The scanner puts the AIM id of the symbology (`]Q1` for QR) in front of every code.
    aim: bool = False
    #: Silence after which what has come counts as a code.
    idle_flush_ms: Annotated[int, Meta(ge=20, le=2000)] = 100
    #: The same code within this time on one lane is one presentation.
    debounce_ms: Annotated[int, Meta(ge=0, le=10_000)] = 2000


class ModbusTcpTurnstile(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="modbus_tcp"
):
    """A turnstile behind a Modbus TCP relay board. The board times the pulse, so that a gateway
    that dies leaves nothing open."""

    host: Host
    #: The coil that unlocks.
    relay: Channel
    port: Port = 502
    unit: Annotated[int, Meta(ge=0, le=255)] = 1
    #: Multiples of 100 ms: the unit in which the boards count.
    pulse_ms: Annotated[int, Meta(ge=100, le=10_000, multiple_of=100)] = 700
    #: The discrete input of the passage contact. Absent: nobody can tell whether a guest passed.
    passage_input: Channel | None = None
    #: The discrete input of the fire alarm; while it is on the barrier is free.
    fire_input: Channel | None = None
    profile: Literal["tripod", "speed_gate"] = "tripod"
    #: Time to pass before the grant lapses. Absent: 5 s for a tripod, 8 s for a speed gate.
    timeout_s: Annotated[float, Meta(ge=1, le=60)] = 0.0
    #: Least time between two pulses, for groups.
    pulse_gap_ms: Annotated[int, Meta(ge=500, le=10_000)] = 500
    #: The contact that closes when somebody goes through the wrong way.
    wrong_way_input: Channel | None = None
    #: Inputs that are closed at rest; fire alarms usually are.
    inverted_inputs: Annotated[tuple[Channel, ...], Meta(max_length=16)] = ()
    #: How often the inputs are read. Two readings must fall into one passage contact (100 ms).
    poll_ms: Annotated[int, Meta(ge=10, le=100)] = 40
    #: How long an answer of the board may take before the turnstile counts as lost.
    answer_ms: Annotated[int, Meta(ge=50, le=5000)] = 500

    def __post_init__(self) -> None:
        if not self.timeout_s:
            msgspec.structs.force_setattr(self, "timeout_s", _TIMEOUT_S[self.profile])

    @property
    def channel_count(self) -> int:
        """Coils and inputs that the board must have: up to the highest in use, at least 8."""
        used = [self.relay, self.passage_input, self.wrong_way_input, self.fire_input]
        highest = max([*(n for n in used if n is not None), *self.inverted_inputs])
        return max(8, highest + 1)


Scanner = TcpScanner
Turnstile = ModbusTcpTurnstile
