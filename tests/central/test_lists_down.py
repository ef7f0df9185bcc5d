"""From a word at the centre to a gateway: lists as deltas, and the guest list beside them."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from functools import partial

import asyncpg
import pytest
import pytest_asyncio
import trio

from central.cli import run_command
from central.publish import publish
from central.sales.issue import Order, issue_codes
from central.store import entry, sales
from crypto import delta, guests
from crypto.guests import Guest
from crypto.keys import VerifyKey
from edge.bundles import BundleStore
from edge.core.state import State
from edge.gateway import Gateway
from edge.transport import HttpTransport
from edge.uplink import Backoff, follow_bundles, follow_guests
from tests.central.gate import told_at
from tests.central.served import Centre, now_ms
from tests.central.world import Ledger
from tests.edge.venue import Clock, Log

pytestmark = pytest.mark.asyncio
CANCELED = b"house:" + bytes(8)


class Gate:
    """A gateway on a folder, which follows the centre as long as `until` waits."""

    def __init__(self, centre: Centre, ledger: Ledger) -> None:
        folder = centre.folder / "bundles"
        self.gateway = Gateway(
            identity=ledger.gateway, name="north", ledger=Log(), state=State(), clock=Clock()
        )
        self.store = BundleStore(folder, VerifyKey(centre.keys.bundle.public), centre.keys.tenant)
        kept = self.store.current()
        if kept is not None:
            self.gateway.apply_bundle(*kept, self.store.lists(kept[1]))
        found = self.store.guests()
        if found is not None:
            self.gateway.apply_guests(found)
        self.url = f"https://127.0.0.1:{centre.ports['gateways_port']}"
        self.tls = ssl.create_default_context(cafile=str(centre.keys.folder / "authority.pem"))
        self.tls.load_cert_chain(centre.folder / "north.pem", centre.folder / "north-key.pem")

    async def until(self, version: int, guests_version: int = 0) -> None:
        """Follow until these versions are in force."""
        await asyncio.to_thread(trio.run, self._follow, version, guests_version)

    async def _follow(self, version: int, guests_version: int) -> None:
        transport = HttpTransport(self.url, self.gateway.identity, self.tls)
        with trio.fail_after(30):
            async with trio.open_nursery() as nursery:
                for follow in (follow_bundles, follow_guests):
                    backoff = Backoff(0.05, 0.1, lambda: 0.0)
                    nursery.start_soon(
                        partial(follow, self.gateway, self.store, transport, backoff, 5)
                    )
                gateway = self.gateway
                while (
                    gateway.policy.version < version
                    or gateway.policy.guests.version < guests_version
                    or not self._is_kept()
                ):
                    await trio.sleep(0.01)
                nursery.cancel_scope.cancel()
            with trio.CancelScope(shield=True):
                await transport.aclose()

    def _is_kept(self) -> bool:
        kept = self.store.current()
        if kept is None or not self.gateway.delta_raw:
            return kept is not None
        lists = self.store.lists(kept[1])
        return lists is not None and lists[1] == self.gateway.delta_raw

    def told(self, code: str) -> str:
        return told_at(self.gateway.policy.bundle, code)


@pytest_asyncio.fixture
async def db(centre: Centre) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(centre.dsn)
    tenant = centre.keys.tenant
    await sales.add_product(connection, tenant, sales.ProductRow(1, "Day"), now_ms())
    await sales.add_gate(connection, tenant, sales.GateRow(1, "North"), now_ms())
    yield connection
    await connection.close()


async def command(centre: Centre, *words: str) -> None:
    path = centre.folder / "central.toml"
    path.write_text(
        f'tenant = "Open Air"\ndata_dir = "{centre.folder}/central"\n'
        f'[database]\ndsn = "{centre.dsn}"\n'
        '[listen]\ngateways = "127.0.0.1:0"\nserver_names = ["127.0.0.1"]\nops = "127.0.0.1:0"\n'
    )
    assert await asyncio.to_thread(run_command, [*words, "--config", str(path)]) == 0


async def published(db: asyncpg.Connection, centre: Centre) -> int:
    version, _ = await publish(db, centre.keys.tenant, centre.keys.bundle, now_ms())
    return version


async def test_a_ticket_canceled_at_the_centre_is_refused_at_the_gate(
    centre: Centre, db: asyncpg.Connection
) -> None:
    ledger = Ledger(tenant=centre.keys.tenant)
    client = await centre.enrol(ledger, "north")
    await client.aclose()
    order = Order(performance=0, product=1, flags=0)
    made = await issue_codes(db, centre.keys, order, 2, issued_s=0, entropy=os.urandom)
    code, other = made
    base = await published(db, centre)
    gate = Gate(centre, ledger)
    await gate.until(base)
    assert (gate.told(code), gate.gateway.delta_raw) == ("admitted", b"")
    await command(centre, "ticket", "cancel", code)
    await gate.until(base + 1)
    assert [gate.told(one) for one in made] == ["canceled", "admitted"]
    assert gate.gateway.base_version == base, "it came as a delta"
    # Without a centre, after a restart: the bundle and the delta on it.
    again = Gate(centre, ledger)
    assert [again.told(one) for one in made] == ["canceled", "admitted"]
    await command(centre, "ticket", "block", other)
    await again.until(base + 2)
    assert [again.told(one) for one in made] == ["canceled", "blocked"]
    await command(centre, "ticket", "unblock", other)
    await again.until(base + 3)
    assert [again.told(one) for one in made] == ["canceled", "admitted"]
    assert again.gateway.base_version == base


async def test_a_guest_list_imported_twice_is_one_and_the_gate_finds_the_name(
    centre: Centre, db: asyncpg.Connection
) -> None:
    ledger = Ledger(tenant=centre.keys.tenant)
    client = await centre.enrol(ledger, "north")
    file = centre.folder / "guests.csv"
    file.write_text("key,name\n1,Jörg Groß\n2,Zoë Weiß\n")
    for _ in range(2):
        await command(centre, "guests", "import", str(file))
    gate = Gate(centre, ledger)
    await gate.until(1, 1)
    book = gate.gateway.policy.guests
    assert (book.version, [hit.guest.name for hit in book.search("joerg gross")]) == (
        1, ["Jörg Groß"],
    )  # fmt: skip
    assert (await client.get("/v1/guests", params={"have": 1})).status_code == 204
    await command(centre, "guests", "erase", "1")
    await gate.until(1, 2)
    assert gate.gateway.policy.guests.search("joerg gross") == []
    again = Gate(centre, ledger).gateway.policy.guests
    assert (again.version, len(again.search("zoe weiss"))) == (2, 1)
    await client.aclose()


async def test_what_kind_of_answer_a_gateway_gets(centre: Centre, db: asyncpg.Connection) -> None:
    async with await centre.enrol(Ledger(tenant=centre.keys.tenant), "north") as client:

        async def ask(have: int, base: int | None, version: int) -> tuple[str, bytes]:
            wanted = {"have": have, "wait": 20} | ({} if base is None else {"base": base})
            answer = await client.get("/v1/bundle", params=wanted)
            assert answer.status_code == 200, answer.text
            assert answer.headers["gatehouse-bundle-version"] == str(version)
            return answer.headers["gatehouse-bundle-kind"], answer.content

        base = await published(db, centre)
        word = sales.Denial(CANCELED, "canceled", True, 0, "", now_ms())
        await sales.add_denial(db, centre.keys.tenant, word)
        newest = await published(db, centre)
        kind, raw = await ask(base, base, newest)
        found = delta.read_untrusted(raw, VerifyKey(centre.keys.bundle.public))
        assert (kind, found.base_version, found.version) == ("delta", base, newest)
        assert found.canceled.added == [CANCELED]
        assert await ask(base, base, newest) == (kind, raw), "made once"
        # Without a base, with one nobody published, and with the newest itself: all of it.
        for asked in (None, 0, 10_000, newest):
            assert (await ask(base, asked, newest))[0] == "full"
        answer = await client.get("/v1/bundle", params={"have": 0, "base": "x"})
        assert answer.status_code == 422
        # More than lists: a product.
        product = sales.ProductRow(2, "Night")
        await sales.add_product(db, centre.keys.tenant, product, now_ms())
        more = await published(db, centre)
        for asked in (base, newest):
            assert (await ask(newest, asked, more))[0] == "full"


async def test_a_delta_larger_than_the_bundle_is_not_sent(
    centre: Centre, db: asyncpg.Connection
) -> None:
    tenant = centre.keys.tenant
    tickets = [b"house:" + n.to_bytes(8, "big") for n in range(300)]
    async with await centre.enrol(Ledger(tenant=tenant), "north") as client:

        async def blocked(which: list[bytes], stands: bool) -> int:
            for ticket in which:
                word = sales.Denial(ticket, "blocked", stands, 0, "", now_ms())
                await sales.add_denial(db, tenant, word)
            return await published(db, centre)

        base = await blocked(tickets, True)
        for gone, kind in ((tickets[:10], "delta"), (tickets[10:], "full")):
            have = await published(db, centre)
            await blocked(gone, False)
            answer = await client.get("/v1/bundle", params={"have": have, "base": base, "wait": 20})
            assert answer.headers["gatehouse-bundle-kind"] == kind


async def test_no_guests_no_list_and_an_empty_one_is_told(
    centre: Centre, db: asyncpg.Connection
) -> None:
    async with await centre.enrol(Ledger(tenant=centre.keys.tenant), "north") as client:
        assert (await client.get("/v1/guests", params={"have": 0})).status_code == 204
        waiting = asyncio.create_task(client.get("/v1/guests", params={"have": 0, "wait": 20}))
        await entry.put_guests(db, centre.keys.tenant, [Guest("1", "Zoë")], [], now_ms())
        assert (await waiting).status_code == 200
        waiting = asyncio.create_task(client.get("/v1/guests", params={"have": 1, "wait": 20}))
        await entry.put_guests(db, centre.keys.tenant, [], ["1"], now_ms())
        read = guests.read_untrusted((await waiting).content, VerifyKey(centre.keys.bundle.public))
        assert (read.version, read.guests, read.tenant) == (2, [], centre.keys.tenant)
