"""Takes a snapshot from the log itself, beside a running gateway.

Dumping the state of 200,000 tickets would stall the gateway's loop, so a process of its own with
low priority folds the durable blocks again, from the last snapshot on, and writes the file:
``python -m edge.ledger.take FOLDER`` with a `_Job` as JSON on standard input.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import msgspec
import trio

from crypto.block import Head
from crypto.entry import AnyFact
from crypto.errors import Bad
from crypto.keys import VerifyKey
from edge.ledger import epochs, snapshot
from edge.ledger.chain import EpochChain, Trust
from edge.ledger.errors import LedgerError
from edge.ledger.reading import Reading
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


class _Job(msgspec.Struct, frozen=True):
    gateway: str
    heads: dict[int, tuple[int, str]]


class _Answer(msgspec.Struct, frozen=True):
    digest: str
    epoch: int
    through_seq: int


def take_snapshot(
    storage: Storage, gateway: bytes, heads: Mapping[int, Head],
    make: Callable[[bytes | None], Foldable],
) -> Taken:  # fmt: skip
    """Fold everything through `heads` (durable ones) and store the snapshot.

    `make` gives a state from the bytes of the last snapshot, or an empty one for None. Raises
    `LedgerError` when the log cannot be read, `LedgerFull` when the file has no room.
    """
    vector, state = _last(storage, gateway, heads, make)
    reading = Reading(storage)
    for epoch, end in sorted(heads.items()):
        at = vector.get((gateway, epoch), Head())
        kept = epochs.load_key(storage, epoch)
        key = VerifyKey(kept.key.public) if kept is not None else None
        chain = EpochChain(Trust(b"", gateway, None), epoch, at, key)
        while chain.head.seq < end.seq:
            run = reading.run_from(epoch, chain.head.seq + 1, _RUN_BYTES, end.seq)
            for block in run:
                try:
                    facts = chain.check(block)
                except Bad as error:
                    raise LedgerError(f"seq {block.first_seq}: {error}") from None
                state.apply_run(gateway, epoch, block.first_seq, facts)
        vector[gateway, epoch] = chain.head
    last = max(heads)
    digest = snapshot.store(storage, (last, heads[last].seq), vector, state.dump())
    return Taken(digest, last, heads[last].seq)


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


async def take_in_background(folder: Path, gateway: bytes, heads: Mapping[int, Head]) -> Taken:
    """Run `take_snapshot` in a process of its own and wait for it; cancelling kills it.

    Raises `LedgerError` with what the process said when it failed.
    """
    job = _Job(gateway.hex(), {e: (h.seq, h.hash.hex()) for e, h in heads.items()})
    ran = await trio.run_process(
        [sys.executable, "-m", "edge.ledger.take", str(folder)],
        stdin=msgspec.json.encode(job), capture_stdout=True, capture_stderr=True, check=False,
    )  # fmt: skip
    if ran.returncode != 0:
        said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
        raise LedgerError(f"no snapshot was taken: {said[-1] if said else ran.returncode}")
    answer = msgspec.json.decode(ran.stdout, type=_Answer)
    return Taken(bytes.fromhex(answer.digest), answer.epoch, answer.through_seq)


def main() -> int:
    """The process of `take_in_background`."""
    from edge.core.state import State

    os.nice(_NICE)
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=_Job)
    heads = {epoch: Head(seq, bytes.fromhex(digest)) for epoch, (seq, digest) in job.heads.items()}
    storage = DiskStorage(sys.argv[1], owner=False)
    try:
        taken = take_snapshot(
            storage, bytes.fromhex(job.gateway), heads,
            lambda raw: State() if raw is None else State.load(raw),
        )  # fmt: skip
    except LedgerError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        storage.close()
    answer = _Answer(taken.digest.hex(), taken.epoch, taken.through_seq)
    sys.stdout.buffer.write(msgspec.json.encode(answer))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
