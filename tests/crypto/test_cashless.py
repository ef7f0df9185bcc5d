"""The bundle's part about tills: reads back, leaves no trace where it is not used."""

import msgspec
import pytest

from crypto import bundle, cashless
from tests.crypto import samples
from tests.crypto.money_samples import make_cashless


def test_a_bundle_with_tills_reads_back() -> None:
    told = samples.make_bundle(cashless=make_cashless())
    raw = bundle.sign(told, samples.BUNDLE_KEY)
    assert bundle.read_untrusted(raw, samples.verifier(samples.BUNDLE_KEY)) == told


def test_a_bundle_without_tills_says_nothing_of_them() -> None:
    assert b"cashless" not in bundle.sign(samples.make_bundle(), samples.BUNDLE_KEY)


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "eur"},
        {"exponent": 4},
        {"debit_keys": [cashless.DebitKey(16, bytes(16))]},
        {"debit_keys": [cashless.DebitKey(1, bytes(15))]},
        {"taxes": [cashless.Tax(1, "a", 0, "x")]},
        {"articles": [cashless.Article(0, "x", "x", 1)]},
        {"link": "x" * 15},
    ],
)
def test_what_no_gateway_would_take_is_not_signed(change: dict[str, object]) -> None:
    told = msgspec.structs.replace(make_cashless(), **change)
    with pytest.raises(ValueError, match="no gateway would take"):
        bundle.sign(samples.make_bundle(cashless=told), samples.BUNDLE_KEY)
