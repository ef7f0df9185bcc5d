"""The other side of the nfcpy reader's wire, written from its layout: a band model lies on it."""

from __future__ import annotations

import trio

from drivers.reader.chips import Air, Type2


class Lender:
    """Answers questions over any number of streams, one after the other."""

    def __init__(self, band: Type2 | None = None) -> None:
        self.band = band
        self.air = Air()
        self.opened: list[bytes] = []
        self.mute = False  # take questions, answer none
        self.says: bytes | None = None  # these bytes instead of the next answer
        self.dies_at: int | None = None  # close the stream at this question from now

    async def serve(self, stream: trio.abc.Stream) -> None:
        buffer = b""
        try:
            while data := await stream.receive_some(4096):
                buffer += bytes(data)
                while len(buffer) >= 2 and len(buffer) >= 2 + int.from_bytes(buffer[:2], "big"):
                    size = 2 + int.from_bytes(buffer[:2], "big")
                    frame, buffer = buffer[2:size], buffer[size:]
                    if self.dies_at is not None:
                        self.dies_at -= 1
                        if self.dies_at < 0:
                            self.dies_at = None
                            await trio.aclose_forcefully(stream)
                            return
                    said, self.says = self.says, None
                    answer = said if said is not None else self.answer(frame)
                    if not self.mute:
                        await stream.send_all(answer)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass

    def answer(self, frame: bytes) -> bytes:
        kind, number, payload = frame[:1], frame[1:3], frame[3:]
        told = self.told(kind, payload)
        return (3 + len(told) - 1).to_bytes(2, "big") + told[:1] + number + told[1:]

    def told(self, kind: bytes, payload: bytes) -> bytes:
        if kind == b"O":
            self.opened.append(payload)
            return b"o"
        band = self.band if self.band is not None and not self.band.away else None
        if kind == b"A":
            if band is not None:
                band.power_off()
            return b"n" if band is None or not band.activate() else b"u" + band.uid
        assert kind == b"X"
        answer = None if band is None else self.air.carry(band, payload[2:]).answer
        return b"t" if answer is None else b"a" + answer
