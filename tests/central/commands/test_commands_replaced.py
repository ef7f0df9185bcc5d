"""What is said of bands that were replaced, and a person who does not wait."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from central import keys as keyring
from central.ingest import deliver
from central.store import trust
from tests.central.commands.conftest import Run
from tests.central.store.test_store_money import BAND, NEW_BAND, held, posted, topped_up
from tests.central.test_replaced import LOST
from tests.central.world import NOW_MS, Ledger, packed

EXAMPLE = Path(__file__).parents[3] / "config" / "prices.example.toml"


@pytest.fixture
def venue(run: Run, command_dsn: str, tmp_path: Path) -> Run:
    """A band was lost and replaced at a desk; nobody has heard of the block yet."""
    run("cashless", "set", str(EXAMPLE))
    tenant = keyring.load(tmp_path / "central").tenant
    ledger = Ledger(tenant=tenant)
    ledger.begin()
    ledger.add([topped_up(1, 5000), held(2, 450), posted(2), LOST])

    async def bring() -> None:
        db = await asyncpg.connect(command_dsn)
        desk = trust.Gateway(ledger.gateway, 1, "desk", ledger.device.public, b"der", None)
        await trust.add_gateway(db, tenant, desk, NOW_MS)
        await deliver(db, ledger.log(), 1, packed(ledger.blocks), NOW_MS)
        await db.close()

    asyncio.run(bring())
    assert run("credit-key", "add", "desk", "5b" * 32).code == 0
    return run


def test_who_is_awaited_is_told_and_a_person_may_let_go(venue: Run) -> None:
    (told,) = venue("wallet", "doubts").out["replaced"]
    assert (told["held_minor"], told["left_minor"], told["released_minor"]) == (3000, 3000, None)
    assert told["awaits"] == ["desk: it has followed no bundle yet, 5 is needed"]
    done = venue("wallet", "release", BAND.hex(), "--reason", "the bar burnt")
    assert done.out["released"] == [{"medium": NEW_BAND.hex(), "amount_minor": 3000}]
    assert venue("wallet", "doubts").out["replaced"] == []
    (told,) = venue("wallet", "show", NEW_BAND.hex()).out["replaced"]
    assert (told["released_minor"], told["awaits"]) == (3000, [])
    again = venue("wallet", "release", NEW_BAND.hex(), "--reason", "again")
    assert again.code == 1 and "nothing is held back" in again.err
    sums = venue("wallet", "totals").out
    assert (sums["agree"], sums["lost_minor"]) == (True, 0)


def test_what_cannot_be_let_go_is_named(run: Run) -> None:
    run("cashless", "set", str(EXAMPLE))
    answer = run("wallet", "release", BAND.hex(), "--reason", "")
    assert answer.code == 2 and "say why" in answer.err
    answer = run("wallet", "release", BAND.hex(), "--reason", "x")
    assert answer.code == 1 and "replaced no band" in answer.err
