"""Brings the blocks of a sibling that is gone to the centre: it may have burnt.

As long as a sibling is heard it delivers for itself. What the centre holds already is asked for
first, and compared by hash there, so that two couriers store nothing twice.
"""

import logging
from collections.abc import Callable
from typing import Final, Protocol

import trio

from crypto.errors import BadReceipt
from crypto.keys import VerifyKey
from crypto.receipt import read_untrusted as read_receipt
from edge.peers.holdings import Holdings
from edge.peers.intake import Key
from edge.transport import Gap, Transport, Turned, UplinkLost

log = logging.getLogger(__name__)
LOOK_S: Final = 5.0
BATCH_BYTES: Final = 1 << 20


class Missed(Protocol):
    """What the courier asks of `edge.peers.links.Links`."""

    def unheard_s(self, gateway: bytes) -> float: ...

    def lacks(self, gateway: bytes) -> bool:
        """Whether it is heard, and holds less of a log of its own than we do."""

    def name(self, gateway: bytes) -> str: ...


class Courier:
    """`transport_of` a gateway: the same centre, asked about that gateway's log."""

    def __init__(
        self, holdings: Holdings, missed: Missed, transport_of: Callable[[bytes], Transport],
        receipt_key: VerifyKey, after_s: float,
    ) -> None:  # fmt: skip
        self._holdings = holdings
        self._missed = missed
        self._transport_of = transport_of
        self._receipt_key = receipt_key
        self._after_s = after_s
        #: How far the centre has receipted each log that we brought.
        self.receipted: dict[Key, int] = {}
        self._told: set[tuple[bytes, str]] = set()

    async def run(self) -> None:
        """Look every few seconds, for ever."""
        while True:
            await trio.sleep(min(LOOK_S, self._after_s))
            for gateway in sorted({owner for owner, _ in self._holdings.intake.heads()}):
                lost = self._missed.unheard_s(gateway) >= self._after_s
                if lost or self._missed.lacks(gateway):
                    await self._deliver(gateway)

    async def _deliver(self, gateway: bytes) -> None:
        heads = self._holdings.intake.heads()
        due = {key: head.seq for key, head in heads.items() if key[0] == gateway}
        if all(self.receipted.get(key, 0) >= seq for key, seq in due.items()):
            return
        transport = self._transport_of(gateway)
        try:
            there = {head.epoch: head.through_seq for head in await transport.heads()}
            for key, seq in sorted(due.items()):
                await self._deliver_log(transport, key, there.get(key[1], 0), seq)
        except (UplinkLost, Gap):
            return  # our own uplink tells about the centre; we come again
        except (Turned, BadReceipt) as error:
            if (gateway, str(error)) not in self._told:
                self._told.add((gateway, str(error)))
                who = {"sibling": self._missed.name(gateway), "why": str(error)}
                log.error("the centre does not take the blocks of a sibling from us", extra=who)

    async def _deliver_log(
        self, transport: Transport, key: Key, through_seq: int, seq: int
    ) -> None:
        brought = through_seq < seq
        while through_seq < seq:
            blocks = await self._holdings.run(key, through_seq + 1, BATCH_BYTES)
            if not blocks:
                return
            run = b"".join(block.raw for block in blocks)
            raw = await transport.put_blocks(key[1], blocks[0].first_seq, run)
            receipt = read_receipt(raw, self._receipt_key)
            if (receipt.gateway, receipt.epoch) != key or receipt.through_seq <= through_seq:
                raise BadReceipt("a receipt for another log")
            through_seq = receipt.through_seq
        self.receipted[key] = through_seq
        if brought:
            who = {"sibling": self._missed.name(key[0]), "epoch": key[1], "through_seq": seq}
            log.warning("the centre has a lost sibling's blocks from us", extra=who)


async def fetch_all(
    transport_of: Callable[[bytes], Transport], gateways: list[bytes],
    heads: Callable[[], dict[Key, int]], take: Callable[[bytes], object],
) -> bool:  # fmt: skip
    """Bring every log of `gateways` from the centre; whether all of it came.

    `heads`: through which seq each log is here; `take` is awaited with each run.
    """
    try:
        for gateway in gateways:
            transport = transport_of(gateway)
            for head in await transport.heads():
                key = (gateway, head.epoch)
                while (here := heads().get(key, 0)) < head.through_seq:
                    run = await transport.get_blocks(head.epoch, here + 1)
                    await take(run)  # type: ignore[misc]
                    if heads().get(key, 0) <= here:
                        return False
    except (UplinkLost, Turned):
        return False
    return True
