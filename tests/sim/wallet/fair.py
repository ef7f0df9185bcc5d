"""What is sold at the fair, what bands are worth there, and who holds a credit key."""

from __future__ import annotations

import hashlib
import hmac
from functools import cache
from typing import Any

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from crypto.bundle import Bundle, GatewayCard
from crypto.cashless import (
    Article,
    Cashless,
    CreditKey,
    DebitKey,
    Tax,
    TopUpCode,
    Wallet,
    WalletClass,
)
from crypto.keys import SigningKey
from drivers.reader import Chip
from drivers.reader.ciphers import Cbc, Ciphers

EVENT = 7
DEBIT_KEY, PSEUDONYM_KEY = b"d" * 16, b"p" * 32
WATER, BEER, CUP = 1, 2, 3
PRICES = {WATER: 250, BEER: 300}
DEPOSIT = 200
VOUCHER_MINOR = 1000
#: R of plain bands: what may be lost to one clone at one island.
R_MINOR = 3000
#: And of bands whose chip has proven who it is.
R_PROVEN_MINOR = 8000
CASH_OUT_UNHEARD_MINOR = 1000
BEGIN_MS = 1_790_373_000_000


def gateway_id(number: int) -> bytes:
    return bytes((0xA0 + number,)) * 16


@cache
def credit_key(number: int) -> SigningKey:
    return SigningKey(bytes((0x60 + number,)) * 32)


def code_text(number: int) -> str:
    return f"GIFT{number:04}"


def r_minor(chip: Chip) -> int:
    """R: what may be spent unheard with a band of this kind."""
    return R_PROVEN_MINOR if chip in (Chip.UL_C, Chip.UL_AES) else R_MINOR


def medium_of(uid: bytes) -> bytes:
    """The pseudonym, as the formats say it."""
    return hmac.new(PSEUDONYM_KEY, uid, hashlib.sha256).digest()[:16]


def bundle(
    gateways: int, points: int, codes: int = 0, promo: dict[bytes, tuple[int, int]] | None = None
) -> Bundle:
    """`points`: so many of the gateways, the first ones, hold a credit key. `promo`: what media
    have of the centre's promotional credit and vouchers."""
    names = [gateway_id(number) for number in range(gateways)]
    hashed = [hashlib.sha256(code_text(n).encode()).digest()[:16] for n in range(codes)]
    cashless = Cashless(
        event=EVENT,
        pseudonym_key=PSEUDONYM_KEY,
        chip_key=b"c" * 32,
        debit_keys=[DebitKey(1, DEBIT_KEY)],
        credit_keys=[
            CreditKey(n + 1, credit_key(n).public, names[n]) for n in range(points)
        ],
        classes=[
            WalletClass(
                1, "Guest", exposure_plain_minor=R_MINOR,
                exposure_authenticated_minor=R_PROVEN_MINOR,
            )
        ],
        prices=1,
        taxes=[Tax(1, "A", 1900, "full")],
        articles=[
            Article(WATER, "Water", "Water", 1, PRICES[WATER], vouchers=1),
            Article(BEER, "Beer", "Beer", 1, PRICES[BEER], deposit=CUP),
            Article(CUP, "Cup", "Cup", 1, DEPOSIT, kind="deposit"),
        ],
        codes=[TopUpCode(one, VOUCHER_MINOR) for one in hashed],
        wallets=[
            Wallet(medium, promo_minor=given, vouchers=free)
            for medium, (given, free) in sorted((promo or {}).items())
        ],
        cash_out_unheard_max_minor=CASH_OUT_UNHEARD_MINOR,
    )  # fmt: skip
    cards = [GatewayCard(name, n + 1, f"g{n}", bytes(32)) for n, name in enumerate(names)]
    return Bundle(version=1, cashless=cashless, gateways=cards)


def _encrypt(algorithm: Any) -> Cbc:
    def cbc(key: bytes, start: bytes, data: bytes) -> bytes:
        return Cipher(algorithm(key), CBC(start)).encryptor().update(data)

    return cbc


def _decrypt(algorithm: Any) -> Cbc:
    def cbc(key: bytes, start: bytes, data: bytes) -> bytes:
        return Cipher(algorithm(key), CBC(start)).decryptor().update(data)

    return cbc


def _two_keys(key: bytes) -> TripleDES:
    return TripleDES(key + key[:8])


#: The same as `PURE`, a thousand times faster.
FAST = Ciphers(_encrypt(_two_keys), _decrypt(_two_keys), _encrypt(AES), _decrypt(AES))
