"""What is undone: reversals, refunds, promo that comes back, bands that are locked."""

from crypto.medium import FLAG_LOCKED, read_untrusted
from crypto.money import (
    DebitHeld,
    PromoGranted,
    Sold,
)
from edge.core.wallet import (
    Held,
    Order,
    Refused,
    WalletReason,
    judge,
    lock,
)
from tests.edge.core.purse import (
    DAY,
    RULES,
    WHO,
    A,
    Band,
    Gateway,
    new_band,
    order,
    rules,
    told,
    txid,
)

R = WalletReason


def band_with(**changes: object) -> tuple[Gateway, Band]:
    gateway = Gateway(A, rules(**changes))
    return gateway, new_band(gateway, 5000)


def test_given_back_is_never_more_than_was_taken() -> None:
    gateway, band = band_with()
    assert isinstance(gateway.pay(band, order(1, 300)), Held)
    back = order(2, 0, given_minor=301, movement="refund")
    assert gateway.hold(band, back) == Refused(R.GIVEN_TOO_MUCH, 300)
    swap = order(2, 100, given_minor=401)
    assert gateway.hold(band, swap) == Refused(R.GIVEN_TOO_MUCH, 400)
    assert isinstance(gateway.pay(band, order(3, 0, given_minor=300, movement="refund")), Held)
    assert gateway.look(band).balance_minor == 5000


def reversal(number: int, of: int, given: int = 450, debit: int = 0, **more: object) -> Order:
    fields = {"movement": "reversal"} | more
    return order(number, debit, given_minor=given, reverses=txid(of), **fields)


def test_a_reversal_is_of_something_and_once() -> None:
    gateway, band = band_with()
    assert gateway.hold(band, reversal(2, 1)) == Refused(R.ORIGINAL_UNKNOWN)
    assert gateway.hold(band, order(2, 0, given_minor=1, movement="reversal")) == Refused(
        R.ORIGINAL_UNKNOWN
    )
    assert isinstance(gateway.pay(band, order(1)), Held)
    assert gateway.hold(band, reversal(2, 1, 451)) == Refused(R.GIVEN_TOO_MUCH, 450)
    assert gateway.hold(band, reversal(2, 1, debit=1)) == Refused(R.GIVEN_TOO_MUCH, 450)
    assert isinstance(gateway.pay(band, reversal(3, 1)), Held)
    assert gateway.look(band).balance_minor == 5000
    assert gateway.hold(band, reversal(4, 1)) == Refused(R.ALREADY_REVERSED)
    partly = reversal(5, 1, 1, movement="refund")
    assert gateway.hold(band, partly) == Refused(R.ALREADY_REVERSED)


def test_goods_go_back_in_parts_but_not_more_than_all() -> None:
    gateway, band = band_with()
    assert isinstance(gateway.pay(band, order(1)), Held)
    assert isinstance(gateway.pay(band, order(9, 900)), Held)  # another sale is no room for it
    assert isinstance(gateway.pay(band, reversal(2, 1, 200, movement="refund")), Held)
    assert gateway.hold(band, reversal(3, 1, 251, movement="refund")) == Refused(
        R.GIVEN_TOO_MUCH, 250
    )
    assert gateway.hold(band, reversal(3, 1, 250)) == Refused(R.ALREADY_REVERSED)
    assert isinstance(gateway.pay(band, reversal(4, 1, 250, movement="refund")), Held)
    assert gateway.hold(band, reversal(5, 1, 1, movement="refund")) == Refused(R.ALREADY_REVERSED)


def test_a_reversal_that_was_void_may_be_tried_again() -> None:
    gateway, band = band_with()
    assert isinstance(gateway.pay(band, order(1)), Held)
    assert isinstance(gateway.hold(band, reversal(2, 1)), Held)  # and never written
    assert isinstance(gateway.pay(band, reversal(3, 1)), Held)


def test_what_was_undone_in_cash_is_undone() -> None:
    gateway, band = band_with()
    assert isinstance(gateway.pay(band, order(1)), Held)
    head = (1 << 60, *DAY, txid(7), 3, 7, 2, 0)
    sold = Sold(*head, txid(8), 0, "refund", -450, 0, b"", b"", 0, 0, txid(1), 0, [])
    gateway.record(lambda *_: sold)
    assert gateway.hold(band, reversal(2, 1)) == Refused(R.ALREADY_REVERSED)


def test_promo_and_vouchers_come_from_the_ledger_and_never_fall_below_zero() -> None:
    gateway, band = band_with()
    medium = gateway.look(band).medium
    head = (1 << 40, *DAY, txid(70), 3, 7, 2, 0)
    gateway.record(lambda *_: PromoGranted(*head, medium, 500, 2, txid(71)))
    gateway.rules = told(medium, promo_minor=100, vouchers=1)
    assert (gateway.look(band).promo_minor, gateway.look(band).vouchers) == (600, 3)
    assert gateway.hold(band, order(1, 100, promo_minor=601)) == Refused(R.PROMO, 600)
    assert gateway.hold(band, order(1, 100, vouchers=4)) == Refused(R.VOUCHERS, 3)
    assert isinstance(gateway.pay(band, order(2, 100, promo_minor=500, vouchers=3)), Held)
    assert (gateway.look(band).promo_minor, gateway.look(band).vouchers) == (100, 0)
    assert gateway.look(band).balance_minor == 4900
    back = reversal(3, 2, 100, promo_minor=501)
    assert gateway.hold(band, back) == Refused(R.GIVEN_TOO_MUCH, 100)
    back = reversal(3, 2, 100, vouchers=4)
    assert gateway.hold(band, back) == Refused(R.GIVEN_TOO_MUCH, 100)
    assert isinstance(gateway.pay(band, reversal(4, 2, 100, promo_minor=500, vouchers=3)), Held)
    assert (gateway.look(band).promo_minor, gateway.look(band).vouchers) == (600, 3)
    made_up = order(5, 0, given_minor=0, promo_minor=5, movement="refund")
    assert gateway.hold(band, made_up) == Refused(R.ORIGINAL_UNKNOWN)


def test_promo_is_limited_while_nobody_is_heard() -> None:
    gateway, band = band_with(promo_unheard_minor=300, vouchers_unheard=2)
    medium = gateway.look(band).medium
    head = (1 << 40, *DAY, txid(70), 3, 7, 2, 0)
    gateway.record(lambda *_: PromoGranted(*head, medium, 5000, 50, txid(71)))
    assert isinstance(gateway.pay(band, order(1, 10, promo_minor=400)), Held)
    gateway.unheard = True
    assert gateway.hold(band, order(2, 10, promo_minor=301)) == Refused(R.PROMO, 300)
    assert isinstance(gateway.pay(band, order(3, 10, promo_minor=200, vouchers=2)), Held)
    assert gateway.hold(band, order(4, 10, promo_minor=101)) == Refused(R.PROMO, 100)
    assert gateway.hold(band, order(4, 10, vouchers=1)) == Refused(R.VOUCHERS, 0)
    assert isinstance(gateway.pay(band, reversal(5, 3, 10, promo_minor=1)), Held)
    assert gateway.hold(band, order(6, 10, promo_minor=101)) == Refused(R.PROMO, 100)
    gateway.unheard = False
    assert isinstance(gateway.hold(band, order(7, 10, promo_minor=1000)), Held)


def test_a_blocked_band_is_locked_and_stays_so() -> None:
    gateway, band = band_with()
    assert lock(gateway.look(band), txid(8), WHO) is None
    medium = gateway.look(band).medium
    gateway.rules = told(medium, min_epoch=2)
    seen = gateway.look(band)
    assert seen.refusal is R.BLOCKED
    held = lock(seen, txid(8), WHO)
    assert isinstance(held, Held)
    fact = gateway.record(held.fact)
    assert isinstance(fact, DebitHeld)
    assert (fact.movement, fact.debit_minor, fact.given_minor) == ("adjustment", 0, 0)
    band.write_all(held.writes)
    assert judge(held, band.tap()) == "posted"
    gateway.record(held.posted)
    assert lock(gateway.look(band), txid(9), WHO) is None
    gateway.rules = RULES  # unblocked: still locked, until the desk has seen it
    assert gateway.look(band).refusal is R.LOCKED
    assert gateway.look(band).balance_minor == 5000
    reading = read_untrusted(band.chip, band.uid, band.tap().image, 0, RULES.seals)
    assert reading.slots[1] is not None
    assert reading.slots[1].flags == FLAG_LOCKED


def test_nothing_is_sealed_onto_a_band_that_says_nothing() -> None:
    gateway, band = band_with()
    gateway.rules = told(gateway.look(band).medium, min_epoch=2)
    for page in range(0x1C, 0x28):
        band.write(page, bytes(4))
    assert lock(gateway.look(band), txid(8), WHO) is None
    assert lock(gateway.look(Band()), txid(8), WHO) is None
