"""The doorkeeper: what a certificate must prove, and what the bundle says about it."""

from __future__ import annotations

import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from crypto import authority, bundle
from crypto.keys import SigningKey, VerifyKey
from edge.peers.errors import PeerRefused
from edge.peers.tls import Doorkeeper, client_context, server_context
from tests.edge.peers.site import (
    BUNDLE_SEED,
    CA,
    TENANT,
    device,
    gateway_id,
    identity,
    venue_bundle,
)  # fmt: skip

FOREIGN = authority.make_authority(b"\x61" * 32, TENANT, int(time.time()), 9)


def door(folder: Path, raw: Any) -> Doorkeeper:
    key = VerifyKey(SigningKey(BUNDLE_SEED).public)
    cards = bundle.read_untrusted(raw, key).gateways if raw else []
    return Doorkeeper(identity(folder, "a"), lambda: cards)


def der(name: str, *, tenant: bytes = TENANT, seed: bytes = b"", root: Any = CA) -> bytes:
    public = SigningKey(seed or device(name)).public
    pem = authority.make_device_certificate(
        root, tenant, gateway_id(name), public, int(time.time()), 5
    )
    return ssl.PEM_cert_to_DER_cert(pem)


def test_the_doorkeeper_says_why(tmp_path: Path) -> None:
    keeper = door(tmp_path, venue_bundle(revoked="c"))
    assert keeper.admit(der("b")) == gateway_id("b")
    for certificate, expected, code in (
        (None, None, "no_certificate"),
        (b"junk", None, "bad_certificate"),
        (der("b", root=FOREIGN), None, "bad_certificate"),
        (der("b", tenant=b"X" * 16), None, "other_tenant"),
        (der("a"), None, "ourselves"),
        (der("b"), gateway_id("c"), "other_gateway"),
        (der("stranger"), None, "not_in_bundle"),
        (der("c"), None, "revoked"),
        (der("b", seed=b"\x77" * 32), None, "other_key"),
    ):
        with pytest.raises(PeerRefused) as told:
            keeper.admit(certificate, expected)
        assert told.value.code == code


def test_without_a_bundle_the_authority_must_do(tmp_path: Path) -> None:
    assert door(tmp_path, b"").admit(der("stranger")) == gateway_id("stranger")
    with pytest.raises(PeerRefused):
        door(tmp_path, b"").admit(der("b", root=FOREIGN))


def test_both_ways_need_a_certificate_and_tls_1_3(tmp_path: Path) -> None:
    own = identity(tmp_path, "a")
    for context in (client_context(own), server_context(own)):
        assert context.minimum_version == ssl.TLSVersion.TLSv1_3
        assert context.verify_mode == ssl.CERT_REQUIRED
    assert client_context(own).check_hostname
