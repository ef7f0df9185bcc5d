"""All blocks a gateway can give, its own and others', from memory or disk."""

from pathlib import Path

import pytest

from edge.ledger.errors import LedgerDamaged
from edge.peers import holdings as module
from edge.peers.holdings import Holdings
from edge.uplink import inline
from tests.edge.peers.logs import OWN, A, B, Log, Taker
from tests.edge.peers.talk import Own

pytestmark = pytest.mark.trio


async def test_own_and_siblings_logs_stand_side_by_side(tmp_path: Path) -> None:
    taker, own, log = Taker(tmp_path), Own(OWN), Log().fill(3)
    holdings = Holdings(own, taker.intake, inline)
    told: list[tuple[bytes, int]] = []
    holdings.on_change.append(lambda blocks: told.extend((b.gateway, b.last_seq) for b in blocks))
    await taker.take(*log.blocks)
    assert list(holdings.heads()) == [(OWN, 5)]  # durable ones only
    await taker.intake.flush()
    own.add()
    assert holdings.heads() == {(OWN, 5): own.log.head, (A, 5): log.head}
    assert told == [(A, 1), (A, 2), (A, 3), (A, 4), (OWN, 2)]
    assert [(row.gateway, row.seq) for row in holdings.rows()] == [(OWN, 2), (A, 4)]
    assert await holdings.run((OWN, 5), 1, 1 << 20) == own.log.blocks
    assert await holdings.run((A, 5), 2, 1 << 20) == log.blocks[1:]
    assert await holdings.run((A, 5), 2, 1) == log.blocks[1:2]
    assert await holdings.run((B, 5), 1, 1 << 20) == []
    assert await holdings.run((A, 5), 9, 1 << 20) == []


async def test_no_more_logs_are_told_than_a_message_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HELLO_LOGS_MAX", 3)
    taker = Taker(tmp_path)
    for gateway, epoch in ((A, 7), (B, 2), (A, 9), (B, 8)):
        await taker.take(*Log(gateway, epoch).blocks)
    await taker.intake.flush()
    rows = Holdings(Own(OWN), taker.intake, inline).rows()
    assert [(row.gateway, row.epoch) for row in rows] == [(A, 7), (A, 9), (B, 8)]


async def test_what_was_read_at_the_start_comes_from_disk(tmp_path: Path) -> None:
    taker, log = Taker(tmp_path), Log().fill(3)
    await taker.take(*log.blocks)
    await taker.intake.flush()
    taker.intake.close()
    holdings = Holdings(Own(OWN), Taker(tmp_path).intake, inline)
    assert await holdings.run((A, 5), 2, 1 << 20) == log.blocks[1:]


async def test_a_block_that_cannot_be_read_is_given_by_others(tmp_path: Path) -> None:
    own = Own(OWN)
    holdings = Holdings(own, Taker(tmp_path).intake, inline)

    def damaged(epoch: int, seq: int, limit_bytes: int) -> list[object]:
        raise LedgerDamaged("planted", epoch=epoch, seq=seq, segment="s", at_bytes=0)

    own.blocks_from = damaged  # type: ignore[method-assign, assignment]
    assert await holdings.run((OWN, 5), 1, 1 << 20) == []
