"""Cases that other cashless systems and ledgers have tests for, as this one decides them."""

import msgspec
import pytest

from crypto.cashless import Wallet
from crypto.medium_credit import signer
from crypto.money import DebitHeld, DebitPosted, MediumBlocked, MediumIssued, MediumReissued
from edge.core.wallet import (
    Credit,
    Held,
    Issue,
    NewBand,
    Refused,
    TopUp,
    WalletReason,
    WalletRules,
    hold,
    owed,
    reissue,
    top_up,
)
from edge.core.wallet_conflicts import unrecorded
from edge.core.wallet_rows import POSTED, VOIDED
from tests.edge.core.purse import (
    CASHLESS,
    DAY,
    KEY,
    QUICK,
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


# What no other test would have noticed had it been otherwise


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
