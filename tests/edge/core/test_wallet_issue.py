"""New bands: for nothing, for a lost one, and for one whose slots are gone."""

import pytest

from crypto.cashless import CreditKey
from crypto.medium import CHIPS
from crypto.medium_credit import signer
from crypto.money import (
    MediumBlocked,
    MediumIssued,
    MediumReissued,
    ToppedUp,
)
from edge.core.wallet import (
    Held,
    Issue,
    NewBand,
    Refused,
    WalletReason,
    give_back,
    issue,
    judge_issue,
    owed,
    reissue,
)
from edge.core.wallets import Wallets
from tests.edge.core.purse import (
    DAY,
    KEY,
    OTHER_KEY,
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
    torn,
    txid,
)

R = WalletReason


def new(number: int = 801, **more: object) -> NewBand:
    fields = {"wallet_class": 1, "key_index": 1, "sign": signer(KEY)} | more
    return NewBand(txid(number), WHO, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("chip", CHIPS)
def test_a_new_band_has_nothing_on_it_and_is_closed_last(chip: str) -> None:
    gateway, band = Gateway(), Band(chip=chip, counter=5)
    made = issue(gateway.wallets, RULES, band.tap(), new(), now_ms=gateway.now_ms)
    assert isinstance(made, Issue)
    fact = gateway.record(made.facts[0])
    assert isinstance(fact, MediumIssued)
    assert (fact.chip, fact.epoch, fact.wallet_class) == (chip, 1, 1)
    assert not judge_issue(made, band.tap())
    band.write_all(made.writes)
    assert judge_issue(made, band.tap())
    assert made.writes[-1][0] > CHIPS[chip].last_page
    seen = gateway.look(band)
    assert (seen.refusal, seen.balance_minor, seen.epoch) == (None, 0, 1)
    assert seen.certificate is not None
    assert seen.certificate.r_class == CHIPS[chip].authenticates


def test_issues_that_are_refused() -> None:
    gateway, band = Gateway(), Band()

    def answer(rules: object = RULES, **more: object) -> object:
        tap = band.tap()
        return issue(gateway.wallets, rules, tap, new(**more), now_ms=0)  # type: ignore[arg-type]

    assert answer(wallet_class=99) == Refused(R.CLASS_UNKNOWN)
    assert answer(key_index=99) == Refused(R.CREDIT_KEY)
    assert answer(sign=signer(OTHER_KEY)) == Refused(R.CREDIT_KEY)
    assert answer(rules(chip_key=b"")) == Refused(R.NOT_CONFIGURED)
    assert answer(rules(link="https://too.long/x")) == Refused(R.NOT_CONFIGURED)
    assert isinstance(answer(rules(link="")), Issue)
    bad = Band(chip="NTAG213").tap()._replace(chip="MIFARE")
    assert issue(gateway.wallets, RULES, bad, new(), now_ms=0) == Refused(R.CHIP_UNKNOWN)
    assert isinstance(gateway.issue(band), Issue)
    assert answer() == Refused(R.ALREADY_ISSUED)
    head = (1 << 60, *DAY, txid(7), 3, 7, 2, 0)
    medium = gateway.look(band).medium
    gateway.record(lambda *_: MediumBlocked(*head, medium, 0x10000, "lost"))
    assert answer() == Refused(R.WORN_OUT)


def test_an_issue_that_was_torn_is_made_again_in_the_next_epoch() -> None:
    gateway, band = Gateway(), Band()
    made = issue(gateway.wallets, RULES, band.tap(), new(), now_ms=0)
    assert isinstance(made, Issue)
    gateway.record(made.facts[0])
    band.write_all(made.writes[:28])
    assert isinstance(gateway.issue(band, 802), Issue)
    assert gateway.look(band).epoch == 2
    # Whole, but never closed: the reader could not give a password.
    opened = band.tap()._replace(authenticated=False)
    assert isinstance(issue(gateway.wallets, RULES, opened, new(803), now_ms=0), Issue)


def test_a_band_with_money_is_not_issued_again() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    opened = band.tap()._replace(authenticated=False, image=bytes(144))
    refused = Refused(R.ALREADY_ISSUED)
    assert issue(gateway.wallets, RULES, opened, new(), now_ms=0) == refused
    nothing = Gateway(B)
    medium = gateway.look(band).medium
    rules_ = told(medium, credited_minor=5)
    assert issue(nothing.wallets, rules_, opened, new(), now_ms=0) == refused


def lost(amount: int = 5000, spent: int = 400) -> tuple[Gateway, Band]:
    gateway = Gateway()
    band = new_band(gateway, amount)
    if spent:
        assert isinstance(gateway.pay(band, order(1, spent)), Held)
    return gateway, band


def replaced(gateway: Gateway, old: bytes, band: Band, number: int = 860) -> MediumReissued:
    made = reissue(gateway.wallets, gateway.rules, band.tap(), new(number), old=old, now_ms=0)
    assert isinstance(made, Issue), made
    fact = gateway.record(made.facts[0])
    band.write_all(made.writes)
    assert judge_issue(made, band.tap())
    assert isinstance(fact, MediumReissued)
    return fact


def test_a_lost_band_is_replaced_and_what_it_may_still_spend_is_held_back() -> None:
    gateway, band = lost(5000, 400)
    old = gateway.look(band).medium
    second = Band(bytes(7))
    fact = replaced(gateway, old, second)
    assert (fact.carried_minor, fact.held_minor) == (1600, 3000)
    assert (fact.replaces, fact.replaces_epoch) == (old, 1)
    assert gateway.look(second).balance_minor == 1600
    assert gateway.look(band).refusal is R.BLOCKED
    assert gateway.look(band).refusal.locks
    third = Band(b"\x09" * 7)
    again = replaced(gateway, gateway.look(second).medium, third, 861)
    assert (again.carried_minor, again.held_minor) == (0, 1600)


def test_a_band_that_carries_money_is_not_issued_again() -> None:
    gateway, band = lost()
    second = Band(bytes(7))
    replaced(gateway, gateway.look(band).medium, second)
    opened = second.tap()._replace(authenticated=False)
    answer = issue(gateway.wallets, RULES, opened, new(870), now_ms=0)
    assert answer == Refused(R.ALREADY_ISSUED)


def test_a_band_whose_slots_are_gone_is_issued_anew_with_its_totals() -> None:
    gateway, band = lost(5000, 400)
    medium = gateway.look(band).medium
    gateway.rules = told(medium, absorbed_minor=2500)
    for page in range(0x1C, 0x28):
        band.write(page, b"\xee" * 4)
    seen = gateway.look(band)
    assert (seen.refusal, seen.balance_minor) == (R.SLOTS, 7100)
    fact = replaced(gateway, medium, band)
    assert (fact.carried_minor, fact.held_minor) == (4100, 3000)
    seen = gateway.look(band)
    assert (seen.refusal, seen.epoch, seen.balance_minor) == (None, 2, 4100)
    assert isinstance(gateway.pay(band, order(5, 4100)), Held)


def test_a_top_up_of_before_a_band_was_issued_anew_is_not_finished_on_it() -> None:
    gateway, band = lost(5000)
    medium = gateway.look(band).medium
    torn(gateway, band, 1000, 0)
    for page in range(0x1C, 0x28):
        band.write(page, b"\xee" * 4)
    replaced(gateway, medium, band)
    seen = gateway.look(band)
    assert (seen.epoch, seen.unfinished, seen.resolutions) == (2, b"", ())


def test_what_a_chip_that_proves_itself_may_spend_is_held_back_whole() -> None:
    gateway = Gateway()
    band = new_band(gateway, 12_000, "UL_AES")
    fact = replaced(gateway, gateway.look(band).medium, Band(bytes(7)))
    assert (fact.carried_minor, fact.held_minor) == (2000, 10_000)


def test_nobody_knows_the_lost_band() -> None:
    answer = reissue(Gateway().wallets, RULES, Band().tap(), new(), old=bytes(16), now_ms=0)
    assert answer == Refused(R.ORIGINAL_UNKNOWN)


def test_replacements_that_are_refused() -> None:
    gateway, band = lost()
    old = gateway.look(band).medium
    args = {"old": old, "now_ms": 0}
    used = new_band(gateway, uid=bytes(7), number=5)
    answer = reissue(gateway.wallets, RULES, used.tap(), new(), **args)
    assert answer == Refused(R.ALREADY_ISSUED)
    stranger = new(sign=signer(OTHER_KEY))
    answer = reissue(gateway.wallets, RULES, Band(b"\x09" * 7).tap(), stranger, **args)
    assert answer == Refused(R.CREDIT_KEY)


def test_what_was_lost_once_is_replaced_once() -> None:
    gateway, band = lost(5000, 400)
    old = gateway.look(band).medium
    second = Band(bytes(7))
    replaced(gateway, old, second)
    third = Band(b"\x09" * 7).tap()
    for wallets in (gateway.wallets, Wallets.load(gateway.wallets.dump())):
        answer = reissue(wallets, gateway.rules, third, new(861), old=old, now_ms=0)
        assert answer == Refused(R.REPLACED)


def test_a_band_may_take_its_own_place_more_than_once() -> None:
    gateway, band = lost(5000, 400)
    medium = gateway.look(band).medium
    for number in (861, 862):
        for page in range(0x1C, 0x28):
            band.write(page, b"\xee" * 4)
        replaced(gateway, medium, band, number)
    assert gateway.look(band).epoch == 3


def test_what_is_owed_is_what_owners_of_keys_have_credited() -> None:
    gateway, band = lost(5000, 400)
    medium = gateway.look(band).medium
    assert owed(gateway.wallets, RULES, medium) == 4600
    assert owed(gateway.wallets, told(medium, hold_minor=600), medium) == 4000
    assert owed(gateway.wallets, told(medium, credited_minor=9000), medium) == 8600
    assert isinstance(gateway.hold(band, order(2, 100)), Held)
    assert owed(gateway.wallets, RULES, medium) == 4500, "what is open may be on the lost band"
    thief = Gateway(B)
    thief.hear(gateway)
    head = (1 << 60, *DAY, txid(99), 3, 7, 2, 0)
    rich = ToppedUp(*head, medium, 1, 1, "cash", 90_000, 5000, 95_000, 0, b"", bytes(80))
    thief.record(lambda *_: rich)
    assert owed(thief.wallets, RULES, medium) == 4500, "key 1 is another gateway's"
    revoked = CreditKey(1, KEY.public, A, revoked=True)
    assert owed(gateway.wallets, rules(credit_keys=[revoked]), medium) == 0
    issued = MediumIssued(*head, medium, "NTAG213", 2, 1, b"short")
    thief.record(lambda *_: issued)
    assert owed(thief.wallets, RULES, medium) == 0


def test_a_top_up_that_went_back_is_not_owed() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000)
    torn(gateway, band, 1000, 0)
    medium = gateway.look(band).medium
    assert owed(gateway.wallets, RULES, medium) == 6000
    voided = give_back(gateway.look(band), WHO)
    assert voided is not None
    gateway.record(voided)
    assert owed(gateway.wallets, RULES, medium) == 5000
