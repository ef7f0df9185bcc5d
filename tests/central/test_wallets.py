"""What the bundle says of wallets, from what gateways said and what the centre said."""

from __future__ import annotations

import asyncpg
import msgspec
import pytest

from central import wallets
from central.cashless_keys import CashlessKeys
from central.keys import KeysMissing
from central.publish import build
from central.store import wallets as stored
from central.store.wallets import EVERY_EPOCH, Credit
from crypto.cashless import Cashless, DebitKey, TopUpCode, Wallet
from crypto.money import (
    CardApproved,
    CardDeclined,
    CreditVoided,
    MediumBlocked,
    MediumReissued,
)
from tests.central.delivered import send
from tests.central.store.test_store_money import BAND, NEW_BAND, head, topped_up
from tests.central.world import GATEWAY, NOW_MS, OTHER, TENANT, Ledger

pytestmark = pytest.mark.asyncio
KEYS = CashlessKeys(b"p" * 32, b"c" * 32, [DebitKey(1, b"d" * 16)])


async def set_prices(db: asyncpg.Connection) -> None:
    await stored.set_terms(db, TENANT, msgspec.msgpack.encode(Cashless(event=7)), NOW_MS)


async def told(db: asyncpg.Connection) -> Cashless:
    bundle = await build(db, TENANT, KEYS)
    assert isinstance(bundle.cashless, Cashless)
    return bundle.cashless


async def delivered(db: asyncpg.Connection, *facts: object) -> None:
    ledger = Ledger()
    ledger.begin()
    ledger.add(list(facts))  # type: ignore[arg-type]
    await send(db, ledger)


async def test_without_prices_a_bundle_says_nothing_of_tills(db: asyncpg.Connection) -> None:
    assert (await build(db, TENANT)).cashless is msgspec.UNSET


async def test_prices_without_keys_are_no_bundle(db: asyncpg.Connection) -> None:
    await set_prices(db)
    with pytest.raises(KeysMissing, match="restore the backup"):
        await build(db, TENANT)


async def test_the_keys_and_the_number_of_the_prices_travel(db: asyncpg.Connection) -> None:
    await set_prices(db)
    await set_prices(db)
    cashless = await told(db)
    assert (cashless.event, cashless.prices, cashless.chip_key) == (7, 2, b"c" * 32)
    assert cashless.debit_keys == KEYS.debit_keys


async def test_credit_adds_up_per_medium_and_waits_without_one(db: asyncpg.Connection) -> None:
    await set_prices(db)
    rows = [Credit("presale", "1", BAND, 2000), Credit("presale", "2", BAND, 500)]
    await stored.add_credits(db, TENANT, [*rows, Credit("presale", "3", None, 9)], NOW_MS)
    assert (await told(db)).wallets == [Wallet(BAND, absorbed_minor=2500, bound=True)]


async def test_what_a_gateway_has_blocked_travels(db: asyncpg.Connection) -> None:
    await set_prices(db)
    await delivered(db, MediumBlocked(*head(1), BAND, 3, "lost"))
    assert (await told(db)).wallets == [Wallet(BAND, min_epoch=3, because="lost")]


async def test_who_lifts_a_block_afterwards_is_heard(db: asyncpg.Connection) -> None:
    await set_prices(db)
    await delivered(db, MediumBlocked(*head(1), BAND, 3, "lost"))
    await stored.say(db, TENANT, Wallet(BAND), NOW_MS + 5)
    assert (await told(db)).wallets == [Wallet(BAND)]


async def test_a_block_after_the_word_stands(db: asyncpg.Connection) -> None:
    await set_prices(db)
    await stored.say(db, TENANT, Wallet(BAND, hold_minor=70), NOW_MS - 5)
    await delivered(db, MediumBlocked(*head(1), BAND, 3, "lost"))
    assert (await told(db)).wallets == [Wallet(BAND, hold_minor=70, min_epoch=3, because="lost")]


async def test_a_band_that_was_replaced_is_refused_in_every_epoch(db: asyncpg.Connection) -> None:
    await set_prices(db)
    moved = MediumReissued(*head(4), NEW_BAND, "NTAG213", 2, 1, bytes(80), BAND, 1, 1550, 3000)
    await delivered(db, moved)
    (wallet,) = (await told(db)).wallets
    assert (wallet.medium, wallet.min_epoch) == (BAND, EVERY_EPOCH)


async def test_settled_totals_travel_once_a_key_is_revoked(db: asyncpg.Connection) -> None:
    await set_prices(db)
    await delivered(db, topped_up(1, 5000))
    await stored.add_key(db, TENANT, GATEWAY, b"k" * 32, 0, NOW_MS)
    assert (await told(db)).wallets == []
    await stored.revoke_key(db, TENANT, 1, "stolen", NOW_MS)
    assert (await told(db)).wallets == [Wallet(BAND, credited_minor=5000)]


async def test_a_code_that_was_redeemed_travels_no_more(db: asyncpg.Connection) -> None:
    await set_prices(db)
    await stored.add_codes(db, TENANT, [b"a" * 16, b"b" * 16], 2000, NOW_MS)
    redeemed = msgspec.structs.replace(topped_up(1, 2000), method="voucher", source=b"a" * 16)
    await delivered(db, redeemed)
    assert (await told(db)).codes == [TopUpCode(b"b" * 16, 2000)]


async def test_the_sums_agree_with_what_was_booked(db: asyncpg.Connection) -> None:
    await delivered(db, topped_up(1, 5000), topped_up(2, 700))
    sums = await wallets.accounts(db, TENANT)
    assert (sums["balances_minor"], sums["agree"], sums["wallets"]) == (5700, True, 1)
    assert sums["movements"] == {"top_up": {"count": 2, "amount_minor": 5700}}


async def test_the_same_credit_books_once(db: asyncpg.Connection) -> None:
    credit = [Credit("presale", "1", BAND, 2000), Credit("presale", "2", None, 10)]
    for _ in range(2):
        await wallets.book(db, TENANT, credit, 20260704)
    assert (await wallets.accounts(db, TENANT))["balances_minor"] == 2000


async def test_an_order_that_a_till_redeemed_is_told_when_it_was_credited_twice(
    db: asyncpg.Connection,
) -> None:
    await set_prices(db)
    order = Credit("presale", "1", None, 2000)
    await stored.add_credits(db, TENANT, [order], NOW_MS)
    await stored.add_presale_codes(db, TENANT, [("1", b"h" * 16)])
    assert (await told(db)).codes == [TopUpCode(b"h" * 16, 2000)]
    redeemed = msgspec.structs.replace(topped_up(1, 2000), method="voucher", source=b"h" * 16)
    await delivered(db, redeemed)
    assert (await told(db)).codes == []
    (row,) = await stored.redeemed_orders(db, TENANT)
    assert (row["reference"], row["medium"], row["bound"]) == ("1", BAND, None)
    assert (await wallets.accounts(db, TENANT))["presale_twice"] == 0
    await stored.bind_credit(db, TENANT, order, NEW_BAND, NOW_MS)
    assert (await wallets.accounts(db, TENANT))["presale_twice"] == 1


async def test_a_code_whose_top_up_was_undone_is_open_again(db: asyncpg.Connection) -> None:
    await set_prices(db)
    await stored.add_codes(db, TENANT, [b"h" * 16], 2000, NOW_MS)
    redeemed = msgspec.structs.replace(topped_up(1, 2000), method="voucher", source=b"h" * 16)
    await delivered(db, redeemed)
    assert (await told(db)).codes == []
    news = await stored.count_news(db, TENANT)
    ledger = Ledger(OTHER, seed=2)
    ledger.begin()
    ledger.add([CreditVoided(*head(1, 5), BAND, 2000, "base_current")])
    await send(db, ledger)
    assert (await told(db)).codes == [TopUpCode(b"h" * 16, 2000)]
    assert await stored.count_news(db, TENANT) == news + 1  # the service publishes it


async def test_the_second_till_that_redeems_an_order_is_told() -> None:
    rows: list[dict[str, object]] = [{"reference": name, "bound": None} for name in "aab"]
    assert wallets.twice(rows) == [rows[1]]


async def test_what_a_declined_card_has_loaded_is_held_back(db: asyncpg.Connection) -> None:
    await set_prices(db)
    card = b"c" * 16
    loaded = msgspec.structs.replace(topped_up(1, 2000), method="card", source=card)
    paid = CardApproved(*head(9), 1, 2000, "r1", "1", "girocard", "1234", "A")
    late = CardDeclined(*head(9, 5), 1, 2000, "r1", "limit", True)
    paid, late = (msgspec.structs.replace(each, txid=card) for each in (paid, late))
    await stored.say(db, TENANT, Wallet(BAND, hold_minor=70), NOW_MS)
    news = await stored.count_news(db, TENANT)
    await delivered(db, loaded, paid)
    assert [wallet.hold_minor for wallet in (await told(db)).wallets] == [70]
    ledger = Ledger(OTHER, seed=2)
    ledger.begin()
    ledger.add([late])
    await send(db, ledger)
    assert [wallet.hold_minor for wallet in (await told(db)).wallets] == [2070]
    assert await stored.count_news(db, TENANT) == news + 1  # the service publishes it
