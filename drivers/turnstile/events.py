"""What a turnstile says, and what it tells its board. A refusal or a lapse is a value."""

from __future__ import annotations

import enum
from typing import TypeAlias

import msgspec

GrantId: TypeAlias = bytes | int


class Cause(enum.Enum):
    """Why nobody knows whether a granted person went through."""

    LINK_LOST = "link_lost"
    FAULT = "fault"
    FIRE = "fire"
    STOPPED = "stopped"


class Why(enum.Enum):
    """Why a grant lapsed, or why the turnstile is out of service."""

    NOT_PASSED = "not_passed"
    NO_BOARD = "no_board"
    JAMMED = "jammed"
    FIRE = "fire"
    QUEUE_FULL = "queue_full"


class Alarm(enum.Enum):
    """What staff must look at."""

    TAILGATE = "tailgate"
    FORCED = "forced"
    WRONG_WAY = "wrong_way"
    JAMMED = "jammed"


class Completed(msgspec.Struct, frozen=True, gc=False):
    """`passed` persons went through, at least 1; fewer than granted when time ran out.
    `assumed` on a lane without a passage sensor: the pulse was acknowledged, no more."""

    grant_id: GrantId
    passed: int
    assumed: bool = False


class Lapsed(msgspec.Struct, frozen=True, gc=False):
    """Nobody went through, for certain; the right is to be given back."""

    grant_id: GrantId
    why: Why


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """`passed` persons went through for certain; whether one more did, nobody knows."""

    grant_id: GrantId
    cause: Cause
    passed: int


class Alarmed(msgspec.Struct, frozen=True, gc=False):
    """Somebody must look."""

    alarm: Alarm


class InService(msgspec.Struct, frozen=True, gc=False):
    """Grants are taken from now on."""


class OutOfService(msgspec.Struct, frozen=True, gc=False):
    """Grants lapse at once from now on."""

    why: Why


Outcome: TypeAlias = Completed | Lapsed | Unknown
Event: TypeAlias = Outcome | Alarmed | InService | OutOfService


class Pulse(msgspec.Struct, frozen=True, gc=False):
    """Tell the board to close `relay` for `ms`, timed by the board."""

    number: int
    relay: int
    ms: int
