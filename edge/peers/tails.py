"""What only the centre still holds of a sibling that is gone: fetched and folded, rarely.

A gateway may burn after its last blocks have reached the centre and before they reached a sibling.
Siblings that run on would admit a copy of its last guests: so of a sibling that nobody hears the
centre is asked how far it has its logs, and the rest is taken in as from any sibling.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Final

import trio

from crypto.block import read_run_untrusted
from crypto.errors import Bad
from edge.peers.courier import Missed
from edge.peers.intake import Forged, Intake, Key
from edge.transport import Transport, Turned, UplinkLost

log = logging.getLogger(__name__)
#: Between two questions about the same sibling; doubled while there is nothing new.
LEAST_S: Final = 60.0
MOST_S: Final = 900.0
#: Of one sibling at one look; the rest comes with the next.
LOOK_BYTES: Final = 16 << 20
_LOOK_S: Final = 5.0


class Tails:
    """`gateways`: whom the bundle names. `folded`: through which seq the state knows a log.

    `transport_of` a gateway: the centre, asked about that gateway's log. `after_s`: unheard for so
    long, a sibling is gone. `fetched` counts blocks that were folded.
    """

    def __init__(
        self, intake: Intake, missed: Missed, gateways: Callable[[], Iterable[bytes]],
        folded: Callable[[Key], int], transport_of: Callable[[bytes], Transport], after_s: float,
    ) -> None:  # fmt: skip
        self._intake = intake
        self._missed = missed
        self._gateways = gateways
        self._folded = folded
        self._transport_of = transport_of
        self._after_s = after_s
        #: By sibling: when to ask again, and how long to wait after that.
        self._next: dict[bytes, tuple[float, float]] = {}
        self._told: set[tuple[bytes, str]] = set()
        self.fetched = 0

    async def run(self) -> None:
        """Look every few seconds, for ever."""
        while True:
            await trio.sleep(min(_LOOK_S, self._after_s))
            for gateway in sorted(self._gateways()):
                if gateway == self._intake.own:
                    continue
                if self._missed.unheard_s(gateway) < self._after_s:
                    self._next.pop(gateway, None)
                else:
                    await self._look(gateway)

    async def _look(self, gateway: bytes) -> None:
        due, wait_s = self._next.get(gateway, (0.0, LEAST_S))
        if trio.current_time() < due:
            return
        before = self.fetched
        try:
            await self._fetch(gateway)
        except (UplinkLost, Turned):
            pass  # our own uplink tells about the centre; we come again
        except (Bad, Forged) as error:
            if (gateway, str(error)) not in self._told:
                self._told.add((gateway, str(error)))
                who = {"sibling": self._missed.name(gateway), "why": str(error)}
                log.error("the centre gave a bad block of a sibling", extra=who)
        if self.fetched > before:
            wait_s = LEAST_S / 2
            many = {"sibling": self._missed.name(gateway), "blocks": self.fetched - before}
            log.warning("facts of a lost sibling came from the centre", extra=many)
        self._next[gateway] = (trio.current_time() + wait_s, min(wait_s * 2, MOST_S))

    async def _fetch(self, gateway: bytes) -> None:
        transport, left = self._transport_of(gateway), LOOK_BYTES
        for head in await transport.heads():
            key = (gateway, head.epoch)
            while self._folded(key) < head.through_seq and left > 0:
                here = self._here(key)
                run = await transport.get_blocks(head.epoch, here + 1)
                left -= len(run)
                for block in read_run_untrusted(run):
                    await self._intake.room()
                    was = self._here(key)
                    await self._intake.take(block)
                    self.fetched += self._here(key) > was
                    await trio.lowlevel.checkpoint()  # a lane may want to decide in between
                if self._here(key) <= here:
                    break  # it does not give what it says that it has

    def _here(self, key: Key) -> int:
        row = self._intake.log(key)
        return row.chain.head.seq if row is not None else 0
