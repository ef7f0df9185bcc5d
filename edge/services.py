"""What runs beside the lanes as long as the gateway does: the uplink, and all that asks the centre.

Each service has a border of its own: it may crash, and begins anew; the gate goes on.
"""

import logging
import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import trio

from config.gateway import CentralLink
from config.gateway import Gateway as GatewayConfig
from edge.bundles import BundleStore
from edge.centre_clock import compare_clocks
from edge.clock import SystemClock
from edge.gateway import Gateway
from edge.identity import Identity, tls_context
from edge.ledger.errors import StorageFailed
from edge.ledger.ledger import Ledger
from edge.receipts import ReceiptStore
from edge.transport import HttpTransport
from edge.uplink import Backoff, Uplink, follow_bundles, follow_guests, in_thread

log = logging.getLogger(__name__)
#: Between a crash and the next beginning.
AGAIN_S: Final = 1.0


async def bordered(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """A supervision border: a crash is logged with its trace, and the task begins anew."""
    while True:
        try:
            await work()
        except StorageFailed:
            raise  # of a sibling's mirror: no write is retried there either
        except Exception:  # the border: what feeds the centre must not end the gate
            log.exception("%s crashed and is started again; please report this trace", name)
        await trio.sleep(AGAIN_S)


def jitter() -> float:
    """From 0 to 1, so that gateways that lost the same network do not come back at once."""
    return int.from_bytes(os.urandom(2), "big") / 65535


def make_transport(config: GatewayConfig, identity: Identity) -> HttpTransport | None:
    """The way to the centre, if one is configured."""
    if config.central is None:
        return None
    return HttpTransport(
        config.central.url, identity.gateway, tls_context(identity),
        config.central.request_timeout_s,
    )  # fmt: skip


def make_uplink(
    config: GatewayConfig, identity: Identity, gateway: Gateway, ledger: Ledger,
    transport: HttpTransport | None, receipts: ReceiptStore,
) -> Uplink | None:  # fmt: skip
    """What brings the ledger to the centre, if one is configured."""
    if transport is None or config.central is None:
        return None
    return Uplink(
        gateway=gateway, source=ledger, transport=transport,
        receipt_key=identity.receipt_key, tenant=identity.tenant,
        backoff=_backoff(config.central), batch_bytes=config.central.batch_bytes_max,
        keep=receipts.keep, aside=in_thread,
    )  # fmt: skip


def _backoff(row: CentralLink) -> Backoff:
    return Backoff(row.backoff_min_s, row.backoff_max_s, jitter)


def start_uplink(
    nursery: trio.Nursery, config: GatewayConfig, gateway: Gateway, clock: SystemClock,
    transport: HttpTransport | None, bundles: BundleStore, uplink: Uplink | None,
) -> None:  # fmt: skip
    """Deliver to the centre, follow its bundles and guest lists, compare clocks."""
    if uplink is None or transport is None or config.central is None:
        return
    nursery.start_soon(bordered, "uplink", uplink.run)
    for name, follow in (("bundles", follow_bundles), ("guests", follow_guests)):
        work = partial(
            follow, gateway, bundles, transport, _backoff(config.central),
            config.central.bundle_wait_s,
        )  # fmt: skip
        nursery.start_soon(bordered, name, work)
    limit_ms = config.clock.central_max_ms
    clocks = partial(compare_clocks, clock, transport, gateway, limit_ms)
    nursery.start_soon(bordered, "clocks", clocks)
