"""A serving centre with real sockets and real certificates, and clients that call it."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx2
import msgspec

from central import enrol
from central import keys as keyring
from central.app import serve_until_told
from central.keys import Keys
from central.publish import publish
from config.central import Central, Database, Listen
from crypto.authority import private_key_pem
from crypto.trust import make_request, read_request_untrusted, read_trust_untrusted
from tests.central.world import Ledger, packed

TYPE = "application/vnd.gatehouse.blocks+zstd"


def now_ms() -> int:
    """Certificates are checked against the real clock by TLS; the day is all that matters."""
    return time.time_ns() // 1_000_000


class Centre:
    """A running service and what is needed to call it."""

    def __init__(self, keys: Keys, ports: dict[str, int], dsn: str, folder: Path) -> None:
        self.keys, self.ports, self.dsn, self.folder = keys, ports, dsn, folder
        self.serials = 100

    async def enrol(self, ledger: Ledger, name: str) -> httpx2.AsyncClient:
        """Approve the ledger's gateway as the command does; a client with its certificate."""
        ledger.tenant = self.keys.tenant
        request = read_request_untrusted(make_request(name, ledger.gateway, ledger.device))
        connection = await asyncpg.connect(self.dsn)
        self.serials += 1
        raw = await enrol.approve(
            connection, self.keys, request, "https://localhost", now_ms(), self.serials
        )
        await connection.close()
        return self.client(read_trust_untrusted(raw).device_pem, bytes([1]) * 32, name, ledger)

    def client(
        self, pem: str, seed: bytes, name: str, ledger: Ledger | None = None
    ) -> httpx2.AsyncClient:
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}-key.pem"
        certificate.write_text(pem)
        key.write_text(private_key_pem(ledger.seed if ledger else seed))
        context = ssl.create_default_context(cafile=str(self.keys.folder / "authority.pem"))
        context.load_cert_chain(certificate, key)
        return httpx2.AsyncClient(
            base_url=f"https://127.0.0.1:{self.ports['gateways_port']}", verify=context,
            trust_env=False, timeout=20,
        )  # fmt: skip

    def ops(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{self.ports['ops_port']}", trust_env=False, timeout=20
        )


@asynccontextmanager
async def serving(dsn: str, folder: Path, **changes: object) -> AsyncIterator[Centre]:
    config = Central(
        tenant="Open Air",
        data_dir=str(folder / "central"),
        database=Database(dsn=dsn),
        listen=Listen(gateways="127.0.0.1:0", server_names=("127.0.0.1",), ops="127.0.0.1:0"),
    )
    config = msgspec.structs.replace(config, **changes)
    if not (folder / "central" / "keys").exists():
        seeds = [bytes([n]) * 32 for n in (201, 202, 203, 204)]
        keyring.create(folder / "central", "Open Air", bytes(range(16)), seeds, now_ms() // 1000)
    keys = keyring.load(folder / "central")
    connection = await asyncpg.connect(dsn)
    await enrol.record_tenant(connection, keys, now_ms())
    await publish(connection, keys.tenant, keys.bundle, now_ms())
    await connection.close()
    reader, writer = os.pipe()
    stop = asyncio.Event()
    task = asyncio.create_task(
        serve_until_told(config, entropy=os.urandom, now_ms=now_ms, ready_fd=writer, shutdown=stop)
    )
    line = asyncio.create_task(asyncio.to_thread(os.read, reader, 4096))
    await asyncio.wait({task, line}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        os.close(writer)
        await line
        os.close(reader)
        await task
    ports = msgspec.json.decode(await line)
    os.close(reader)
    try:
        yield Centre(keys, ports, dsn, folder)
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


async def put(
    client: httpx2.AsyncClient, ledger: Ledger, first: int = 0, last: int | None = None,
    **changes: object,
) -> httpx2.Response:  # fmt: skip
    blocks = ledger.read()[first:last]
    body = packed([block.raw for block in blocks])
    path = f"/v1/gateways/{ledger.gateway.hex()}/epochs/{ledger.epoch}/blocks/{blocks[0].first_seq}"
    content = changes.get("content", body)
    kind = str(changes.get("type", TYPE))
    return await client.put(
        str(changes.get("path", path)), content=content, headers={"content-type": kind}
    )
