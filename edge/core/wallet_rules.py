"""A bundle's part about tills made ready to decide by: look-ups instead of searches. Pure.

Built once per bundle. The keys in here are secrets of the gateway and never logged.
"""

import hashlib
import hmac
from typing import Final

from crypto.cashless import Cashless, CreditKey, Wallet, WalletClass
from crypto.keys import VerifyKey
from crypto.medium import Seals
from crypto.medium_credit import Certificate, CreditRing
from crypto.medium_keys import KeyRing

MEDIUM_BYTES: Final = 16
#: Bands whose pseudonyms are kept: guests come again, and every tap asks.
MEDIA_MAX: Final = 8192
_NOBODY: Final = Wallet(bytes(MEDIUM_BYTES))


class WalletRules:
    """`cashless` compiled. `seals`: what opens and seals bands."""

    def __init__(self, cashless: Cashless) -> None:
        self.cashless = cashless
        self.event = cashless.event
        self.classes: dict[int, WalletClass] = {one.number: one for one in cashless.classes}
        self.wallets: dict[bytes, Wallet] = {one.medium: one for one in cashless.wallets}
        self.credit_keys: dict[int, CreditKey] = {one.index: one for one in cashless.credit_keys}
        self.verifiers = {one.index: VerifyKey(one.public) for one in cashless.credit_keys}
        self.codes: dict[bytes, int] = {one.code_hash: one.amount_minor for one in cashless.codes}
        self.badges: dict[bytes, int] = {one.medium: one.operator for one in cashless.badges}
        self._media: dict[bytes, bytes] = {}
        self.keys = KeyRing(
            {one.version: one.key for one in cashless.debit_keys}, cashless.chip_key
        )
        self.seals = Seals(cashless.event, self.keys, CreditRing(self.verifiers))

    @property
    def complete(self) -> bool:
        """Whether bands can be read, written and issued by these rules."""
        return bool(self.keys.versions and self.cashless.pseudonym_key and self.cashless.chip_key)

    def medium(self, uid: bytes) -> bytes:
        """The pseudonym of a UID: HMAC-SHA256 by the event's key, 16 bytes."""
        known = self._media.get(uid)
        if known is None:
            if len(self._media) >= MEDIA_MAX:
                self._media.clear()
            whole = hmac.digest(self.cashless.pseudonym_key, uid, hashlib.sha256)
            known = self._media[uid] = whole[:MEDIUM_BYTES]
        return known

    def wallet(self, medium: bytes) -> Wallet:
        """What the centre says of a medium; nothing, of one that it does not name."""
        return self.wallets.get(medium, _NOBODY)

    def counts(self, certificate: Certificate, medium: bytes) -> int:
        """Ct of a certificate: of a revoked key only as much as the centre has settled."""
        if self.credit_keys[certificate.key_index].revoked:
            return min(certificate.credited, self.wallet(medium).credited_minor)
        return certificate.credited

    def operator(self, uid: bytes) -> int | None:
        """Who of the staff signs in by this band."""
        return self.badges.get(self.medium(uid))
