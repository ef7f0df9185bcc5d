"""Two points that load one band, and do not hear each other."""

from __future__ import annotations

import pytest

from crypto.cashless import CreditKey
from crypto.medium_credit import signer
from edge.core.wallet import Credit, Refused, WalletReason
from tests.edge.core.purse import KEY, OTHER_KEY, A, B, C, Gateway, new_band, rules, txid
from tests.edge.core.test_wallet_credit import apart, torn

R = WalletReason


@pytest.mark.parametrize("chip", ["NTAG213", "UL_EV1_48"])
def test_who_hears_nobody_loads_no_band_that_shows_no_certificate(chip: str) -> None:
    """It was loaded and applied elsewhere, and then torn: a total from before would undo that."""
    a, b = Gateway(A), Gateway(B)
    band = new_band(a, 5000, chip)
    b.hear(a)
    assert isinstance(a.top_up(band, 1000, 950), Credit)
    if chip == "NTAG213":
        torn(a, band, 2000, 5, 951)
    second = {"key_index": 2, "sign": signer(OTHER_KEY)}
    b.unheard = True
    assert b.top_up(band, 500, 952, **second) == Refused(R.CERTIFICATE)
    b.unheard = False
    b.hear(a)
    if chip == "UL_EV1_48":
        assert isinstance(b.top_up(band, 500, 952, **second), Credit)
        assert b.look(band).balance_minor == 6500


@pytest.mark.parametrize("unheard", [False, True])
def test_what_was_not_there_when_it_was_loaded_again_is_not_below(unheard: bool) -> None:
    """Two top-ups of one amount from one Ct: that of the other point is on the band."""
    a, b, band = apart(1000, 1000)
    a.unheard = unheard
    assert isinstance(a.top_up(band, 500, 952), Credit)
    assert a.look(band).resolutions == ()
    a.unheard = False
    a.hear(b)
    assert (a.look(band).resolutions, a.look(band).balance_minor) == ((), 6500)


def test_who_hears_nobody_takes_no_step_by_its_number_alone() -> None:
    a, b, band = apart(1000, 1000)
    c = Gateway(C)
    c.hear(a)
    later = b.top_up(band, 500, 952, key_index=2, sign=signer(OTHER_KEY))
    assert isinstance(later, Credit)
    assert later.fact is not None
    number = len(b.log) - 2  # the one on the band now is known, the one below it is not
    c.state.apply(b.name, 1, number + 1, b.log[number])
    c.unheard = True
    assert [one.txid for one in c.look(band).resolutions] == [txid(952)]


def test_where_nobody_else_loads_bands_nobody_else_must_be_heard() -> None:
    gateway = Gateway(A, rules(credit_keys=[CreditKey(1, KEY.public, A)]))
    band = new_band(gateway, 5000, "UL_EV1_48")
    gateway.unheard = True
    assert isinstance(gateway.top_up(band, 500, 950), Credit)
