"""`ledger verify | show | repair | set-aside`: the log on disk, without a daemon.

Each command takes the gateway's folder or the ledger folder inside it. Where a trust.json stands
in or above it, certificates are checked against the device key named there.
"""

import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import msgspec
import zstandard
from cyclopts import Parameter

from config.faults import nearest
from crypto.block import Block, read_run_untrusted
from crypto.entry import AnyFact, KnownFact, UnknownFact
from crypto.errors import Bad, BadBlock
from crypto.keys import VerifyKey
from crypto.trust import FILE_BYTES_MAX as TRUST_BYTES_MAX
from crypto.trust import read_trust_untrusted
from edge.commands.errors import (
    ANSWER_IS_NO,
    BAD_DATA,
    NO_INPUT,
    OK,
    STORAGE_FAILED,
    UNAVAILABLE,
    USAGE,
    CommandFailed,
)
from edge.ledger import mend
from edge.ledger.audit import audit, whose
from edge.ledger.chain import Trust
from edge.ledger.errors import (
    LedgerBusy,
    LedgerDamaged,
    LedgerError,
    LedgerForeign,
    LedgerFull,
    LedgerTorn,
    StorageFailed,
)
from edge.ledger.recover import KnownHead, nothing
from edge.ledger.segments import segments_of
from edge.ledger.storage import DiskStorage
from edge.ledger.walk import Fetch
from edge.transport import UplinkLost

RUN_BYTES_MAX: Final = 1 << 30
REASON_CHARACTERS_MAX: Final = 200
_CHUNK_BYTES: Final = 1 << 20
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
#: What `show` calls facts; "Unknown" are those of a newer Gatehouse.
KINDS: Final = [*sorted(one.__name__ for one in get_args(KnownFact)), "Unknown"]
_EXIT: Final[dict[type[LedgerError], int]] = {
    LedgerBusy: UNAVAILABLE, LedgerForeign: BAD_DATA, LedgerFull: STORAGE_FAILED,
    StorageFailed: STORAGE_FAILED, LedgerDamaged: ANSWER_IS_NO, LedgerTorn: ANSWER_IS_NO,
}  # fmt: skip


class _Enough(Exception):
    """`show --limit` has printed what was asked for."""


def verify(folder: Path, /) -> int:
    """Check every block of a ledger: chain, hashes, signatures, certificates.

    Prints {"blocks", "facts", "head", "epoch", "seq"} and exits 0, or names the first broken block
    on standard error and exits 1. Where the beginning was deleted after its time, "from" says
    {"epoch", "seq"} of the first fact that is here and was checked. May run beside the daemon: what
    is being written just then is reported as a torn last block.

    Parameters
    ----------
    folder
        The gateway's folder, or its ledger folder.
    """
    with _Opened(folder) as opened:
        size = sum(opened.storage.size(name.file) for name in segments_of(opened.storage))
        shown = _Progress(size)
        try:
            found = audit(opened.storage, opened.trust, shown.fold)
        finally:
            shown.close()
        epoch, head = found.last
        said = {"blocks": found.blocks, "facts": found.facts, "head": head.hash.hex(),
                "epoch": epoch, "seq": head.seq}  # fmt: skip
        if found.begins is not None:
            said["from"] = {"epoch": found.begins[0], "seq": found.begins[1]}
        _say(said)
    return OK


def show(
    folder: Path, /, *, start: Annotated[str | None, Parameter(name="--from")] = None,
    kind: tuple[str, ...] = (), limit: Annotated[int | None, Parameter(name="--limit")] = None,
) -> int:  # fmt: skip
    """Print the facts of a ledger, one JSON line each, checking the blocks on the way.

    Parameters
    ----------
    folder
        The gateway's folder, or its ledger folder.
    start
        SEQ of the newest epoch, or EPOCH:SEQ.
    kind
        Only facts of this kind, such as Admitted; may be given several times.
    limit
        At most so many facts.
    """
    if limit is not None and limit < 1:
        raise CommandFailed("--limit takes a number from 1", USAGE)
    for name in kind:
        if name not in KINDS:
            raise CommandFailed(
                f"--kind {name}: no fact is called so; {nearest(name, KINDS)}", USAGE
            )
    left = [limit if limit is not None else -1]
    with _Opened(folder) as opened:
        whose(opened.storage, opened.trust)
        first = _place(start, max((n.epoch for n in segments_of(opened.storage)), default=0))

        def fold(block: Block, facts: list[AnyFact]) -> None:
            for seq, fact in enumerate(facts, block.first_seq):
                name = "Unknown" if isinstance(fact, UnknownFact) else type(fact).__name__
                if (block.epoch, seq) < first or (kind and name not in kind):
                    continue
                _say({"epoch": block.epoch, "seq": seq, "kind": name} | _fields(fact))
                left[0] -= 1
                if left[0] == 0:
                    raise _Enough

        with contextlib.suppress(_Enough):
            audit(opened.storage, opened.trust, fold)
    return OK


def repair(
    folder: Path, /, *, start: Annotated[Path | None, Parameter(name="--from")] = None,
    centre: bool = False,
) -> int:  # fmt: skip
    """Put broken or missing blocks back, from the centre itself or from a file of its blocks.

    Only blocks that chain onto what is good and bear this ledger's signature are used. The daemon
    must be stopped. Prints {"put_back", "blocks", "facts", "head"}; exit 1 names the first block
    that is still broken.

    Parameters
    ----------
    folder
        The gateway's folder, or its ledger folder.
    start
        Blocks as `GET /v1/gateways/{gateway}/epochs/{epoch}/blocks?from=N` serves them (several
        such answers may be joined), compressed or not.
    centre
        Ask the centre instead, as the gateway whose identity stands in or above the folder.
    """
    if (start is None) == (not centre):
        raise CommandFailed("repair needs either --from FILE or --centre", USAGE)
    fetch, held = mend.offered(read_run(start)) if start is not None else _centre(folder)
    with _Opened(folder, owner=True) as opened:
        put_back, found = mend.repair(opened.storage, opened.trust, fetch, held)
        _say({"put_back": put_back, "blocks": found.blocks, "facts": found.facts,
              "head": found.last[1].hash.hex()})  # fmt: skip
    return OK


def set_aside(
    folder: Path, /, *, reason: str, yes: Annotated[bool, Parameter(negative="")] = False
) -> int:
    """Keep a damaged ledger under a new name, so that the gate can open.

    What is good is copied into a fresh folder. The next start of the daemon refetches from the
    centre what it can reach and begins a new epoch. Nothing is deleted. The daemon must be stopped.
    Prints {"kept_as", "missing": [{"epoch", "from", "through"}]}. Every block is checked first, and
    a ledger in which nothing is broken, or only the end torn, stays where it is (exit 1).

    Parameters
    ----------
    folder
        The gateway's folder, or its ledger folder.
    reason
        Why, for those who read the folder later.
    yes
        Set it aside unchecked, and also when nothing is broken.
    """
    if not 0 < len(reason.strip()) <= REASON_CHARACTERS_MAX:
        raise CommandFailed(f"--reason takes 1 to {REASON_CHARACTERS_MAX} characters", USAGE)
    path, trust = _find(folder)
    if not yes:
        _refuse_whole(folder)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    done = _said(lambda: mend.set_aside(path, trust, reason=reason.strip(), stamp=stamp))
    missing = [
        {"epoch": gap.epoch, "from": gap.from_seq, "through": gap.through_seq}
        for gap in done.missing
    ]
    _say({"kept_as": done.kept_as, "missing": missing})
    return OK


def _refuse_whole(folder: Path) -> None:
    """A new epoch for nothing, and facts that the centre has to be asked for, help nobody."""
    with _Opened(folder, owner=True) as opened:
        try:
            found = audit(opened.storage, opened.trust)
        except LedgerTorn:
            raise
        except LedgerDamaged:
            return
    raise CommandFailed(
        f"all {found.blocks} blocks of this ledger are whole: nothing was set aside. Start the"
        " daemon; if that refuses it all the same, add --yes",
        ANSWER_IS_NO,
    )


def read_run(file: Path) -> list[Block]:
    """The blocks in a file, plain or zstd. Raises `CommandFailed`."""
    try:
        raw = file.read_bytes()
        if raw.startswith(_ZSTD_MAGIC):
            with zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True) as plain:
                raw = _bounded(plain.read)
        return list(read_run_untrusted(raw))
    except OSError as error:
        raise CommandFailed(f"cannot read {file}: {error.strerror}", NO_INPUT) from None
    except (BadBlock, zstandard.ZstdError) as error:
        hint = "save what the centre answers as it comes, or use --centre"
        raise CommandFailed(f"{file} holds no run of blocks: {error}; {hint}", BAD_DATA) from None


def _bounded(read: Callable[[int], bytes]) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := read(_CHUNK_BYTES):
        parts.append(part)
        size += len(part)
        if size > RUN_BYTES_MAX:
            raise BadBlock(f"it unpacks to more than {RUN_BYTES_MAX} bytes")
    return b"".join(parts)


class _Opened:
    """A ledger folder and whose it is; every `LedgerError` inside becomes `CommandFailed`."""

    def __init__(self, folder: Path, *, owner: bool = False) -> None:
        path, self.trust = _find(folder)
        self.storage = _said(lambda: DiskStorage(path, owner=owner))

    def __enter__(self) -> "_Opened":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.storage.close()
        if isinstance(error, LedgerError):
            raise _failed(error) from None


def _said(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except LedgerError as error:
        raise _failed(error) from None


def _failed(error: LedgerError) -> CommandFailed:
    return CommandFailed(str(error), _EXIT.get(type(error), BAD_DATA))


def _find(folder: Path) -> tuple[Path, Trust | None]:
    path = folder / "ledger" if (folder / "ledger").is_dir() else folder
    if not path.is_dir():
        raise CommandFailed(f"there is no folder {folder}", NO_INPUT)
    for place in (folder, folder.parent):
        try:
            raw = (place / "trust.json").read_bytes()[: TRUST_BYTES_MAX + 1]
        except OSError:
            continue
        try:
            read = read_trust_untrusted(raw)
        except Bad as error:
            raise CommandFailed(f"{place / 'trust.json'}: {error}", BAD_DATA) from None
        return path, Trust(read.tenant_id, read.gateway_id, VerifyKey(read.device_public))
    return path, None


def _centre(folder: Path) -> tuple[Fetch, list[KnownHead]]:
    """How to ask the centre for blocks of this gateway, and how far it holds them."""
    from edge import rescue
    from edge.identity import load_identity

    place = folder if (folder / "trust.json").exists() else folder.parent
    identity = load_identity(place)
    try:
        return rescue.from_centre(identity)
    except UplinkLost as error:
        raise CommandFailed(f"the centre cannot be asked: {error}", UNAVAILABLE) from None


def _place(start: str | None, newest: int) -> tuple[int, int]:
    if start is None:
        return (0, 0)
    epoch, colon, seq = start.rpartition(":")
    if not seq.isdecimal() or (colon and not epoch.isdecimal()):
        raise CommandFailed("--from takes SEQ or EPOCH:SEQ", USAGE)
    return (int(epoch) if colon else newest, int(seq))


def _fields(fact: AnyFact) -> dict[str, Any]:
    if isinstance(fact, UnknownFact):
        return {"number": fact.kind, "raw": fact.raw.hex()}
    plain = msgspec.structs.asdict(fact)
    # An outcome names its hold by epoch and seq; the line's own epoch and seq are its place.
    return {
        f"of_{name}" if name in ("epoch", "seq") else name: _plain(v) for name, v in plain.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {name: _plain(inner) for name, inner in msgspec.structs.asdict(value).items()}
    return value.hex() if isinstance(value, bytes) else value


def _say(value: dict[str, Any]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.buffer.flush()


class _Progress:
    """A bar on standard error, where somebody watches and there is much to read."""

    SHOWN_FROM_BYTES: Final = 128 << 20

    def __init__(self, size_bytes: int) -> None:
        self.fold: Callable[[Block, list[AnyFact]], None] = nothing
        self._bar: Any = None
        if size_bytes >= self.SHOWN_FROM_BYTES and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("verifying", total=size_bytes)
            self.fold = self._folded

    def _folded(self, block: Block, facts: list[AnyFact]) -> None:
        self._bar.advance(self._task, len(block.raw) + -len(block.raw) % 4096)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.stop()
