"""What is on a band: a tap that moves nothing but what is known."""

from drivers.errors import DeviceError
from drivers.reader import BandError
from edge.core.till_reasons import TillReason
from edge.ledger.errors import LedgerFull
from edge.till.debit import looked
from edge.till.tapping import Tapping
from edge.till.till import Till
from edge.till.work import TAP_AGAIN, Work


async def show_balance(till: Till, work: Work) -> None:
    """Balance and the last five movements; a refusal is shown with them."""
    if till.reader is None:
        till.refuse(work, TillReason.NO_READER)
        return
    while not work.over:
        sensed = await till.next_band(work)
        with Tapping(till, work, sensed.uid):
            try:
                look, _, _ = await looked(till, work, sensed)
                if look is not None:
                    work.remember(look)
                    work.balance_minor = look.balance_minor
                    till.good(work)
            except BandError:
                till.show(work, TAP_AGAIN, "band_gone")
            except DeviceError:
                till.show(work, TAP_AGAIN, "reader_away")
            except LedgerFull:
                till.refuse(work, TillReason.NO_ROOM)
        if not work.over:
            await till.lifted()
