"""Takes a snapshot from the log itself, beside a running gateway.

Dumping the state of 200,000 tickets would stall the gateway's loop, so a process of its own with
low priority folds the durable blocks again, from the last snapshot on, and writes the file:
``python -m edge.ledger.take FOLDER`` with a `_Job` as JSON on standard input.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import msgspec
import trio

from crypto.block import Head
from crypto.entry import AnyFact
from crypto.errors import Bad
from crypto.keys import VerifyKey
from edge.ledger import epochs, first_block, snapshot
from edge.ledger.chain import EpochChain, Trust
from edge.ledger.errors import LedgerError
from edge.ledger.reading import Reading
from edge.ledger.segments import gateway_of, segments_of
from edge.ledger.storage import DiskStorage, Storage

_RUN_BYTES: Final = 4 << 20
_NICE: Final = 15


class Foldable(Protocol):
    """What a snapshot is of (`edge.core.state.State`)."""

    def apply_run(
        self, gateway: bytes, epoch: int, first_seq: int, facts: list[AnyFact]
    ) -> None: ...

    def dump(self) -> bytes: ...


class Taken(NamedTuple):
    """A snapshot on disk: its digest, and how far it covers the epoch in use."""

    digest: bytes
    epoch: int
    through_seq: int


class Mirrored(NamedTuple):
    """A sibling's log beside ours: whose, how far, and where its blocks stand."""

    storage: Storage
    gateway: bytes
    heads: Mapping[int, Head]


class _Job(msgspec.Struct, frozen=True):
    """`mirrors`: (folder, gateway, heads) of each sibling."""

    gateway: str
    heads: dict[int, tuple[int, str]]
    mirrors: list[tuple[str, str, dict[int, tuple[int, str]]]] = []


class _Answer(msgspec.Struct, frozen=True):
    digest: str
    epoch: int
    through_seq: int


def take_snapshot(
    storage: Storage, gateway: bytes, heads: Mapping[int, Head],
    make: Callable[[bytes | None], Foldable], mirrors: Sequence[Mirrored] = (),
) -> Taken:  # fmt: skip
    """Fold everything through `heads` (durable ones), ours and siblings', and store the snapshot.

    `make` gives a state from the bytes of the last snapshot, or an empty one for None. Raises
    `LedgerError` when the log cannot be read, `LedgerFull` when the file has no room.
    """
    vector, state = _last(storage, gateway, heads, make)
    for log in (Mirrored(storage, gateway, heads), *mirrors):
        for epoch, end in sorted(log.heads.items()):
            at = vector.get((log.gateway, epoch), Head())
            # What the last snapshot has of a mirror that was lost since is folded all the same.
            if at.seq < end.seq or log.gateway == gateway:
                vector[log.gateway, epoch] = _fold_log(log, epoch, at, end, state)
    last = max(heads)
    digest = snapshot.store(storage, (last, heads[last].seq), vector, state.dump())
    return Taken(digest, last, heads[last].seq)


def _fold_log(log: Mirrored, epoch: int, at: Head, end: Head, state: Foldable) -> Head:
    reading = Reading(log.storage)
    chain = EpochChain(Trust(b"", log.gateway, None), epoch, at, _key(log.storage, epoch, at))
    while chain.head.seq < end.seq:
        for block in reading.run_from(epoch, chain.head.seq + 1, _RUN_BYTES, end.seq):
            try:
                facts = chain.check(block)
            except Bad as error:
                raise LedgerError(f"seq {block.first_seq}: {error}") from None
            state.apply_run(log.gateway, epoch, block.first_seq, facts)
    return chain.head


def _key(storage: Storage, epoch: int, at: Head) -> VerifyKey | None:
    """The key of an epoch that is gone on with: ours has a file, a sibling's a first block."""
    kept = epochs.load_key(storage, epoch)
    if kept is not None:
        return VerifyKey(kept.key.public)
    names = [name for name in segments_of(storage) if name.epoch == epoch]
    if not at.seq or not names:
        return None
    owner = gateway_of(storage, names[0])
    return first_block.key(storage, Trust(b"", owner or b"", None), epoch, names)


def _last(
    storage: Storage, gateway: bytes, heads: Mapping[int, Head],
    make: Callable[[bytes | None], Foldable],
) -> tuple[dict[tuple[bytes, int], Head], Foldable]:  # fmt: skip
    for file in snapshot.files(storage):
        found = snapshot.load(storage, file)
        if found is None:
            continue
        own = {e: h for (g, e), h in found.vector.items() if g == gateway}
        if any(h.seq > heads.get(e, Head()).seq for e, h in own.items()):
            continue
        try:
            return found.vector, make(found.state)
        except ValueError:
            continue
    return {}, make(None)


async def take_in_background(
    folder: Path, gateway: bytes, heads: Mapping[int, Head],
    mirrors: Mapping[Path, tuple[bytes, Mapping[int, Head]]] | None = None,
) -> Taken:  # fmt: skip
    """Run `take_snapshot` in a process of its own and wait for it; cancelling kills it.

    Raises `LedgerError` with what the process said when it failed.
    """
    beside = [
        (str(path), owner.hex(), _plain(theirs))
        for path, (owner, theirs) in (mirrors or {}).items()
    ]
    job = _Job(gateway.hex(), _plain(heads), beside)
    ran = await trio.run_process(
        [sys.executable, "-m", "edge.ledger.take", str(folder)],
        stdin=msgspec.json.encode(job), capture_stdout=True, capture_stderr=True, check=False,
    )  # fmt: skip
    if ran.returncode != 0:
        said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
        raise LedgerError(f"no snapshot was taken: {said[-1] if said else ran.returncode}")
    answer = msgspec.json.decode(ran.stdout, type=_Answer)
    return Taken(bytes.fromhex(answer.digest), answer.epoch, answer.through_seq)


def _plain(heads: Mapping[int, Head]) -> dict[int, tuple[int, str]]:
    return {epoch: (head.seq, head.hash.hex()) for epoch, head in heads.items()}


def _heads(plain: Mapping[int, tuple[int, str]]) -> dict[int, Head]:
    return {epoch: Head(seq, bytes.fromhex(digest)) for epoch, (seq, digest) in plain.items()}


def main() -> int:
    """The process of `take_in_background`."""
    from edge.core.state import State

    with contextlib.suppress(OSError):  # a unit may forbid it: then at full priority
        os.nice(_NICE)
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=_Job)
    storage = DiskStorage(sys.argv[1], owner=False)
    mirrors = [
        Mirrored(DiskStorage(path, owner=False), bytes.fromhex(owner), _heads(theirs))
        for path, owner, theirs in job.mirrors
    ]
    try:
        taken = take_snapshot(
            storage, bytes.fromhex(job.gateway), _heads(job.heads),
            lambda raw: State() if raw is None else State.load(raw), mirrors,
        )  # fmt: skip
    except LedgerError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        storage.close()
        for mirror in mirrors:
            if isinstance(mirror.storage, DiskStorage):
                mirror.storage.close()
    answer = _Answer(taken.digest.hex(), taken.epoch, taken.through_seq)
    sys.stdout.buffer.write(msgspec.json.encode(answer))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
