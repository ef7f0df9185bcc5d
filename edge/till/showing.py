"""What is on a band: a tap that moves nothing but what is known."""

from functools import partial

from drivers.reader import Sensed
from edge.till.debit import looked
from edge.till.tapping import serve_taps
from edge.till.till import Till
from edge.till.work import Work


async def show_balance(till: Till, work: Work) -> None:
    """Balance and the last five movements; a refusal is shown with them."""
    await serve_taps(till, work, partial(_show, till, work), rests=False)


async def _show(till: Till, work: Work, sensed: Sensed) -> None:
    look, _, _ = await looked(till, work, sensed)
    if look is not None:
        work.remember(look)
        work.balance_minor = look.balance_minor
        till.good(work)
