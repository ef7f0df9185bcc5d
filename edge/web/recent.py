"""What one lane answered lately, by the nonce of the client: a retry gets the same answer.

An admission is found by its nonce in the state, for ever; a refusal is not, nor is one that is
still being waited for, and a rotating code can no longer be read a minute later. So every answer
is kept here for a while.
"""

import hashlib
from typing import Final

import msgspec
import trio

from edge.answers import Answer

KEPT_MAX: Final = 1024
KEPT_S: Final = 600.0


class RecentFull(RuntimeError):
    """Every kept presentation still waits for its answer."""


class Asked:
    """One presentation that came over HTTP, answered or not yet. `mark` tells it from others."""

    def __init__(self, mark: bytes) -> None:
        self.mark = mark
        self.answer: Answer | None = None
        self.answered = trio.Event()
        self.told = False

    def tell(self, answer: Answer) -> None:
        """The lane's callback: neither raises nor blocks."""
        self.answer = answer
        self.answered.set()

    def take(self) -> Answer | None:
        """The answer, if there is one; every time but the first it says that it is a repetition."""
        if self.answer is None:
            return None
        first, self.told = not self.told, True
        return self.answer if first else msgspec.structs.replace(self.answer, repeated=True)


def mark_of(code: bytes, *more: object) -> bytes:
    """Tells two presentations apart by all that was said with them, without keeping the code."""
    said = msgspec.msgpack.encode((code, *more))
    return hashlib.blake2b(said, digest_size=16).digest()


class Recent:
    """The newest `kept_max` presentations of one lane, each for `kept_s` seconds."""

    def __init__(self, kept_max: int = KEPT_MAX, kept_s: float = KEPT_S) -> None:
        self._kept_max = kept_max
        self._kept_s = kept_s
        self._kept: dict[bytes, tuple[Asked, float]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, nonce: bytes, now_s: float) -> Asked | None:
        """What was asked by this name within the last `kept_s` seconds."""
        found = self._kept.get(nonce)
        if found is None or now_s - found[1] > self._kept_s:
            return None
        return found[0]

    def make_room(self, now_s: float) -> None:
        """Forget what is too old, or else the oldest answer. Raises `RecentFull`."""
        for nonce, (_, at_s) in list(self._kept.items()):
            if now_s - at_s <= self._kept_s:
                break  # they stand in the order they came
            del self._kept[nonce]
        if len(self._kept) < self._kept_max:
            return
        for nonce, (asked, _) in self._kept.items():
            if asked.answer is not None:
                del self._kept[nonce]
                return
        raise RecentFull(f"{self._kept_max} presentations wait for their answers")

    def keep(self, nonce: bytes, asked: Asked, now_s: float) -> None:
        """Remember `asked` by `nonce`. `make_room` comes first, before the lane is asked."""
        self._kept.pop(nonce, None)
        self._kept[nonce] = (asked, now_s)
