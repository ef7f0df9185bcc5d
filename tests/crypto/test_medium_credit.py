"""Certificates: signed at a top-up point, opened at every bar, of one band only."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import BadMedium
from crypto.keys import SigningKey, VerifyKey
from crypto.medium_credit import (
    CACHED_MAX,
    CERTIFICATE_BYTES,
    Certificate,
    CreditRing,
    seal,
    signer,
)

UID = bytes.fromhex("04112233445566")
KEY, STRANGER = SigningKey(b"\x21" * 32), SigningKey(b"\x22" * 32)
PLAIN = Certificate(1, 7, 3, 1, 0, 5000, 200)


def ring() -> CreditRing:
    return CreditRing({1: VerifyKey(KEY.public)})


@given(
    st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 255), st.integers(0, 1),
    st.integers(0, 0xFFFF_FFFF), st.integers(0, 0xFFFF_FFFF),
)  # fmt: skip
def test_what_is_sealed_is_opened(
    event: int, epoch: int, kind: int, r_class: int, ct: int, cc: int
) -> None:
    made = seal(Certificate(1, event, epoch, kind, r_class, ct, cc), 1, UID, signer(KEY))
    assert len(made.raw) == CERTIFICATE_BYTES
    assert ring().open(1, UID, made.raw) == made


def test_any_flipped_bit_is_seen() -> None:
    made, opener = seal(PLAIN, 1, UID, signer(KEY)), ring()
    for bit in range(8 * CERTIFICATE_BYTES):
        raw = bytearray(made.raw)
        raw[bit // 8] ^= 1 << bit % 8
        assert opener.open(1, UID, bytes(raw)) is None, bit
    assert opener.open(1, UID, made.raw) == made


def test_it_is_of_one_band_and_one_chip_and_one_key() -> None:
    made, opener = seal(PLAIN, 1, UID, signer(KEY)), ring()
    assert opener.open(1, UID, made.raw) is not None  # and is remembered
    assert opener.open(1, bytes(7), made.raw) is None
    assert opener.open(2, UID, made.raw) is None
    assert opener.open(1, UID, seal(PLAIN, 1, UID, signer(STRANGER)).raw) is None
    other = msgspec.structs.replace(PLAIN, key_index=2)
    assert opener.open(1, UID, seal(other, 1, UID, signer(KEY)).raw) is None


@pytest.mark.parametrize("raw", [b"", bytes(80), bytes(81), b"\x12" + bytes(79)])
def test_what_is_no_certificate_is_none(raw: bytes) -> None:
    assert ring().open(1, UID, raw) is None


def test_an_unknown_allowance_is_none_even_when_signed() -> None:
    made = seal(msgspec.structs.replace(PLAIN, r_class=2), 1, UID, signer(KEY))
    assert ring().open(1, UID, made.raw) is None


@pytest.mark.parametrize("field", ["event", "epoch", "wallet_class", "credited", "absorbed"])
def test_numbers_that_do_not_fit_are_told(field: str) -> None:
    with pytest.raises(BadMedium, match="does not fit"):
        seal(msgspec.structs.replace(PLAIN, **{field: 1 << 33}), 1, UID, signer(KEY))


def test_garbage_pushes_nothing_out_of_a_bounded_cache() -> None:
    opener = ring()
    made = seal(PLAIN, 1, UID, signer(KEY))
    assert opener.open(1, UID, made.raw) is not None
    for number in range(50):
        opener.open(1, UID, made.raw[:-2] + number.to_bytes(2, "big"))
    assert len(opener._seen) == 1
    opener._seen.update(
        {(9, bytes(7), bytes([i % 256, i // 256])): made for i in range(CACHED_MAX)}
    )
    newer = seal(msgspec.structs.replace(PLAIN, credited=1), 1, UID, signer(KEY))
    opener.open(1, UID, newer.raw)
    assert (1, UID, made.raw) not in opener._seen


def test_the_newer_one_is_of_a_later_epoch_or_has_more_on_it() -> None:
    assert Certificate(1, 7, 4, 1, 0, 0, 0).order > PLAIN.order
    assert Certificate(1, 7, 3, 1, 0, 5001, 0).order > PLAIN.order
