"""What is read of the bar in the end, from all sides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crypto.bundle import sign
from crypto.keys import SigningKey
from edge.demo import bar_reading
from edge.demo.bar_reading import newest_bundle, read_bar
from edge.demo.money import COLUMNS
from edge.demo.processes import DemoFailed
from edge.demo.purse import Purse, Purses
from edge.demo.reading import Held
from edge.demo.rows import Log
from tests.demo.test_demo_bands import BUNDLE, MEDIUM, UID, shown
from tests.demo.test_demo_money import FACTS, held, posted

KEY = SigningKey(b"\x05" * 32)


class Place:
    """A gateway's folder, and a venue around it."""

    def __init__(self, folder: Path, *versions: int) -> None:
        self.identity = folder / "gateway"
        (self.identity / "bundle").mkdir(parents=True)
        trust = {"bundle_key": KEY.public.hex()}
        (self.identity / "trust.json").write_text(json.dumps(trust))
        for version in versions:
            raw = sign(msgspec.structs.replace(BUNDLE, version=version), KEY)
            (self.identity / "bundle" / f"{version}.bundle").write_bytes(raw)
        self.gateways = [self]
        self.bands = folder

    async def run_central(self, *words: str, ok: tuple[int, ...]) -> bytes:
        assert (words, ok) == (("wallet", "totals"), (0, 1))
        return self.told

    told = b'{"balances_minor": 7, "agree": true}'


def test_the_newest_bundle_counts_and_there_must_be_one(tmp_path: Path) -> None:
    places: list[Any] = [Place(tmp_path / "a", 3, 12), Place(tmp_path / "b", 11)]
    assert newest_bundle(places).version == 12
    with pytest.raises(DemoFailed, match="no gateway holds a bundle"):
        newest_bundle([])


@pytest.mark.trio
async def test_ledgers_rows_bookings_and_bands_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "anna.band.json").write_bytes(shown(720, 200))
    debit = dict.fromkeys(COLUMNS) | held("d1", MEDIUM.hex(), "b1", 720) | {"kind": 33}
    rows = [debit, dict.fromkeys(COLUMNS) | {"kind": 34, "txid": "d1"}]
    answers: dict[str, list[Any]] = {
        "FROM money": [[one[name] for name in COLUMNS] for one in rows],
        "FROM wallet_movements": [["aa", "top_up", 5000], ["aa", "credit", 10]],
        "FROM wallet_forks": [["bb"]],
    }

    async def query(_: Any, statement: str) -> list[Any]:
        return next(rows for part, rows in answers.items() if part in statement)

    monkeypatch.setattr(bar_reading, "query", query)
    place: Any = Place(tmp_path, 2)
    purses = Purses({"anna": Purse("anna", UID, "NTAG213")})
    log = Log("aa", "demo-1", money=FACTS, mirrored_money=[posted("d5")], mirrors={"bb": []})
    both = Held()
    both.logs = [log]
    found = await read_bar(place, both, purses)
    assert found.media == {"anna": MEDIUM.hex()}
    assert found.bands == {"anna": 5980}
    assert len(found.facts.in_doubt) == 1 and not found.gateways["demo-1"].in_doubt
    assert [one.txid for one in found.rows.counting] == ["d1"]
    assert found.absorbed == {"aa": 10} and found.balances == {"aa": 5010}
    assert found.forks == ["bb"] and found.totals["agree"] is True


@pytest.mark.trio
async def test_totals_that_broke_are_told_by_name(tmp_path: Path) -> None:
    place: Any = Place(tmp_path, 3)
    place.told = b""
    with pytest.raises(DemoFailed, match="totals` broke"):
        await bar_reading._totals(place, bar_reading.BarHeld())
