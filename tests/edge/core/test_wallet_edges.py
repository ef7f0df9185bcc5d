"""Edges of limits and of what is known: each was found by a change that no other test noticed."""

import msgspec
import pytest

from crypto.cashless import Wallet
from crypto.medium_credit import signer
from crypto.money import (
    MediumIssued,
    MediumReissued,
    Sold,
)
from edge.core.pricing import Basket, Item, Means, PriceList, Quote, quote
from edge.core.till_reasons import TillReason
from edge.core.wallet import (
    Credit,
    Held,
    Issue,
    NewBand,
    Refused,
    TopUp,
    WalletReason,
    lock,
    look,
    owed,
    reissue,
    top_up,
)
from edge.core.wallet_conflicts import unrecorded
from tests.edge.core.bar import CUP
from tests.edge.core.bar import bar as price_list
from tests.edge.core.purse import (
    CASHLESS,
    DAY,
    KEY,
    RULES,
    WHO,
    A,
    B,
    Band,
    Gateway,
    new_band,
    order,
    rules,
    torn,
    txid,
)

R = WalletReason


def test_a_slot_that_is_whole_is_never_erased() -> None:
    """The hold is void as its base is current; the slot below it is somebody's proof."""
    gateway = Gateway()
    band = new_band(gateway)
    assert isinstance(gateway.pay(band, order(1)), Held)
    assert isinstance(gateway.hold(band, order(2)), Held)
    seen = gateway.look(band)
    assert ([one.kind for one in seen.resolutions], seen.repair) == (["voided"], ())


def test_a_clone_is_known_from_a_snapshot_as_well() -> None:
    a, b = Gateway(A), Gateway(B)
    band = new_band(a)
    b.hear(a)
    copy = band.copy()
    a.pay(band, order(1))
    b.pay(copy, order(2))
    a.hear(b)
    again = Gateway(A)
    again.state.wallets = type(a.wallets).load(a.wallets.dump())
    assert (again.wallets.forked, again.look(band).refusal) == (a.wallets.forked, R.CLONED)


def test_credit_of_an_issue_counts_by_the_gateway_that_holds_its_key() -> None:
    """A stolen bar says that it has issued a band with 950.00 on it, by another one's key."""
    desk, thief = Gateway(A), Gateway(B)
    band = new_band(desk, 0)
    medium = desk.look(band).medium
    raw = bytearray(desk.wallets.account(medium).issued.certificate)
    raw[8:12] = (95_000).to_bytes(4, "big")
    head = (1 << 60, *DAY, txid(99), 3, 7, 2, 0)
    thief.record(lambda *_: MediumIssued(*head, medium, "NTAG213", 2, 1, bytes(raw)))
    desk.hear(thief)
    assert owed(desk.wallets, RULES, medium) == 0


def test_what_is_owed_is_of_the_newest_epoch_whoever_told_it() -> None:
    """Only debits of the second epoch were heard of here, not the issue that began it."""
    gateway, other = Gateway(A), Gateway(B)
    band = new_band(gateway)
    held = gateway.pay(band, order(1, 400))
    assert isinstance(held, Held)
    later = msgspec.structs.replace(gateway.log[-2], epoch=2, txid=txid(50))
    other.record(lambda *_: later)
    gateway.hear(other)
    assert owed(gateway.wallets, RULES, held.medium) == 0, "of epoch 2 no credit is known"


def test_a_lost_band_that_nobody_here_has_issued_holds_back_the_most() -> None:
    desk, home = Gateway(A), Gateway(A)
    band = new_band(home, 0, "UL_AES")
    medium = home.look(band).medium
    assert isinstance(home.top_up(band, 12_000), Credit)
    held = home.pay(band, order(1, 400))
    assert isinstance(held, Held)
    for fact in home.log:
        if not isinstance(fact, MediumIssued):
            desk.record(lambda *_, fact=fact: fact)
    new = NewBand(txid(860), WHO, 1, 1, signer(KEY))
    made = reissue(desk.wallets, rules(), Band(bytes(7)).tap(), new, old=medium, now_ms=0)
    assert isinstance(made, Issue)
    replaced = desk.record(made.facts[0])
    assert isinstance(replaced, MediumReissued)
    assert (replaced.carried_minor, replaced.held_minor) == (1600, 10_000)


def test_what_waits_is_not_topped_up_twice_whoever_asks() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    waiting = torn(gateway, band, 1000, 2)
    again = top_up(gateway.look(band), TopUp(txid(951), WHO, 700, "cash", 1, signer(KEY)))
    assert again == Refused(R.UNFINISHED, 1000)
    assert waiting.txid == gateway.look(band).unfinished


def test_free_drinks_of_the_centre_that_were_drunk_here_are_gone() -> None:
    """They stand in the bundle, no fact has granted them; what was taken stands in facts alone."""
    gateway = Gateway()
    band = new_band(gateway)
    medium = gateway.look(band).medium
    gateway.rules = rules(wallets=[Wallet(medium, vouchers=3, promo_minor=900)])
    assert isinstance(gateway.pay(band, order(1, 10, vouchers=2)), Held)
    assert (gateway.look(band).vouchers, gateway.look(band).promo_minor) == (1, 900)
    again = Gateway()
    again.rules = gateway.rules
    again.state.wallets = type(gateway.wallets).load(gateway.wallets.dump())
    assert (again.look(band).vouchers, again.look(band).promo_minor) == (1, 900)


@pytest.mark.parametrize(("promo", "vouchers"), [(0, 2), (700, 0)])
def test_free_drinks_that_were_all_that_was_paid_are_gone_as_well(
    promo: int, vouchers: int
) -> None:
    gateway = Gateway()
    band = new_band(gateway)
    medium = gateway.look(band).medium
    gateway.rules = rules(wallets=[Wallet(medium, vouchers=3, promo_minor=900)])
    head = (1 << 60, *DAY, txid(60), 3, 7, 2, 0)
    sold = Sold(
        *head, txid(61), 0, "sale", 0, 0, b"", medium, promo, vouchers, b"", 1, [], 1
    )  # fmt: skip
    gateway.record(lambda *_: sold)
    left = (3 - vouchers, 900 - promo)
    assert (gateway.look(band).vouchers, gateway.look(band).promo_minor) == left
    again = Gateway()
    again.rules = gateway.rules
    again.state.wallets = type(gateway.wallets).load(gateway.wallets.dump())
    assert (again.look(band).vouchers, again.look(band).promo_minor) == left


@pytest.mark.parametrize("unheard", [False, True])
def test_a_key_that_the_bundle_does_not_name_credits_nothing(unheard: bool) -> None:
    gateway = Gateway()
    band = new_band(gateway)
    band.memory[32:112] = bytes(80)  # the certificate is gone; the facts have it
    gateway.unheard = unheard
    answer = top_up(gateway.look(band), TopUp(txid(951), WHO, 700, "cash", 9, signer(KEY)))
    assert isinstance(answer, Refused)
    assert answer.reason in (R.CREDIT_KEY, R.CERTIFICATE)


def test_a_cup_that_is_bought_is_no_goods() -> None:
    """Neither promotional credit nor a tip: it comes back as money."""
    prices = PriceList(price_list())
    found = quote(prices, Basket([Item(CUP, 1)], tip_percent=10), 0, Means(promo_minor=5000))
    assert isinstance(found, Quote)
    assert (found.promo_minor, found.total_minor, len(found.lines)) == (0, 200, 1)


def test_the_most_of_one_article_is_sold() -> None:
    prices = PriceList(price_list())
    assert isinstance(quote(prices, Basket([Item(CUP, 9999)]), 0), Quote)
    assert isinstance(quote(prices, Basket([Item(CUP, -9999)]), 0), Quote)
    assert quote(prices, Basket([Item(CUP, -10_000)]), 0) == (TillReason.QUANTITY_WRONG, 0)


def test_of_two_points_that_began_alike_the_one_that_did_not_land_still_waits() -> None:
    """Also for who has heard of these two alone, and of nothing before them."""
    first, second, third = Gateway(A), Gateway(B), Gateway(b"\x0c" * 16)
    band = new_band(first)
    elsewhere = band.copy()
    second.hear(first)
    known = len(first.log)
    waits = torn(second, elsewhere, 700, 0)
    assert isinstance(first.top_up(band, 1000, 960), Credit)
    for name, facts in ((A, first.log[known:]), (B, second.log)):
        for seq, fact in enumerate(facts, 50):
            third.state.apply(name, 1, seq, fact)
    assert third.look(band).unfinished == waits.txid


def test_a_class_ends_at_its_millisecond() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    ends = msgspec.structs.replace(CASHLESS.classes[0], expires_ms=gateway.now_ms + 10)
    gateway.rules = rules(classes=[ends])
    for later_ms, refusal in ((9, None), (10, R.EXPIRED), (11, R.EXPIRED)):
        seen = look(
            gateway.wallets, gateway.rules, band.tap(), unheard=False,
            now_ms=gateway.now_ms + later_ms,
        )  # fmt: skip
        assert seen.refusal is refusal


def test_refunds_by_two_gateways_that_are_more_than_the_sale_are_told() -> None:
    a, b = Gateway(A), Gateway(B)
    band = new_band(a)
    assert isinstance(a.pay(band, order(1, 400)), Held)
    b.hear(a)
    copy = band.copy()
    for number, gateway, shown in ((2, a, band), (3, b, copy)):
        back = order(number, 0, given_minor=300, movement="refund", reverses=txid(1))
        assert isinstance(gateway.pay(shown, back), Held)
    a.hear(b)
    medium = a.look(band).medium
    found = {one.what: one.amount_minor for one in unrecorded(a.wallets, RULES, [medium])}
    assert found["reversed_twice"] == 300


def test_only_a_band_that_is_denied_is_locked() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    ends = msgspec.structs.replace(CASHLESS.classes[0], expires_ms=1)
    gateway.rules = rules(classes=[ends])
    assert gateway.look(band).refusal is R.EXPIRED
    assert lock(gateway.look(band), txid(8), WHO) is None
    gateway.rules = RULES
    assert lock(gateway.look(band), txid(8), WHO) is None
