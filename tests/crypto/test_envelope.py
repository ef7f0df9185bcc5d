"""What travels beside the bundle: refused unless every bit is right, never taken for another."""

import pytest

from crypto import delta, envelope, guests
from crypto.errors import BadBundle
from tests.crypto import samples

KEY = samples.verifier(samples.BUNDLE_KEY)
KIND = envelope.Kind(b"TEST", b"test\0", "a test")
HEAD = envelope.Head(7, samples.TENANT, 1)
RAW = envelope.seal(KIND, HEAD, b"body", samples.BUNDLE_KEY)


def test_it_reads_back() -> None:
    assert envelope.open_untrusted(KIND, RAW, KEY) == (HEAD, b"body")


def test_every_changed_bit_and_every_cut_is_refused() -> None:
    for changed in samples.flips(RAW) + [RAW[:size] for size in range(len(RAW))] + [RAW + b"\0"]:
        with pytest.raises(BadBundle):
            envelope.open_untrusted(KIND, changed, KEY)


def test_another_key_is_refused_even_with_the_same_id() -> None:
    stranger = samples.verifier(samples.OTHER_KEY)
    with pytest.raises(BadBundle, match=f"trusts {stranger.key_id.hex()}"):
        envelope.open_untrusted(KIND, RAW, stranger)
    stranger.key_id = KEY.key_id
    with pytest.raises(BadBundle, match="does not verify"):
        envelope.open_untrusted(KIND, RAW, stranger)


def test_a_signature_for_one_kind_is_none_for_another() -> None:
    other = envelope.Kind(b"TEST", b"other\0", "another")
    with pytest.raises(BadBundle, match="does not verify"):
        envelope.open_untrusted(other, RAW, KEY)
    assert len({delta.KIND.domain, guests.KIND.domain}) == 2


def test_a_body_too_long_is_not_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "BODY_BYTES_MAX", 3)
    with pytest.raises(ValueError, match="a test holds at most 3 bytes"):
        envelope.seal(KIND, HEAD, b"body", samples.BUNDLE_KEY)
