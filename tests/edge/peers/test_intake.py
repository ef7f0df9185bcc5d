"""Only what a sibling has sealed, in its order, is folded; everything else is counted and told."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import trio

from crypto.block import Head, read_untrusted
from crypto.errors import BadBlock
from crypto.keys import SigningKey
from edge.ledger.storage import DiskStorage
from edge.peers import intake as module
from edge.peers.intake import Counts, Forged
from tests.crypto.samples import flips
from tests.edge.peers.logs import OWN, A, B, Log, Taker, device, other_history

pytestmark = pytest.mark.trio


def counts(taker: Taker, gateway: bytes = A) -> Counts:
    return taker.intake.counts[gateway]


async def test_blocks_are_folded_at_once_and_durable_later(tmp_path: Path) -> None:
    taker, log = Taker(tmp_path), Log().fill(3)
    told: list[int] = []
    taker.intake.on_durable.append(lambda blocks: told.extend(b.last_seq for b in blocks))
    assert await taker.take(*log.blocks) == [None] * 4
    assert taker.seqs == [1, 2, 3, 4]
    assert taker.intake.heads() == {} and told == []
    await taker.intake.flush()
    assert taker.intake.heads() == {(A, 5): log.head} and told == [1, 2, 3, 4]
    assert counts(taker) == Counts(folded=4)


async def test_a_replayed_block_is_the_same_and_folded_once(tmp_path: Path) -> None:
    taker, log = Taker(tmp_path), Log().fill(2)
    await taker.take(*log.blocks, *log.blocks)
    await taker.intake.flush()
    taker.intake._hashes.clear()  # long ago: compared with what is on disk
    await taker.take(*log.blocks)
    assert taker.seqs == [1, 2, 3]
    assert counts(taker) == Counts(folded=3, same=6)


async def test_a_gap_says_what_is_wanted_and_folds_nothing(tmp_path: Path) -> None:
    taker, log = Taker(tmp_path), Log().fill(4)
    assert await taker.take(log.blocks[0], log.blocks[3], log.blocks[2]) == [None, 2, 2]
    assert await taker.take(*Log(B).fill(1).blocks[1:]) == [1]
    assert taker.seqs == [1]
    assert counts(taker).gaps == 2


def forged(log: Log) -> list[bytes]:
    """The third block, by somebody who is not its gateway; each in another way."""
    stranger = Log(log.gateway, log.epoch, key_seed=66).fill(2)
    first = Log(log.gateway, log.epoch, signer=SigningKey(b"\x44" * 32))
    other = Log(log.gateway, log.epoch, key_seed=66, signer=device(B))
    return [stranger.blocks[2].raw, first.blocks[0].raw, other.blocks[0].raw]


async def test_a_forged_block_is_refused(tmp_path: Path) -> None:
    log = Log().fill(2)
    for number, raw in enumerate(forged(log)):
        taker = Taker(tmp_path / str(number))
        block, _ = read_untrusted(raw)
        await taker.take(*log.blocks[: 2 if block.first_seq > 1 else 0])
        before = list(taker.folded)
        with pytest.raises(Forged):
            await taker.take(block)
        assert taker.folded == before
        assert counts(taker).forged == 1
        taker.intake.close()


async def test_a_forged_copy_of_what_is_held_frames_nobody(tmp_path: Path) -> None:
    taker, log = Taker(tmp_path), Log().fill(2)
    await taker.take(*log.blocks)
    framed = Log(A, 5, key_seed=66).fill(2)
    for block in framed.blocks:
        with pytest.raises(Forged):
            await taker.take(block)
    assert counts(taker).forks == 0 and counts(taker).forged == 3
    assert not list((tmp_path / "peers" / A.hex()).glob("*.fork"))


@pytest.mark.parametrize("at", [2, 3])
async def test_a_fork_is_evidence_and_never_folded(
    tmp_path: Path, at: int, caplog: pytest.LogCaptureFixture
) -> None:
    taker, log = Taker(tmp_path), Log().fill(3)
    other = other_history(log, at)
    await taker.take(*log.blocks)
    await taker.intake.flush()
    taker.intake._hashes.clear()
    before = list(taker.folded)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert await taker.take(other.blocks[at]) == [None]
    assert taker.folded == before
    assert counts(taker).forks == 3
    kept = list((tmp_path / "peers" / A.hex()).glob("*.fork"))
    assert [path.read_bytes() for path in kept] == [other.blocks[at].raw]
    assert sum("two histories" in record.message for record in caplog.records) == 1


async def test_a_block_that_follows_another_head_is_a_fork(tmp_path: Path) -> None:
    taker, log = Taker(tmp_path), Log().fill(2)
    other = other_history(log, 2)
    other.add()
    await taker.take(*log.blocks)
    assert await taker.take(other.blocks[3]) == [None]
    assert counts(taker).forks == 1 and taker.seqs == [1, 2, 3]
    assert len(list((tmp_path / "peers" / A.hex()).glob("*.fork"))) == 1


async def test_a_gateway_that_the_bundle_does_not_name_is_not_believed(tmp_path: Path) -> None:
    taker = Taker(tmp_path, B)
    log = Log().fill(1)
    assert await taker.take(*log.blocks) == [None, None]
    assert taker.folded == [] and counts(taker).unknown == 2
    taker.cards.append(Taker(tmp_path / "x").cards[0])
    await taker.take(*log.blocks)
    assert taker.seqs == [1, 2]


async def test_our_own_log_is_never_taken_from_others(tmp_path: Path) -> None:
    taker = Taker(tmp_path, OWN, A)
    await taker.take(*Log(OWN).blocks)
    assert taker.folded == [] and counts(taker, OWN).unknown == 1


async def test_an_altered_body_under_a_good_signature_cannot_be(tmp_path: Path) -> None:
    taker, log = Taker(tmp_path), Log().fill(1)
    for raw in flips(log.blocks[1].raw)[::97]:
        try:
            block, _ = read_untrusted(raw)
        except BadBlock:
            continue  # the hash shows it
        with pytest.raises(Forged):
            await taker.take(log.blocks[0], block)
        assert taker.seqs == [1]


async def test_what_is_on_disk_is_folded_at_the_next_start(tmp_path: Path) -> None:
    taker, one, two = Taker(tmp_path), Log().fill(3), Log(B, 7).fill(1)
    later = Log(A, 6).fill(2)
    await taker.take(*one.blocks, *two.blocks, *later.blocks)
    await taker.intake.flush()
    taker.intake.close()
    again = Taker(tmp_path)
    assert len(again.folded) == 9
    assert again.intake.heads() == {(A, 5): one.head, (A, 6): later.head, (B, 7): two.head}
    await again.take(one.add())
    assert again.seqs[-1] == 5
    again.intake.close()
    known = Taker(tmp_path, vector={(A, 5): Head(3, one.blocks[2].hash), (B, 7): two.head})
    assert [(gateway, seq) for gateway, seq, _ in known.folded] == [
        (A, 4), (A, 1), (A, 2), (A, 3),
    ]  # fmt: skip


async def test_no_room_keeps_blocks_waiting_and_loses_none(
    tmp_path: Path, autojump_clock: object
) -> None:
    class Full(DiskStorage):
        full = True

        def free_bytes(self) -> int:
            return 0 if self.full else 1 << 40

    storages: list[Full] = []

    def make(path: Path) -> DiskStorage:
        storages.append(Full(path))
        return storages[-1]

    taker, log = Taker(tmp_path, storage=make), Log().fill(2)
    await taker.take(*log.blocks)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(taker.intake.flush)
        await trio.sleep(25)
        assert taker.intake.full and taker.intake.heads() == {}
        assert taker.seqs == [1, 2, 3]  # refusing does not wait for a disk
        storages[0].full = False
        await trio.sleep(15)
        assert not taker.intake.full and taker.intake.heads() == {(A, 5): log.head}
    taker.intake.close()
    assert len(Taker(tmp_path).folded) == 3


async def test_gateways_that_somebody_makes_up_fill_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GATEWAYS_MAX", 3)
    taker = Taker(tmp_path)
    for number in range(1, 9):
        await taker.take(*Log(bytes([0x40 + number]) * 16).blocks)
    assert len(taker.intake.counts) == 3
    await taker.take(*Log(A).blocks)  # whom the bundle names is taken all the same
    assert taker.seqs == [1] and counts(taker).folded == 1


async def test_logs_without_end_fill_no_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "EPOCHS_MAX", 2)
    taker, log = Taker(tmp_path), Log(A, 1)
    await taker.take(*(log.blocks[0] if e == 1 else Log(A, e).blocks[0] for e in range(1, 9)))
    assert len(taker.folded) == 2 and counts(taker).unknown == 6
    assert len(caplog.records) == 1
    await taker.take(log.add(), *Log(B, 9).blocks)  # what was begun goes on, and so do others
    assert len(taker.folded) == 4


async def test_whoever_sends_faster_than_the_disk_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: object
) -> None:
    monkeypatch.setattr(module, "PENDING_BYTES_MAX", 500)
    taker, log = Taker(tmp_path), Log().fill(5)
    await taker.intake.room()
    await taker.take(*log.blocks)
    with trio.move_on_after(5) as waited:
        await taker.intake.room()
    assert waited.cancelled_caught
    await taker.intake.flush()
    await taker.intake.room()


async def test_everybody_who_waits_for_the_disk_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: object
) -> None:
    monkeypatch.setattr(module, "PENDING_BYTES_MAX", 500)
    taker, log = Taker(tmp_path), Log().fill(5)
    await taker.take(*log.blocks)
    with trio.move_on_after(60) as stuck:
        async with trio.open_nursery() as nursery:
            for _ in range(3):  # siblings that send at once
                nursery.start_soon(taker.intake.room)
            await trio.sleep(1)
            await taker.intake.flush()
    assert not stuck.cancelled_caught
