"""What the bands themselves say in the end: their images, opened with the event's keys. Pure.

The keys stand in the newest bundle of a gateway; nothing of the gateway's code decides here, only
the byte formats are shared.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from crypto.bundle import Bundle
from crypto.cashless import Cashless
from crypto.errors import BadMedium
from crypto.keys import VerifyKey
from crypto.medium import FIRST_PAGE as FIRST
from crypto.medium import PAGE_BYTES, Seals, layout, read_untrusted
from crypto.medium_credit import CreditRing
from crypto.medium_keys import KeyRing

#: Words on the reel -> names of layouts.
CHIPS: Final[Mapping[str, str]] = {
    "NTAG213": "NTAG213", "NTAG215": "NTAG215", "NTAG216": "NTAG216",
    "Ultralight EV1 128": "UL_EV1_128", "Ultralight AES": "UL_AES",
}  # fmt: skip


class Opener:
    """Opens the bands of one event. Raises `BadMedium` for a bundle without keys."""

    def __init__(self, bundle: Bundle) -> None:
        told = bundle.cashless
        if isinstance(told, msgspec.UnsetType):
            raise BadMedium("the bundle says nothing about bands")
        self._told: Cashless = told
        ring = KeyRing({one.version: one.key for one in told.debit_keys}, told.chip_key)
        credit = CreditRing({one.index: VerifyKey(one.public) for one in told.credit_keys})
        self._seals = Seals(told.event, ring, credit)
        self._absorbed = {one.medium: one.absorbed_minor for one in told.wallets}

    def medium(self, uid: str) -> str:
        """The pseudonym of a UID, both in hex."""
        raw = bytes.fromhex(uid)
        return hmac.digest(self._told.pseudonym_key, raw, hashlib.sha256)[:16].hex()

    def balance(self, uid: str, image: bytes) -> int | None:
        """What is on the band by its image (JSON of the emulator), minor units; None for a band
        that shows no certificate or no slot that verifies."""
        told: dict[str, Any] = json.loads(image)
        name = CHIPS[told["chip"]]
        plan = layout(name)
        memory = bytes.fromhex(told["memory"])
        pages = memory[FIRST * PAGE_BYTES : (plan.last_page + 1) * PAGE_BYTES]
        counter = told["counters"][0] if plan.counts else 0
        try:
            read = read_untrusted(name, bytes.fromhex(uid), pages, counter, self._seals)
        except BadMedium:
            return None
        if read.certificate is None or read.current is None:
            return None
        slot = read.slots[read.current]
        if slot is None:
            return None
        known = self._absorbed.get(bytes.fromhex(self.medium(uid)), 0)
        absorbed = max(read.certificate.absorbed, known)
        return read.certificate.credited + absorbed - slot.debited + slot.given
