"""A scanner without glass: `python -m drivers.scanner.fake --connect HOST:PORT`.

Repeat `--connect` for several scanners in one process (numbered from 0 in that order), or
use `--listen HOST:PORT` for a scanner that is a TCP server. A ready line
`{"ready": true, "scanners": N, "ports": [...]}` comes on standard output, then commands
are read as JSON lines on standard input, and the end of input ends the process:

    {"scan": "text"}            or "hex": "00ff…" for bytes; optional "scanner": 0
        "suffix": "cr|lf|crlf|etx|none"   default cr
        "prefix": "]Q1"         sent before the code ("stx" for STX)
        "chunks": "whole|byte|N"          in one piece, byte by byte, N bytes at a time
        "pause_ms": 0           between chunks
        "id": any               answered by {"sent": id, "at": monotonic seconds} when the
                                last byte has left
    {"drop": true}              close the connection (a client connects again at once)

Written from scanner manuals; shares no code with the driver.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import trio

SUFFIXES = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n", "etx": b"\x03", "none": b""}
RETRY_S = 0.1


def bytes_of(command: dict[str, Any]) -> bytes:
    """What a scanner sends for one `scan` command."""
    code = bytes.fromhex(command["hex"]) if "hex" in command else command["scan"].encode()
    prefix = command.get("prefix", "")
    lead = b"\x02" if prefix == "stx" else prefix.encode("latin-1")
    return lead + code + SUFFIXES[command.get("suffix", "cr")]


def chunks_of(data: bytes, how: str | int) -> Iterator[bytes]:
    """The data in pieces: "whole", "byte" or a number of bytes."""
    size = {"whole": len(data) or 1, "byte": 1}.get(str(how)) or int(how)
    return (data[at : at + size] for at in range(0, len(data), size))


class FakeScanner:
    """One scanner. `stream` is None while nobody is connected."""

    def __init__(self) -> None:
        self._stream: trio.abc.Stream | None = None
        self._changed = trio.Event()
        self._commands, self._todo = trio.open_memory_channel[dict[str, Any]](10_000)

    async def work(self) -> None:
        """Do this scanner's commands one after the other, for ever."""
        async for command in self._todo:
            if command.get("drop"):
                await self.drop()
                continue
            await self.scan(command)
            if "id" in command:
                print(json.dumps({"sent": command["id"], "at": time.monotonic()}), flush=True)

    async def tell(self, command: dict[str, Any]) -> None:
        """Queue a command behind the earlier ones of this scanner."""
        await self._commands.send(command)

    async def attach(self, stream: trio.abc.Stream) -> None:
        """Speak over this stream until the other side closes it."""
        self._stream = stream
        self._changed.set()
        try:
            while await stream.receive_some(4096):
                pass
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            if self._stream is stream:
                self._stream = None
                self._changed = trio.Event()
            await trio.aclose_forcefully(stream)

    async def scan(self, command: dict[str, Any]) -> None:
        """Show a code. Waits for a connection; what a dying connection takes is lost."""
        pause_s = command.get("pause_ms", 0) / 1000
        while (stream := self._stream) is None:  # it may have gone again before we have our turn
            await self._changed.wait()
        try:
            for chunk in chunks_of(bytes_of(command), command.get("chunks", "whole")):
                await stream.send_all(chunk)
                if pause_s:
                    await trio.sleep(pause_s)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass

    async def drop(self) -> None:
        """Pull the cable."""
        if self._stream is not None:
            await trio.aclose_forcefully(self._stream)

    async def keep_connected(self, host: str, port: int) -> None:
        """Be a TCP client, for ever."""
        while True:
            try:
                stream = await trio.open_tcp_stream(host, port)
            except OSError:
                await trio.sleep(RETRY_S)
                continue
            await self.attach(stream)


async def obey(scanners: list[FakeScanner], lines: trio.abc.ReceiveStream) -> None:
    """Read commands until the input ends."""
    rest = b""
    while data := await lines.receive_some(65536):
        *whole, rest = (rest + data).split(b"\n")
        for line in filter(None, map(bytes.strip, whole)):
            command = json.loads(line)
            await scanners[command.get("scanner", 0)].tell(command)


def address(text: str) -> tuple[str, int]:
    """HOST:PORT."""
    host, _, port = text.rpartition(":")
    return host, int(port)


async def run(connect: list[tuple[str, int]], listen: list[tuple[str, int]]) -> None:
    """All scanners until standard input ends."""
    scanners = [FakeScanner() for _ in connect + listen]
    ports = []
    async with trio.open_nursery() as nursery:
        for scanner in scanners:
            nursery.start_soon(scanner.work)
        for scanner, (host, port) in zip(scanners, connect, strict=False):
            nursery.start_soon(scanner.keep_connected, host, port)
        for scanner, (host, port) in zip(scanners[len(connect) :], listen, strict=True):
            listeners = await trio.open_tcp_listeners(port, host=host)
            ports.append(listeners[0].socket.getsockname()[1])
            nursery.start_soon(trio.serve_listeners, scanner.attach, listeners)
        print(json.dumps({"ready": True, "scanners": len(scanners), "ports": ports}), flush=True)
        await obey(scanners, trio.lowlevel.FdStream(os.dup(sys.stdin.fileno())))
        nursery.cancel_scope.cancel()


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m drivers.scanner.fake")
    parser.add_argument("--connect", type=address, action="append", default=[])
    parser.add_argument("--listen", type=address, action="append", default=[])
    arguments = parser.parse_args(argv)
    if not arguments.connect + arguments.listen:
        parser.error("say --connect HOST:PORT or --listen HOST:PORT")
    trio.run(run, arguments.connect, arguments.listen)


if __name__ == "__main__":
    main()
