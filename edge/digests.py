"""The digest of what was folded, and of which facts: two gateways are compared by it.

State is a function of the set of facts (law 3). So gateways whose vectors are equal have equal
digests, or one of them is broken. Writing a million facts down takes seconds; a forked process does
it, at low priority, and sees the state of one moment. Forking holds the loop up for about ten
milliseconds per million facts, so it is done when somebody asks, and not again and again.
"""

import contextlib
import hashlib
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import trio

from edge.core.state import State

#: At most so often, however many ask; between them the last one is told, with its age.
EVERY_S: Final = 15.0
PATIENCE_S: Final = 120.0
_NICE: Final = 15


class DigestFailed(Exception):
    """The process that was to do it did not. The text says why."""


class Digest(msgspec.Struct, frozen=True):
    """`facts` facts, named by `vector`, give the state `state`; both are SHA-256.

    `at`: when, by the clock of the loop.
    """

    vector: bytes
    state: bytes
    facts: int
    at: float


def vector_of(state: State) -> tuple[bytes, int]:
    """SHA-256 of which facts are folded, whatever the order they came in; and how many."""
    logs = sorted((o.gateway, o.epoch, o.next, sorted(o.beyond)) for o in state.origins)
    count = sum(through - 1 + len(beyond) for _, _, through, beyond in logs)
    return hashlib.sha256(msgspec.msgpack.encode(logs)).digest(), count


async def in_child(state: State) -> bytes:
    """`state.digest()` of this moment, by a process of its own. Raises `DigestFailed`."""
    ours, theirs = os.pipe()
    try:
        pid = os.fork()
    except OSError as error:
        os.close(ours)
        os.close(theirs)
        raise DigestFailed(f"no process could be started: {error.strerror}") from None
    if pid == 0:
        _child(state, theirs)
    os.close(theirs)
    told = bytearray()
    try:
        async with trio.lowlevel.FdStream(ours) as stream:
            with trio.move_on_after(PATIENCE_S):
                while more := await stream.receive_some(64):
                    told += more
    finally:
        os.kill(pid, signal.SIGKILL)  # it has ended, or is not waited for any longer
        os.waitpid(pid, 0)  # noqa: ASYNC222 - it is dead
    if len(told) != hashlib.sha256().digest_size:
        raise DigestFailed("the process ended without an answer: is there enough memory?")
    return bytes(told)


def _child(state: State, pipe: int) -> None:
    """Nothing here may touch what the parent has open, but for the pipe."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with contextlib.suppress(OSError):  # a unit may forbid it
            os.nice(_NICE)
        os.write(pipe, state.digest())
        code = 0
    finally:
        os._exit(code)


class Digests:
    """Digests of `state`, which is folded on. `last`: the newest one."""

    def __init__(self, state: State, take: Callable[[State], Awaitable[bytes]] = in_child) -> None:
        self._state = state
        self._take = take
        self._lock = trio.Lock()
        self.last: Digest | None = None
        #: Called on the loop with each new one.
        self.on_new: list[Callable[[Digest], None]] = []

    async def now(self) -> Digest:
        """Of this moment; or the newest one while it is younger than `EVERY_S`.

        Raises `DigestFailed`.
        """
        async with self._lock:
            (vector, facts), at, last = vector_of(self._state), trio.current_time(), self.last
            if last is not None and (last.vector == vector or at - last.at < EVERY_S):
                return last
            # No checkpoint in between: it is forked in the same breath.
            self.last = Digest(vector, await self._take(self._state), facts, at)
            for told in self.on_new:
                told(self.last)
            return self.last
