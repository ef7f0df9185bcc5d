"""How often somebody may try to sign in: a PIN is short, so guessing must be slow.

Each try counts before its PIN is looked at, so that many at once are no way around; a right PIN
takes the count of its name back. After too many, name or address is locked, each time for longer.
"""

from typing import Final

import msgspec

NAME_TRIES_MAX: Final = 5
ADDRESS_TRIES_MAX: Final = 20
LOCK_S: Final = 60.0
LOCK_S_MAX: Final = 900.0
#: Between two tries for one name, right ones too.
GAP_S: Final = 1.0
FORGET_S: Final = 3600.0
KEPT_MAX: Final = 4096


class _Tries(msgspec.Struct):
    count: int = 0
    last_s: float = -GAP_S
    locked_until_s: float = 0.0
    locks: int = 0


class Attempts:
    """`now_s` is a clock that never falls. A name that nobody has is counted like any other."""

    def __init__(self) -> None:
        self._tries: dict[tuple[str, str], _Tries] = {}

    def __len__(self) -> int:
        return len(self._tries)

    def locked_s(self, name: str, address: str, now_s: float) -> float:
        """How long name or address are locked yet; counts nothing."""
        keys = (("name", name), ("address", address))
        tries = [self._tries[key] for key in keys if key in self._tries]
        return max([0.0, *(each.locked_until_s - now_s for each in tries)])

    def begin(self, name: str, address: str, now_s: float) -> float:
        """Count a try. 0: look at the PIN; else the seconds to wait, and nothing was counted."""
        keys = (("name", name), ("address", address))
        self._forget(now_s)
        tries = [self._tries.get(key) or _Tries() for key in keys]
        wait_s = max(each.locked_until_s - now_s for each in tries)
        wait_s = max(wait_s, tries[0].last_s + GAP_S - now_s)
        if wait_s > 0:
            return wait_s
        most = (NAME_TRIES_MAX, ADDRESS_TRIES_MAX)
        for key, each, limit in zip(keys, tries, most, strict=True):
            each.count, each.last_s = each.count + 1, now_s
            if each.count >= limit:
                each.count = 0
                each.locked_until_s = now_s + min(LOCK_S * 2**each.locks, LOCK_S_MAX)
                each.locks += 1
            self._tries.pop(key, None)
            self._tries[key] = each  # they stand in the order of their last tries
        return 0.0

    def right(self, name: str, address: str) -> None:
        """The PIN was right: this name begins anew, and the address gets this try back, even if
        it was the one that locked it."""
        mine = self._tries.get(("name", name))
        if mine is not None:
            mine.count, mine.locks, mine.locked_until_s = 0, 0, 0.0
        theirs = self._tries.get(("address", address))
        if theirs is not None and theirs.count > 0:
            theirs.count -= 1
        elif theirs is not None and theirs.locks > 0:
            theirs.count, theirs.locked_until_s = ADDRESS_TRIES_MAX - 1, 0.0
            theirs.locks -= 1

    def _forget(self, now_s: float) -> None:
        """What was quiet for an hour; beyond `KEPT_MAX` the quietest, locked or not."""
        for key, each in list(self._tries.items()):
            quiet = now_s - max(each.last_s, each.locked_until_s) > FORGET_S
            if not quiet and len(self._tries) <= KEPT_MAX:
                break
            del self._tries[key]
