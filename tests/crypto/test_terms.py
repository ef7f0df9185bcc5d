"""Terms: everything reads back, nothing out of range gets in, and without them no byte changes."""

from typing import Any

import msgspec
import pytest

from crypto import bundle, terms
from tests.crypto import samples

KEY = samples.verifier(samples.BUNDLE_KEY)


def test_all_terms_read_back() -> None:
    signed = bundle.sign(samples.make_bundle(terms=samples.make_terms()), samples.BUNDLE_KEY)
    assert bundle.read_untrusted(signed, KEY).terms == samples.make_terms()


def test_the_frozen_bundles_with_terms_read_back() -> None:
    frozen = {"bundle_terms": samples.make_terms(), "bundle_exits": samples.make_exit_terms()}
    for name, said in frozen.items():
        raw = bytes.fromhex(samples.load("gatehouse.json")[name])
        assert bundle.read_untrusted(raw, KEY).terms == said


def test_who_says_nothing_of_unheard_exits_lets_nobody_in_for_one() -> None:
    assert terms.Terms().when_unheard == "refuse"


def test_the_sample_says_something_in_every_field() -> None:
    said = samples.make_terms()
    for name in terms.Terms.__struct_fields__:
        assert getattr(said, name) != getattr(terms.Terms(), name), name


def test_a_bundle_without_terms_has_the_bytes_it_always_had() -> None:
    body = msgspec.msgpack.encode(samples.make_bundle())
    assert b"terms" not in body


OUT_OF_RANGE: list[dict[str, Any]] = [
    {"exit_all_at": 181},
    {"exit_all_at": 1440},
    {"when_unheard": "hope"},
    {"when_unheard": {"then": "hope", "exits_at": ["gate-a"]}},
    {"when_unheard": {"then": "mark", "exits_at": []}},
    {"policies": [{"product": 0}]},
    {"policies": [{"product": 1, "limits": [{"count": 0}]}]},
    {"policies": [{"product": 1, "windows": [{"weekdays": [8]}]}]},
    {"policies": [{"product": 1, "windows": [{"until_min": 1441}]}]},
    {"policies": [{"product": 1, "windows": [{"from_min": 1440}]}]},
    {"media": [{"code": b""}]},
    {"media": [{"code": b"5" * 129}]},
    {"zones": [{"number": 1, "name": ""}]},
    {"rules": [{"logic": "1" * 65537}]},
]


@pytest.mark.parametrize("said", OUT_OF_RANGE, ids=str)
def test_what_is_out_of_range_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(said, terms.Terms)


def test_a_centre_cannot_sign_what_no_gateway_would_take() -> None:
    wrong = samples.make_bundle(terms=terms.Terms(exit_all_at=7))
    with pytest.raises(ValueError, match="no gateway would take this bundle"):
        bundle.sign(wrong, samples.BUNDLE_KEY)
