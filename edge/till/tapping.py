"""While a band is being served: nothing cancels that, and no other till serves it as well.

The second one can only be a copy. Were it looked at while the first is being written, it would
show that nothing was written yet, and both would pay with the same money.
"""

from collections.abc import Awaitable, Callable

from drivers.errors import DeviceError
from drivers.reader import BandError, BandGone, BandRefused, Sensed
from edge.core.till_reasons import TillReason
from edge.core.till_rows import VOIDED
from edge.core.wallet_reasons import WalletReason
from edge.ledger.errors import LedgerFull
from edge.till.till import Till
from edge.till.work import TAP_AGAIN, WORKING, Work


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


async def serve_taps(
    till: Till, work: Work, serve: Callable[[Sensed], Awaitable[None]], *, rests: bool = True
) -> None:
    """Serve tap after tap until the work is over. `rests`: the band of the last one may go on
    lying there without being a new tap."""
    if till.reader is None:
        till.refuse(work, TillReason.NO_READER)
    while not work.over:
        await one_tap(till, work, await till.field.next_band(work), serve, rests=rests)


async def one_tap(
    till: Till, work: Work, sensed: Sensed, serve: Callable[[Sensed], Awaitable[None]], *,
    rests: bool = True,
) -> None:  # fmt: skip
    """One tap. What goes wrong with band or reader is a normal outcome: tap again."""
    with Tapping(till, work, sensed.uid):
        try:
            await serve(sensed)
        except BandGone:
            till.show(work, TAP_AGAIN, "not_sure" if work.held else "band_gone")
        except BandRefused:
            till.show(work, TAP_AGAIN, "not_sure" if work.held else "band_refused")
        except BandError:
            till.show(work, TAP_AGAIN, "band_unknown")
        except DeviceError:
            till.show(work, TAP_AGAIN, "reader_away")
        except LedgerFull:
            not_now(till, work, TillReason.NO_ROOM)
        finally:
            if work.over and rests:
                till.field.lies(sensed)
    if work.over:
        return
    if work.state == WORKING:
        till.show(work, TAP_AGAIN, "not_sure")
    if work.question is None:
        await till.field.lifted()


def not_now(till: Till, work: Work, because: TillReason | WalletReason) -> None:
    """Refused, for whatever reason; but whoever has paid, or may have, is not told that nothing was
    paid: the next tap tries again."""
    book, name = till.tills.book, work.ask.id
    begun = work.paid or name in book.done or any(
        deal.status != VOIDED and deal.part == work.ask.part for _, deal in book.of_basket(name)
    )  # fmt: skip
    if begun:
        till.show(work, TAP_AGAIN, because)
    else:
        till.refuse(work, because)
