"""Every refusal has words, in every language, for both."""

import pytest

from edge.core.texts import LANGUAGES, placeholders
from edge.core.wallet_phrases import PHRASES
from edge.core.wallet_reasons import WalletReason


@pytest.mark.parametrize("reason", WalletReason)
def test_there_is_a_phrase(reason: WalletReason) -> None:
    spoken = PHRASES[reason]
    assert list(spoken) == list(LANGUAGES)
    used = set()
    for phrase in spoken.values():
        assert 5 < len(phrase.staff) <= 120
        assert 5 < len(phrase.guest) <= 120
        names = placeholders(phrase.staff), placeholders(phrase.guest)
        assert names[0] | names[1] <= {"amount", "desk"}
        used.add((*map(frozenset, names),))
    assert len(used) == 1, "the same placeholders in every language"


def test_nothing_else_is_spoken() -> None:
    assert set(PHRASES) == set(WalletReason)


def test_a_locked_band_leads_to_the_desk() -> None:
    for reason in WalletReason:
        if reason.locks:
            assert "{desk}" in PHRASES[reason]["en"].staff
