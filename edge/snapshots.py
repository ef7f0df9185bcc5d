"""Takes a snapshot every so many facts, in a process of its own, and records that it exists."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import trio

from config.gateway import Gateway as GatewayConfig
from crypto.block import Head
from crypto.entry import KnownFact, SnapshotTaken
from edge.core.moments import Moment
from edge.gateway import Gateway
from edge.ledger.errors import LedgerError
from edge.ledger.ledger import Ledger
from edge.ledger.take import Taken, take_in_background

log = logging.getLogger(__name__)
LOOK_S = 10.0
RETRY_S = 300.0


async def keep_snapshots(
    ledger: Ledger, gateway: Gateway, config: GatewayConfig,
    mirrors: Callable[[], Mapping[Path, tuple[bytes, Mapping[int, Head]]]] = dict,
) -> None:  # fmt: skip
    """Snapshot the ledger whenever `snapshot_every_facts` are durable since the last one.

    `mirrors`: folder, gateway and durable heads of each sibling whose log is folded, too.
    """
    since = ledger.durable.seq
    while True:
        await trio.sleep(LOOK_S)
        if ledger.durable.seq - since < config.ledger.snapshot_every_facts:
            continue
        try:
            taken = await take_in_background(
                Path(config.ledger_dir), ledger.gateway, dict(ledger.heads), mirrors()
            )
        except (LedgerError, OSError) as error:
            log.warning("no snapshot was taken; starts take longer", extra={"why": str(error)})
            await trio.sleep(RETRY_S)
            continue
        since = taken.through_seq
        gateway.must_record(_taken(taken))
        log.info("snapshot taken", extra={"through_seq": taken.through_seq})


def _taken(taken: Taken) -> Callable[[int, Moment], KnownFact]:
    return lambda hlc, now: SnapshotTaken(
        hlc, now.day, now.offset_min, taken.digest, taken.through_seq
    )
