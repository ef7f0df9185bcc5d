"""Do siblings that know the same facts have the same state? They tell each other their digests.

A digest is sent when somebody has asked for one here (`edge peers status`); a sibling that has
folded the very same facts works out its own and answers. One that is ahead or behind says nothing:
two states can be compared only when nothing is under way.
"""

import logging
from contextlib import suppress
from typing import Final, Protocol

import trio

from edge.digests import Digest, DigestFailed, Digests, vector_of
from edge.gateway import Gateway
from edge.peers import codec

log = logging.getLogger(__name__)
SAME: Final = "same"
DIFFERS: Final = "differs"


class Ends(Protocol):
    """Who is connected (`edge.peers.links.Links`)."""

    def tell_digest(self, digest: Digest) -> None: ...

    def name(self, gateway: bytes) -> str: ...


class Compare:
    """Digests of siblings beside ours; `run` works ours out when one of theirs asks for it."""

    def __init__(self, gateway: Gateway, ends: Ends) -> None:
        self._gateway = gateway
        self._digests: Digests = gateway.digests
        self._ends = ends
        self._theirs: dict[bytes, codec.StateAt] = {}
        self._send, self._wanted = trio.open_memory_channel[bytes](1)
        #: By sibling: `SAME` or `DIFFERS`, and when that was seen.
        self.found: dict[bytes, tuple[str, float]] = {}
        self._digests.on_new.append(self._new)

    async def run(self) -> None:
        """Work out our digest when a sibling's is of the same facts, until cancelled."""
        async for gateway in self._wanted:
            told = self._theirs.get(gateway)
            if told is None or told.vector != vector_of(self._gateway.state)[0]:
                continue  # something was folded since
            try:
                digest = await self._digests.now()
            except DigestFailed as error:
                log.warning("our state was not compared", extra={"why": str(error)})
                continue
            self._ends.tell_digest(digest)
            self._compare(gateway)

    def heard(self, gateway: bytes, told: codec.StateAt) -> None:
        """A sibling's digest has come."""
        self._theirs[gateway] = told
        if self._compare(gateway):
            return
        if told.vector == vector_of(self._gateway.state)[0]:
            with suppress(trio.WouldBlock):  # one is being worked out; it will be told to all
                self._send.send_nowait(gateway)

    def _new(self, digest: Digest) -> None:
        self._ends.tell_digest(digest)
        for gateway in list(self._theirs):
            self._compare(gateway)

    def _compare(self, gateway: bytes) -> bool:
        """Whether the newest digests are of the same facts: then they must be equal."""
        ours, theirs = self._digests.last, self._theirs[gateway]
        if ours is None or ours.vector != theirs.vector:
            return False
        found = SAME if ours.state == theirs.state else DIFFERS
        before = self.found.get(gateway, ("", 0.0))[0]
        self.found[gateway] = (found, trio.current_time())
        if found == DIFFERS and before != DIFFERS:
            which = {"sibling": self._ends.name(gateway), "facts": ours.facts,
                     "ours": ours.state.hex(), "theirs": theirs.state.hex()}  # fmt: skip
            log.error("the same facts, but another state: one of the two gateways decides wrongly",
                      extra=which)  # fmt: skip
        return True
