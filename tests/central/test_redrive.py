"""Dead letters become rows after an upgrade, each once."""

from __future__ import annotations

import asyncpg
import pytest

from central import ingest
from central.redrive import redrive
from central.store import money, trouble
from tests.central.delivered import counts, send
from tests.central.world import GATEWAY, NOW_MS, TENANT, Ledger, admitted
from tests.crypto.money_samples import make_money_facts

pytestmark = pytest.mark.asyncio


async def test_a_dead_letter_is_redriven_once_after_an_upgrade(
    db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from central import rows

    ledger = Ledger()
    ledger.begin()
    real = rows.pack

    def old(key: bytes, seq: int, fact: object) -> bytes:
        if seq == 3:
            raise rows.Unstorable("a kind this release does not know")
        return real(key, seq, fact)  # type: ignore[arg-type]

    monkeypatch.setattr(rows, "pack", old)
    ledger.add([admitted(1), admitted(2)])
    await send(db, ledger)
    assert await redrive(db, TENANT, NOW_MS) == (0, 1)
    assert await counts(db) == (2, 2)
    monkeypatch.setattr(rows, "pack", real)
    assert await redrive(db, TENANT, NOW_MS) == (1, 0)
    assert await counts(db) == (2, 3)
    assert await redrive(db, TENANT, NOW_MS) == (0, 0)
    assert await trouble.list_letters(db, TENANT) == []


async def test_redriving_waits_for_a_quarantine(
    db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from central import rows

    ledger = Ledger()
    ledger.begin()
    await send(db, ledger)
    await trouble.set_quarantine(db, TENANT, GATEWAY, True, "test", NOW_MS)
    with monkeypatch.context() as patch:

        def refuse(key: bytes, seq: int, fact: object) -> bytes:
            raise rows.Unstorable("new")

        patch.setattr(rows, "pack", refuse)
        ledger.add([admitted(1)])
        await send(db, ledger)
    assert await redrive(db, TENANT, NOW_MS) == (0, 1)
    await ingest.release(db, TENANT, GATEWAY, NOW_MS)  # posts it, for it is understood now
    assert await counts(db) == (2, 2)
    assert await redrive(db, TENANT, NOW_MS) == (1, 0)
    assert await counts(db) == (2, 2)


async def test_a_whole_body_is_redriven(
    db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from central import rows
    from crypto.errors import BadEntry

    ledger = Ledger()
    ledger.begin()
    await send(db, ledger)
    ledger.add([admitted(1), admitted(2)])
    with monkeypatch.context() as patch:

        def unreadable(body: bytes) -> list[object]:
            raise BadEntry("new")

        patch.setattr(rows, "decode_facts_untrusted", unreadable)
        await send(db, ledger, 1)
    assert await counts(db) == (2, 1)
    assert await redrive(db, TENANT, NOW_MS) == (1, 0)
    assert await counts(db) == (2, 3)


async def test_money_that_is_understood_at_last_is_booked(
    db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from central import rows

    ledger = Ledger()
    ledger.begin()
    with monkeypatch.context() as patch:

        def refuse(key: bytes, seq: int, fact: object) -> bytes:
            raise rows.Unstorable("new")

        patch.setattr(rows, "pack", refuse)
        ledger.add([fact for fact in make_money_facts() if type(fact).__name__ == "ToppedUp"])
        await send(db, ledger)
    assert await money.totals(db, TENANT) == {}
    assert await redrive(db, TENANT, NOW_MS) == (2, 0)
    assert await money.totals(db, TENANT) == {"top_up": {"count": 1, "amount_minor": 5000}}
