"""Every refusal: a number that is never reused, a name, and whether trying again may help.

The order of numbers is the order of precedence: the first check that fails is the reason.
Names follow pretix where it has one, so that integrations made for it understand us.
Numbers left free belong to reasons of media, zones, rules and questions.
"""

import enum


class Reason(enum.IntEnum):
    """Why a presentation was refused."""

    INVALID = 10
    WRONG_ISSUER = 11
    UNKNOWN_KEY = 12
    CODE_EXPIRED = 13
    REVOKED = 20
    CANCELED = 30
    BLOCKED = 40
    PRODUCT = 70
    PERFORMANCE = 80
    INVALID_TIME = 90
    ALREADY_REDEEMED = 100
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
    {Reason.CODE_EXPIRED, Reason.INVALID_TIME, Reason.DEVICE, Reason.WAIT, Reason.ERROR}
)
_GARBAGE = frozenset({Reason.INVALID, Reason.UNKNOWN_KEY})

BY_CODE = {reason.code: reason for reason in Reason}

# What staff and guest read until the venue's own texts come with the bundle.
TEXT = {
    Reason.INVALID: "This is not a valid ticket code.",
    Reason.WRONG_ISSUER: "This ticket is for another event.",
    Reason.UNKNOWN_KEY: "This ticket is signed by a seller this gate does not know yet.",
    Reason.CODE_EXPIRED: "This code changes every 30 seconds: show it live in the app.",
    Reason.REVOKED: "This code was replaced by a newer one. Please show the newest.",
    Reason.CANCELED: "This ticket was cancelled.",
    Reason.BLOCKED: "This ticket is blocked. Please go to the help desk.",
    Reason.PRODUCT: "This ticket is not for this gate.",
    Reason.PERFORMANCE: "This ticket is for another date or show.",
    Reason.INVALID_TIME: "This ticket is not valid at this time.",
    Reason.ALREADY_REDEEMED: "This ticket was already used.",
    Reason.DEVICE: "This gate is out of service. Please use the next one.",
    Reason.WAIT: "One moment please: somebody is just going through.",
    Reason.ERROR: "Something went wrong here. Please try again or call staff.",
}
