"""Cases that other cashless systems and ledgers have tests for, as this one decides them."""

import msgspec
import pytest

from crypto.cashless import Wallet
from crypto.money import (
    DebitHeld,
    DebitPosted,
    MediumBlocked,
)
from edge.core.wallet import (
    Held,
    Refused,
    WalletReason,
    WalletRules,
    hold,
    owed,
)
from edge.core.wallet_conflicts import unrecorded
from edge.core.wallet_rows import POSTED, VOIDED
from tests.edge.core.purse import (
    CASHLESS,
    DAY,
    QUICK,
    RULES,
    WHO,
    A,
    B,
    Gateway,
    new_band,
    order,
    txid,
)

R = WalletReason


def test_of_all_that_is_wrong_the_first_by_number_is_told() -> None:
    """Everything is wrong at once; mended one by one, the next reason has a higher number."""
    kind = msgspec.structs.replace(
        QUICK, number=1, single_max_minor=10, velocity_count=1, balance_max_minor=5000,
        exposure_plain_minor=0, expires_ms=1,
    )  # fmt: skip
    gateway = Gateway()
    band = new_band(gateway)
    assert isinstance(gateway.pay(band, order(1, 100)), Held)
    medium, gateway.unheard = gateway.look(band).medium, True
    ended = msgspec.structs.replace(CASHLESS, classes=[kind], promo_unheard_minor=0)
    going = msgspec.structs.replace(kind, expires_ms=0)
    steps: list[dict[str, object]] = [
        {"wallets": [Wallet(medium, min_epoch=2, hold_minor=4900)]},
        {"wallets": [Wallet(medium, hold_minor=4900)]},
        {"classes": [going]},
        {"debit": 5000, "promo_minor": 1, "vouchers": 1},
        {"classes": [going := msgspec.structs.replace(going, single_max_minor=0)]},
        {"classes": [going := msgspec.structs.replace(going, velocity_count=0)]},
        {"wallets": [], "debit": 4900},
        {"promo_minor": 0},
        {"vouchers": 0},
        {"classes": [msgspec.structs.replace(going, exposure_plain_minor=9000)]},
    ]
    says: dict[str, object] = {"debit": 0}
    found: list[int] = []
    for step in steps:
        sold = ("debit", "promo_minor", "vouchers")
        says |= {name: step[name] for name in sold if name in step}
        told_ = {name: step[name] for name in step if name not in sold}
        ended = msgspec.structs.replace(ended, **told_)
        gateway.rules = WalletRules(ended)
        answer = hold(gateway.look(band), order(9, **says))  # type: ignore[arg-type]
        found.append(answer.reason if isinstance(answer, Refused) else 0)
    assert found == [
        R.BLOCKED, R.EXPIRED, R.AMOUNT, R.SINGLE_MAX, R.VELOCITY, R.BALANCE, R.PROMO, R.VOUCHERS,
        R.EXPOSURE, 0,
    ]  # fmt: skip
    assert found[:-1] == sorted(found[:-1])


def test_each_debit_begins_where_the_last_one_ended() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    for number, amount in enumerate((300, 450, 250), 1):
        assert isinstance(gateway.pay(band, order(number, amount)), Held)
    held = [fact for fact in gateway.log if isinstance(fact, DebitHeld)]
    assert [later.base for later in held[1:]] == [one.target for one in held[:-1]]
    assert [one.target.seq for one in held] == [1, 2, 3]
    assert [one.credited - one.target.debited for one in held] == [4700, 4250, 4000]


def test_what_a_band_was_worth_is_in_the_facts_until_then() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    medium, counts = gateway.look(band).medium, [len(gateway.log)]
    for number, amount in enumerate((300, 450), 1):
        gateway.pay(band, order(number, amount))
        counts.append(len(gateway.log))
    worth = []
    for count in counts:
        then = Gateway()
        for fact in gateway.log[:count]:
            then.record(lambda *_, fact=fact: fact)
        worth.append(owed(then.wallets, RULES, medium))
    assert worth == [5000, 4700, 4250]


def test_a_posting_books_what_was_held_whatever_it_says() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    held = gateway.hold(band, order(1, 450))
    assert isinstance(held, Held)
    more = msgspec.structs.replace(held.target, debited=held.target.debited + 151)

    def greedy(hlc: int, now: object) -> DebitPosted:
        honest = held.posted(hlc, now)  # type: ignore[arg-type]
        return msgspec.structs.replace(honest, target=more)  # type: ignore[return-value]

    gateway.record(greedy)
    row = gateway.wallets.account(held.medium).rows[txid(1)]
    assert (row.debit, gateway.wallets.account(held.medium).status(row)) == (450, POSTED)


@pytest.mark.parametrize("landed", [False, True])
def test_a_hold_of_a_band_that_is_blocked_since_ends_as_the_band_says(landed: bool) -> None:
    """Void, or posted: a block forbids no truth. What was taken before it stays taken."""
    gateway = Gateway()
    band = new_band(gateway)
    held = gateway.hold(band, order(1))
    assert isinstance(held, Held)
    if landed:
        band.write_all(held.writes)
    head = (1 << 60, *DAY, txid(7), 3, 7, 2, 0)
    gateway.record(lambda *_: MediumBlocked(*head, held.medium, 2, "lost"))
    seen = gateway.look(band)
    assert (seen.refusal, seen.repair, seen.spendable_minor) == (R.BLOCKED, (), 0)
    for one in seen.resolutions:
        gateway.record(one.make(WHO))
    account = gateway.wallets.account(held.medium)
    assert account.status(account.rows[txid(1)]) == (POSTED if landed else VOIDED)
    assert gateway.look(band).balance_minor == (4550 if landed else 5000)


def test_a_debit_that_is_heard_of_after_the_money_was_paid_out_is_told() -> None:
    """The original is cashed out where all are heard, as it seems; its copy has paid elsewhere."""
    desk, island = Gateway(A), Gateway(B)
    band = new_band(desk)
    island.hear(desk)
    copy = band.copy()
    island.unheard = True
    assert isinstance(island.pay(copy, order(1, 800)), Held)
    assert isinstance(desk.pay(band, order(2, 5000, movement="cash_out")), Held)
    paid_out = [fact for fact in desk.log if isinstance(fact, DebitHeld)]
    desk.hear(island)
    medium = desk.look(band).medium
    (found,) = unrecorded(desk.wallets, RULES, [medium])
    assert (found.what, {found.first, found.second}) == ("fork", {txid(1), txid(2)})
    assert [fact for fact in desk.log if isinstance(fact, DebitHeld)] == paid_out
    assert (desk.look(band).refusal, desk.look(copy).refusal) == (R.CLONED, R.CLONED)


@pytest.mark.parametrize("chip", ["UL_C", "UL_AES"])
def test_a_counter_that_is_lower_than_it_was_brings_nothing_back(chip: str) -> None:
    """One lower may be an increment that was weak: that step is written again, nothing else is."""
    gateway = Gateway(A)
    band = new_band(gateway, chip=chip)
    for number in (1, 2, 3):
        assert isinstance(gateway.pay(band, order(number)), Held)
    fewer = band.copy()
    fewer.counter -= 1
    assert (gateway.look(fewer).refusal, gateway.settled(fewer).balance_minor) == (None, 3650)
    for turned in (2, 3):
        fewer = band.copy()
        fewer.counter -= turned
        seen = gateway.look(fewer)
        assert seen.refusal in (R.SLOTS, R.BEHIND)
        assert (seen.repair, seen.spendable_minor) == ((), 0)


def test_a_lost_step_is_only_mended_from_below_never_from_a_copy_of_more() -> None:
    """Both slots whole, but behind: nothing is written."""
    gateway = Gateway()
    band = new_band(gateway)
    gateway.pay(band, order(1))
    copy = band.copy()
    gateway.pay(band, order(2))
    assert (gateway.look(copy).refusal, gateway.look(copy).repair) == (R.BEHIND, ())
