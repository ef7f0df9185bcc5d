"""The example loads, and each mistake of a technician is named."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import inspect

from central.sales.cashless import KEPT_ELSEWHERE
from config.binds import Bind
from config.central import Central
from config.check import check_tree
from config.faults import ConfigInvalid
from config.gateway import Gateway
from config.load import check, load
from config.staff import Staff
from crypto.cashless import Cashless
from crypto.pins import hash_pin
from crypto.terms import Terms

EXAMPLE = Path(__file__).parents[2] / "config" / "gateway.example.toml"


def uncommented(text: str) -> str:
    """An example with its shown defaults switched on."""
    lines = []
    for line in text.splitlines():
        shown = line.removeprefix("# ")
        is_value = shown is not line and " = " in shown.split("#")[0] and '"..."' not in shown
        lines.append(shown if is_value else line)
    return "\n".join(lines)


def test_the_example_loads() -> None:
    gateway = load(EXAMPLE, Gateway, {})
    assert gateway.lanes[0].turnstile is not None
    assert gateway.lanes[0].turnstile.timeout_s == 5.0
    assert gateway.lanes[1].scanner is None
    assert gateway.ledger_dir == "/var/lib/gatehouse/gateway/ledger"
    assert gateway.bundle_dir == "/var/lib/gatehouse/gateway/bundle"
    assert gateway.zone.key == "Europe/Vienna"
    assert gateway.cutover_minutes == 360
    assert gateway.local_api.address == Bind(host="127.0.0.1", port=8081)
    assert (gateway.staff, gateway.local_api.tls, gateway.display.open) == ((), None, False)
    assert gateway.texts.overrides["guest"] == {"de": {}, "en": {}, "fr": {}}


def test_what_the_example_shows_beside_the_defaults_loads_as_well(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text().splitlines()
    text = "\n".join(re.sub(r'^#(?=[\[a-z"])', "", line) for line in lines)
    pin_hash = hash_pin("471100", bytes(16))
    (tmp_path / "g.toml").write_text(text.replace("$argon2id$v=19$m=19456,t=2,p=1$...", pin_hash))
    gateway = load(tmp_path / "g.toml", Gateway, {})
    assert gateway.staff == (Staff(1, "Anna", "scanner", pin_hash, (1, 2)),)
    assert gateway.local_api.tls is not None
    assert gateway.local_api.tls.key == str(tmp_path / "browser.key")
    assert gateway.texts.overrides["guest"]["en"] == {"product.gate": "Please walk to {gates}."}


def test_what_the_example_comments_out_are_the_defaults(tmp_path: Path) -> None:
    text = uncommented(EXAMPLE.read_text()).replace("device_key = {", "# device_key = {")
    text = text.replace("fire_input = 7", "")
    (tmp_path / "g.toml").write_text(text)
    assert load(tmp_path / "g.toml", Gateway, {}) == load(EXAMPLE, Gateway, {})


def settings(kind: inspect.Type) -> Iterator[str]:
    """Every name that may stand in the file."""
    if isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield field.encode_name
            yield from settings(field.type)
    for inner in ("item_type", "value_type"):
        if hasattr(kind, inner):
            yield from settings(getattr(kind, inner))
    for inner in getattr(kind, "types", ()) + getattr(kind, "item_types", ()):
        yield from settings(inner)


EXAMPLES = [(Gateway, "gateway"), (Central, "central"), (Cashless, "prices"), (Terms, "terms")]


@pytest.mark.parametrize(("told", "name"), EXAMPLES, ids=[name for _, name in EXAMPLES])
def test_every_setting_stands_in_its_example(told: type, name: str) -> None:
    text = EXAMPLE.with_name(f"{name}.example.toml").read_text()
    known = set(re.findall(r"\b(\w+) = ", text))
    known |= {word for table in re.findall(r"\[([\w.]+)\]", text) for word in table.split(".")}
    wanted = inspect.type_info(told)
    if told is Cashless:  # what the centre keeps does not stand in the file
        assert isinstance(wanted, inspect.StructType)
        rows = [row for row in wanted.fields if row.encode_name not in KEPT_ELSEWHERE]
        wanted = inspect.StructType(told, tuple(rows))
    # Phrases are by language, and a file has the language's own table.
    missing = set(settings(wanted)) - known - {"de", "fr"}
    assert missing == set()


def faults(change: str, by: str) -> list[str]:
    text = EXAMPLE.read_text()
    assert change in text
    tree: dict[str, Any] = tomllib.loads(text.replace(change, by, 1))
    found = check_tree(tree, Gateway, lambda _: "f", Path("/")).faults
    return [f"{fault.path}: {fault.problem} ({fault.hint})" for fault in found]


def test_a_gateway_may_only_sell_and_has_something_to_do(tmp_path: Path) -> None:
    bare = 'name = "bar-1"\nidentity_dir = "/x"\ntimezone = "Europe/Vienna"\n'
    (tmp_path / "g.toml").write_text(bare + '[[tills]]\nnumber = 1\nname = "Bar"\n')
    gateway = load(tmp_path / "g.toml", Gateway, {})
    assert (gateway.gates, gateway.lanes, len(gateway.tills)) == ((), (), 1)
    (tmp_path / "g.toml").write_text(bare)
    with pytest.raises(ConfigInvalid, match=r"with \[\[lanes\]\] or \[\[tills\]\]"):
        load(tmp_path / "g.toml", Gateway, {})


SECOND = '[[lanes]]\nnumber = 2\nname = "North accessible"\ngate = 1\ndirection = "both"\n'
BOARD = "[lanes.turnstile]\nkind = 'modbus_tcp'\nhost = '192.168.10.31'\n"


@pytest.mark.parametrize(
    ("change", "by", "told"),
    [
        ('"Europe/Vienna"', '"Europe/Viena"', "timezone: 'Europe/Viena' is not a time zone (did"),
        ('"Europe/Vienna"', '"Nowhere"', "timezone: 'Nowhere' is not a time zone (an IANA"),
        ('"Europe/Vienna"', '"../etc"', "timezone: '../etc' is not a time zone"),
        ('"06:00"', '"24:00"', "business_day_cutover: '24:00' is not allowed"),
        ("number = 2", "number = 1", "lanes[1].number: lane number 1 is used twice"),
        ("number = 2", "number = 0", "lanes[1].number: 0 is not allowed"),
        ("gate = 1", "gate = 9", "lanes[0].gate: there is no gate 9 (known gates: 1)"),
        ("port = 4001", "port = 0", "lanes[0].scanner.port: 0 is not a port to connect to"),
        (SECOND, f"{SECOND}{BOARD}relay = 0\n", "lanes[1].turnstile.relay: the same relay"),
        (
            SECOND,
            f"{SECOND}{BOARD}relay = 1\npassage_input = 0\n",
            "lanes[1].turnstile.passage_input: the same input serves lanes[0]",
        ),
        (
            SECOND,
            f"{SECOND}[lanes.scanner]\nkind = 'tcp'\nhost = '192.168.10.21'\nport = 4001\n",
            "lanes[1].scanner.port: the same scanner serves lanes[0]",
        ),
        ("[ledger]", "[ledger]\nsegment_bytes = 1048577", "in steps of 4096"),
        ("[ledger]", "[ledger]\nalarm_spare_segments = 9", "9 is above spare_segments = 4"),
        ("[ledger]", "[ledger]\nunready_spare_segments = 4", "is above alarm_spare_segments = 3"),
        ("[ledger]", "[ledger]\nretention_days = -1", "ledger.retention_days: -1 is not allowed"),
        ("[ledger]", "[ledger]\nretention_days = 3651", "3651 is not allowed"),
        ("https://", "http://", "central.url: 'http://central.example.org:8443' is not allowed"),
        ("[central]", "[central]\nbackoff_min_s = 50", "30.0 is below backoff_min_s = 50.0"),
        ("[local_api]", "[local_api]\nbind = '0.0.0.0:80'", "can be reached from other machines"),
        ("[texts]", "[texts]\nguest_languages = ['de', 'de']", "names a language twice"),
        ("[texts]", "[texts]\nguest_languages = []", "has 0 entries (allowed: 1 to 3)"),
        ("[display]", "[display]\nanswer_s = 0", "display.answer_s: 0 is not allowed"),
        ("[local_api]", "[local_api]\nbind = 'localhost:80'", "write 127.0.0.1 for localhost"),
        ("[log]", "[log]\nlevel = 'inf'", "did you mean info?"),
    ],
)
def test_a_mistake_is_named(change: str, by: str, told: str) -> None:
    (line,) = faults(change, by)
    assert told in line


def test_a_file_with_ten_faults_gets_ten_lines(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    for change, by in [
        ('"north-1"', '"North 1"'),
        ("timezone =", "timezon ="),
        ("port = 4001", "port = 70000"),
        ("relay = 0", "relay = 300"),
        ("number = 2", "number = 1"),
        ('"both"', '"bth"'),
        ("[local_api]", "[local_api]\nbind = '0.0.0.0:1'"),
        ("[clock]", "[clock]\ndrift_max_ms = 0"),
        ("[log]", "[log]\nlevel = 5"),
    ]:
        text = text.replace(change, by, 1)
    (tmp_path / "g.toml").write_text(text)
    found = check(tmp_path / "g.toml", Gateway, {})
    assert {fault.path for fault in found} == {
        "name",
        "timezon",
        "timezone",
        "lanes[0].scanner.port",
        "lanes[0].turnstile.relay",
        "lanes[1].number",
        "lanes[1].direction",
        "local_api.bind",
        "clock.drift_max_ms",
        "log.level",
    }
    assert len(found) == 10


def test_two_lanes_may_share_a_board() -> None:
    assert faults(SECOND, f"{SECOND}{BOARD}relay = 1\n") == []
