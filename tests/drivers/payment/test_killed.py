"""kill -9 of the till or of the terminal, as real processes over a real socket.

`test_charged_once.py` tries every message in memory; here the operating system does the killing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import trio

from tests.drivers.processes import Double, double


def fake(folder: Path, port: int, script: str) -> AbstractAsyncContextManager[Double]:
    journal = str(folder / "journal")
    return double(
        "drivers.payment.plug.fake",
        "--journal", journal, "--port", str(port), "--script", script,
    )  # fmt: skip


def till(folder: Path, port: int, hold: str) -> AbstractAsyncContextManager[Double]:
    book = str(folder / "book")
    return double("tests.drivers.payment.till_process", str(port), book, hold)


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def charges(folder: Path) -> int:
    return sum(row["what"] == "charge" for row in rows(folder / "journal"))


async def until_ended(selling: Double) -> None:
    heard = selling.ready
    while heard["step"] != "ended":
        heard = await selling.hear()


@pytest.mark.trio
@pytest.mark.parametrize(
    ("script", "charged", "ended"), [("die", 1, "approved"), ("die_first", 0, "declined")]
)
async def test_the_terminal_kills_itself(
    tmp_path: Path, script: str, charged: int, ended: str
) -> None:
    with trio.fail_after(60):
        async with fake(tmp_path, 0, script) as dying, trio.open_nursery() as nursery:
            port = dying.ready["port"]
            nursery.start_soon(_sell, tmp_path, port)
            assert await dying.process.wait() == -9
            async with fake(tmp_path, port, "approve"):
                while rows(tmp_path / "book")[-1:] != [{"ended": ended}]:
                    await trio.sleep(0.05)
            nursery.cancel_scope.cancel()
    assert charges(tmp_path) == charged


async def _sell(folder: Path, port: int) -> None:
    async with till(folder, port, "") as selling:
        await until_ended(selling)


@pytest.mark.trio
@pytest.mark.parametrize(
    ("hold", "script", "charged", "ended"),
    [
        ("started", "approve", 0, "declined"),
        ("answered", "approve", 1, "approved"),
        ("", "lose", 1, "approved"),
        ("", "linger", 0, "declined"),
    ],
)
async def test_the_till_is_killed(
    tmp_path: Path, hold: str, script: str, charged: int, ended: str
) -> None:
    with trio.fail_after(60):
        async with fake(tmp_path, 0, script) as terminal:
            port = terminal.ready["port"]
            async with till(tmp_path, port, hold) as killed:
                heard = killed.ready
                while hold and heard["step"] != hold:
                    heard = await killed.hear()
                while not hold and not await _busy(terminal, script):
                    await trio.sleep(0.02)
                killed.process.kill()
                await killed.process.wait()
            async with till(tmp_path, port, "") as again:
                await until_ended(again)
    assert rows(tmp_path / "book") == [{"started": "guest-1"}, {"ended": ended}]
    assert charges(tmp_path) == charged


async def _busy(terminal: Double, script: str) -> bool:
    await terminal.tell(state=True)
    state = await terminal.hear()
    return bool(state["charged"] if script == "lose" else state["asked"])


def test_the_command_line_says_what_it_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "drivers.payment.plug.fake"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and "--journal" in done.stderr
