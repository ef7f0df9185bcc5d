"""Facts that cannot both be right: each found by everybody, recorded once."""

import hashlib
import itertools

import msgspec

from crypto.money import CreditVoided, PromoGranted, Sold, ToppedUp
from edge.core.moments import Moment
from edge.core.money_back import to_give_back, voided
from edge.core.wallet import Held
from edge.core.wallet_conflicts import Conflict, as_fact, conflicts, unrecorded
from edge.core.wallet_reasons import WalletReason
from edge.core.wallet_rows import Topped
from edge.core.wallets import Wallets
from tests.edge.core.purse import (
    DAY,
    RULES,
    WHO,
    A,
    B,
    Band,
    Gateway,
    new_band,
    order,
    told,
    torn,
    txid,
)


def two_islands() -> tuple[Gateway, Gateway, Band, Band, bytes]:
    a, b = Gateway(A), Gateway(B)
    band = new_band(a)
    b.hear(a)
    b.now_ms += 1000
    return a, b, band, band.copy(), a.look(band).medium


def both(a: Gateway, b: Gateway) -> None:
    a.hear(b)
    b.hear(a)


def test_a_fork_is_found_alike_and_recorded_once() -> None:
    a, b, band, clone, medium = two_islands()
    assert isinstance(a.pay(band, order(1, 300)), Held)
    assert isinstance(b.pay(clone, order(2, 450)), Held)
    assert conflicts(a.wallets, RULES, medium) == []
    both(a, b)
    found = conflicts(a.wallets, RULES, medium)
    assert found == conflicts(b.wallets, RULES, medium)
    assert found == [Conflict("fork", medium, txid(1), txid(2), 450)]
    expected = hashlib.sha256(b"fork" + txid(1) + txid(2)).digest()[:16]
    assert found[0].id == expected
    assert unrecorded(a.wallets, RULES, {medium}) == found
    fact = as_fact(found[0], 5, Moment(1, *DAY))
    assert (fact.id, fact.what, fact.first, fact.second) == (expected, "fork", txid(1), txid(2))
    a.record(lambda *_: fact)
    assert unrecorded(a.wallets, RULES, {medium}) == []


def test_a_fork_is_found_where_a_given_up_hold_had_one_of_both_skip_a_seq() -> None:
    a, b, band, clone, medium = two_islands()
    torn = a.hold(band, order(9, 300))
    assert isinstance(torn, Held)
    a.record(a.look(band).resolutions[0].make(WHO))
    one = a.pay(band, order(1, 300))
    other = b.pay(clone, order(2, 450))
    assert isinstance(one, Held) and isinstance(other, Held)
    assert (one.base, one.target.seq, other.base, other.target.seq) == (other.base, 2, one.base, 1)
    both(a, b)
    found = conflicts(a.wallets, RULES, medium)
    assert found == conflicts(b.wallets, RULES, medium)
    assert found == [Conflict("fork", medium, txid(1), txid(2), 450)]
    assert medium in a.wallets.suspects, "whoever is ahead looks for it"
    assert a.wallets.forked == b.wallets.forked == {medium: 1}
    assert a.look(clone).refusal is b.look(band).refusal is WalletReason.BEHIND
    a.wallets.account(medium).mark.debited = 0  # were the other one not behind
    assert a.look(band).refusal is WalletReason.CLONED
    for order_of in itertools.permutations(a.log[-2:] + b.log[-2:]):
        wallets = Wallets()
        for seq, fact in enumerate(order_of, 1):
            wallets.fold(A, 1, seq, fact)
        assert wallets.forked == {medium: 1}, "in whatever order"


def grant(gateway: Gateway, number: int, medium: bytes, source: int, promo: int = 500) -> None:
    head = (gateway.now_ms + number << 16, *DAY, txid(number), 3, 7, 2, 0)
    gateway.record(lambda *_: PromoGranted(*head, medium, promo, 2, txid(source)))


def test_a_grant_that_was_given_twice_counts_once() -> None:
    a, b, band, _, medium = two_islands()
    grant(a, 70, medium, 1)
    grant(b, 71, medium, 1)
    both(a, b)
    assert (a.look(band).promo_minor, b.look(band).promo_minor) == (500, 500)
    assert [one.what for one in conflicts(a.wallets, RULES, medium)] == ["voucher"]
    assert medium in a.wallets.suspects


def topped(gateway: Gateway, number: int, medium: bytes, amount: int = 1000) -> None:
    head = (gateway.now_ms << 16, *DAY, txid(number), 3, 7, 2, 0)
    top = ToppedUp(*head, medium, 1, 1, "voucher", amount, 0, 1, 0, b"\x44" * 16, bytes(80))
    gateway.record(lambda *_: top)


def test_a_code_that_was_used_at_two_gateways() -> None:
    a, b, _, _, medium = two_islands()
    topped(a, 70, medium)
    topped(b, 71, b"n" * 16, 900)
    both(a, b)
    found = conflicts(a.wallets, RULES, medium)
    assert found == [Conflict("voucher", medium, txid(70), txid(71), 900)]
    other = conflicts(a.wallets, RULES, b"n" * 16)
    assert [one.id for one in other] == [found[0].id], "found from either side, recorded once"
    assert len(unrecorded(a.wallets, RULES, {medium, b"n" * 16})) == 1
    head = (1 << 60, *DAY, txid(71), 3, 7, 2, 0)
    b.record(lambda *_: CreditVoided(*head, b"n" * 16, 1, "old"))
    a.hear(b)
    assert conflicts(a.wallets, RULES, medium) == []


def test_promo_that_was_spent_twice() -> None:
    a, b, band, clone, medium = two_islands()
    grant(a, 70, medium, 1)
    b.hear(a)
    assert isinstance(a.pay(band, order(1, 100, promo_minor=400)), Held)
    assert isinstance(b.pay(clone, order(2, 100, promo_minor=300, vouchers=1)), Held)
    both(a, b)
    found = [one for one in conflicts(a.wallets, RULES, medium) if one.what == "overdrawn"]
    assert found == [Conflict("overdrawn", medium, txid(1), txid(2), 200)]
    generous = told(medium, promo_minor=200)
    assert [one.what for one in conflicts(a.wallets, generous, medium)] == ["fork"]
    assert a.look(band).promo_minor == 0


def sold(gateway: Gateway, number: int, medium: bytes, **more: object) -> None:
    head = (gateway.now_ms << 16, *DAY, txid(number), 3, 7, 2, 0)
    fact = Sold(*head, txid(number), 0, "sale", 0, 0, b"", medium, 0, 0, b"", 0, [])
    changed = msgspec.structs.replace(fact, **more)
    gateway.record(lambda *_: changed)


def test_more_vouchers_than_there_were_without_a_band() -> None:
    gateway = Gateway()
    sold(gateway, 1, b"m" * 16, vouchers=2)
    found = conflicts(gateway.wallets, RULES, b"m" * 16)
    assert found == [Conflict("overdrawn", b"m" * 16, txid(1), txid(1), 0)]
    assert gateway.wallets.suspects == {b"m" * 16}


def test_what_was_reversed_at_two_gateways() -> None:
    a, b, band, clone, medium = two_islands()
    assert isinstance(a.pay(band, order(1, 300)), Held)
    b.hear(a)
    clone = band.copy()
    back = {"movement": "reversal", "reverses": txid(1), "given_minor": 300}
    assert isinstance(a.pay(band, order(2, 0, **back)), Held)
    assert isinstance(b.pay(clone, order(3, 0, **back)), Held)
    both(a, b)
    found = [one for one in conflicts(a.wallets, RULES, medium) if one.what == "reversed_twice"]
    assert found == [Conflict("reversed_twice", medium, txid(2), txid(3), 300)]


def test_refunds_of_parts_are_fine_up_to_the_whole() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    medium = gateway.look(band).medium
    assert isinstance(gateway.pay(band, order(1, 300)), Held)
    back = {"movement": "refund", "reverses": txid(1)}
    for number, amount in ((2, 100), (3, 200)):
        assert isinstance(gateway.pay(band, order(number, 0, given_minor=amount, **back)), Held)
    assert conflicts(gateway.wallets, RULES, medium) == []
    sold(gateway, 9, medium, movement="reversal", reverses=txid(1))
    found = conflicts(gateway.wallets, RULES, medium)
    assert [one.what for one in found] == ["reversed_twice"] * 2


def test_a_reversal_that_never_reached_the_band_is_none() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    assert isinstance(gateway.pay(band, order(1, 300)), Held)
    back = {"movement": "reversal", "reverses": txid(1), "given_minor": 300}
    assert isinstance(gateway.hold(band, order(2, 0, **back)), Held)
    assert isinstance(gateway.pay(band, order(3, 0, **back)), Held)
    assert conflicts(gateway.wallets, RULES, gateway.look(band).medium) == []


def test_a_cash_sale_that_was_reversed_twice() -> None:
    gateway = Gateway()
    for number in (8, 9):
        sold(gateway, number, b"", movement="reversal", reverses=txid(1))
    assert [one.what for one in conflicts(gateway.wallets, RULES, b"")] == ["reversed_twice"]


def test_money_of_a_top_up_that_went_back_and_was_loaded_all_the_same() -> None:
    """A copy shows the certificate from before, and the cash goes back; the band has it."""
    gateway = Gateway()
    band = new_band(gateway, 5000)
    copy = band.copy()
    credit = torn(gateway, band, 1000, 20)
    medium = gateway.look(band).medium
    topped = to_give_back(gateway.look(copy), WHO, A)
    assert isinstance(topped, Topped)
    gateway.record(voided(WHO, topped, txid(7)))
    assert conflicts(gateway.wallets, RULES, medium) == []
    gateway.wallets.suspects.clear()
    assert gateway.settled(band).balance_minor == 6000
    found = conflicts(gateway.wallets, RULES, medium)
    assert found == [Conflict("overdrawn", medium, credit.txid, credit.txid, 1000)]
    assert gateway.wallets.suspects == {medium}
