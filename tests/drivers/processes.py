"""Doubles as processes of their own, which die with the test."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio


class Double:
    """A started double: its ready line, commands in, JSON lines out."""

    def __init__(self, process: trio.Process) -> None:
        self.process = process
        self.ready: dict[str, Any] = {}
        self._rest = b""

    async def tell(self, **command: Any) -> None:
        assert self.process.stdin is not None
        await self.process.stdin.send_all(json.dumps(command).encode() + b"\n")

    async def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        while b"\n" not in self._rest:
            data = await self.process.stdout.receive_some(65536)
            assert data, "the double ended"
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        heard: dict[str, Any] = json.loads(line)
        return heard


@asynccontextmanager
async def double(module: str, *arguments: str) -> AsyncIterator[Double]:
    async with trio.open_nursery() as nursery:
        process: trio.Process = await nursery.start(
            lambda task_status: trio.run_process(
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                check=False,
                task_status=task_status,
            )
        )
        started = Double(process)
        with trio.fail_after(20):
            started.ready = await started.hear()
        yield started
        nursery.cancel_scope.cancel()
