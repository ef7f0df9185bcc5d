"""Relay boards with turnstiles and guests: `python -m drivers.turnstile.modbus.fake`.

`--boards N` serves N boards, each on a port of its own (`--port P` for the first, the others
above it; 0 lets the system choose). A ready line `{"ready": true, "ports": [...]}` comes on
standard output, then a JSON line for each pulse: `{"board": i, "pulse": relay, "ms": t,
"at": monotonic seconds}` (read them, or say `--quiet`: a full pipe stops the board). The end
of standard input ends the process (`--forever`: it does not). Commands are JSON lines; each
may name its "board" (default: all of them):

    {"guest": "walk|stay|wrong_way|tailgate", "after_ms": 300, "contact_ms": 150}
                               what guests do from now on; the options --guest, --after-ms,
                               --contact-ms say what they do at first
    {"next": ["stay", "walk"]} what the next guests do, before the rule above holds again
    {"input": 0, "on": true}   close or open an input by hand (fire, jam, forced)
    {"silent": true}           take questions, give no answers
    {"refuse": 4}              answer every question with this exception; 0 ends it
    {"drop": true}             close all connections
    {"stuck": 3}               this relay stays on; null ends it
    {"state": true}            report `{"board", "relays", "inputs", "pulses"}`

Input 0 is the passage contact and input 1 the wrong way (`--passage`, `--wrong-way`). Any
number of clients may connect. Written from the MODBUS specifications and Waveshare's manual;
shares no code with the driver.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import deque
from functools import partial
from typing import Any

import trio

RELAYS = INPUTS = 8


class FakeBoard:
    """One board, the turnstile wired to it and the guest before it."""

    def __init__(self, number: int, nursery: trio.Nursery, options: argparse.Namespace) -> None:
        self.number = number
        self.relays = [False] * RELAYS
        self.inputs = [False] * INPUTS
        self.pulses = 0
        self._nursery = nursery
        self._quiet: bool = options.quiet
        self._passage: int = options.passage
        self._wrong_way: int = options.wrong_way
        self._guest: str = options.guest
        self._after_s: float = options.after_ms / 1000
        self._contact_s: float = options.contact_ms / 1000
        self._next: deque[str] = deque()
        self._until = [0.0] * RELAYS
        self._silent = False
        self._refuse = 0
        self._stuck: int | None = None
        self._streams: set[trio.abc.Stream] = set()

    # -- what it is told ------------------------------------------------------------------

    async def obey(self, command: dict[str, Any]) -> None:
        """One command of the test or the demo."""
        self._guest = command.get("guest", self._guest)
        self._after_s = command.get("after_ms", self._after_s * 1000) / 1000
        self._contact_s = command.get("contact_ms", self._contact_s * 1000) / 1000
        self._next.extend(command.get("next", ()))
        self._silent = command.get("silent", self._silent)
        self._refuse = command.get("refuse", self._refuse)
        self._stuck = command.get("stuck", self._stuck)
        if "input" in command:
            self.inputs[command["input"]] = command["on"]
        if command.get("drop"):
            for stream in list(self._streams):
                await trio.aclose_forcefully(stream)
        if command.get("state"):
            self._say(relays=self._coils(), inputs=self.inputs, pulses=self.pulses)

    def _say(self, **what: Any) -> None:
        print(json.dumps({"board": self.number, **what}), flush=True)

    # -- the wire -------------------------------------------------------------------------

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Answer one client until it leaves."""
        self._streams.add(stream)
        rest = b""
        try:
            while data := await stream.receive_some(65536):
                rest += data
                answers = b""
                while len(rest) >= 8:
                    size = 6 + rest[4] * 256 + rest[5]
                    if rest[2] or rest[3] or not 8 <= size <= 260:
                        return  # not Modbus: servers close
                    if len(rest) < size:
                        break
                    ask, rest = rest[:size], rest[size:]
                    answers += self._answer(ask)
                if answers and not self._silent:
                    await stream.send_all(answers)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            self._streams.discard(stream)
            await trio.aclose_forcefully(stream)

    def _answer(self, ask: bytes) -> bytes:
        function, body = ask[7], ask[8:]
        refusal = bytes([function | 0x80, self._refuse])
        pdu = refusal if self._refuse else self._do(function, body)
        return ask[:4] + (1 + len(pdu)).to_bytes(2, "big") + ask[6:7] + pdu

    def _do(self, function: int, body: bytes) -> bytes:
        first, second = int.from_bytes(body[:2], "big"), int.from_bytes(body[2:4], "big")
        if function in (1, 2):
            bits = self._coils() if function == 1 else self.inputs
            if second < 1 or first + second > len(bits):
                return bytes([function | 0x80, 2])
            packed = sum(bit << at for at, bit in enumerate(bits[first : first + second]))
            size = (second + 7) // 8
            return bytes([function, size]) + packed.to_bytes(size, "little")
        if function == 15:
            if len(body) != 5 + body[4] or body[4] != (second + 7) // 8:
                return bytes([function | 0x80, 3])
            if first + second > RELAYS:
                return bytes([function | 0x80, 2])
            for at in range(second):
                self._set(first + at, bool(body[5 + at // 8] >> at % 8 & 1))
            return bytes([function]) + body[:4]
        if function == 5 and first < RELAYS and second in (0, 0xFF00):
            self._set(first, second != 0)
            return bytes([function]) + body[:4]
        if function == 5 and 0x200 <= first < 0x200 + RELAYS and 0 < second < 0x8000:
            self._pulse(first - 0x200, second * 100)
            return bytes([function]) + body[:4]
        return bytes([function | 0x80, 2 if function == 5 else 1])

    # -- relays and guests ----------------------------------------------------------------

    def _coils(self) -> list[bool]:
        now = trio.current_time()
        on = [self.relays[at] or self._until[at] > now for at in range(RELAYS)]
        if self._stuck is not None:
            on[self._stuck] = True
        return on

    def _set(self, relay: int, on: bool) -> None:
        self.relays[relay] = on
        self._until[relay] = 0.0

    def _pulse(self, relay: int, ms: int) -> None:
        now = trio.current_time()
        self.pulses += 1
        # The board's own timer ends the pulse, whatever becomes of the client.
        self._until[relay] = now + ms / 1000
        if not self._quiet:
            self._say(pulse=relay, ms=ms, at=time.monotonic())
        guest = self._next.popleft() if self._next else self._guest
        if guest != "stay":
            self._nursery.start_soon(self._go, guest)

    async def _go(self, guest: str) -> None:
        await trio.sleep(self._after_s)
        contact = self._wrong_way if guest == "wrong_way" else self._passage
        for more in range(2 if guest == "tailgate" else 1):
            if more:
                await trio.sleep(self._contact_s)
            self.inputs[contact] = True
            await trio.sleep(self._contact_s)
            self.inputs[contact] = False


def parser() -> argparse.ArgumentParser:
    """The command line; tests use its defaults for boards in memory."""
    parser = argparse.ArgumentParser(prog="python -m drivers.turnstile.modbus.fake")
    parser.add_argument("--boards", type=int, default=1)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--guest", default="walk")
    parser.add_argument("--after-ms", type=float, default=300)
    parser.add_argument("--contact-ms", type=float, default=150)
    parser.add_argument("--passage", type=int, default=0)
    parser.add_argument("--wrong-way", type=int, default=1)
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--forever", action="store_true")
    return parser


async def commands(boards: list[FakeBoard], lines: trio.abc.ReceiveStream) -> None:
    """Obey until the input ends."""
    rest = b""
    while data := await lines.receive_some(65536):
        *whole, rest = (rest + data).split(b"\n")
        for line in filter(None, map(bytes.strip, whole)):
            command = json.loads(line)
            chosen = [boards[command["board"]]] if "board" in command else boards
            for board in chosen:
                await board.obey(command)


async def run(options: argparse.Namespace) -> None:
    """All boards until standard input ends."""
    async with trio.open_nursery() as nursery:
        boards = [FakeBoard(number, nursery, options) for number in range(options.boards)]
        ports = []
        for board in boards:
            port = options.port + board.number if options.port else 0
            listeners = await trio.open_tcp_listeners(port, host=options.host)
            ports.append(listeners[0].socket.getsockname()[1])
            nursery.start_soon(partial(trio.serve_listeners, board.serve, listeners))
        print(json.dumps({"ready": True, "ports": ports}), flush=True)
        if options.forever:
            await trio.sleep_forever()
        await commands(boards, trio.lowlevel.FdStream(os.dup(sys.stdin.fileno())))
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(run, parser().parse_args())
