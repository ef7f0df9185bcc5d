"""Mistakes of the ledger, as patches: see `faults`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from crypto.block import ALIGN_BYTES, Head
from crypto.entry import AnyFact
from edge import keeping
from edge.core import state
from edge.ledger import recover, retention, snapshot, take
from edge.ledger.errors import StorageFailed
from edge.ledger.recover import Recovered
from edge.ledger.segments import FIRST_BLOCK_AT, segments_of
from edge.ledger.tail import Tail
from edge.ledger.writer import Writer
from tests.sim.planting import fault
from tests.sim.reader import read_epochs


@fault
def torn_tail_kept() -> Iterator[None]:
    """What a torn write left behind stays there."""
    with patch.object(Tail, "clean", lambda self: None):
        yield


@fault
def acknowledged_tail_cut() -> Iterator[None]:
    """A start takes the last whole block for a torn one, too, and says nothing."""
    real = recover.recover

    def cut(storage: Any, *arguments: Any, **named: Any) -> Recovered:
        names = segments_of(storage)
        if names:
            name = names[-1]
            raw = storage.read(name.file, 0, storage.size(name.file))
            blocks = read_epochs({name.file: raw}, {}).get(name.epoch)
            if blocks is not None and len(blocks.blocks) > 1:
                at = FIRST_BLOCK_AT
                for block in blocks.blocks[:-1]:
                    at += len(block.raw) + -len(block.raw) % ALIGN_BYTES
                storage.write_at(name.file, at, bytes(len(raw) - at))
                storage.datasync(name.file)
        return real(storage, *arguments, **named)

    with patch.object(recover, "recover", cut):
        yield


@fault
def numbers_used_again_after_a_cut() -> Iterator[None]:
    """A cut goes on in the same epoch."""
    with patch.object(Tail, "must_cut", False):
        yield


@fault
def receipts_are_no_witnesses() -> Iterator[None]:
    """Nobody is asked how far the log went, and nobody for what is missing."""
    real = recover.recover

    def alone(*arguments: Any, **named: Any) -> Recovered:
        return real(*arguments, **(named | {"helpers": recover.Helpers()}))

    with patch.object(recover, "recover", alone):
        yield


class _Forgiving:
    """A storage whose datasync never fails: by silence, or by asking a second time."""

    def __init__(self, storage: Any, again: bool) -> None:
        self._storage, self._again = storage, again

    def datasync(self, name: str) -> None:
        try:
            self._storage.datasync(name)
        except StorageFailed:
            if self._again:
                self._storage._disk.fail_sync = False
                self._storage.datasync(name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


def _forgiving(again: bool) -> Any:
    real = Writer.__init__

    def made(self: Any, storage: Any, **named: Any) -> None:
        real(self, _Forgiving(storage, again), **named)  # type: ignore[arg-type]

    return patch.object(Writer, "__init__", made)


@fault
def sync_error_ignored() -> Iterator[None]:
    with _forgiving(again=False):
        yield


@fault
def sync_retried() -> Iterator[None]:
    """The kernel has dropped the pages; the second sync succeeds with nothing."""
    with _forgiving(again=True):
        yield


@fault
def snapshot_lacks_its_last_fact() -> Iterator[None]:
    """The vector says that it is in, and it is not."""
    real = take.take_snapshot

    def short(storage: Any, gateway: bytes, heads: Any, make: Any) -> Any:
        last = max(heads)

        class Short:
            def __init__(self, raw: bytes | None) -> None:
                self.inner = make(raw)

            def apply_run(self, g: bytes, epoch: int, first: int, facts: list[AnyFact]) -> None:
                end = (epoch, first + len(facts) - 1) == (last, heads[last].seq)
                self.inner.apply_run(g, epoch, first, facts[:-1] if end else facts)

            def dump(self) -> bytes:
                return bytes(self.inner.dump())

        return real(storage, gateway, heads, Short)

    with patch.object(take, "take_snapshot", short):
        yield


@fault
def snapshot_claims_too_much() -> Iterator[None]:
    """It says that it covers what is not written yet."""
    real = snapshot.encode

    def encode(vector: Any, dumped: bytes) -> bytes:
        ahead = {key: Head(head.seq + 1, head.hash) for key, head in vector.items()}
        return real(ahead, dumped)

    with patch.object(snapshot, "encode", encode):
        yield


@fault
def deleted_before_it_was_receipted() -> Iterator[None]:
    """What is old goes, whether the centre has it or not."""
    real = keeping.delete_old

    def eager(own: Any, which: Any, receipted: Any, before_ms: int) -> Any:
        return real(own, which, which.heads, before_ms)

    with patch.object(keeping, "delete_old", eager):
        yield


@fault
def deleted_beyond_the_snapshot() -> Iterator[None]:
    """What is old and receipted goes, whether a snapshot stands for it or not."""

    def everything(storage: Any, gateway: bytes, digests: Any) -> dict[int, int]:
        return {name.epoch: 1 << 62 for name in segments_of(storage)}

    with patch.object(retention, "covered", everything):
        yield


@fault
def open_holds_forgotten() -> Iterator[None]:
    """A restart does not say what became of those between scan and passage."""
    with patch.object(state.State, "open_holds", lambda self, gateway: iter(())):
        yield
