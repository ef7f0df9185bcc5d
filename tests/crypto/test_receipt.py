"""Receipts: only the centre's own, unchanged to the bit."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import receipt
from crypto.errors import BadReceipt
from tests.crypto import samples

KEY = samples.verifier(samples.RECEIPT_KEY)
RAW = receipt.sign(samples.make_receipt(), samples.RECEIPT_KEY)


@given(
    st.binary(min_size=16, max_size=16), st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1),
    st.binary(min_size=32, max_size=32), st.integers(-(2**63), 2**63 - 1),
)  # fmt: skip
def test_a_receipt_reads_back(name: bytes, epoch: int, seq: int, head: bytes, at_ms: int) -> None:
    made = receipt.Receipt(name, name[::-1], epoch, seq, head, at_ms)
    assert receipt.read_untrusted(receipt.sign(made, samples.RECEIPT_KEY), KEY) == made


def test_every_changed_bit_and_every_other_length_is_refused() -> None:
    cut = [RAW[:size] for size in range(len(RAW))]
    for changed in samples.flips(RAW) + cut + [RAW + b"\0", RAW * 2]:
        with pytest.raises(BadReceipt):
            receipt.read_untrusted(changed, KEY)


def test_another_key_is_refused_even_with_the_same_id() -> None:
    with pytest.raises(BadReceipt, match="enrolled with"):
        receipt.read_untrusted(RAW, samples.verifier(samples.OTHER_KEY))
    stranger = samples.verifier(samples.OTHER_KEY)
    stranger.key_id = KEY.key_id
    with pytest.raises(BadReceipt, match="does not verify"):
        receipt.read_untrusted(RAW, stranger)


@pytest.mark.parametrize(
    "changes", [{"tenant": bytes(15)}, {"gateway": bytes(17)}, {"head": bytes(31)}], ids=str
)
def test_ids_have_one_length(changes: dict[str, Any]) -> None:
    made = msgspec.structs.replace(samples.make_receipt(), **changes)
    with pytest.raises(ValueError, match="16 bytes"):
        receipt.sign(made, samples.RECEIPT_KEY)


@given(st.binary(max_size=300))
def test_garbage_raises_one_error_only(raw: bytes) -> None:
    for each in (raw, RAW[:50] + raw, (raw * 200)[: len(RAW)]):
        with pytest.raises(BadReceipt):
            receipt.read_untrusted(each, KEY)
