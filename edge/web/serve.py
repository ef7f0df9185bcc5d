"""Serves the local API for as long as the daemon runs; the border that its crashes stop at."""

import ssl
from collections.abc import Sequence
from pathlib import Path

import trio

from config.binds import Bind
from config.faults import ConfigInvalid, Fault
from config.gateway import Gateway as GatewayConfig
from config.gateway import LocalTls
from config.runtime.listen import Connections, Tls
from config.runtime.listen_trio import keep_serving_trio
from edge.gateway import Gateway
from edge.keeping import Keeping
from edge.ledger.ledger import Ledger
from edge.till.tills import Tills
from edge.uplink import Uplink
from edge.web.app import limits_for, make_app
from edge.web.signin import Door
from edge.web.status import LedgerRoom
from edge.wiring import Device


async def serve_api(
    gateway: Gateway, config: GatewayConfig, ledger: Ledger, uplink: Uplink | None,
    devices: Sequence[Device], connections: Connections, keeping: Keeping | None = None,
    tills: Tills | None = None,
    task_status: trio.TaskStatus[list[Bind]] = trio.TASK_STATUS_IGNORED,
) -> None:  # fmt: skip
    """Serve until cancelled; starts with the addresses it listens on.

    Raises `ConfigInvalid` for a certificate that cannot be used, OSError for an address.
    """
    api = config.local_api
    paired = Path(config.data_dir) / "till_devices.json"
    door = Door(gateway, config.staff, api.session_s, config.display, paired)
    app = make_app(
        gateway,
        ledger_room=lambda: LedgerRoom(
            ledger.spares_count, ledger.room, keeping.deleted if keeping is not None else 0
        ),
        uplink=uplink.status if uplink is not None else None,
        devices=devices,
        connections=connections,
        door=door,
        tills=tills,
    )
    await keep_serving_trio(
        app, [api.address], limits_for(api), tls=_usable(api.tls), connections=connections,
        task_status=task_status,
    )  # fmt: skip


def _usable(tls: LocalTls | None) -> Tls | None:
    """The files are there and belong together; said now, not to the first phone."""
    if tls is None:
        return None
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            tls.certificate, tls.key
        )
    except (OSError, ssl.SSLError) as error:
        problem = f"cannot be used with key {tls.key}: {error}"
        hint = "PEM files of one P-256 key, readable by this service"
        fault = Fault(tls.certificate, "local_api.tls", problem, hint)
        raise ConfigInvalid([fault]) from None
    return Tls(tls.certificate, tls.key)
