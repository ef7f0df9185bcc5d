"""The configuration files of the demo's venue."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: lane -> (name, gate)
LANES: Final[Mapping[int, tuple[str, int]]] = {
    1: ("North 1", 1), 2: ("North 2", 1), 3: ("South 1", 2), 4: ("South 2", 2)
}  # fmt: skip
GATES: Final[Mapping[int, str]] = {1: "Gate North", 2: "Gate South", 3: "Gate West"}
MORE_LANES: Final[Mapping[int, tuple[str, int]]] = {**LANES, 5: ("West 1", 3), 6: ("West 2", 3)}
GATEWAYS_MAX: Final = 3
LANES_EACH: Final = 2
#: Time to walk after the barrier opened, s; then the grant lapses and the ticket is given back.
WALK_S: Final = 1.5
DEBOUNCE_MS: Final = 300


@dataclass(frozen=True)
class Site:
    """A gateway of the venue, its folder, and its lanes: number -> (name, gate).

    Lane numbers are of the whole venue: no two gateways share one.
    """

    name: str
    folder: str
    lanes: Mapping[int, tuple[str, int]]


def sites(count: int) -> tuple[Site, ...]:
    """The gateways of a venue: one with four lanes, or up to three with two lanes each."""
    assert 1 <= count <= GATEWAYS_MAX
    if count == 1:
        return (Site("demo-1", "gateway", LANES),)
    shared = []
    for n in range(count):
        own = range(n * LANES_EACH + 1, (n + 1) * LANES_EACH + 1)
        lanes = {number: MORE_LANES[number] for number in own}
        shared.append(Site(f"demo-{n + 1}", f"gateway-{n + 1}", lanes))
    return tuple(shared)


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
identity_dir = "{folder}"
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
{peers}"""
_PEERS: Final = """
[peers]
bind = "127.0.0.1:{port}"
backoff_min_s = 0.1
backoff_max_s = 0.5
"""
_SIBLING: Final = """
[[peers.siblings]]
name = "{name}"
host = "127.0.0.1"
port = {port}
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
    file: Path, site: Site, *, central: int, scanners: Mapping[int, int],
    boards: Mapping[int, int], api: int = 0, peers: int = 0,
    siblings: Mapping[str, int] | None = None,
) -> None:  # fmt: skip
    """gateway.toml of `site`; its devices listen on these ports, by lane.

    `siblings`: where each other gateway is reached, by name; `peers`: where we are.
    """
    names = {gate: GATES[gate] for _, gate in site.lanes.values()}
    gates = "\n".join(_GATE.format(number=number, name=name) for number, name in names.items())
    lanes = "\n".join(
        _LANE.format(
            number=number, name=name, gate=gate, scanner=scanners[number], board=boards[number],
            debounce_ms=DEBOUNCE_MS, walk_s=WALK_S,
        )
        for number, (name, gate) in site.lanes.items()
    )  # fmt: skip
    shared = ""
    if siblings:
        shared = _PEERS.format(port=peers)
        shared += "".join(_SIBLING.format(name=n, port=port) for n, port in siblings.items())
    text = _GATEWAY.format(
        name=site.name, folder=site.folder, gates=gates, lanes=lanes, central=central, api=api,
        peers=shared,
    )  # fmt: skip
    file.write_text(text)
