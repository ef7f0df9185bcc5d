"""The configuration files of the demo's venue."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

GATEWAY_NAME: Final = "demo-1"
#: lane -> (name, gate)
LANES: Final[Mapping[int, tuple[str, int]]] = {
    1: ("North 1", 1), 2: ("North 2", 1), 3: ("South 1", 2), 4: ("South 2", 2)
}  # fmt: skip
GATES: Final[Mapping[int, str]] = {1: "Gate North", 2: "Gate South"}
#: Time to walk after the barrier opened, s; then the grant lapses and the ticket is given back.
WALK_S: Final = 1.5
DEBOUNCE_MS: Final = 300

_CENTRAL: Final = """\
tenant = "Demo Festival"
data_dir = "central"
public_url = "https://localhost:{port}"

[listen]
gateways = "127.0.0.1:{gateways}"
server_names = ["localhost", "127.0.0.1"]
ops = "127.0.0.1:{ops}"
"""
_GATEWAY: Final = """\
name = "{name}"
identity_dir = "gateway"
timezone = "Europe/Vienna"

{gates}
{lanes}
[ledger]
segment_bytes = 4194304
spare_segments = 2
alarm_spare_segments = 1

[central]
url = "https://localhost:{central}"
backoff_min_s = 0.2
backoff_max_s = 1
request_timeout_s = 5
bundle_wait_s = 5

[local_api]
bind = "127.0.0.1:{api}"
"""
_GATE: Final = """\
[[gates]]
number = {number}
name = "{name}"
"""
_LANE: Final = """\
[[lanes]]
number = {number}
name = "{name}"
gate = {gate}
hold_timeout_s = 10

[lanes.scanner]
kind = "tcp"
host = "127.0.0.1"
port = {scanner}
debounce_ms = {debounce_ms}

[lanes.turnstile]
kind = "modbus_tcp"
host = "127.0.0.1"
port = {board}
relay = 0
pulse_ms = 100
passage_input = 0
timeout_s = {walk_s}
"""


def write_central(file: Path, gateways: int = 0, ops: int = 0) -> None:
    """central.toml; ports 0 let the system choose at the first start."""
    # An address must name a port before there is one; it is written again once it is known.
    file.write_text(_CENTRAL.format(gateways=gateways, ops=ops, port=gateways or 8443))


def write_gateway(
    file: Path, *, central: int, scanners: Sequence[int], boards: Sequence[int], api: int = 0
) -> None:
    """gateway.toml with four lanes, whose devices listen on these ports."""
    gates = "\n".join(_GATE.format(number=number, name=name) for number, name in GATES.items())
    lanes = "\n".join(
        _LANE.format(
            number=number, name=name, gate=gate, scanner=scanners[at], board=boards[at],
            debounce_ms=DEBOUNCE_MS, walk_s=WALK_S,
        )
        for at, (number, (name, gate)) in enumerate(LANES.items())
    )  # fmt: skip
    text = _GATEWAY.format(name=GATEWAY_NAME, gates=gates, lanes=lanes, central=central, api=api)
    file.write_text(text)
