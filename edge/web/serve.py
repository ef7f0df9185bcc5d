"""Serves the local API for as long as the daemon runs; the border that its crashes stop at."""

from collections.abc import Sequence

import trio

from config.binds import Bind
from config.gateway import Gateway as GatewayConfig
from config.runtime.listen import Connections
from config.runtime.listen_trio import keep_serving_trio
from edge.gateway import Gateway
from edge.ledger.ledger import Ledger
from edge.uplink import Uplink
from edge.web.app import limits_for, make_app
from edge.web.status import LedgerRoom
from edge.wiring import Device


async def serve_api(
    gateway: Gateway, config: GatewayConfig, ledger: Ledger, uplink: Uplink | None,
    devices: Sequence[Device], connections: Connections,
    task_status: trio.TaskStatus[list[Bind]] = trio.TASK_STATUS_IGNORED,
) -> None:  # fmt: skip
    """Serve until cancelled; starts with the addresses it listens on."""
    app = make_app(
        gateway,
        ledger_room=lambda: LedgerRoom(ledger.spares_count, ledger.room),
        uplink=uplink.status if uplink is not None else None,
        devices=devices,
        connections=connections,
    )
    bind = config.local_api.address
    limits = limits_for(config.local_api)
    await keep_serving_trio(app, [bind], limits, connections=connections, task_status=task_status)
