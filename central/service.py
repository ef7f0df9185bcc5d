"""What the two listeners of the centre share: database, keys, clock, and what was seen lately."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge

from central import replaced
from central.cashless_keys import held
from central.database import PASSING, Database
from central.keys import Keys, KeysMissing
from central.money_watch import Watch
from central.publish import delta_between, guest_list, publish
from central.store import bundles, entry, wallets
from config.central import Central
from config.runtime.health import Health
from crypto import guests as guest_format

if TYPE_CHECKING:
    from config.runtime.listen import Connections

log = logging.getLogger("gatehouse.central")
BUNDLE_POLL_S = 0.5
#: So often at least the tables are held against the newest bundle, if that is quickly done.
PUBLISH_S = 30.0
PATIENCE = 60
#: So long without a refused delivery, and with one that was stored, means that all is well again.
CALM_S = 10.0
SAID_S = 60.0
#: So many times as long as publishing took, news wait for each other.
NEWS_PATIENCE = 20


class Contact(msgspec.Struct):
    """When a gateway was last heard, and how its block clock compares with ours.

    `delay_ms` is our clock minus the newest block's: travel time plus the gateway's clock offset.
    """

    seen_ms: int = 0
    delay_ms: int | None = None


class Offer(msgspec.Struct, frozen=True):
    """What a gateway gets that asks for a bundle: `kind` "full" or "delta"."""

    kind: str
    version: int
    raw: bytes


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
        self.guests_version = 0
        self.guests_raw = b""
        self._news = 0
        self.publish_by_s = self.news_by_s = 0.0
        self.stopping = asyncio.Event()
        self._changed = asyncio.Event()
        # Of the newest bundle, by the version of the base; None where a delta does not pay.
        self._deltas: dict[int, bytes | None] = {}
        self._making_deltas = asyncio.Lock()
        self.trouble = ""
        self.refusing = ""
        self._refused_s = 0.0
        self._stored = False
        self._met: dict[str, float] = {}
        self.registry = CollectorRegistry()
        self.health = Health(self.reasons, self.registry)
        self.facts_stored = self._counter("facts_stored", "facts stored by this process")
        self.runs = self._counter("runs", "deliveries of blocks", ("outcome",))
        self.errors = self._counter("errors", "requests ended by an unexpected error")
        self.watch = Watch(database, keys.tenant, now_ms, self.registry)
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
            self._deltas = {}
            self._wake()

    async def release_held(self) -> None:
        """Let go of what was held back of lost bands, where nobody is awaited any more."""
        async with self.database.connection() as connection:
            let_go = await replaced.release(connection, self.keys.tenant, self.now_ms())
        for one in let_go:
            said = {"medium": one.medium.hex(), "amount_minor": one.amount_minor}
            log.info("what a lost band had left is credit of the new one", extra=said)

    async def publish_news(self) -> None:
        """Tell all gateways what one of them has blocked, replaced or redeemed at the centre.

        Now and then also what a command has kept and, cut short, has not published: a gateway that
        is to be revoked must not wait for the next word of somebody. What takes long is done for
        several words at once: with 50,000 orders that wait, each code that somebody redeems is a
        bundle of five megabytes for every gateway, and a row of two here for ever.
        """
        clock = asyncio.get_running_loop().time
        if clock() < self.news_by_s:
            return
        async with self.database.connection() as connection:
            news = await wallets.count_news(connection, self.keys.tenant)
            began = clock()
            if news != self._news or began >= self.publish_by_s:
                keys = held(self.keys.folder)
                await publish(connection, self.keys.tenant, self.keys.bundle, self.now_ms(), keys)
                self._news, took = news, clock() - began
                self.news_by_s = clock() + NEWS_PATIENCE * took
                self.publish_by_s = clock() + max(PUBLISH_S, PATIENCE * took)

    async def refresh_guests(self) -> None:
        """Look for a newer guest list and wake who waits for one."""
        async with self.database.connection() as connection:
            version, _ = await entry.newest_list(connection, self.keys.tenant)
            if version == self.guests_version:
                return
            found = await guest_list(connection, self.keys.tenant)
        self.guests_raw = await asyncio.to_thread(guest_format.sign, found, self.keys.bundle)
        self.guests_version = found.version
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def follow_bundles(self) -> None:
        """Poll for ever: three small queries for all who wait, and no channel that could break."""
        while True:
            try:
                await self.release_held()
                await self.publish_news()
                await self.refresh_bundle()
                await self.refresh_guests()
                self.trouble = ""
            except KeysMissing as error:
                if not self.trouble:
                    log.error("the bundle cannot be published", extra={"why": str(error)})
                self.trouble = str(error)
            except PASSING as error:
                if not self.trouble:
                    log.warning("the database does not answer", extra={"why": str(error)})
                self.trouble = f"the database does not answer: {type(error).__name__}"
            except Exception as error:  # noqa: BLE001 - the border: blocks are taken all the same
                self._cannot_publish(error)
            await asyncio.sleep(BUNDLE_POLL_S)

    def _cannot_publish(self, error: Exception) -> None:
        self.errors.inc()
        said = f"the bundle cannot be published: {error}"
        if self.trouble != said:
            log.error("the bundle cannot be published", exc_info=error)
        self.trouble = said

    async def newer_bundle(self, have: int, wait_s: float) -> bytes | None:
        """A bundle newer than `have`, or None when there is none within `wait_s` seconds."""
        newer = await self._wait(lambda: self.bundle_version > have, wait_s)
        return self.bundle_raw if newer else None

    async def newer_guests(self, have: int, wait_s: float) -> bytes | None:
        """A guest list newer than `have`, or None when there is none within `wait_s` seconds."""
        newer = await self._wait(lambda: self.guests_version > have, wait_s)
        return self.guests_raw if newer else None

    async def offer(self, have: int, base: int, wait_s: float) -> Offer | None:
        """What brings a gateway from `have` to the newest bundle, None as in `newer_bundle`.

        `base`: the full bundle it holds, to which a delta may be given; 0 = give the full one.
        """
        if await self.newer_bundle(have, wait_s) is None:
            return None
        version, raw = self.bundle_version, self.bundle_raw
        delta = await self._delta(base, version, raw) if 0 < base < version else None
        return Offer("full", version, raw) if delta is None else Offer("delta", version, delta)

    async def _delta(self, base: int, version: int, raw: bytes) -> bytes | None:
        """Made once for all gateways that wait, and beside the loop: both bundles are read."""
        async with self._making_deltas:
            made = self._deltas
            if version != self.bundle_version:  # a newer one came; it is asked for next
                return None
            if base not in made:
                async with self.database.connection() as connection:
                    base_raw = await bundles.get(connection, self.keys.tenant, base)
                made[base] = base_raw and await asyncio.to_thread(
                    delta_between, base_raw, raw, self.keys.bundle
                )
            return made[base]

    async def _wait(self, newer: Callable[[], bool], wait_s: float) -> bool:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        while not newer():
            left = deadline - loop.time()
            if left <= 0 or self.stopping.is_set():
                return False
            changed = asyncio.ensure_future(self._changed.wait())
            stopping = asyncio.ensure_future(self.stopping.wait())
            try:
                await asyncio.wait(
                    {changed, stopping}, timeout=left, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                changed.cancel()
                stopping.cancel()
        return True

    def not_now(self, error: Exception) -> None:
        """A request met a database that is away or full: said once a minute, not for each."""
        kind, now_s = type(error).__name__, asyncio.get_running_loop().time()
        if now_s - self._met.get(kind, -SAID_S) >= SAID_S:
            log.warning("not now", extra={"why": f"{kind}: {error}"})
            self._met[kind] = now_s

    def cannot_store(self, error: Exception) -> None:
        """A delivery was not stored, for a reason that may pass."""
        why = (str(error).splitlines() or [""])[0]
        self.refusing = f"blocks cannot be stored: {type(error).__name__}: {why}"
        self._refused_s = asyncio.get_running_loop().time()
        self._stored = False

    def stores(self) -> None:
        """A delivery was stored."""
        self._stored = True
        self._recover()

    def _recover(self) -> None:
        """On a full disk small runs still find room between great ones: that is no recovery."""
        calm_s = asyncio.get_running_loop().time() - self._refused_s
        if self.refusing and self._stored and calm_s >= CALM_S:
            log.warning("blocks are stored again")
            self.refusing = ""
            self._met.clear()

    def reasons(self) -> list[str]:
        """Why this process cannot do its work; empty when it can."""
        self._recover()
        return [why for why in (self.trouble, self.refusing) if why]
