"""The configuration files of the demo's venue."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
#: The tills of the first and second gateway.
TILLS: Final[Mapping[int, Mapping[int, tuple[str, bool]]]] = {
    0: {1: ("Bar North", True), 2: ("Bar South", False)}, 1: {3: ("Bar West", True)}
}  # fmt: skip
#: Time to walk after the barrier opened, s; then the grant lapses and the ticket is given back.
WALK_S: Final = 1.5
DEBOUNCE_MS: Final = 300


@dataclass(frozen=True)
class Site:
    """A gateway of the venue, its folder, its lanes: number -> (name, gate), and its tills.

    Lane numbers are of the whole venue: no two gateways share one.
    """

    name: str
    folder: str
    lanes: Mapping[int, tuple[str, int]]
    #: number -> (name, whether cash is taken and bands are topped up); numbers as of lanes.
    tills: Mapping[int, tuple[str, bool]] = field(default_factory=dict)


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


def with_bar(sites: tuple[Site, ...]) -> tuple[Site, ...]:
    """The same gateways with tills: two at the first one, and one at the second, if there is."""
    return tuple(replace(site, tills=TILLS.get(n, {})) for n, site in enumerate(sites))


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
_TILL: Final = """
[[tills]]
number = {number}
name = "{name}"
drawer = {cash}
can_top_up = {cash}
debounce_ms = 500

[tills.reader]
{reader}
"""
_CREDIT: Final = """
[cashless]
credit_key = {{ credential = "credit-{folder}.key" }}
"""
#: What the bar sells: `purse.PRICES` says the same once more.
PRICES: Final = """\
event = 1
currency = "EUR"
exponent = 2
tips_percent = [5, 10]
receipt_head = ["Demo Festival"]

[[classes]]
number = 1
name = "Guest"
balance_max_minor = "500.00"
top_up_min_minor = "5.00"
exposure_plain_minor = "100.00"
exposure_authenticated_minor = "100.00"

[[taxes]]
code = 1
letter = "A"
rate_bp = 2000
name = "VAT 20 %"

[[articles]]
number = 1
name = "Deposit cup"
short = "Cup"
kind = "deposit"
tax = 1
price_minor = "2.00"

[[articles]]
number = 10
name = "Beer 0.5 l"
short = "Beer"
tax = 1
price_minor = "5.20"
deposit = 1
age = 16

[[articles]]
number = 11
name = "Mineral water 0.5 l"
short = "Water"
tax = 1
price_minor = "3.00"
deposit = 1

[[grids]]
articles = [10, 11, 1]
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
    siblings: Mapping[str, int] | None = None, readers: Mapping[int, int] | None = None,
    nfc_python: str = "",
) -> None:  # fmt: skip
    """gateway.toml of `site`; its devices listen on these ports, by lane.

    `siblings`: where each other gateway is reached, by name; `peers`: where we are; `readers`:
    ports of the readers, by till; `nfc_python`: read them through nfcpy by this interpreter.
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
    shared += "".join(_till(site, n, port, nfc_python) for n, port in (readers or {}).items())
    if readers:
        shared += _CREDIT.format(folder=site.folder)
    text = _GATEWAY.format(
        name=site.name, folder=site.folder, gates=gates, lanes=lanes, central=central, api=api,
        peers=shared,
    )  # fmt: skip
    file.write_text(text)


def _till(site: Site, number: int, port: int, nfc_python: str) -> str:
    name, cash = site.tills[number]
    flag = str(cash).lower()
    reader = f'kind = "udp-emulator"\nport = {port}'
    if nfc_python:
        reader = f'kind = "nfcpy"\npath = "udp:127.0.0.1:{port}"\npython = "{nfc_python}"'
    return _TILL.format(number=number, name=name, cash=flag, reader=reader)
