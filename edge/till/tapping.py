"""While a band is being served: nothing cancels that, and no other till serves it as well.

The second one can only be a copy. Were it looked at while the first is being written, it would
show that nothing was written yet, and both would pay with the same money.
"""

from edge.till.till import Till
from edge.till.work import TAP_AGAIN, Work


class Tapping:
    """From the moment a band was sensed until the tap is over. A reader that hangs says so by
    itself, within seconds."""

    __slots__ = ("_scope", "_till", "_uid", "_work")

    def __init__(self, till: Till, work: Work, uid: bytes) -> None:
        assert work.scope is not None
        self._till, self._work, self._uid, self._scope = till, work, uid, work.scope

    def __enter__(self) -> None:
        self._scope.shield = True

    def __exit__(self, *_: object) -> None:
        self._scope.shield = False
        serving = self._till.tills.serving
        if serving.get(self._uid) is self._work:
            del serving[self._uid]


def claim(till: Till, work: Work, uid: bytes) -> bool:
    """Whether this till may serve the band now; if not, the work has been told."""
    owner = till.tills.serving.setdefault(uid, work)
    if owner is not work:
        till.show(work, TAP_AGAIN, "served_elsewhere")
    return owner is work
