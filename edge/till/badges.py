"""A band that says who of the staff is there: read whole, looked at, never written.

Nobody has signed in yet while this runs, so it makes no fact and mends nothing, and whoever wants
something else of the till comes first (`Till.submit`).
"""

from functools import partial
from typing import NamedTuple

from drivers.reader import Sensed
from edge.core import wallet
from edge.core.till_reasons import TillReason
from edge.core.wallet import Tap, WalletReason
from edge.till.bands import read_band
from edge.till.tapping import claim, serve_taps
from edge.till.till import Till
from edge.till.tills import Tills
from edge.till.work import Work


class Badge(NamedTuple):
    """Whose badge a band is. `operator` 0: nobody's. `because`: why it is not to be believed.

    `proven`: the chip proved a key that it does not show, so it is no copy.
    """

    medium: bytes
    epoch: int
    operator: int
    proven: bool
    because: str = ""


async def read_badge(till: Till, work: Work) -> None:
    """Wait for a band and say whose it is; the work has it as `badge`, believed or not."""
    rules = till.tills.rules
    if till.reader is None:
        till.refuse(work, TillReason.NO_READER)
        return
    if rules is None or not rules.complete:
        till.refuse(work, WalletReason.NOT_CONFIGURED)
        return
    await serve_taps(till, work, partial(_read, till, work))


async def _read(till: Till, work: Work, sensed: Sensed) -> None:
    """Whose it is. A badge that stays there afterwards pays for nothing."""
    assert till.reader is not None
    if claim(till, work, sensed.uid):
        tap = await read_band(till.reader, sensed, till.tills.secrets(sensed.uid))
        if not work.over:
            work.badge = judge(till.tills, tap)
            till.good(work)


def judge(tills: Tills, tap: Tap) -> Badge:
    """Whose badge it is by the bundle in force, and whether the band may be used at all."""
    rules = tills.rules
    assert rules is not None
    now_ms = tills.gateway.clock.now().ms
    state = tills.gateway.state.wallets
    seen = wallet.look(state, rules, tap, unheard=tills.unheard(now_ms), now_ms=now_ms)
    proven = (
        seen.reading is not None and seen.reading.layout.authenticates and tap.authenticated
    )  # fmt: skip
    because = seen.refusal.code if seen.refusal is not None else ""
    return Badge(seen.medium, seen.epoch, rules.operator(tap.uid) or 0, proven, because)


def stands(tills: Tills, medium: bytes, epoch: int, operator: int) -> bool:
    """Whether a band that has signed this operator in would still do so: neither taken from the
    badges nor blocked since."""
    rules = tills.rules
    if rules is None or rules.badges.get(medium) != operator:
        return False
    account = tills.gateway.state.wallets.account(medium)
    return epoch >= max(account.min_epoch, rules.wallet(medium).min_epoch)
