"""What the two listeners of the centre share: database, keys, clock, and what was seen lately."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge

from central.database import PASSING, Database
from central.keys import Keys
from central.store import bundles
from config.central import Central
from config.runtime.health import Health

if TYPE_CHECKING:
    from config.runtime.listen import Connections

log = logging.getLogger("gatehouse.central")
BUNDLE_POLL_S = 0.5


class Contact(msgspec.Struct):
    """When a gateway was last heard, and how its block clock compares with ours.

    `delay_ms` is our clock minus the newest block's: travel time plus the gateway's clock offset.
    """

    seen_ms: int = 0
    delay_ms: int | None = None


class Service:
    """The state of one serving process."""

    def __init__(
        self, config: Central, keys: Keys, database: Database, now_ms: Callable[[], int]
    ) -> None:
        self.config = config
        self.keys = keys
        self.database = database
        self.now_ms = now_ms
        self.contacts: dict[bytes, Contact] = {}
        self.connections: dict[str, Connections] = {}
        self.bundle_version = 0
        self.bundle_raw = b""
        self.stopping = asyncio.Event()
        self._bundle_changed = asyncio.Event()
        self.trouble = ""
        self.registry = CollectorRegistry()
        self.health = Health(self.reasons, self.registry)
        self.facts_stored = self._counter("facts_stored", "facts stored by this process")
        self.runs = self._counter("runs", "deliveries of blocks", ("outcome",))
        self.errors = self._counter("errors", "requests ended by an unexpected error")
        Gauge(
            "gatehouse_central_bundle_version", "newest bundle", registry=self.registry
        ).set_function(lambda: self.bundle_version)

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(f"gatehouse_central_{name}", text, labels, registry=self.registry)

    def heard(self, gateway: bytes) -> Contact:
        """Note that `gateway` called just now."""
        contact = self.contacts.setdefault(gateway, Contact())
        contact.seen_ms = self.now_ms()
        return contact

    async def refresh_bundle(self) -> None:
        """Look for a newer bundle and wake who waits for one."""
        async with self.database.connection() as connection:
            version = await bundles.latest_version(connection, self.keys.tenant)
            if version == self.bundle_version:
                return
            newest = await bundles.latest(connection, self.keys.tenant)
        if newest is not None:
            self.bundle_version, self.bundle_raw = newest
            self._bundle_changed.set()
            self._bundle_changed = asyncio.Event()

    async def follow_bundles(self) -> None:
        """Poll for ever: one small query for all who wait, and no channel that could break."""
        while True:
            try:
                await self.refresh_bundle()
                self.trouble = ""
            except PASSING as error:
                if not self.trouble:
                    log.warning("the database does not answer", extra={"why": str(error)})
                self.trouble = f"the database does not answer: {type(error).__name__}"
            await asyncio.sleep(BUNDLE_POLL_S)

    async def newer_bundle(self, have: int, wait_s: float) -> bytes | None:
        """A bundle newer than `have`, or None when there is none within `wait_s` seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        while self.bundle_version <= have:
            left = deadline - loop.time()
            if left <= 0 or self.stopping.is_set():
                return None
            changed = asyncio.ensure_future(self._bundle_changed.wait())
            stopping = asyncio.ensure_future(self.stopping.wait())
            try:
                await asyncio.wait(
                    {changed, stopping}, timeout=left, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                changed.cancel()
                stopping.cancel()
        return self.bundle_raw

    def reasons(self) -> list[str]:
        """Why this process cannot do its work; empty when it can."""
        return [self.trouble] if self.trouble else []
