"""Writes sales down as blocks of facts, and folds them in a process whose memory is looked at.

``python -m benchmarks.wallets_fold FACTS DUMP [plain]`` folds FACTS and writes the snapshot's state
to DUMP; ``python -m benchmarks.wallets_fold - DUMP [plain]`` starts from DUMP. Prints JSON.
"""

import contextlib
import gc
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import msgspec

from crypto.entry import KnownFact, decode_facts_untrusted, encode_facts
from crypto.medium import txh
from crypto.money import (
    ClosingMade,
    CreditApplied,
    DebitHeld,
    DebitPosted,
    Line,
    MediumIssued,
    ShiftOpened,
    Slot,
    ToppedUp,
)
from edge.core.buckets import IdSet
from edge.core.state import State
from edge.core.till_packs import Deals
from edge.core.wallet_packs import Rows
from edge.core.wallet_records import Row
from edge.core.wallet_rows import Topped

TILLS, GATEWAYS = 40, 4
BLOCK_FACTS: Final = 64
EPOCH: Final = 1_790_000_000
BEGIN_MS: Final = 1_790_000_000_000
DAY: Final = (20260921, 120)
LOADED_MINOR: Final = 50_000
#: What a file of facts is made of, in turn: bands, sales, closings.
PARTS: Final = ("bands", "sales", "closings")


class Found(msgspec.Struct):
    """Of one process: resident bytes beyond what it had before, seconds of the processor."""

    bands_bytes: int = 0
    sales_bytes: int = 0
    fold_s: float = 0.0
    facts: int = 0
    closing_ms: float = 0.0
    dump_s: float = 0.0
    dump_bytes: int = 0
    load_s: float = 0.0
    loaded_bytes: int = 0
    resident_bytes: int = 0
    digest: str = ""
    bands_loaded_bytes: int = 0


class _Part(msgspec.Struct, array_like=True):
    what: str
    gateway: int
    first_seq: int
    facts: bytes


class _Writer:
    """Blocks of each gateway's log, one after the other, into one file."""

    def __init__(self, path: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.ms = BEGIN_MS
        self._file = path.open("wb")
        self._seq = [1] * GATEWAYS
        self._waiting: list[list[KnownFact]] = [[] for _ in range(GATEWAYS)]

    def id(self, gateway: int) -> bytes:
        """As tills make them: time, gateway, chance."""
        return self.ms.to_bytes(6, "big") + bytes([gateway]) * 3 + self.chance.randbytes(7)

    def put(self, what: str, gateway: int, fact: KnownFact) -> None:
        waiting = self._waiting[gateway]
        waiting.append(fact)
        if len(waiting) == BLOCK_FACTS:
            self.flush(what, gateway)

    def flush(self, what: str, gateway: int) -> None:
        waiting = self._waiting[gateway]
        if waiting:
            part = _Part(what, gateway, self._seq[gateway], encode_facts(waiting))
            raw = msgspec.msgpack.encode(part)
            self._file.write(len(raw).to_bytes(4, "big") + raw)
            self._seq[gateway] += len(waiting)
            waiting.clear()

    def end(self, what: str) -> None:
        for gateway in range(GATEWAYS):
            self.flush(what, gateway)
        if what == PARTS[-1]:
            self._file.close()


def write(path: Path, sales: int, bands: int, seed: int = 1) -> None:
    """A festival: bands are issued and loaded, then `sales` at 40 tills, then all shifts end."""
    to = _Writer(path, seed)
    media = [to.chance.randbytes(16) for _ in range(bands)]
    for medium in media:
        gateway = to.chance.randrange(GATEWAYS)
        to.ms += 1
        head = (to.ms << 16, *DAY, to.id(gateway), 99, 5, 1, 0)
        certificate = to.chance.randbytes(80)
        top = (medium, 1, 1, "cash", LOADED_MINOR, 0, LOADED_MINOR, 0, b"", certificate)
        to.put("bands", gateway, MediumIssued(*head, medium, "NTAG213", 1, 1, certificate))
        to.put("bands", gateway, ToppedUp(*head, *top))  # type: ignore[arg-type]
        to.put("bands", gateway, CreditApplied(*head, medium, LOADED_MINOR))
    places = [(n % GATEWAYS, n // GATEWAYS + 1) for n in range(TILLS)]
    for gateway, till in places:
        head = (to.ms << 16, *DAY, to.id(gateway), till, 5, 1, 0)
        to.put("bands", gateway, ShiftOpened(*head, 10_000))
    to.end("bands")
    _sell(to, media, places, sales)
    to.end("sales")
    for gateway, till in places:
        head = (to.ms << 16, *DAY, to.id(gateway), till, 5, 1, 0)
        to.put("closings", gateway, ClosingMade(*head, "Z", 1, [], 0))
    to.end("closings")


def _sell(to: _Writer, media: list[bytes], places: list[tuple[int, int]], sales: int) -> None:
    slots: dict[bytes, Slot] = {}
    for number in range(sales):
        gateway, till = to.chance.choice(places)
        medium = to.chance.choice(media)
        to.ms += to.chance.randrange(1, 40)
        basket, id = to.id(gateway), to.id(gateway)
        debit = to.chance.choice((300, 450, 900, 1250))
        given = to.chance.choice((0, 0, 0, 200))
        base = slots.get(medium, Slot())
        target = Slot(base.seq + 1, base.debited + debit, base.given + given, 0, txh(id))
        slots[medium] = target
        lines = [
            Line("article", to.chance.randrange(1, 40), 1, debit - 200, debit - 200, 1, 0, 3),
            Line("deposit", 90, 1, 200, 200, 1),
        ]
        head = (*DAY, id, till, 5, 1, 0)
        held = DebitHeld(
            to.ms << 16, *head, medium, 1, basket, 0, "sale", debit, given, 0, 0, 0, base, target,
            LOADED_MINOR, 0, b"", 1, lines,
        )  # fmt: skip
        to.put("sales", gateway, held)
        outcome = (medium, 1, basket, target, "read_back", number + 1)
        to.put("sales", gateway, DebitPosted((to.ms << 16) + 1, *head, *outcome))


def read(path: Path) -> Iterator[tuple[str, bytes, int, bytes]]:
    """What, whose, first seq and facts of each block, one at a time."""
    decoder = msgspec.msgpack.Decoder(_Part)
    with path.open("rb") as file:
        while head := file.read(4):
            part = decoder.decode(file.read(int.from_bytes(head, "big")))
            yield part.what, bytes([part.gateway + 1]) * 16, part.first_seq, part.facts


def resident_bytes() -> int:
    """Of this process, as the kernel counts."""
    gc.collect()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not say how much memory a process has")


def fold(path: Path, dump: Path, plain: bool = False) -> Found:
    """Fold the file, with a look at the memory after each part, and write the state down."""
    found, state, at = Found(), State(), "bands"
    before = resident_bytes()
    for what, gateway, first_seq, raw in read(path):
        if what != at:
            _look(found, at, before)
            if at == "bands":
                bands_of(dump).write_bytes(_written(state, plain))
            at = what
        begun = time.process_time()
        facts = decode_facts_untrusted(raw)
        for seq, fact in enumerate(facts, first_seq):
            started = time.process_time() if what == "closings" else 0.0
            state.apply(gateway, EPOCH, seq, fact)
            if what == "closings":
                found.closing_ms = max(found.closing_ms, 1e3 * (time.process_time() - started))
        if what == "sales":
            found.fold_s += time.process_time() - begun
            found.facts += len(facts)
    begun = time.process_time()
    raw = _written(state, plain)
    found.dump_s, found.dump_bytes = time.process_time() - begun, len(raw)
    found.digest = state.digest().hex()
    dump.write_bytes(raw)
    return found


def _look(found: Found, at: str, before: int) -> None:
    now = resident_bytes() - before
    if at == "bands":
        found.bands_bytes = now
    else:
        found.sales_bytes = now - found.bands_bytes


def bands_of(dump: Path) -> Path:
    """Where the state before the first sale is written."""
    return dump.with_suffix(".bands")


def _written(state: State, plain: bool) -> bytes:
    return _objects(state) if plain else state.dump()


def _objects(state: State) -> bytes:
    """What a snapshot held of wallets before holds were packed, and of what is done."""
    accounts = state.wallets.accounts
    rows = {medium: dict(sorted(accounts[medium].rows.items())) for medium in sorted(accounts)}
    rest = (state.tills.done.dump(), [accounts[medium].credits for medium in sorted(accounts)])
    return msgspec.msgpack.encode(_Objects(rows, *rest))


class _Objects(msgspec.Struct, array_like=True):
    rows: dict[bytes, dict[bytes, Row]]
    done: bytes
    credits: list[dict[bytes, Topped]]


def _load_objects(raw: bytes) -> State:
    told, state = msgspec.msgpack.decode(raw, type=_Objects), State()
    for (medium, rows), credits in zip(told.rows.items(), told.credits, strict=True):
        account = state.wallets.made(medium)
        account.rows.hot, account.credits = rows, credits
        for row in rows.values():
            state.wallets._index(account, row)
    state.tills.deals.done.ids = IdSet.load(told.done)
    return state


def load(dump: Path, plain: bool = False) -> Found:
    """Start from a written state."""
    found, before = Found(), resident_bytes()
    raw = dump.read_bytes()
    begun = time.process_time()
    state = _load_objects(raw) if plain else State.load(raw)
    found.load_s = time.process_time() - begun
    del raw
    found.resident_bytes = resident_bytes()
    found.loaded_bytes = found.resident_bytes - before
    found.digest = state.digest().hex()
    return found


def plainly() -> contextlib.ExitStack:
    """Within it nothing is packed: how it was before, and what the packed form must equal."""
    stack = contextlib.ExitStack()
    stack.enter_context(patch.object(Rows, "put", lambda rows, row: False))
    stack.enter_context(patch.object(Deals, "put", lambda deals, txid, deal: None))
    return stack


def main(words: list[str]) -> int:
    """The process."""
    plain, dump = words[2:] == ["plain"], Path(words[1])
    how: Any = plainly() if plain else contextlib.nullcontext()
    with how:
        found = load(dump, plain) if words[0] == "-" else fold(Path(words[0]), dump, plain)
    sys.stdout.buffer.write(msgspec.json.encode(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
