"""Bands for other people's readers: `python -m drivers.reader.fake --listen 127.0.0.1:0`.

Speaks the wire of nfcpy's `udp` driver: one datagram per frame, "106A " and the frame in hex
(without CRC), "RFOFF" when the field goes off. The socket is one and stays. A reader that
comes from another address, or says RFOFF, has had its field off, so the band restarts.
A REQA with nobody in the field is answered by RFOFF, which saves nfcpy a second of waiting;
a band that leaves later just says nothing more, as in the air.

`--bands DIR` keeps the bands there, one image each (`chips/store.py`), saved at each change,
so that they outlive this process however it ends; and a band is read anew whenever it is named,
so that several emulators over one folder hold the same bands, each its own reader's field.

A ready line `{"ready": true, "port": N}` comes on standard output, then commands are read as
JSON lines on standard input; each is answered by one line, `{"done": ..}` or `{"bad": ".."}`,
and the end of input ends the process:

    {"new": "anna", "chip": "NTAG213", "uid": "04…"}    made, or replaced
    {"place": "anna"}   {"take": true}
    {"copy": "anna", "as": "ben", "uid": "04…"}          a clone; uid optional
    {"dump": "anna"}                                      done is its image
    {"poke": "anna", "page": 4, "hex": "…"}               write past all protection
    {"tear": {"write": 0, "torn": "garbage", "leaves": true}}     for the band placed
    {"faults": [{"exchange": 0, "mishap": "answer_lost", "byte": 0}]}
    {"loss": 0.05, "seed": 1}
    {"lock": "anna"}                                      a phone made it read-only

When a band leaves by itself, `{"left": "anna"}` comes unasked.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import trio

from drivers.reader.band import Chip
from drivers.reader.chips import (
    Air,
    BadImage,
    Fault,
    Mishap,
    TearPlan,
    Torn,
    Type2,
    copied,
    image,
    make,
)
from drivers.reader.chips.store import load, save

SENS_RES, SAK_MORE, SAK_DONE = b"\x44\x00", b"\x04", b"\x00"
CASCADE_TAG = 0x88
SUFFIX = ".band.json"


class Emulator:
    """Bands by name, one of them in the field. Knows no socket."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._bands: dict[str, Type2] = {}
        self._placed: str | None = None
        self._saved: bytes = b""
        self._reader: Any = None
        self.air = Air()
        self.told: list[dict[str, Any]] = []
        for path in sorted(folder.glob("*" + SUFFIX)) if folder else ():
            self._bands[path.name.removesuffix(SUFFIX)] = load(path, random=os.urandom)

    @property
    def band(self) -> Type2 | None:
        """The band in the field."""
        return None if self._placed is None else self._bands[self._placed]

    # The air

    def heard(self, datagram: bytes, reader: Any) -> tuple[bytes, int] | None:
        """What to answer, and how many ms later; None for silence. Any bytes are allowed."""
        if reader != self._reader or datagram.startswith(b"RFOFF"):
            self._reader = reader
            if self.band is not None:
                self.band.power_off()
        rate, _, text = datagram.partition(b" ")
        if rate != b"106A":
            return None
        try:
            frame = bytes.fromhex(text.decode("ascii"))
        except ValueError:
            return None
        if self.band is None:
            return (b"RFOFF", 0) if frame in (b"\x26", b"\x52") else None
        answer, late_ms = self._answer(self.band, frame)
        self._after(self.band)
        return None if answer is None else (b"106A " + answer.hex().encode(), late_ms)

    def _answer(self, band: Type2, frame: bytes) -> tuple[bytes | None, int]:
        uid = band.uid
        levels = {0x93: bytes((CASCADE_TAG,)) + uid[:3], 0x95: uid[3:]}
        if frame in (b"\x26", b"\x52"):
            return (SENS_RES if band.wake(halted_too=frame == b"\x52") else None), 0
        if frame[:1] in (b"\x93", b"\x95") and frame[1:2] in (b"\x20", b"\x70"):
            part = levels[frame[0]]
            checked = part + bytes((part[0] ^ part[1] ^ part[2] ^ part[3],))
            if frame[1:] == b"\x20":
                return checked, 0
            if frame[2:] != checked:
                return None, 0
            if frame[0] == 0x93:
                return SAK_MORE, 0
            band.select()
            return SAK_DONE, 0
        outcome = self.air.carry(band, frame)
        return outcome.answer, outcome.late_ms

    def _after(self, band: Type2) -> None:
        assert self._placed is not None
        name = self._placed
        if band.away:
            self._placed = None
            self.told.append({"left": name})
        if self._folder is not None:
            now = repr(band.remembered()).encode()
            if now != self._saved or band.away:
                self._saved = now
                self._save(name)

    def _save(self, name: str) -> None:
        if self._folder is not None:
            save(self._bands[name], self._folder / (name + SUFFIX))

    def _held(self, name: str) -> Type2:
        """The band as it is now: another emulator may have had it since."""
        file = None if self._folder is None else self._folder / (name + SUFFIX)
        if file is not None and name != self._placed and file.exists():
            self._bands[name] = load(file, random=os.urandom)
        return self._bands[name]

    # Commands

    def obey(self, command: dict[str, Any]) -> Any:
        """Do one command; what to tell. Raises ValueError, KeyError, TypeError."""
        verb = next(iter(command))
        known = getattr(self, "_do_" + verb, None)
        if known is None:
            raise ValueError(f"unknown command {verb!r}")
        return known(**{("name" if word == verb else word): v for word, v in command.items()})

    def _do_new(self, name: str, chip: str, uid: str, changeable: bool = False) -> None:
        if not name.isidentifier():
            raise ValueError(f"{name!r} is no name for a band: letters, digits, _")
        known = {one.value: one for one in Chip}
        if chip not in known:
            raise ValueError(f"there is no chip {chip!r}: {', '.join(known)}")
        band = make(known[chip], bytes.fromhex(uid), random=os.urandom, changeable=changeable)
        self._bands[name] = band
        self._save(name)

    def _do_copy(self, name: str, uid: str | None = None, **to: str) -> None:
        clone = copied(self._held(name), None if uid is None else bytes.fromhex(uid))
        self._bands[to["as"]] = clone
        self._save(to["as"])

    def _do_place(self, name: str) -> None:
        self._do_take(True)
        band = self._held(name)
        band.power_off()
        band.away = False
        self._placed = name

    def _do_take(self, name: object) -> None:
        if self.band is not None and self._placed is not None:
            self.band.power_off()
            self._save(self._placed)
            self._placed = None

    def _do_dump(self, name: str) -> Any:
        return json.loads(image(self._held(name)))

    def _do_poke(self, name: str, page: int, hex: str) -> None:
        data = bytes.fromhex(hex)
        memory = self._held(name).memory
        if not 0 <= 4 * page <= len(memory) - len(data):
            raise ValueError(f"page {page} is none of this chip")
        memory[4 * page : 4 * page + len(data)] = data
        self._save(name)

    def _do_lock(self, name: str) -> None:
        self._held(name).lock_by_phone()
        self._save(name)

    def _do_tear(self, name: dict[str, Any]) -> None:
        if self.band is None:
            raise ValueError("no band is in the field")
        self.band.tear = TearPlan(name["write"], Torn(name["torn"]), name.get("leaves", True))

    def _do_faults(self, name: list[dict[str, Any]]) -> None:
        self.air.faults = [
            Fault(fault["exchange"], Mishap(fault["mishap"]), fault.get("byte", 0))
            for fault in name
        ]

    def _do_loss(self, name: float, seed: int = 0) -> None:
        self.air.loss, self.air.random = name, random.Random(seed).random


def tell(line: dict[str, Any]) -> None:
    """One JSON line for whoever started this process."""
    print(json.dumps(line), flush=True)


async def answer(socket: trio.socket.SocketType, emulator: Emulator) -> None:
    """Serve datagrams, for ever."""
    async with trio.open_nursery() as nursery:

        async def later(data: bytes, reader: Any, late_ms: int) -> None:
            await trio.sleep(late_ms / 1000)
            await socket.sendto(data, reader)

        while True:
            try:
                datagram, reader = await socket.recvfrom(1024)
                heard = emulator.heard(datagram, reader)
                if heard is not None and heard[1]:
                    nursery.start_soon(later, heard[0], reader, heard[1])
                elif heard is not None:
                    await socket.sendto(heard[0], reader)
            except OSError:
                continue  # the reader closed its socket: its ICMP error comes with our next call
            while emulator.told:
                tell(emulator.told.pop(0))


async def obey(emulator: Emulator, lines: trio.abc.ReceiveStream) -> None:
    """Read commands until the input ends."""
    rest = b""
    while data := await lines.receive_some(65536):
        *whole, rest = (rest + data).split(b"\n")
        for line in filter(None, map(bytes.strip, whole)):
            try:
                tell({"done": emulator.obey(json.loads(line))})
            except (ValueError, KeyError, TypeError, StopIteration, AttributeError) as error:
                tell({"bad": f"{type(error).__name__}: {error}"})


async def run(host: str, port: int, folder: Path | None) -> None:
    """Until standard input ends."""
    emulator = Emulator(folder)
    with trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM) as socket:
        await socket.bind((host, port))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer, socket, emulator)
            tell({"ready": True, "port": socket.getsockname()[1]})
            await obey(emulator, trio.lowlevel.FdStream(os.dup(sys.stdin.fileno())))
            nursery.cancel_scope.cancel()


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m drivers.reader.fake", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--listen", default="127.0.0.1:0", metavar="HOST:PORT")
    parser.add_argument("--bands", type=Path, metavar="DIR")
    arguments = parser.parse_args(argv)
    host, _, port = arguments.listen.rpartition(":")
    if arguments.bands is not None:
        arguments.bands.mkdir(parents=True, exist_ok=True)
    try:
        trio.run(run, host, int(port), arguments.bands)
    except (BadImage, OSError) as error:
        sys.exit(f"cannot emulate bands: {error}")


if __name__ == "__main__":
    main()
