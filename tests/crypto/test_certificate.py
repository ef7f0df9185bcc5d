"""Epoch certificates: this gateway's device key says which key signs an epoch."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import certificate
from crypto.errors import BadCertificate
from crypto.keys import EPOCH_DOMAIN
from tests.crypto import samples

KEY = samples.verifier(samples.DEVICE_KEY)
RAW = samples.make_epoch_certificate()
FIELDS = certificate.EpochCertificate(
    samples.TENANT, samples.GATEWAY, samples.NOW_S, samples.EPOCH_KEY.public
)


def test_a_certificate_reads_back() -> None:
    assert certificate.read_untrusted(RAW, KEY) == FIELDS
    assert len(RAW) == certificate.CERTIFICATE_BYTES


def test_every_changed_bit_and_every_other_length_is_refused() -> None:
    cut = [RAW[:size] for size in range(len(RAW))]
    for changed in samples.flips(RAW) + cut + [RAW + b"\0"]:
        with pytest.raises(BadCertificate):
            certificate.read_untrusted(changed, KEY)


def test_another_device_is_refused() -> None:
    with pytest.raises(BadCertificate, match="device key"):
        certificate.read_untrusted(RAW, samples.verifier(samples.OTHER_KEY))


def test_a_newer_version_is_refused_although_signed() -> None:
    newer = b"\x02" + RAW[1:-64]
    with pytest.raises(BadCertificate, match="version 2"):
        certificate.read_untrusted(newer + samples.DEVICE_KEY.sign(EPOCH_DOMAIN, newer), KEY)


@pytest.mark.parametrize(
    "changes", [{"tenant": bytes(15)}, {"gateway": bytes(17)}, {"public": bytes(31)}], ids=str
)
def test_ids_have_one_length(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        certificate.certify(msgspec.structs.replace(FIELDS, **changes), samples.DEVICE_KEY)


@given(st.binary(max_size=200))
def test_garbage_raises_one_error_only(raw: bytes) -> None:
    for each in (raw, RAW[:50] + raw, (raw * 200)[: len(RAW)]):
        with pytest.raises(BadCertificate):
            certificate.read_untrusted(each, KEY)
