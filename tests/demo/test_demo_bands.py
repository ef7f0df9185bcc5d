"""A band's image opened with the keys of a bundle."""

from __future__ import annotations

import hashlib
import hmac
import json

import msgspec
import pytest

from crypto.bundle import Bundle
from crypto.cashless import Cashless, CreditKey, DebitKey, Wallet
from crypto.errors import BadMedium
from crypto.keys import SigningKey, VerifyKey
from crypto.medium import PAGE_BYTES, Seals, seal_slot
from crypto.medium_credit import Certificate, CreditRing, seal, signer
from crypto.medium_keys import KeyRing
from crypto.money import Slot
from edge.demo.bands import Opener

UID = "04000112345678"
KEY = SigningKey(b"\x07" * 32)
PSEUDONYM = b"p" * 32
MEDIUM = hmac.digest(PSEUDONYM, bytes.fromhex(UID), hashlib.sha256)[:16]
CASHLESS = Cashless(
    event=1, pseudonym_key=PSEUDONYM, chip_key=b"c" * 32, debit_keys=[DebitKey(0, b"d" * 16)],
    credit_keys=[CreditKey(0, KEY.public, b"g" * 16)],
    wallets=[Wallet(MEDIUM, absorbed_minor=1500)],
)  # fmt: skip
BUNDLE = Bundle(tenant=b"t" * 16, cashless=CASHLESS)


def shown(debited: int, given: int, spoiled: int = -1) -> bytes:
    """The image of an NTAG213 that was credited 5000."""
    uid = bytes.fromhex(UID)
    seals = Seals(1, KeyRing({0: b"d" * 16}, b"c" * 32), CreditRing({0: VerifyKey(KEY.public)}))
    certificate = seal(Certificate(0, 1, 1, 1, 0, 5000, 0), 1, uid, signer(KEY)).raw
    memory = bytearray(45 * PAGE_BYTES)
    memory[0x08 * 4 : 0x08 * 4 + 80] = certificate
    for page, slot in ((0x1C, Slot()), (0x22, Slot(1, debited, given, 0, b"once"))):
        raw = seal_slot(slot, uid=uid, epoch=1, counter=0, seals=seals, version=0)
        memory[page * 4 : page * 4 + 24] = raw
    if spoiled >= 0:
        memory[spoiled] ^= 1
    told = {"chip": "NTAG213", "memory": bytes(memory).hex(), "counters": [0, 0, 0]}
    return json.dumps(told).encode()


def test_a_band_is_worth_what_stands_on_it_and_what_the_presale_gave() -> None:
    opener = Opener(BUNDLE)
    assert opener.medium(UID) == MEDIUM.hex()
    assert opener.balance(UID, shown(720, 200)) == 5000 + 1500 - 720 + 200
    assert opener.balance(UID, shown(720, 200, spoiled=0x22 * 4)) == 6500, "the slot before"
    assert opener.balance(UID, shown(720, 200, spoiled=0x08 * 4 + 9)) is None
    assert opener.balance("04000112345679", shown(0, 0)) is None, "not this UID's keys"


def test_a_bundle_without_bands_opens_none() -> None:
    with pytest.raises(BadMedium):
        Opener(msgspec.structs.replace(BUNDLE, cashless=msgspec.UNSET))
