"""Every refusal: a number that is never reused, a name, and whether trying again may help.

The order of numbers is the order of precedence: the first check that fails is the reason.
Names follow pretix where it has one, so that integrations made for it understand us.
"""

import enum


class Reason(enum.IntEnum):
    """Why a presentation was refused."""

    INVALID = 10
    WRONG_ISSUER = 11
    UNKNOWN_KEY = 12
    CODE_EXPIRED = 13
    MEDIUM_UNKNOWN = 14
    MEDIUM_BLOCKED = 15
    MEDIUM_CLONED = 16
    REVOKED = 20
    CANCELED = 30
    BLOCKED = 40
    UNAPPROVED = 50
    UNPAID = 60
    PRODUCT = 70
    PERFORMANCE = 80
    INVALID_TIME = 90
    ALREADY_REDEEMED = 100
    EXIT_UNHEARD = 105
    ZONE_FULL = 110
    RULES = 120
    QUESTIONS = 130
    AMBIGUOUS = 140
    DEVICE = 150
    WAIT = 155
    ERROR = 160

    @property
    def code(self) -> str:
        """The name in JSON, logs and columns, for example ``already_redeemed``."""
        return self.name.lower()

    @property
    def retryable(self) -> bool:
        """Whether the same presentation may be admitted later without anybody's help."""
        return self in _RETRYABLE

    @property
    def garbage(self) -> bool:
        """Whether the text names no ticket of ours: such refusals are only counted."""
        return self in _GARBAGE


_RETRYABLE = frozenset(
    {
        Reason.CODE_EXPIRED, Reason.INVALID_TIME, Reason.EXIT_UNHEARD, Reason.ZONE_FULL,
        Reason.RULES, Reason.DEVICE, Reason.WAIT, Reason.ERROR,
    }
)  # fmt: skip
_GARBAGE = frozenset({Reason.INVALID, Reason.UNKNOWN_KEY, Reason.MEDIUM_UNKNOWN})

BY_CODE = {reason.code: reason for reason in Reason}
