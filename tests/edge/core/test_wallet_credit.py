"""Money onto a band: only with a key, only once, and found again when it was torn."""

import msgspec
import pytest

from crypto.cashless import CreditKey, TopUpCode
from crypto.medium_credit import signer
from crypto.money import (
    CreditApplied,
    CreditVoided,
    MediumBlocked,
    ToppedUp,
)
from edge.core.wallet import (
    Credit,
    Held,
    Refused,
    TopUp,
    WalletReason,
    finish,
    give_back,
    judge_credit,
    top_up,
)
from tests.edge.core.purse import (
    CASHLESS,
    DAY,
    GUEST,
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


def test_a_top_up_is_a_certificate_in_a_fact_and_then_on_the_band() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000)
    made = gateway.top_up(band, 2500, 950, source=b"", method="cash")
    assert isinstance(made, Credit)
    assert made.balance_minor == 7500
    fact, applied = gateway.log[-2:]
    assert isinstance(fact, ToppedUp)
    assert (fact.amount_minor, fact.from_credited, fact.to_credited) == (2500, 5000, 7500)
    assert fact.certificate == band.tap().image[16:96]
    assert isinstance(applied, CreditApplied)
    assert gateway.look(band).balance_minor == 7500


def test_a_top_up_absorbs_what_the_centre_has_given() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000)
    gateway.rules = told(gateway.look(band).medium, absorbed_minor=2000)
    assert gateway.look(band).balance_minor == 7000
    assert isinstance(gateway.top_up(band, 500, 950), Credit)
    gateway.rules = RULES
    seen = gateway.look(band)
    assert (seen.balance_minor, seen.absorbed) == (7500, 2000)


@pytest.mark.parametrize(
    ("amount", "more", "expected"),
    [
        (0, {}, Refused(R.AMOUNT)),
        (-5, {}, Refused(R.AMOUNT)),
        (500, {"source": b"short"}, Refused(R.AMOUNT)),
        (499, {}, Refused(R.TOP_UP_MIN, 500)),
        (499, {"method": "card", "source": txid(1)}, Refused(R.TOP_UP_MIN, 500)),
        (95_001, {}, Refused(R.BALANCE_MAX, 100_000)),
        (500, {"key_index": 9}, Refused(R.CREDIT_KEY)),
        (500, {"sign": signer(OTHER_KEY)}, Refused(R.CREDIT_KEY)),
        (10_001, {"key_index": 2, "sign": signer(OTHER_KEY)}, Refused(R.CREDIT_LIMIT, 10_000)),
        (1000, {"method": "voucher", "source": b"\x45" * 16}, Refused(R.CODE_UNKNOWN)),
        (999, {"method": "voucher", "source": b"\x44" * 16}, Refused(R.AMOUNT, 1000)),
    ],
)
def test_top_ups_that_are_refused(amount: int, more: dict, expected: Refused) -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000)
    before = len(gateway.log)
    assert gateway.top_up(band, amount, 950, **more) == expected
    assert len(gateway.log) == before


def test_a_code_and_a_cards_money_are_used_once() -> None:
    gateway = Gateway(rules=rules(codes=[TopUpCode(b"\x44" * 16, 300)]))
    band, other = new_band(gateway), new_band(gateway, uid=bytes(7), number=2)
    code = {"method": "voucher", "source": b"\x44" * 16}
    assert isinstance(gateway.top_up(band, 300, 950, **code), Credit)  # below the least, by code
    assert gateway.top_up(other, 300, 951, **code) == Refused(R.CODE_USED)
    card = {"method": "card", "source": txid(77)}
    assert isinstance(gateway.top_up(band, 700, 952, **card), Credit)
    assert gateway.top_up(band, 700, 953, **card) == Refused(R.CODE_USED)


def test_a_code_is_free_again_when_its_money_went_back() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    top = TopUp(txid(950), WHO, 1000, "voucher", 1, signer(KEY), b"\x44" * 16)
    made = top_up(gateway.look(band), top)
    assert isinstance(made, Credit)
    assert made.fact is not None
    gateway.record(made.fact)
    voided = give_back(gateway.look(band), WHO)
    assert voided is not None
    gateway.record(voided)
    assert top_up(gateway.look(band), top) == Refused(R.TXID_USED)
    assert isinstance(top_up(gateway.look(band), top._replace(txid=txid(951))), Credit)


def test_a_key_credits_no_more_than_its_limit_in_all() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    second = {"key_index": 2, "sign": signer(OTHER_KEY)}
    assert isinstance(gateway.top_up(band, 6000, 950, **second), Credit)
    assert gateway.top_up(band, 4001, 951, **second) == Refused(R.CREDIT_LIMIT, 4000)
    assert isinstance(gateway.top_up(band, 4000, 952, **second), Credit)


def test_a_revoked_key_counts_up_to_what_was_settled_and_signs_no_more() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000)
    medium = gateway.look(band).medium
    revoked = CreditKey(1, KEY.public, A, revoked=True)
    gateway.rules = rules(credit_keys=[revoked, CASHLESS.credit_keys[1]])
    assert gateway.look(band).balance_minor == 0
    gateway.rules = rules(
        credit_keys=[revoked, CASHLESS.credit_keys[1]],
        wallets=told(medium, credited_minor=3000).cashless.wallets,
    )
    assert gateway.look(band).balance_minor == 3000
    assert gateway.top_up(band, 500, 950) == Refused(R.CREDIT_KEY)
    second = {"key_index": 2, "sign": signer(OTHER_KEY)}
    assert isinstance(gateway.top_up(band, 500, 951, **second), Credit)
    assert gateway.look(band).balance_minor == 3500


def test_no_top_up_onto_a_band_that_is_refused() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    head = (1 << 60, *DAY, txid(7), 3, 7, 2, 0)
    gateway.record(lambda *_: MediumBlocked(*head, gateway.look(band).medium, 9, "lost"))
    assert gateway.top_up(band, 500, 950) == Refused(R.BLOCKED)


@pytest.mark.parametrize("whole", range(21))
def test_a_torn_top_up_is_counted_once_and_finished(whole: int) -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000)
    credit = torn(gateway, band, 1000, whole)
    seen = gateway.look(band)
    same = band.tap().image[16:96] == b"".join(data for _, data in credit.writes)
    if same:
        assert [one.kind for one in seen.resolutions] == ["applied"]
        assert seen.unfinished == b""
        assert seen.balance_minor == 6000
        gateway.settled(band)
        assert finish(gateway.look(band), WHO) is None
        return
    assert seen.unfinished == txid(950)
    # Half a certificate on it: the new one is on its way. The old one still on it: not yet.
    untouched = seen.reading is not None and seen.reading.certificate is not None
    assert seen.balance_minor == (5000 if untouched else 6000)
    assert (give_back(seen, WHO) is not None) == untouched
    assert gateway.top_up(band, 500, 951) == Refused(R.UNFINISHED, 1000)
    again = finish(seen, WHO)
    assert again is not None
    assert again.fact is None
    assert again.writes == credit.writes
    assert again.balance_minor == 6000
    band.write_all(again.writes)
    assert judge_credit(again, band.tap()) == "posted"
    gateway.record(again.applied)
    assert gateway.look(band).balance_minor == 6000


def test_money_goes_back_only_while_the_old_certificate_is_there() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000)
    assert give_back(gateway.look(band), WHO) is None
    torn(gateway, band, 1000, 0)
    voided = give_back(gateway.look(band), WHO)
    assert voided is not None
    fact = gateway.record(voided)
    assert isinstance(fact, CreditVoided)
    assert fact.evidence == "old_certificate"
    seen = gateway.look(band)
    assert (seen.balance_minor, seen.unfinished) == (5000, b"")
    assert gateway.wallets.credited == {1: 5000}


def test_money_that_was_spent_does_not_go_back() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000)
    old = band.copy()
    torn(gateway, band, 1000, 10)
    assert isinstance(gateway.pay(band, order(1, 5500)), Held)
    band.write_all(tuple((page, bytes(old.memory[4 * page :][:4])) for page in range(8, 28)))
    seen = gateway.look(band)
    assert (seen.balance_minor, seen.unfinished) == (-500, txid(950))
    assert give_back(seen, WHO) is None


def test_a_certificate_that_turns_up_after_its_money_went_back_is_told() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000)
    credit = torn(gateway, band, 1000, 0)
    voided = give_back(gateway.look(band), WHO)
    assert voided is not None
    gateway.record(voided)
    band.write_all(credit.writes)
    assert [one.kind for one in gateway.look(band).resolutions] == ["applied"]
    gateway.settled(band)
    assert gateway.wallets.account(credit.medium).credits[txid(950)].ended == 3


def test_two_copies_are_written_in_turn() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000, "NTAG216")
    firsts = []
    for number in range(3):
        made = gateway.top_up(band, 500, 950 + number)
        assert isinstance(made, Credit)
        firsts.append(made.writes[0][0])
    assert firsts == [0x08, 0x28, 0x08]
    torn(gateway, band, 1000, 10, 960)
    seen = gateway.look(band)
    assert seen.refusal is None
    assert seen.balance_minor == 6500, "the other copy is whole"


def test_a_chip_without_room_keeps_its_certificate_in_the_facts() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000, "UL_EV1_48")
    made = gateway.top_up(band, 1000, 950)
    assert isinstance(made, Credit)
    assert (made.writes, gateway.look(band).balance_minor) == ((), 6000)
    stranger = Gateway(B)
    assert stranger.look(band).refusal is R.NOT_OURS
    stranger.hear(gateway)
    assert stranger.look(band).balance_minor == 6000
    assert judge_credit(torn(gateway, band, number=960), band.tap()) == "posted"
    assert (gateway.look(band).unfinished, gateway.look(band).balance_minor) == (txid(960), 7000)
    assert give_back(gateway.look(band), WHO) is None


def test_judging_a_top_up() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    credit = torn(gateway, band, 1000, 0)
    assert judge_credit(credit, band.tap()) == "base"
    band.write_all(credit.writes[:7])
    assert judge_credit(credit, band.tap()) == "unknown"
    assert judge_credit(credit, band.tap()._replace(uid=bytes(7))) == "unknown"
    band.write_all(credit.writes)
    assert judge_credit(credit, band.tap()) == "posted"


def test_a_foreign_certificate_is_not_finished() -> None:
    gateway, other = Gateway(), Gateway(B)
    band = new_band(gateway)
    credit = torn(gateway, band, 1000, 0)
    fact = gateway.log[-1]
    forged = msgspec.structs.replace(fact, certificate=bytes(80))
    other.hear(Gateway())
    for one in gateway.log[:-1]:
        other.record(lambda *_, one=one: one)
    other.record(lambda *_: forged)
    assert other.look(band).unfinished == credit.txid
    assert finish(other.look(band), WHO) is None


def apart(first: int, then: int) -> tuple[Gateway, Gateway, Band]:
    """Two top-ups from one Ct: the first never reached the band, and the second did not know."""
    a, b = Gateway(A), Gateway(B)
    band = new_band(a, 5000)
    b.hear(a)
    torn(a, band, first, 0, 950)
    second = {"key_index": 2, "sign": signer(OTHER_KEY)}
    assert isinstance(b.top_up(band, then, 951, **second), Credit)
    return a, b, band


@pytest.mark.parametrize("then", [500, 1000, 1500])
def test_a_higher_total_is_no_proof_of_an_earlier_top_up(then: int) -> None:
    a, b, band = apart(1000, then)
    alone = a.look(band)  # whose certificate that is, and what it stands on, nobody here knows
    assert (alone.resolutions, alone.balance_minor) == ((), 5000 + then)
    a.hear(b)
    seen = a.look(band)
    assert (seen.resolutions, seen.unfinished) == ((), txid(950))
    assert finish(seen, WHO) is None, "it would take back the other one"
    voided = give_back(seen, WHO)
    assert voided is not None
    a.record(voided)
    assert (a.look(band).unfinished, a.look(band).balance_minor) == (b"", 5000 + then)


def test_a_later_certificate_proves_those_that_it_stands_on() -> None:
    a, b = Gateway(A), Gateway(B)
    band = new_band(a, 5000)
    b.hear(a)
    band.write_all(torn(a, band, 1000, 0, 950).writes)  # it is on the band, and A has died
    second = {"key_index": 2, "sign": signer(OTHER_KEY)}
    assert isinstance(b.top_up(band, 500, 951, **second), Credit)
    assert a.look(band).resolutions == ()
    a.hear(b)
    seen = a.look(band)
    assert [(one.txid, one.kind) for one in seen.resolutions] == [(txid(950), "applied")]
    assert a.settled(band).balance_minor == 6500


def test_of_two_that_wait_the_higher_one_is_told() -> None:
    a, b = Gateway(A), Gateway(B)
    band = new_band(a, 5000)
    b.hear(a)
    torn(a, band, 2000, 0, 950)
    torn(b, band, 1000, 0, 951)
    a.hear(b)
    assert a.look(band).unfinished == txid(950)
    again = finish(a.look(band), WHO)
    assert again is not None
    band.write_all(again.writes)
    a.record(again.applied)
    seen = a.look(band)
    assert seen.unfinished == txid(951)
    assert finish(seen, WHO) is None
    assert give_back(seen, WHO) is not None


def test_a_total_that_does_not_fit_on_the_band() -> None:
    wide = msgspec.structs.replace(GUEST, balance_max_minor=0)
    gateway = Gateway(rules=rules(classes=[wide]))
    band = new_band(gateway, 5000)
    assert gateway.top_up(band, 0xFFFF_FFFF, 950) == Refused(R.WORN_OUT)


def test_a_band_to_be_mended_is_mended_before_it_is_topped_up() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    assert isinstance(gateway.pay(band, order(1)), Held)
    for page in range(0x22, 0x28):
        band.write(page, b"\xff" * 4)
    seen = gateway.look(band)
    top = TopUp(txid(950), WHO, 500, "cash", 1, signer(KEY))
    assert top_up(seen, top) == Refused(R.REPAIR)
