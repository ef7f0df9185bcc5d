"""The serving process: database, two listeners, and an orderly end.

Start: keys → database (migrated) → certificate for TLS → listeners → READY. End, on SIGTERM or
SIGINT: waiting gateways are answered, listeners drain, the pool closes, our PostgreSQL stops last.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette

from central import keys as keyring
from central.database import Database
from central.keys import KeysMissing
from central.service import Service
from central.store import trust
from central.web.ops import Ops
from central.web.settlement import BLOCKS_TYPE, Settlement
from config.binds import Bind
from config.central import Central
from config.runtime.limits import Limits
from config.runtime.listen import Connections, Tls
from config.runtime.listen_asyncio import serve_asyncio
from config.runtime.notify import notify, report_ready, watchdog_s

log = logging.getLogger("gatehouse.central")
OPS_CONNECTIONS_MAX = 64


class CannotListen(Exception):
    """An address is taken or not ours."""


async def serve_until_told(
    config: Central,
    *,
    entropy: Callable[[int], bytes],
    now_ms: Callable[[], int],
    ready_fd: int | None = None,
    shutdown: asyncio.Event | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or `shutdown`.

    Raises KeysMissing, PostgresUnavailable, SchemaRefused or CannotListen.
    """
    stop = asyncio.Event() if shutdown is None else shutdown
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    keys = keyring.load(Path(config.data_dir))
    if config.workers > 1:
        log.warning("one process serves, whatever workers says", extra={"workers": config.workers})
    database = Database(config, entropy=entropy)
    try:
        await database.open(migrating=True)
        for applied in database.applied:
            log.info("migration applied", extra={"migration": applied})
        async with database.connection() as connection:
            if await trust.tenant_name(connection, keys.tenant) is None:
                raise KeysMissing(
                    f"the database does not know the tenant of {keys.folder}: run "
                    "`gatehouse central init` to finish, or name the right database"
                )
        service = Service(config, keys, database, now_ms)
        await service.refresh_bundle()
        tls = _certificate(config, keys, entropy, now_ms)
        await _listen(service, tls, stop, ready_fd)
    finally:
        notify("STOPPING=1")
        await database.close()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _certificate(
    config: Central,
    keys: keyring.Keys,
    entropy: Callable[[int], bytes],
    now_ms: Callable[[], int],
) -> Tls:
    # Gateways call the host of public_url: a certificate without it would turn them all away.
    public_host = urlsplit(config.public_url).hostname
    hosts = list(dict.fromkeys([*config.listen.server_names, *filter(None, [public_host])]))
    serial = int.from_bytes(entropy(16), "big") >> 1 | 1
    certificate, key = keyring.write_server_certificate(
        keys, hosts, entropy(32), now_ms() // 1000, serial
    )
    return Tls(str(certificate), str(key), str(keys.folder / "authority.pem"))


async def _listen(service: Service, tls: Tls, stop: asyncio.Event, ready_fd: int | None) -> None:
    bound: dict[str, Bind] = {}

    def started(name: str) -> Callable[[list[Bind]], None]:
        def note(addresses: list[Bind]) -> None:
            bound[name] = addresses[0]
            if len(bound) == 2:
                _ready(bound, ready_fd)

        return note

    async def listen(
        name: str, app: Starlette, bind: Bind, limits: Limits, with_tls: Tls | None
    ) -> None:
        counts = service.connections[name] = Connections(limits.connections_max)
        service.health.watch_connections(name, counts)
        try:
            await serve_asyncio(
                app, [bind], limits, shutdown=stop, tls=with_tls, connections=counts,
                started=started(name),
            )  # fmt: skip
        except OSError as error:
            raise CannotListen(error.strerror or str(error)) from error

    limits, at = service.config.limits, service.config.listen
    settle = Limits(
        hosts=(),  # clients are known by certificate
        body_bytes_max=limits.body_bytes_max,
        read_timeout_s=limits.read_timeout_s,
        connections_max=limits.connections_max,
        content_types=(BLOCKS_TYPE,),
    )
    ops = Limits(read_timeout_s=limits.read_timeout_s, connections_max=OPS_CONNECTIONS_MAX)
    gateways_app, ops_app = Settlement(service).app(), Ops(service).app()
    try:
        async with asyncio.TaskGroup() as group:
            helpers = [
                group.create_task(service.database.tend()),
                group.create_task(service.follow_bundles()),
                group.create_task(service.watch.watch()),
                group.create_task(_watchdog()),
                group.create_task(_release_waiting(service, stop)),
            ]
            async with asyncio.TaskGroup() as listeners:
                listeners.create_task(
                    listen("gateways", gateways_app, at.gateways_address, settle, tls)
                )
                listeners.create_task(listen("ops", ops_app, at.ops_address, ops, None))
            for helper in helpers:
                helper.cancel()
    except BaseExceptionGroup as group_error:
        refused = group_error.subgroup(CannotListen)
        if refused is None:
            raise
        raise _first(refused) from None


def _first(group: BaseException) -> BaseException:
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group


def _ready(bound: dict[str, Bind], ready_fd: int | None) -> None:
    gateways, ops = bound["gateways"], bound["ops"]
    log.info("listening", extra={"gateways": str(gateways), "ops": str(ops)})
    report_ready(
        ready_fd,
        gateways_port=gateways.port,
        ops_port=ops.port,
        gateways=str(gateways),
        ops=str(ops),
    )
    notify("READY=1", f"STATUS=gateways on {gateways}, operations on {ops}")


async def _release_waiting(service: Service, stop: asyncio.Event) -> None:
    await stop.wait()
    service.stopping.set()


async def _watchdog() -> None:
    every_s = watchdog_s()
    while every_s is not None:
        notify("WATCHDOG=1")
        await asyncio.sleep(every_s)
