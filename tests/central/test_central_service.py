"""What the listeners share: bundles that are waited for, contacts, readiness."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from central import cashless_keys, enrol, service
from central import keys as keyring
from central.database import Database, opened
from central.keys import Keys
from central.publish import publish
from central.service import Service
from central.store import money, sales, trust, wallets
from config.central import Central
from config.central import Database as Given
from crypto.bundle import read_untrusted
from crypto.cashless import Cashless, Wallet
from crypto.keys import VerifyKey
from tests.central.store.test_store_money import NEW_BAND, topped_up
from tests.central.test_replaced import LOST, Venue
from tests.central.world import GATEWAY, NOW_MS, TENANT
from tests.crypto.money_samples import make_money_facts

pytestmark = pytest.mark.asyncio


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    seeds = [bytes([n]) * 32 for n in range(1, 5)]
    return keyring.create(tmp_path, "House", TENANT, seeds, NOW_MS // 1000)


class Told(Service):
    """A service with its database, and a clock that the test sets."""

    time_ms = NOW_MS

    def __init__(self, config: Central, keys: Keys, database: Database) -> None:
        super().__init__(config, keys, database, lambda: self.time_ms)


@pytest_asyncio.fixture
async def one(dsn: str, connection: asyncpg.Connection, keys: Keys, tmp_path: Path) -> Told:
    await enrol.record_tenant(connection, keys, NOW_MS)
    await publish(connection, TENANT, keys.bundle, NOW_MS)
    config = Central(tenant="House", data_dir=str(tmp_path), database=Given(dsn=dsn))
    database = opened(config, entropy=bytes)
    made = Told(config, keys, await database.__aenter__())
    await made.refresh_bundle()
    yield made
    await database.__aexit__(None, None, None)


async def add(connection: asyncpg.Connection, keys: Keys, number: int) -> int:
    row = sales.ProductRow(number, f"P{number}")
    await sales.add_product(connection, TENANT, row, NOW_MS)
    version, _ = await publish(connection, TENANT, keys.bundle, NOW_MS)
    return version


async def test_who_waits_is_woken_by_the_newest_bundle(
    one: Told, connection: asyncpg.Connection, keys: Keys
) -> None:
    assert one.bundle_version == 1
    assert await one.newer_bundle(0, 0) == one.bundle_raw
    assert await one.newer_bundle(1, 0) is None
    waiting = [asyncio.create_task(one.newer_bundle(1, 600)) for _ in range(3)]
    await asyncio.sleep(0)
    await one.refresh_bundle()
    assert not any(task.done() for task in waiting), "nothing new was told as new"
    await add(connection, keys, 1)
    await add(connection, keys, 2)
    await one.refresh_bundle()
    assert one.bundle_version == 3
    assert await asyncio.gather(*waiting) == [one.bundle_raw] * 3
    # who has a version of the future waits on, also after this change
    later = asyncio.create_task(one.newer_bundle(3, 600))
    await add(connection, keys, 3)
    await one.refresh_bundle()
    assert await later == one.bundle_raw


async def test_who_waits_sleeps_also_after_a_change(
    one: Told, connection: asyncpg.Connection, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(connection, keys, 1)
    await one.refresh_bundle()
    rounds: list[int] = []
    wait = asyncio.wait

    async def counted(*args: Any, **kwargs: Any) -> Any:
        rounds.append(1)
        return await wait(*args, **kwargs)

    monkeypatch.setattr(asyncio, "wait", counted)
    waiting = asyncio.create_task(one.newer_bundle(2, 600))
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(rounds) == 1
    one.stopping.set()
    assert await waiting is None


async def test_the_end_answers_who_waits(one: Told) -> None:
    waiting = asyncio.create_task(one.newer_bundle(1, 600))
    await asyncio.sleep(0)
    one.stopping.set()
    assert await waiting is None
    assert await one.newer_bundle(1, 600) is None
    assert await one.newer_bundle(0, 600) == one.bundle_raw


async def test_what_is_in_the_way_is_a_reason_until_it_is_gone_and_ends_no_service(
    one: Told, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mine = ValueError("no gateway would take this bundle")
    outcomes = [OSError("gone"), TimeoutError(), None, mine, mine, OSError("again")]
    seen: list[list[str]] = []

    async def refresh() -> None:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome

    async def pause(_seconds: float) -> None:
        seen.append(one.reasons())
        if not outcomes:
            raise asyncio.CancelledError

    monkeypatch.setattr(one, "refresh_bundle", refresh)
    monkeypatch.setattr(service.asyncio, "sleep", pause)
    with pytest.raises(asyncio.CancelledError):
        await one.follow_bundles()
    away = "the database does not answer: "
    unpublished = f"the bundle cannot be published: {mine}"
    assert seen == [
        [away + "OSError"], [away + "TimeoutError"], [], [unpublished], [unpublished],
        [away + "OSError"],
    ]  # fmt: skip
    once = ["the database does not answer", "the bundle cannot be published"]
    assert [one.message for one in caplog.records] == once
    assert "ValueError" in str(caplog.records[1].exc_text or caplog.records[1].exc_info)
    assert one.registry.get_sample_value("gatehouse_central_errors_total") == 2


async def test_contacts_are_kept_by_gateway(one: Told) -> None:
    assert one.contacts == {}
    one.heard(GATEWAY).delay_ms = 7
    one.time_ms += 500
    contact = one.heard(GATEWAY)
    assert (contact.seen_ms, contact.delay_ms) == (NOW_MS + 500, 7)
    assert list(one.contacts) == [GATEWAY]


async def test_what_a_gateway_has_blocked_is_published_without_a_command(
    one: Told, connection: asyncpg.Connection, keys: Keys
) -> None:
    secrets = cashless_keys.load_or_make(keys.folder, lambda size: bytes(size))
    content = msgspec.msgpack.encode(Cashless(event=7))
    await wallets.set_terms(connection, TENANT, content, NOW_MS)
    version, _ = await publish(connection, TENANT, keys.bundle, NOW_MS, secrets)
    await one.publish_news()
    await one.refresh_bundle()
    assert one.bundle_version == version, "no news, and published all the same"
    blocked = make_money_facts()[2]
    await money.add_money(connection, TENANT, GATEWAY, 5, [(2, blocked)], NOW_MS)
    one.news_by_s = math.inf  # the last one took so long: what comes meanwhile goes together
    await one.publish_news()
    await one.refresh_bundle()
    assert one.bundle_version == version
    one.news_by_s = 0
    await one.publish_news()
    await one.refresh_bundle()
    assert one.bundle_version == version + 1 and one.news_by_s > 0
    told = read_untrusted(one.bundle_raw, VerifyKey(keys.bundle.public)).cashless
    assert isinstance(told, Cashless)
    assert [wallet.min_epoch for wallet in told.wallets] == [2]
    # A command that was killed before it published.
    await wallets.say(connection, TENANT, Wallet(NEW_BAND, min_epoch=9), NOW_MS)
    one.news_by_s = 0
    await one.publish_news()
    await one.refresh_bundle()
    assert one.bundle_version == version + 1
    one.publish_by_s = one.news_by_s = 0
    await one.publish_news()
    await one.refresh_bundle()
    assert one.bundle_version == version + 2 and one.publish_by_s > 0


async def test_prices_whose_keys_are_gone_make_it_unready(
    one: Told, connection: asyncpg.Connection
) -> None:
    content = msgspec.msgpack.encode(Cashless(event=7))
    await wallets.set_terms(connection, TENANT, content, NOW_MS)
    await money.add_money(connection, TENANT, GATEWAY, 5, [(2, make_money_facts()[2])], NOW_MS)
    following = asyncio.create_task(one.follow_bundles())
    while not one.reasons():
        await asyncio.sleep(0.01)
    following.cancel()
    assert "restore the backup" in one.reasons()[0]


async def test_what_a_lost_band_had_left_is_let_go_and_published_by_itself(
    one: Told, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BUNDLE_POLL_S", 0.01)
    venue = Venue(connection)
    for at, ledger in enumerate((venue.desk, venue.bar), 1):
        row = trust.Gateway(ledger.gateway, at, f"gate-{at}", ledger.device.public, b"der", None)
        await trust.add_gateway(connection, TENANT, row, NOW_MS)
    cashless_keys.load_or_make(one.keys.folder, bytes)
    await venue.begin()
    await venue.say(venue.desk, topped_up(1, 5000), LOST)
    await one.publish_news()
    await one.refresh_bundle()
    for ledger in (venue.desk, venue.bar):
        await one.release_held()
        assert await venue.credit() == 0
        await venue.follow(ledger, one.bundle_version)
    before = one.bundle_version
    following = asyncio.create_task(one.follow_bundles())
    raw = await one.newer_bundle(before, 30)
    following.cancel()
    assert raw is not None, "it waits for ever"
    bundle = read_untrusted(raw, VerifyKey(one.keys.bundle.public))
    assert isinstance(bundle.cashless, Cashless) and one.bundle_version == before + 1
    assert {w.medium: w.absorbed_minor for w in bundle.cashless.wallets}[NEW_BAND] == 3450
