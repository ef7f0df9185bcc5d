"""A program as a device: its standard input and output are the link, its end is `Lost`."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import trio

from drivers.errors import Lost
from drivers.link import Wire

READ_BYTES = 65536


class _Pipes(trio.abc.Stream):
    """Both pipes of a process as one stream; closing it ends the process."""

    def __init__(self, process: trio.Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process, self._to, self._from = process, process.stdin, process.stdout

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._to.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._to.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        return bytes(await self._from.receive_some(max_bytes or READ_BYTES))

    async def aclose(self) -> None:
        # Killed, not asked: what hangs in a driver hears nothing. And never left behind.
        with trio.CancelScope(shield=True):
            self._process.kill()
            await self._process.wait()
            await self._to.aclose()
            await self._from.aclose()


class ProcessLink:
    """A `drivers.link.Link` that starts `argv` at each `open`. Its errors go to ours."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = list(argv)
        self.pid = 0

    async def open(self) -> Wire:
        """Start the program. Raises Lost."""
        try:
            process = await trio.lowlevel.open_process(
                self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except OSError as error:
            raise Lost(f"cannot start {self._argv[0]}: {error.strerror}; check its path") from error
        self.pid = process.pid
        return Wire(_Pipes(process), f"process {process.pid}")

    async def superseded(self) -> None:
        """Never returns: nobody but us starts this program."""
        await trio.sleep_forever()
