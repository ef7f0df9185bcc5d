"""What may be taken from a band, in the order of the reasons; and what is written then."""

import msgspec
import pytest

from crypto.medium import CHIPS, FLAG_LOCKED, pages, read_untrusted, seal_slot
from crypto.money import (
    MARK_UNHEARD,
    DebitHeld,
    DebitPosted,
    DebitVoided,
    Line,
    MediumBlocked,
    PromoGranted,
    Slot,
    Sold,
)
from edge.core.moments import Moment
from edge.core.wallet import (
    AlreadyPaid,
    Credit,
    Held,
    Order,
    Refused,
    WalletReason,
    WalletRules,
    hold,
    judge,
    lock,
    written,
)
from tests.edge.core.purse import (
    CASHLESS,
    DAY,
    RULES,
    WHO,
    A,
    B,
    Band,
    Gateway,
    new_band,
    order,
    rules,
    told,
    txid,
)

R = WalletReason


def reason(answer: Held | Refused | AlreadyPaid) -> WalletReason | str:
    return answer.reason if isinstance(answer, Refused) else type(answer).__name__


def test_a_sale_is_one_more_slot_and_one_more_fact() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000)
    line = Line("article", 1, 1, 450, 450, 1)
    held = gateway.pay(band, order(1, 450, lines=(line,), prices=4, otherwise_minor=7))
    assert isinstance(held, Held)
    fact = gateway.log[-2]
    assert isinstance(fact, DebitHeld)
    assert fact.base == Slot()
    assert (fact.target.seq, fact.target.debited, fact.target.given) == (1, 450, 0)
    assert (fact.credited, fact.absorbed, fact.lines, fact.prices) == (5000, 0, [line], 4)
    assert (fact.till, fact.operator, fact.shift, fact.marks) == (3, 7, 2, 0)
    assert (fact.otherwise_minor, fact.day) == (7, DAY[0])
    last = gateway.log[-1]
    assert isinstance(last, DebitPosted)
    assert (last.target, last.evidence, last.basket) == (fact.target, "read_back", txid(10_001))
    seen = gateway.look(band)
    assert (seen.balance_minor, held.balance_minor) == (4550, 4550)
    assert seen.current is not None
    assert seen.current.gateway_index == WHO.gateway_index


@pytest.mark.parametrize("chip", CHIPS)
def test_always_the_losing_slot_is_written(chip: str) -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000, chip)
    pages = []
    for number in range(1, 5):
        held = gateway.pay(band, order(number))
        assert isinstance(held, Held)
        pages.append(held.writes[0][0])
        assert held.increments == CHIPS[chip].counts
    first, second = CHIPS[chip].slot_pages
    assert pages == [second, first, second, first]


def band_with(**changes: object) -> tuple[Gateway, Band]:
    gateway = Gateway(A, rules(**changes))
    return gateway, new_band(gateway, 5000)


def of_class(number: int, amount: int = 5000) -> tuple[Gateway, Band]:
    gateway = Gateway()
    band = Band()
    gateway.issue(band, wallet_class=number)
    if amount:
        gateway.top_up(band, amount)
    return gateway, band


def test_amounts_that_mean_nothing() -> None:
    gateway, band = band_with()
    bad = [
        order(1, 0),
        order(1, -1),
        order(1, 10**12 + 1),
        order(1, 5, given_minor=-1),
        order(1, 100, movement="cash_out", given_minor=5),
        order(1, 100, movement="cash_out", promo_minor=5),
        order(1, 100, movement="cash_out", vouchers=1),
        order(1, 100, reverses=txid(9)),
        order(1, 100, movement="cash_out", reverses=txid(9)),
    ]
    for one in bad:
        assert gateway.hold(band, one) == Refused(R.AMOUNT)


def test_the_balance_and_not_a_cent_more() -> None:
    gateway, band = band_with()
    assert gateway.hold(band, order(1, 5001)) == Refused(R.BALANCE, 5000)
    held = gateway.pay(band, order(2, 5000))
    assert isinstance(held, Held)
    assert held.balance_minor == 0
    assert gateway.hold(band, order(3, 1)) == Refused(R.BALANCE, 0)
    assert isinstance(gateway.hold(band, order(4, 100, given_minor=200)), Held)


def test_what_the_centre_holds_back_is_not_spent() -> None:
    gateway, band = band_with()
    medium = gateway.look(band).medium
    gateway.rules = told(medium, hold_minor=4800)
    assert gateway.hold(band, order(1, 201)) == Refused(R.BALANCE, 200)
    assert gateway.look(band).balance_minor == 5000
    assert gateway.hold(band, order(1, 201, movement="cash_out")) == Refused(R.BALANCE, 200)


def test_an_overdraft_is_of_a_class_and_is_never_paid_out() -> None:
    gateway, band = of_class(2, 1000)
    assert gateway.look(band).spendable_minor == 1500
    assert gateway.hold(band, order(1, 1501)) == Refused(R.BALANCE, 1500)
    assert gateway.hold(band, order(1, 1001, movement="cash_out")) == Refused(R.BALANCE, 1000)
    assert isinstance(gateway.pay(band, order(2, 1500)), Held)
    seen = gateway.look(band)
    assert (seen.balance_minor, seen.spendable_minor) == (-500, 0)


def test_most_at_once() -> None:
    gateway, band = of_class(2)
    assert gateway.hold(band, order(1, 2001)) == Refused(R.SINGLE_MAX, 2000)
    assert isinstance(gateway.hold(band, order(1, 2000)), Held)


def test_most_in_a_while() -> None:
    gateway, band = of_class(3)
    for number in (1, 2):
        assert isinstance(gateway.pay(band, order(number, 10)), Held)
    assert gateway.hold(band, order(3, 10)) == Refused(R.VELOCITY)
    assert isinstance(gateway.hold(band, order(3, 10, movement="cash_out")), Held)
    gateway.now_ms += 60_000
    assert isinstance(gateway.hold(band, order(4, 10)), Held)


def test_a_full_band_takes_no_cups_but_a_reversal() -> None:
    gateway = Gateway()
    band = new_band(gateway, 100_000)
    assert isinstance(gateway.pay(band, order(1, 300)), Held)
    returns = order(2, 0, given_minor=300, movement="deposit_return")
    assert isinstance(gateway.pay(band, returns), Held)
    assert isinstance(gateway.pay(band, order(3, 500)), Held)
    assert isinstance(gateway.top_up(band, 500, 999), Credit)
    more = order(4, 0, given_minor=1, movement="deposit_return")
    assert gateway.hold(band, more) == Refused(R.BALANCE_MAX, 100_000)
    back = order(5, 0, given_minor=500, movement="reversal", reverses=txid(3))
    assert isinstance(gateway.hold(band, back), Held)


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


@pytest.mark.parametrize(
    ("allowed", "unheard", "chip", "amount", "most"),
    [
        (False, False, "NTAG213", 100, 0),
        (True, False, "NTAG213", 100, None),
        (True, True, "NTAG213", 100, 0),
        (True, True, "UL_AES", 1000, None),
        (True, True, "UL_AES", 1001, 1000),
        (False, True, "UL_AES", 100, 0),
    ],
)
def test_cash_out(allowed: bool, unheard: bool, chip: str, amount: int, most: int | None) -> None:
    gateway = Gateway(A, rules(cash_out=allowed))
    band = new_band(gateway, 5000, chip)
    gateway.unheard = unheard
    answer = gateway.pay(band, order(1, amount, movement="cash_out"))
    if most is None:
        assert isinstance(answer, Held)
        assert gateway.look(band).balance_minor == 5000 - amount
    else:
        assert answer == Refused(R.CASH_OUT, most)


def test_exposure_grows_only_while_nobody_is_heard() -> None:
    gateway, band = band_with()
    gateway.unheard = True
    held = gateway.pay(band, order(1, 1001))
    assert isinstance(held, Held)
    assert held.target.exposure == 101  # tens, rounded up
    fact = gateway.log[-2]
    assert isinstance(fact, DebitHeld)
    assert fact.marks == MARK_UNHEARD
    assert gateway.hold(band, order(2, 1991)) == Refused(R.EXPOSURE, 1990)
    held = gateway.pay(band, order(3, 1990))
    assert isinstance(held, Held)
    assert held.target.exposure == 300
    assert gateway.hold(band, order(4, 1)) == Refused(R.EXPOSURE, 0)
    assert isinstance(gateway.hold(band, order(5, 0, given_minor=1, movement="refund")), Held)
    gateway.unheard = False
    held = gateway.pay(band, order(6, 1000))
    assert isinstance(held, Held)
    assert held.target.exposure == 0


def test_a_chip_that_proves_itself_may_do_more_alone() -> None:
    for chip, most in (("NTAG213", 3000), ("UL_C", 10_000)):
        gateway = Gateway()
        band = new_band(gateway, 50_000, chip)
        gateway.unheard = True
        assert gateway.look(band).exposure_max_minor == most
        assert gateway.hold(band, order(1, most + 10)) == Refused(R.EXPOSURE, most)
        assert isinstance(gateway.hold(band, order(2, most)), Held)


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


def test_who_paid_gets_the_goods_whatever_else_is_wrong() -> None:
    gateway, band = band_with()
    assert isinstance(gateway.pay(band, order(1)), Held)
    head = (1 << 60, *DAY, txid(7), 3, 7, 2, 0)
    gateway.record(lambda *_: MediumBlocked(*head, gateway.look(band).medium, 9, "lost"))
    again = gateway.hold(band, order(1, txid=txid(2)))
    assert again == AlreadyPaid(txid(1), 4550)
    assert gateway.hold(band, order(3)) == Refused(R.BLOCKED)


def test_parts_of_a_basket_are_paid_each_for_itself() -> None:
    gateway, band = band_with()
    assert isinstance(gateway.pay(band, order(1, basket=txid(5), part=0)), Held)
    assert isinstance(gateway.pay(band, order(2, basket=txid(5), part=1)), Held)
    assert isinstance(gateway.hold(band, order(3, basket=txid(5), part=1)), AlreadyPaid)


def test_a_basket_is_not_paid_by_two_bands() -> None:
    gateway = Gateway()
    band, other = new_band(gateway), new_band(gateway, uid=bytes(7), number=2)
    assert isinstance(gateway.hold(band, order(1, basket=txid(5))), Held)
    assert gateway.hold(other, order(2, basket=txid(5))) == Refused(R.IN_DOUBT)
    gateway.settled(band)  # shows that nothing was written
    assert isinstance(gateway.pay(other, order(3, basket=txid(5))), Held)
    assert isinstance(gateway.hold(band, order(4, basket=txid(5))), AlreadyPaid)


def test_an_id_is_used_once() -> None:
    gateway, band = band_with()
    assert isinstance(gateway.hold(band, order(1)), Held)
    assert gateway.hold(band, order(1)) == Refused(R.TXID_USED)  # void by now, and stays so


def test_a_till_that_moved_to_another_gateway_is_told() -> None:
    a, b = Gateway(A), Gateway(B)
    band = new_band(a)
    b.hear(a)
    a.unheard = b.unheard = True
    assert isinstance(a.pay(band, order(1, basket=txid(5))), Held)
    moved = order(2, basket=txid(5), attempts=(txid(1),))
    paid = b.hold(band, moved)
    assert isinstance(paid, AlreadyPaid)
    assert paid.txid == txid(1)
    fact = b.log[-1]
    assert isinstance(fact, DebitPosted)
    assert (fact.txid, fact.basket, fact.evidence) == (txid(1), txid(5), "in_slot")
    other = order(3, basket=txid(6), attempts=(txid(77),))
    assert b.hold(band, other) == Refused(R.IN_DOUBT)
    b.unheard = False
    assert isinstance(b.hold(band, other), Held)
    assert reason(b.hold(Band(bytes(7)), moved)) is R.NOT_OURS


def test_a_seq_that_was_aimed_at_is_not_used_again() -> None:
    gateway, band = band_with()
    assert isinstance(gateway.hold(band, order(1)), Held)
    held = gateway.pay(band, order(2))
    assert isinstance(held, Held)
    assert held.target.seq == 2
    a = gateway.log
    assert isinstance(a[-3], DebitVoided)


@pytest.mark.parametrize(
    ("slot", "debit", "expected"),
    [
        (Slot(65534, 0), 1, Held),
        (Slot(65535, 0), 1, R.WORN_OUT),
        (Slot(1, 0xFFFFFF - 1), 1, Held),
        (Slot(1, 0xFFFFFF - 1), 2, R.WORN_OUT),
        (Slot(1, 10, 0, 0xFFFF), 1, R.WORN_OUT),
    ],
)
def test_a_band_is_full_at_some_time(slot: Slot, debit: int, expected: object) -> None:
    gateway = Gateway(A, rules(classes=[wide()]))
    band = new_band(gateway, 20_000_000, "UL_EV1_128")
    gateway.unheard = slot.exposure > 0
    raw = seal_slot(slot, uid=band.uid, epoch=1, counter=0, seals=gateway.rules.seals, version=1)
    band.write_all(pages(CHIPS[band.chip].slot_pages[0], raw))
    answer = gateway.hold(band, order(1, debit))
    assert isinstance(answer, Held) if expected is Held else reason(answer) is expected


def wide() -> object:
    return msgspec.structs.replace(
        CASHLESS.classes[0], balance_max_minor=0, exposure_plain_minor=10**9
    )


def test_judging_by_what_was_read_back() -> None:
    gateway, band = band_with()
    held = gateway.hold(band, order(1))
    assert isinstance(held, Held)
    assert judge(held, band.tap()) == "base"
    assert not written(held, band.tap())
    band.write_all(held.writes[:3])
    assert judge(held, band.tap()) == "base"
    band.write_all(held.writes[3:])
    assert judge(held, band.tap()) == "posted"
    assert written(held, band.tap())
    assert judge(held, band.tap()._replace(uid=bytes(7))) == "unknown"
    assert judge(held, band.tap()._replace(image=b"")) == "unknown"
    assert not written(held, band.tap()._replace(image=b""))
    assert judge(held, band.tap()._replace(image=bytes(144))) == "unknown"


def test_judging_a_chip_that_counts() -> None:
    gateway = Gateway()
    band = new_band(gateway, chip="UL_C")
    held = gateway.hold(band, order(1))
    assert isinstance(held, Held)
    band.write_all(held.writes)
    assert written(held, band.tap())
    assert judge(held, band.tap()) == "base"  # not before the counter was increased
    band.counter += 1
    assert judge(held, band.tap()) == "posted"
    band.counter += 1
    assert judge(held, band.tap()) == "unknown"
    assert isinstance(held.voided(1, Moment(1, *DAY)), DebitVoided)


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


def test_no_rules_no_sale() -> None:
    gateway, band = band_with()
    gateway.rules = WalletRules(msgspec.structs.replace(CASHLESS, chip_key=b""))
    assert gateway.hold(band, order(1)) == Refused(R.NOT_CONFIGURED)


def test_a_band_that_has_to_be_mended_is_mended_first() -> None:
    gateway, band = band_with()
    assert isinstance(gateway.pay(band, order(1)), Held)
    for page in range(0x22, 0x28):
        band.write(page, b"\xff" * 4)  # the current slot fades
    seen = gateway.look(band)
    assert seen.repair
    assert hold(seen, order(2)) == Refused(R.REPAIR)
    assert isinstance(gateway.pay(band, order(2)), Held)
    assert gateway.look(band).balance_minor == 4100
