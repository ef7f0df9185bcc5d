"""What may be taken from a band, in the order of the reasons; and what is written then."""

import msgspec
import pytest

from crypto.medium import CHIPS, pages, seal_slot
from crypto.money import (
    MARK_UNHEARD,
    DebitHeld,
    DebitPosted,
    DebitVoided,
    Line,
    MediumBlocked,
    Slot,
)
from edge.core.moments import Moment
from edge.core.wallet import (
    AlreadyPaid,
    Credit,
    Held,
    Refused,
    WalletReason,
    WalletRules,
    hold,
    judge,
    written,
)
from tests.edge.core.purse import (
    CASHLESS,
    DAY,
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
    again = b.hold(band, moved)
    assert isinstance(again, AlreadyPaid)
    assert again.posted is None, "the fact is there by now"
    assert b.hold(band, moved._replace(attempts=())) == Refused(R.IN_DOUBT)
    other = order(3, basket=txid(6), attempts=(txid(77),))
    assert b.hold(band, other) == Refused(R.IN_DOUBT)
    b.unheard = False
    assert isinstance(b.hold(band, other), Held)
    assert reason(b.hold(Band(bytes(7)), order(9))) is R.NOT_OURS


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


@pytest.mark.parametrize(("chip", "most"), [("UL_C", 0xFFFF), ("UL_AES", 0xFFFFFF)])
def test_a_counter_ends(chip: str, most: int) -> None:
    """Asked to count on, the chip refuses, and the same tap would be tried for ever."""
    gateway, band = Gateway(), Band(chip=chip, counter=most - 1)
    gateway.issue(band)
    gateway.top_up(band, 5000)
    assert isinstance(gateway.pay(band, order(1)), Held)
    assert (band.counter, reason(gateway.hold(band, order(2)))) == (most, R.WORN_OUT)


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
