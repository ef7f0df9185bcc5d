"""Money of a top-up goes back only when the band proves that it never got there."""

import pytest

from crypto.money import CreditVoided
from edge.core.money_back import half_written, overtaken, to_give_back, voided
from edge.core.till_reasons import TillReason as T
from edge.core.wallet import Held, WalletReason, finish
from edge.core.wallet_rows import Topped
from tests.edge.core.purse import (
    WHO,
    A,
    B,
    Gateway,
    new_band,
    order,
    torn,
    txid,
)
from tests.edge.core.test_wallet_credit import apart


def asked(gateway: Gateway, band: object) -> object:
    return to_give_back(gateway.look(band), WHO, gateway.name)  # type: ignore[arg-type]


@pytest.mark.parametrize("whole", range(21))
def test_wherever_the_write_was_torn(whole: int) -> None:
    """On the band in whole: arrived. In part: it may be there. Not at all: the money goes back."""
    gateway = Gateway()
    band = new_band(gateway, 5000)
    old = band.tap().image[16:96]
    credit = torn(gateway, band, 1000, whole)
    gateway.settled(band)
    found = asked(gateway, band)
    if band.tap().image[16:96] == old:
        assert isinstance(found, Topped) and (found.txid, found.amount) == (txid(950), 1000)
    elif band.tap().image[16:96] == b"".join(data for _, data in credit.writes):
        assert found is T.TOP_UP_ARRIVED
    else:
        assert found is T.MAY_BE_THERE


def test_the_fact_says_by_what_it_went_back() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000)
    torn(gateway, band, 1000, 0)
    found = asked(gateway, band)
    assert isinstance(found, Topped)
    fact = gateway.record(voided(WHO, found, txid(7)))
    assert isinstance(fact, CreditVoided)
    assert (fact.txid, fact.back, fact.amount_minor) == (txid(950), txid(7), 1000)
    assert (fact.method, fact.evidence) == ("cash", "old_certificate")
    assert asked(gateway, band) is T.TOP_UP_ARRIVED, "and only once"
    assert gateway.look(band).balance_minor == 5000


@pytest.mark.parametrize("whole", range(3, 20))  # the first two pages are as they were
def test_half_a_copy_beside_a_whole_one_is_wiped_first(whole: int) -> None:
    """A chip with two copies: the last page, written weakly, would make the other one whole."""
    gateway = Gateway()
    band = new_band(gateway, 5000, "NTAG216")
    credit = torn(gateway, band, 1000, whole)
    wipe = half_written(gateway.look(band))
    assert asked(gateway, band) is T.MAY_BE_THERE
    assert wipe
    band.write_all(wipe)
    assert half_written(gateway.look(band)) == ()
    assert isinstance(asked(gateway, band), Topped)
    for page, data in credit.writes[whole:]:
        band.write(page, data)  # what the torn write had not reached shows up late
    assert gateway.look(band).unfinished == txid(950)
    assert gateway.look(band).balance_minor == 5000


def test_what_is_whole_is_never_wiped() -> None:
    gateway = Gateway()
    for chip in ("NTAG213", "NTAG216", "UL_AES", "UL_EV1_48"):
        band = new_band(Gateway(), 5000, chip)
        assert half_written(gateway.look(band)) == ()
    band = new_band(gateway, 5000)
    torn(gateway, band, 1000, 10)
    assert half_written(gateway.look(band)) == (), "the only copy is left for finishing"


def test_what_was_spent_does_not_go_back() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000)
    old = band.copy()
    torn(gateway, band, 1000, 10)
    assert isinstance(gateway.pay(band, order(1, 5500)), Held)
    band.write_all(tuple((page, bytes(old.memory[4 * page :][:4])) for page in range(8, 28)))
    assert asked(gateway, band) is T.TOP_UP_SPENT


def test_a_chip_whose_certificates_stand_in_facts_gives_nothing_back() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000, "UL_EV1_48")
    torn(gateway, band, 1000, 0)
    assert asked(gateway, band) is T.MAY_BE_THERE


def test_a_band_that_is_refused_says_why() -> None:
    gateway = Gateway()
    assert asked(gateway, new_band(Gateway(B), 0, "UL_EV1_48")) is WalletReason.NOT_OURS


def test_while_others_are_not_heard_they_could_still_load_it() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000)
    torn(gateway, band, 1000, 0)
    gateway.unheard = True
    assert asked(gateway, band) is T.MAY_STILL_LOAD
    seen = gateway.look(band)
    seen.rules.credit_keys.pop(2)  # nobody else can load
    try:
        assert isinstance(to_give_back(seen, WHO, A), Topped)
        assert to_give_back(seen, WHO, B) is T.MAY_STILL_LOAD
    finally:
        seen.rules.credit_keys.update(type(seen.rules)(seen.rules.cashless).credit_keys)


@pytest.mark.parametrize("then", [500, 1000, 1500])
def test_a_certificate_of_another_point_overtakes(then: int) -> None:
    a, b, band = apart(1000, then)
    assert asked(a, band) is T.LOADED_SINCE, "what it stands on nobody knows here"
    assert not overtaken(a.look(band), WHO)
    a.hear(b)
    assert overtaken(a.look(band), WHO)
    a.unheard = True
    unheard = asked(a, band)
    assert isinstance(unheard, Topped), "nobody can write it any more"
    b.hear(a)
    b.unheard = True
    assert asked(b, band) is T.LOADED_SINCE, "who took it may be giving it back just now"
    a.record(voided(WHO, unheard, txid(7)))
    assert a.look(band).balance_minor == 5000 + then
    assert asked(a, band) is T.TOP_UP_ARRIVED


def test_what_can_be_finished_is_not_overtaken() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000)
    assert not overtaken(gateway.look(band), WHO)
    for whole in (0, 10):
        torn(gateway, band, 1000, whole, 950 + whole)
        assert not overtaken(gateway.look(band), WHO)
        again = finish(gateway.look(band), WHO)
        assert again is not None
        band.write_all(again.writes)
        gateway.settled(band)
