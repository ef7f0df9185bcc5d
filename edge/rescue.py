"""Asking centre and siblings what they hold of our own log, before the ledger is opened.

A gateway must open without a network, so each question has a short deadline, and silence is an
answer: then only the receipts on disk testify.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import trio

from crypto.block import Block, read_run_untrusted
from crypto.errors import BadBlock
from edge.identity import Identity, tls_context
from edge.ledger.recover import Helpers, KnownHead
from edge.ledger.walk import Fetch
from edge.peers.rebuild import Asker
from edge.receipts import ReceiptStore
from edge.transport import HttpTransport, Turned, UplinkLost

T = TypeVar("T")

log = logging.getLogger(__name__)
HEADS_S: Final = 2.0
BLOCKS_S: Final = 30.0


class Rescue:
    """What others know of this log. `transport` None: no centre is configured.

    `siblings` None: no siblings are.
    """

    def __init__(
        self, receipts: ReceiptStore, transport: HttpTransport | None,
        siblings: Asker | None = None,
    ) -> None:  # fmt: skip
        self._receipts = receipts
        self._transport = transport
        self._siblings = siblings

    async def helpers(self) -> Helpers:
        """Witnesses for `edge.ledger.recover`; its `fetch` must be called from a thread of trio."""
        known = [
            KnownHead(r.epoch, r.through_seq, r.head, "a receipt") for r in self._receipts.all()
        ]
        known += await self._centre_heads()
        if self._siblings is not None:
            known += await self._siblings.heads()
        anybody = self._transport is not None or self._siblings is not None
        doubts = list(self._siblings.doubts) if self._siblings is not None else []
        return Helpers(known, self._fetch_from_thread if anybody else None, doubts)

    async def _centre_heads(self) -> list[KnownHead]:
        if self._transport is None:
            return []
        try:
            with trio.fail_after(HEADS_S):
                heads = await self._transport.heads()
        except (UplinkLost, Turned, trio.TooSlowError) as error:
            log.info("the centre was not asked about our ledger", extra={"why": str(error)})
            return []
        return [
            KnownHead(head.epoch, head.through_seq, bytes.fromhex(head.head), "the centre")
            for head in heads
        ]

    def _fetch_from_thread(self, epoch: int, seq: int) -> list[Block]:
        return trio.from_thread.run(self.fetch, epoch, seq)

    async def fetch(self, epoch: int, seq: int) -> list[Block]:
        """Our own blocks from `seq` on, as the centre or else a sibling keeps them; maybe none."""
        blocks = await self._from_centre(epoch, seq)
        if not blocks and self._siblings is not None:
            blocks = await self._siblings.fetch(epoch, seq)
        return blocks

    async def _from_centre(self, epoch: int, seq: int) -> list[Block]:
        if self._transport is None:
            return []
        try:
            with trio.fail_after(BLOCKS_S):
                run = await self._transport.get_blocks(epoch, seq)
            return list(read_run_untrusted(run))
        except (UplinkLost, Turned, BadBlock, trio.TooSlowError) as error:
            log.warning("missing blocks could not be fetched", extra={"why": str(error)})
            return []


def from_centre(identity: Identity) -> tuple[Fetch, list[KnownHead]]:
    """For a command without a running loop: (fetch, known heads) of this gateway at the centre.

    Raises `UplinkLost` when the centre does not answer.
    """
    if not identity.trust.central_url:
        raise UplinkLost("the trust file names no address of a centre")

    async def ask(work: Callable[[HttpTransport], Awaitable[T]]) -> T:
        context = tls_context(identity)
        transport = HttpTransport(identity.trust.central_url, identity.gateway, context)
        try:
            with trio.fail_after(BLOCKS_S):
                return await work(transport)
        except (Turned, trio.TooSlowError) as error:
            raise UplinkLost(str(error) or "no answer in time") from None
        finally:
            await transport.aclose()

    def fetch(epoch: int, seq: int) -> list[Block]:
        run = trio.run(ask, lambda transport: transport.get_blocks(epoch, seq))
        return list(read_run_untrusted(run))

    heads = trio.run(ask, lambda transport: transport.heads())
    return fetch, [
        KnownHead(head.epoch, head.through_seq, bytes.fromhex(head.head), "the centre")
        for head in heads
    ]
