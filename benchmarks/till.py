"""Sales at the tills of one gateway: price, tap, band write, read back, durable hold and post.

The pieces of a real gateway in one process: tills, state, ledger with fdatasync. Bands are chip
models in memory, read and written command by command through the reader's own code. Closed loop:
each till serves its next guest when the last one was told "paid". Afterwards every band is read
and must hold exactly what the ledger says; each difference, and each sale that was not paid, is an
error.
"""

import gc
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import trio

from benchmarks.ledger import _disk, flush_ms, open_ledger
from benchmarks.measure import Report, Row, median, progress, quantile, spread
from benchmarks.venue import GATEWAY
from crypto.bundle import Bundle
from crypto.cashless import Article, Cashless, CreditKey, DebitKey, Tax, WalletClass
from crypto.keys import SigningKey
from drivers.reader import Chip
from drivers.reader.chips import Type2, make
from drivers.reader.memory import MemoryReader
from edge.clock import SystemClock
from edge.core.pricing import Item, Refused
from edge.core.state import State
from edge.demo.foreign import nfc_python
from edge.gateway import Gateway
from edge.till.shifts import open_shift
from edge.till.till import Place, Till
from edge.till.tills import Tills
from edge.till.work import PAID, Ask, Work

SIZES = (4, 10, 20, 40)
#: Guests of a round, shared out to its tills.
BANDS = 640
LOADED_MINOR = 1_000_000
PRICE_MINOR = 450
WARM_S, ROUND_S = 0.3, 2.0
BEER = (Item(1, 1),)
#: A test key: never use it for a real event.
CREDIT = SigningKey(bytes([9]) * 32)


class Counted:
    """What a round found."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.errors = 0
        self.sales_s = 0.0


def bundle(chip: Chip = Chip.NTAG213) -> Bundle:
    """One beer, one tax, one class."""
    return Bundle(
        version=1,
        cashless=Cashless(
            event=1, pseudonym_key=bytes(32), chip_key=bytes(range(32)), prices=1,
            debit_keys=[DebitKey(1, bytes(range(16)))],
            credit_keys=[CreditKey(1, CREDIT.public, GATEWAY)],
            classes=[WalletClass(1, "Guest")], taxes=[Tax(1, "A", 1900, "full")],
            articles=[Article(1, "Beer", "Beer", 1, PRICE_MINOR, group=1)],
        ),
    )  # fmt: skip


def run(rounds: int = 5) -> Report:
    """Measure and report."""
    found: dict[int, list[Counted]] = {size: [] for size in SIZES}
    for number in range(rounds + 1):  # the first one warms up
        for size in SIZES if number % 2 else reversed(SIZES):
            gc.collect()
            counted = measure(size)
            if number:
                found[size].append(counted)
        progress(number + 1, rounds + 1)
    rows = [row for size in SIZES for row in _rows(size, found[size])]
    few, many = ([one.sales_s for one in found[size]] for size in (SIZES[0], SIZES[-1]))
    ratio = median([b / a for a, b in zip(few, many, strict=True)])
    rows.append(
        Row(name="40 tills against 4", value=ratio, unit="×", target="not falling (≥ 1)",
            met=ratio >= 1)
    )  # fmt: skip
    errors = sum(one.errors for each in found.values() for one in each)
    rows.append(Row(name="errors", value=errors, unit="", target="0", met=errors == 0))
    rows.append(Row(name="fdatasync of one page, p50", value=flush_ms(), unit="ms"))
    notes = ["NTAG213 in memory, on the gateway's core"]
    rows += _wire(notes)
    return Report(bench="till", rows=rows, notes=notes)


def _wire(notes: list[str]) -> list[Row]:
    """A tap over nfcpy, where it can be had."""
    from benchmarks import till_wire

    python = nfc_python()
    if not python:
        notes.append("nothing over nfcpy's wire: no interpreter has it (GATEHOUSE_NFC_PYTHON)")
        return []
    taps, alone = till_wire.measure(python)
    tap, own = median(taps) * 1e3, median(alone) * 1e3
    return [
        Row(name="tap over nfcpy's wire, median", value=tap, unit="ms"),
        Row(name="of it the reader's own: its commands by nfcpy alone", value=own, unit="ms"),
        Row(name="of it beside the reader's own time", value=tap - own, unit="ms",
            target="< 20 ms", met=tap - own < 20),
    ]  # fmt: skip


def _rows(size: int, found: list[Counted]) -> list[Row]:
    rates = [one.sales_s for one in found]
    waits = [wait for one in found for wait in one.waits]
    p99 = quantile(waits, 0.99) * 1e3
    most = size == SIZES[-1]
    return [
        Row(name=f"{size} tills", value=median(rates), unit="sales/s", spread=spread(rates),
            target="≥ 3,000" if most else "", met=median(rates) >= 3000 if most else None),
        Row(name=f"{size} tills, p50", value=quantile(waits, 0.5) * 1e3, unit="ms"),
        Row(name=f"{size} tills, p99", value=p99, unit="ms", target="< 50 ms" if most else "",
            met=p99 < 50 if most else None),
    ]  # fmt: skip


def measure(size: int, round_s: float = ROUND_S, bands: int = BANDS) -> Counted:
    """One round with `size` tills."""
    with tempfile.TemporaryDirectory(dir=_disk()) as folder:
        return trio.run(_round, Path(folder), size, round_s, bands)


@asynccontextmanager
async def _counter(folder: Path, size: int) -> AsyncIterator[tuple[Tills, list[MemoryReader]]]:
    """A gateway with so many tills, all with an open shift."""
    clock = SystemClock(ZoneInfo("Europe/Vienna"), 360)
    with open_ledger(folder) as ledger:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ledger.run)
            gateway = Gateway(
                identity=GATEWAY, name="bench", ledger=ledger, state=State(), clock=clock
            )
            gateway.apply_bundle(bundle(), b"a bundle")
            tills = Tills(gateway, entropy=bytes, credit_key=CREDIT)
            readers = [MemoryReader() for _ in range(size)]
            for number, reader in enumerate(readers, 1):
                place = Place(number, f"Bar {number}", drawer=True, can_top_up=True, debounce_s=0)
                till = Till(tills, place, reader)
                nursery.start_soon(till.run)
                await open_shift(till, 1, 0)
            yield tills, readers
            nursery.cancel_scope.cancel()


async def _round(folder: Path, size: int, round_s: float, count: int) -> Counted:
    counted = Counted()
    async with _counter(folder, size) as (tills, readers):
        guests: list[list[Type2]] = [[] for _ in readers]
        async with trio.open_nursery() as nursery:
            for number, reader in enumerate(readers):
                own = range(number, count, size)
                nursery.start_soon(
                    _make_bands, tills.tills[number + 1], reader, own, guests[number]
                )
        sold: dict[int, int] = {}
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 50, 100)  # as the daemon does when it is ready
        started = trio.current_time() + WARM_S
        async with trio.open_nursery() as nursery:
            for number, reader in enumerate(readers):
                till = tills.tills[number + 1]
                nursery.start_soon(
                    _serve, till, reader, guests[number], counted, sold, started, round_s
                )
        counted.sales_s = len(counted.waits) / round_s
        for number, reader in enumerate(readers):
            for band in guests[number]:
                await _check(tills.tills[number + 1], reader, band, counted, sold)
        gc.unfreeze()
    return counted


async def _do(till: Till, reader: MemoryReader, band: Type2, ask: Ask) -> Work:
    reader.place(band)
    work = till.submit(ask)
    await work.ended.wait()
    reader.take()
    return work


async def _make_bands(till: Till, reader: MemoryReader, numbers: range, into: list[Type2]) -> None:
    for number in numbers:
        band = make(Chip.NTAG213, b"\x04" + number.to_bytes(6, "big"))
        ids = (b"i" + number.to_bytes(15, "big"), b"t" + number.to_bytes(15, "big"))
        asks = (
            Ask(kind="issue", id=ids[0], wallet_class=1),
            Ask(kind="top_up", id=ids[1], method="cash", amount_minor=LOADED_MINOR),
        )
        for ask in asks:
            work = await _do(till, reader, band, ask)
            assert work.state == "done", work.because
        into.append(band)


async def _serve(
    till: Till, reader: MemoryReader, guests: list[Type2], counted: Counted,
    sold: dict[int, int], started: float, round_s: float,
) -> None:  # fmt: skip
    """Guest after guest; the last one is served to the end."""
    while True:
        for band in guests:
            if trio.current_time() >= started + round_s:
                return
            begun = time.perf_counter()
            quoted = till.price(Ask(kind="sale", id=b"", items=BEER))
            assert not isinstance(quoted, Refused)
            ask = Ask(kind="sale", id=quoted[0], items=BEER, total_minor=quoted[1].total_minor)
            work = await _do(till, reader, band, ask)
            if work.state == PAID:
                sold[id(band)] = sold.get(id(band), 0) + 1
                if started <= trio.current_time() < started + round_s:
                    counted.waits.append(time.perf_counter() - begun)
            else:
                counted.errors += 1


async def _check(
    till: Till, reader: MemoryReader, band: Type2, counted: Counted, sold: dict[int, int]
) -> None:
    """The band holds what was paid on it, to the cent."""
    work = await _do(till, reader, band, Ask(kind="balance", id=till.tills.new_id()))
    if work.balance_minor != LOADED_MINOR - PRICE_MINOR * sold.get(id(band), 0):
        counted.errors += 1
