"""What changes a till's shift is done once, however often it is asked for.

The answer may be lost on its way to the page, and money that was taken out of the drawer may not be
booked twice. A page gives each change an id; asked again, it gets the answer that was lost. That is
remembered as long as the process lives: what a restart forgets, the shift itself shows.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final

import trio

from edge.web.problems import ApiError, Problem
from edge.web.till_bodies import Closing, Shifting

KEPT_MAX: Final = 256


class Once:
    """The changes of all tills of one gateway."""

    def __init__(self) -> None:
        self._one_at_a_time = trio.Lock()
        self._told: OrderedDict[tuple[int, str], tuple[Shifting | Closing, Any]] = OrderedDict()

    async def do(
        self, till: int, asked: Shifting | Closing, act: Callable[[], Awaitable[Any]]
    ) -> Any:
        """What `act` gave when `asked.id` was asked for first; without an id it is done each time.

        What `act` raises is not kept: a refusal may be no more true later. Who hangs up in the
        middle does not end it. Raises `ApiError` (409) for an id that had other content.
        """
        if asked.id is None:
            return await act()
        key = (till, asked.id.lower())
        async with self._one_at_a_time:
            if key not in self._told:
                with trio.CancelScope(shield=True):
                    self._told[key] = (asked, await act())
                if len(self._told) > KEPT_MAX:
                    self._told.popitem(last=False)
            before, told = self._told[key]
        if before != asked:
            detail, hint = "this id stands for something else", "a new change needs a new id"
            raise ApiError(409, Problem("other_content", detail, hint=hint))
        return told
