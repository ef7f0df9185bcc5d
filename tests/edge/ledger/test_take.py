"""Snapshots taken beside a running gateway, by a process of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from crypto.block import Head
from crypto.entry import AnyFact, decode_facts_untrusted
from edge.core.state import State
from edge.ledger import snapshot
from edge.ledger.errors import LedgerError
from edge.ledger.storage import DiskStorage
from edge.ledger.take import take_in_background, take_snapshot
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import GATEWAY, NOW_S, start, write
from tests.edge.peers.logs import A, Log, Taker


class Count:
    """A state that is the sum of what it saw."""

    def __init__(self, raw: bytes | None) -> None:
        self.facts = int(raw or b"0")

    def apply_run(self, gateway: bytes, epoch: int, first_seq: int, facts: list[AnyFact]) -> None:
        self.facts += len(facts)

    def dump(self) -> bytes:
        return str(self.facts).encode()


def test_it_folds_what_is_durable_and_goes_on_from_the_last_one() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    blocks = write(seen, range(40))
    half = blocks[19]
    taken = take_snapshot(disk, GATEWAY, {NOW_S: Head(half.last_seq, half.hash)}, Count)
    assert (taken.epoch, taken.through_seq) == (NOW_S, 21)
    first = start(disk)
    assert first.states == [b"21"]
    assert first.numbers == list(range(20, 40))
    made: list[bytes | None] = []

    def make(raw: bytes | None) -> Count:
        made.append(raw)
        return Count(raw)

    taken = take_snapshot(disk, GATEWAY, {NOW_S: seen.recovered.writer.head}, make)
    assert made == [b"21"]
    assert start(disk).states == [b"41"]
    found = snapshot.load(disk, snapshot.files(disk)[0])
    assert found is not None and found.digest == taken.digest


@pytest.mark.trio
async def test_in_a_process_of_its_own_while_the_folder_is_in_use(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path / "ledger")
    seen = start(storage)
    blocks = [*seen.blocks, *write(seen, range(20))]
    with trio.fail_after(60):
        taken = await take_in_background(
            tmp_path / "ledger", GATEWAY, {NOW_S: seen.recovered.writer.head}
        )
    again = start(storage)
    (state,) = again.states
    assert again.numbers == []
    live = State()
    for block in blocks:
        facts = decode_facts_untrusted(block.body)
        live.apply_run(GATEWAY, block.epoch, block.first_seq, facts)
    assert live.dump() == state
    assert taken.through_seq == 21
    storage.close()


@pytest.mark.trio
async def test_a_failure_there_is_told_here(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    seen = start(storage)
    head = seen.recovered.writer.head
    with trio.fail_after(60), pytest.raises(LedgerError, match="no snapshot was taken"):
        await take_in_background(tmp_path, GATEWAY, {NOW_S: Head(head.seq + 5, head.hash)})
    storage.close()


@pytest.mark.trio
async def test_siblings_are_in_it_and_are_gone_on_with(tmp_path: Path) -> None:
    """A second snapshot goes on in the middle of the sibling's epoch; its key has no file here."""
    storage = DiskStorage(tmp_path / "own")
    recovered = start(storage).recovered
    taker, log = Taker(tmp_path), Log().fill(2)
    heads = {recovered.writer.epoch: recovered.writer.head}
    for more in (0, 3):
        log.fill(more)
        await taker.take(*log.blocks)
        await taker.intake.flush()
        await take_in_background(tmp_path / "own", GATEWAY, heads, taker.intake.folders())
        found = snapshot.load(storage, snapshot.files(storage)[0])
        assert found is not None
        assert found.vector == {(GATEWAY, recovered.writer.epoch): recovered.writer.head,
                                (A, 5): log.head}  # fmt: skip
        state = State.load(found.state)
        assert state.hlc_of(A) == log.blocks[-1].last_hlc
    lost = {tmp_path / "peers" / A.hex(): (A, {5: Head(1, log.blocks[0].hash)})}
    await take_in_background(tmp_path / "own", GATEWAY, heads, lost)
    again = snapshot.load(storage, snapshot.files(storage)[0])
    assert again is not None and again.vector[A, 5] == log.head
    storage.close()
    taker.intake.close()
    reopened = Taker(tmp_path, vector=again.vector)
    assert reopened.folded == []
    assert reopened.intake.heads() == {(A, 5): log.head}
