"""Tills in the configuration: what is shown loads, and each mistake is named."""

import re
from pathlib import Path

import pytest

from config.faults import ConfigInvalid
from config.gateway import Gateway
from config.load import load
from config.tills import NfcpyReader, NoReader, PlugTerminal

EXAMPLE = Path(__file__).parents[2] / "config" / "gateway.example.toml"
BAR = """
[[tills]]
number = 1
name = "Bar 1"
drawer = true
[tills.reader]
kind = "udp-emulator"
port = 9700
"""


def loaded(folder: Path, text: str) -> Gateway:
    (folder / "g.toml").write_text(EXAMPLE.read_text() + text)
    return load(folder / "g.toml", Gateway, {})


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as raised:
        loaded(folder, text)
    return [f"{fault.path}: {fault.problem}" for fault in raised.value.faults]


def test_what_the_example_shows_loads(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line == "#[[tills]]")
    shown = [re.sub(r"^#(?=[\[a-z])", "", line) for line in lines[start:]]
    (till,) = loaded(tmp_path, "\n" + "\n".join(shown)).tills
    reader = NfcpyReader("usb", "/opt/gatehouse/nfcpy/bin/python")
    assert (till.reader, till.terminal) == (reader, PlugTerminal("192.168.10.50", 9600))
    assert till.can_top_up and till.drawer


def test_a_till_needs_little(tmp_path: Path) -> None:
    gateway = loaded(tmp_path, '\n[[tills]]\nnumber = 3\nname = "Bar"\n')
    (till,) = gateway.tills
    assert (till.reader, till.terminal, till.drawer) == (NoReader(), None, False)
    assert gateway.cashless.credit_key is None
    assert Gateway.__struct_fields__  # and a gateway needs no till
    assert load(EXAMPLE, Gateway, {}).tills == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BAR + BAR.replace("9700", "9701"), "tills[1].number: is that of tills[0]"),
        (BAR + BAR.replace("number = 1", "number = 2"), "tills[1].reader: is that of tills[0]"),
        (BAR + "[[tills]]\nnumber = 0\nname = 'x'\n", "tills[1].number: "),
        (BAR.replace("drawer = true", "can_top_up = true"), "tills[0].can_top_up: needs a credit"),
        (BAR.replace("udp-emulator", "pcsc"), "tills[0].reader.kind: 'pcsc' is unknown"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, text: str, told: str) -> None:
    assert any(fault.startswith(told) for fault in faults(tmp_path, text)), faults(tmp_path, text)
