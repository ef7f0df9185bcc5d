"""Who is signed in: kept in memory only, so that a restart signs everybody out."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Final

import msgspec

from config.staff import Staff
from edge.web.rights import OFFERED, Right, rights_of

#: Signed out when no page of theirs asked for this long: a handheld that was left somewhere.
IDLE_S: Final = 1800.0
SESSIONS_MAX: Final = 512
PER_PERSON_MAX: Final = 8
TOKEN_BYTES: Final = 32


class Session(msgspec.Struct):
    """A person at a page. Times in seconds of the clock that `Sessions` is called with."""

    staff: Staff
    begun_s: float
    seen_s: float
    rights: frozenset[Right]
    #: Medium and epoch of the band by which this person signed in; None: by PIN.
    badge: tuple[bytes, int] | None = None

    def may(self, right: Right, lane: int | None = None) -> bool:
        """Whether this person may do it (at this lane)."""
        here = lane is None or not self.staff.lanes or lane in self.staff.lanes
        return right in self.rights and here


class Sessions:
    """By token. Only digests of tokens are kept: memory that is dumped signs nobody in."""

    def __init__(
        self, lasts_s: float, new_token: Callable[[int], str] = secrets.token_urlsafe
    ) -> None:
        self._lasts_s = lasts_s
        self._new_token = new_token
        self._sessions: dict[bytes, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def begin(
        self, staff: Staff, now_s: float, badge: tuple[bytes, int] | None = None
    ) -> tuple[str, Session]:
        """A new session and its token. The oldest of this person, or of all, may end for it."""
        for key in [key for key, one in self._sessions.items() if self._over(one, now_s)]:
            del self._sessions[key]
        theirs = [key for key, one in self._sessions.items() if one.staff == staff]
        if len(theirs) >= PER_PERSON_MAX:
            del self._sessions[theirs[0]]
        elif len(self._sessions) >= SESSIONS_MAX:
            del self._sessions[next(iter(self._sessions))]
        token = self._new_token(TOKEN_BYTES)
        session = Session(staff, now_s, now_s, rights_of(staff.role) & OFFERED, badge)
        self._sessions[_digest(token)] = session
        return token, session

    def find(self, token: str, now_s: float) -> Session | None:
        """The session of `token`, which was used now."""
        session = self._sessions.get(_digest(token))
        if session is None or self._over(session, now_s):
            return None
        session.seen_s = now_s
        return session

    def left_s(self, session: Session, now_s: float) -> float:
        """How long it lasts at most."""
        return max(0.0, session.begun_s + self._lasts_s - now_s)

    def end(self, token: str) -> None:
        """Signed out."""
        self._sessions.pop(_digest(token), None)

    def _over(self, session: Session, now_s: float) -> bool:
        return self.left_s(session, now_s) == 0 or now_s - session.seen_s > IDLE_S


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
