"""The operators' page in a real browser, on a phone and on a desk."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import msgspec
import pytest
from playwright.sync_api import Page, expect

from central import cashless_keys
from central.outlook import Holdup, Outlook
from central.outlook import lines as lines_of
from central.store import sales, trouble, trust, wallets
from central.unexplained import Sums
from central.web.money import Money
from crypto.cashless import Cashless, Merchant
from crypto.entry import AdmissionRefused
from tests.central.served import Centre, now_ms, put
from tests.central.store.test_store_merchants import sold
from tests.central.world import DAY, Ledger, admitted, hlc
from tests.chromium import WAIT_MS, on_page

pytestmark = [pytest.mark.asyncio, pytest.mark.needs("chromium")]
LONG = "Haupteingang an der Bundesstraße hinter dem Parkhaus, linke Seite"
GATEWAY = "haupteingang-an-der-bundesstrasse-hinter-dem-parkhaus-links"


async def fill(centre: Centre) -> None:
    """Four gateways in four states, two gates, refusals and a ticket let in twice."""
    tenant = centre.keys.tenant
    connection = await asyncpg.connect(centre.dsn)
    prices = Cashless(event=1, merchants=[Merchant(5, LONG, commission_bp=1500)])
    cashless_keys.load_or_make(centre.keys.folder, bytes)
    await wallets.set_terms(connection, tenant, msgspec.msgpack.encode(prices), now_ms())
    for number, name in ((1, "North"), (2, LONG)):
        await sales.add_gate(connection, tenant, sales.GateRow(number, name), now_ms())
    refused = AdmissionRefused(hlc(now_ms()), DAY, 120, 1, 2, 10, b"12345678", 1234)
    for number, name in enumerate(("north", GATEWAY, "revoked", "silent"), 1):
        ledger = Ledger(b"gateway-number-%d" % number, seed=number, tenant=tenant)
        async with await centre.enrol(ledger, name) as client:
            if name != "silent":
                ledger.begin()
                ledger.add([admitted(1), admitted(2), admitted(1), refused, sold(number)])
                assert (await put(client, ledger)).status_code == 200
    gateway = b"gateway-number-2"
    await trouble.set_quarantine(connection, tenant, gateway, True, "fork at 5:17", now_ms())
    await trust.revoke_gateway(connection, tenant, b"gateway-number-3", now_ms(), "lost")
    await connection.close()


@pytest.mark.parametrize("width", [360, 1280])
async def test_states_are_said_and_nothing_is_wider_than_the_screen(
    centre: Centre, width: int, tmp_path: Path
) -> None:
    await fill(centre)
    sums, awaited = Sums(1, 450, 0, 0, 0), Holdup(GATEWAY, "", 3, 1, True)
    seen = lines_of(Outlook(0, 0, 0, 0, sums, 1, 0, 0, 0, [awaited]))
    told = msgspec.json.encode(Money("EUR", 2, now_ms(), "", seen, None)).decode()

    def play(page: Page) -> None:
        row = page.locator("#gateways tr")
        expect(row).to_have_count(4, timeout=WAIT_MS)
        expect(row.nth(0)).to_contain_text("north")
        expect(row.nth(0)).to_contain_text("✔ receiving")
        expect(row.nth(1)).to_contain_text("✖ quarantine: fork at 5:17")
        expect(row.nth(2)).to_contain_text("✖ revoked")
        expect(row.nth(3)).to_contain_text("waits for its first block")
        expect(row.nth(0)).to_contain_text("days")  # world.py's blocks are dated in 2026-07
        gate = page.locator("#gates tr")
        expect(gate.nth(0)).to_contain_text("North")
        expect(gate.nth(1)).to_contain_text("3,702")
        expect(page.locator("#doubles")).to_contain_text("✖ 2 tickets let in more")
        expect(page.locator("#merchants tr")).to_contain_text(LONG)
        for amount in ("30.00 EUR", "4.50 EUR", "25.50 EUR"):
            expect(page.locator("#merchants tr")).to_contain_text(amount)
        assert page.evaluate("amount(-1234567, 2)") == "−12,345.67"
        assert page.evaluate("amount(5, 0) + amount(5, 3)") == "50.005"
        # Whatever is asked for meanwhile does not write over it.
        page.evaluate(f"const show = money; money = () => {{}}; show({told})")
        lines = page.locator("#money tr")
        expect(lines.nth(0)).to_contain_text("✖ given back on bands without a fact, proven")
        expect(lines.nth(0)).to_contain_text("4.50 EUR")
        revoke = f"gatehouse central gateway revoke {GATEWAY}"
        expect(lines.nth(1).locator("code")).to_have_text(revoke)
        expect(page.locator("#state")).to_contain_text("as of")
        page.screenshot(path=str(tmp_path / "page.png"), full_page=True)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) == 0, "it scrolls sideways"
        cut = "[...document.querySelectorAll('td')].filter(e => e.scrollWidth > e.clientWidth + 1)"
        assert page.evaluate(f"{cut}.map(e => e.textContent)") == []

    url = f"http://127.0.0.1:{centre.ports['ops_port']}/"
    await asyncio.to_thread(on_page, url, play, size=(width, 740))


async def test_a_centre_that_is_gone_is_said_loudly(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise OSError("planted")

    def play(page: Page) -> None:
        expect(page.locator("#state")).to_contain_text("as of", timeout=WAIT_MS)
        expect(page.locator("#gateways")).to_contain_text("No gateway yet")
        expect(page.locator("#sellers")).to_be_hidden()
        monkeypatch.setattr(trust, "list_gateways", away)
        page.evaluate("refresh()")
        expect(page.locator("#state")).to_contain_text("no answer", timeout=WAIT_MS)
        expect(page.locator("#state")).to_contain_text("what you see is from")
        expect(page.locator("main")).to_have_class("old")
        monkeypatch.undo()
        page.evaluate("refresh()")
        expect(page.locator("#state")).to_contain_text("as of", timeout=WAIT_MS)
        # A link that died in silence never answers at all.
        page.evaluate("AbortSignal.timeout = () => AbortSignal.abort(); refresh()")
        expect(page.locator("#state")).to_contain_text("no answer", timeout=WAIT_MS)

    url = f"http://127.0.0.1:{centre.ports['ops_port']}/"
    await asyncio.to_thread(on_page, url, play, size=(360, 740))
