"""A sibling's blocks on our disk: what was written is read, what is broken is fetched again."""

from pathlib import Path

import pytest

from crypto.block import Head
from edge.ledger import spares
from edge.ledger.chain import Trust
from edge.ledger.retention import delete
from edge.ledger.segments import FIRST_BLOCK_AT, segments_of
from edge.ledger.storage import DiskStorage
from edge.peers.mirror import FORKS_KEPT_MAX, KEEP_FREE_BYTES, Mirror
from tests.edge.peers.logs import SEGMENT, TENANT, A, Log, device

TRUST = Trust(TENANT, A, None)


def opened(folder: Path) -> tuple[Mirror, list[int]]:
    mirror = Mirror(DiskStorage(folder), TRUST, SEGMENT)
    seqs: list[int] = []
    mirror.open({}, lambda block, facts: seqs.append(block.last_seq))
    return mirror, seqs


def write(mirror: Mirror, log: Log, first: int = 0) -> None:
    row = mirror.logs.setdefault(log.epoch, mirror.begin(log.epoch))
    for block in log.blocks[first:]:
        row.chain.check(block)
    assert mirror.write(log.blocks[first:]) == len(log.blocks[first:])
    for block in log.blocks[first:]:
        mirror.wrote(block)


def close(mirror: Mirror) -> None:
    assert isinstance(mirror.storage, DiskStorage)
    mirror.storage.close()


def test_a_log_goes_on_over_segments_and_restarts(tmp_path: Path) -> None:
    log = Log().fill(400)  # a page each: more than one segment
    mirror, _ = opened(tmp_path)
    write(mirror, log)
    close(mirror)
    mirror, seqs = opened(tmp_path)
    assert seqs == list(range(1, 402)) and mirror.logs[5].durable == log.head
    assert len(segments_of(mirror.storage)) == 2
    log.fill(3)
    write(mirror, log, 401)
    close(mirror)
    assert opened(tmp_path)[1] == list(range(1, 405))


def test_a_log_whose_beginning_was_deleted_goes_on_after_the_snapshot(tmp_path: Path) -> None:
    log = Log().fill(600)
    mirror, _ = opened(tmp_path)
    write(mirror, log)
    names = segments_of(mirror.storage)
    assert len(names) == 3
    assert delete(mirror.storage, names[:1]) == names[:1]
    close(mirror)

    def again(through: int) -> tuple[Mirror, list[int]]:
        mirror = Mirror(DiskStorage(tmp_path), TRUST, SEGMENT)
        seqs: list[int] = []
        start = log.blocks[through - 1]
        starts = {5: Head(start.last_seq, start.hash)}
        mirror.open(starts, lambda block, facts: seqs.append(block.last_seq))
        return mirror, seqs

    at = names[1].first_seq
    for through in (at - 1, 400):
        mirror, seqs = again(through)
        assert seqs == list(range(through + 1, 602))
        assert mirror.logs[5].durable == log.head
        close(mirror)
    log.fill(2)
    mirror, _ = again(400)
    write(mirror, log, 601)
    close(mirror)
    mirror, seqs = again(at - 2)  # a fact is in no snapshot: the whole log is asked for again
    assert seqs == [] and mirror.logs == {} and segments_of(mirror.storage) == []


def test_one_fdatasync_makes_a_batch_durable(tmp_path: Path) -> None:
    synced: list[str] = []

    class Disk(DiskStorage):
        def datasync(self, name: str) -> None:
            synced.append(name)
            super().datasync(name)

    mirror = Mirror(Disk(tmp_path), TRUST, SEGMENT)
    log = Log().fill(1)
    write(mirror, log)
    synced.clear()
    log.fill(50)
    write(mirror, log, 2)
    assert len(synced) == 1


@pytest.mark.parametrize("damage", [b"\0", b"\xff"])
def test_what_is_broken_is_cut_and_taken_again(tmp_path: Path, damage: bytes) -> None:
    log = Log().fill(400)
    mirror, _ = opened(tmp_path)
    write(mirror, log)
    first = segments_of(mirror.storage)[0].file
    mirror.storage.write_at(first, FIRST_BLOCK_AT + 10 * 4096 + 100, damage * 50)
    close(mirror)
    mirror, seqs = opened(tmp_path)
    assert seqs == list(range(1, 11))
    assert len(segments_of(mirror.storage)) == 1  # what came after the hole is not kept
    write(mirror, log, 10)
    close(mirror)
    mirror, seqs = opened(tmp_path)
    assert seqs == list(range(1, 402))
    run = mirror.logs[5].reading.run_from(5, 100, 1 << 24, 401)
    assert [block.hash for block in run] == [block.hash for block in log.blocks[99:]]


def test_a_torn_write_is_no_block(tmp_path: Path) -> None:
    log = Log().fill(3)
    mirror, _ = opened(tmp_path)
    write(mirror, log)
    file = segments_of(mirror.storage)[0].file
    mirror.storage.write_at(file, FIRST_BLOCK_AT + 3 * 4096, bytes(200))
    close(mirror)
    mirror, seqs = opened(tmp_path)
    assert seqs == [1, 2, 3] and mirror.logs[5].durable == Head(3, log.blocks[2].hash)


def test_copies_leave_room_for_our_own_facts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror, _ = opened(tmp_path)
    row = mirror.logs.setdefault(5, mirror.begin(5))
    log = Log()
    row.chain.check(log.blocks[0])
    free = spares.KEEP_FREE_BYTES + 2 * SEGMENT  # where a ledger could still go on
    monkeypatch.setattr(DiskStorage, "free_bytes", lambda self: free)
    assert mirror.write(log.blocks) == 0
    free = 2 * KEEP_FREE_BYTES
    assert mirror.write(log.blocks) == 1


def test_evidence_is_kept_once_and_not_without_end(tmp_path: Path) -> None:
    mirror, _ = opened(tmp_path)
    blocks = [Log(A, epoch).blocks[0] for epoch in range(1, FORKS_KEPT_MAX + 3)]
    assert [mirror.keep_fork(block) for block in (blocks[0], blocks[0])] == [True, False]
    assert sum(mirror.keep_fork(block) for block in blocks) == FORKS_KEPT_MAX - 1
    close(mirror)
    again, _ = opened(tmp_path)
    assert again.forks == FORKS_KEPT_MAX


def test_who_signed_is_known_once_the_epoch_is(tmp_path: Path) -> None:
    mirror, _ = opened(tmp_path)
    log = Log().fill(1)
    assert not mirror.is_signed(log.blocks[0])
    write(mirror, log)
    assert mirror.is_signed(log.blocks[1])
    assert not mirror.is_signed(Log(A, 5, key_seed=3, signer=device(A)).blocks[0])
