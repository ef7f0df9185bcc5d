"""Every refusal at a till: a number that is never reused, and what may help.

A table of its own beside `reasons`, for a tap at a bar is no presentation at a gate. The order of
numbers is the order of precedence: the first check that fails is the reason.
"""

import enum


class WalletReason(enum.IntEnum):
    """Why a band was not debited, topped up or made."""

    CHIP_UNKNOWN = 210
    NOT_OURS = 211
    NOT_GENUINE = 212
    CERTIFICATE = 213
    BLOCKED = 220
    EPOCH = 221
    LOCKED = 222
    EXPIRED = 223
    CLASS_UNKNOWN = 224
    SLOTS = 230
    BEHIND = 231
    CLONED = 232
    REPAIR = 233
    IN_DOUBT = 240
    UNFINISHED = 241
    TXID_USED = 242
    AMOUNT = 250
    ORIGINAL_UNKNOWN = 251
    ALREADY_REVERSED = 252
    GIVEN_TOO_MUCH = 253
    CASH_OUT = 254
    SINGLE_MAX = 260
    VELOCITY = 261
    BALANCE = 262
    PROMO = 263
    VOUCHERS = 264
    EXPOSURE = 265
    BALANCE_MAX = 266
    TOP_UP_MIN = 267
    CREDIT_KEY = 270
    CREDIT_LIMIT = 271
    CODE_UNKNOWN = 272
    CODE_USED = 273
    ALREADY_ISSUED = 280
    WORN_OUT = 281
    NOT_CONFIGURED = 282
    REPLACED = 283

    @property
    def code(self) -> str:
        """The name in JSON, logs and columns, for example ``balance_max``."""
        return self.name.lower()

    @property
    def locks(self) -> bool:
        """Whether the band shall be locked, so that no till serves it until the desk has."""
        return self in _LOCKS

    @property
    def retryable(self) -> bool:
        """Whether tapping again may help, without anybody's doing."""
        return self in _RETRYABLE


_LOCKS = frozenset({WalletReason.BLOCKED, WalletReason.EPOCH})
_RETRYABLE = frozenset(
    {
        WalletReason.CHIP_UNKNOWN, WalletReason.NOT_GENUINE, WalletReason.SLOTS,
        WalletReason.REPAIR, WalletReason.VELOCITY,
    }
)  # fmt: skip

BY_CODE = {reason.code: reason for reason in WalletReason}
