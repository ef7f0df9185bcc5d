"""`receipt render`: text, picture and bytes of a file, and one line for every mistake."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from edge.commands import errors
from edge.core.receipt import Receipt
from tests.edge.commands.calling import edge
from tests.edge.printing import examples


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "beer.json"
    path.write_bytes(msgspec.json.encode(examples.BEER))
    return path


def test_a_receipt_is_shown_as_text(file: Path) -> None:
    said = edge("receipt", "render", str(file), "--language", "en")
    assert (said.code, said.err) == (0, "")
    assert f"TOTAL{'7.50 EUR':>37}\n" in said.out
    assert f"{'Receipt':>24}\n" in said.out
    assert "[QR: V0;seebuehne-01;" in said.out


def test_the_example_is_the_one_that_people_look_at_and_renders(tmp_path: Path) -> None:
    shown = edge("receipt", "example")
    assert shown.code == 0
    assert msgspec.json.decode(shown.out, type=Receipt) == examples.BEER
    (tmp_path / "beer.json").write_text(shown.out)
    assert edge("receipt", "render", str(tmp_path / "beer.json")).code == 0


def test_a_report_is_drawn_and_made_bytes(tmp_path: Path) -> None:
    file, png, escpos = tmp_path / "z.json", tmp_path / "z.png", tmp_path / "z.bin"
    file.write_bytes(msgspec.json.encode(examples.Z))
    said = edge(
        "receipt", "render", str(file), "--png", str(png), "--escpos", str(escpos),
        "--columns", "32",
    )  # fmt: skip
    assert (said.code, said.out, said.err) == (0, "", "")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert escpos.read_bytes().startswith(b"\x1b@")
    assert "Z-BERICHT 42".encode("cp1252") in escpos.read_bytes()


@pytest.mark.parametrize(
    ("option", "value"), [("--columns", "40"), ("--language", "xx"), ("--code-page", "utf8")]
)
def test_what_no_printer_has_is_refused(file: Path, option: str, value: str) -> None:
    said = edge("receipt", "render", str(file), option, value)
    assert said.code == errors.USAGE and f"{option} is one of" in said.err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "no receipt and no report"),
        ('{"paper": "ticket"}', "no receipt and no report"),
        ('{"paper": "receipt"}', "missing required field"),
    ],
)
def test_what_is_no_receipt_is_told(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "x.json").write_text(content)
    said = edge("receipt", "render", str(tmp_path / "x.json"))
    assert said.code == errors.BAD_DATA and told in said.err


def test_a_receipt_that_contradicts_itself_is_told(file: Path) -> None:
    fields = json.loads(file.read_text())
    fields["payments"][0]["amount_minor"] = 700
    file.write_text(json.dumps(fields))
    said = edge("receipt", "render", str(file))
    assert said.code == errors.BAD_DATA
    assert "contradicts itself: payments come to 700, lines to 750" in said.err


def test_files_that_cannot_be_read_or_written(file: Path, tmp_path: Path) -> None:
    assert edge("receipt", "render", str(tmp_path / "none")).code == errors.NO_INPUT
    said = edge("receipt", "render", str(file), "--png", str(tmp_path / "no" / "x.png"))
    assert said.code == errors.CANNOT_CREATE and "cannot write" in said.err
