"""One tap: what a band says, what it may pay, what shall be written, and what came of it. Pure.

The way of a tap, for whoever owns the reader (all but the reading and writing is here):

1. `look(…)` at what was read. Make facts of `Look.resolutions` (durable). Then, if `Look.repair`
   is not empty, write it, read the band again and look again.
2. `hold(look, order)`: `Refused`, `AlreadyPaid`, or `Held`. Make `Held.fact` durable.
3. Write `Held.writes`. If `Held.increments`, read back, and increase the counter once.
4. Read back, `judge(held, tap)`: "posted" -> `Held.posted`, durable, and only then green;
   "base" -> write again, or `Held.voided`; "unknown" -> no fact: the next look resolves it.

A top-up goes the same way with `top_up`, `judge_credit`, `Credit.applied`. No function here raises
for anything that a band may say.
"""

from typing import TYPE_CHECKING

import msgspec

from edge.core.wallet_reasons import WalletReason
from edge.core.wallet_rules import WalletRules
from edge.core.wallet_words import (
    AlreadyPaid,
    Credit,
    Held,
    Issue,
    Make,
    Moved,
    NewBand,
    Order,
    Outcome,
    Refused,
    Tap,
    TopUp,
    Verdict,
    Who,
    Writes,
)

if TYPE_CHECKING:
    from edge.core.wallets import Wallets

__all__ = [
    "AlreadyPaid", "Credit", "Held", "Issue", "Look", "Make", "Moved", "NewBand", "Order",
    "Outcome", "Refused", "Tap", "TopUp", "Verdict", "WalletReason", "WalletRules", "Who",
    "Writes", "finish", "hold", "issue", "judge", "judge_credit", "judge_issue", "lock", "look",
    "reissue", "top_up",
]  # fmt: skip


class Look(msgspec.Struct):
    """What one tap shows, and what is known beside it."""

    medium: bytes
    chip: str
    refusal: WalletReason | None
    balance_minor: int
    #: What a sale may take: the balance less what is on hold for the centre, plus overdraft.
    spendable_minor: int
    promo_minor: int
    vouchers: int
    wallet_class: int
    epoch: int
    resolutions: tuple[Outcome, ...]
    repair: Writes
    #: A top-up that was paid and is not on the band: `finish` it before the next one.
    unfinished: bytes
    last: tuple[Moved, ...]


def look(wallets: "Wallets", rules: WalletRules, tap: Tap, *, unheard: bool, now_ms: int) -> Look:
    """What the band is worth and whether it may be used. Never raises, whatever the bytes.

    `unheard`: True unless every enrolled sibling or the centre is heard and folded.
    """
    raise NotImplementedError


def hold(look: Look, order: Order) -> Held | Refused | AlreadyPaid:
    """The hold of a debit, give-back, reversal or cash-out, or why not."""
    raise NotImplementedError


def judge(held: Held, tap: Tap) -> Verdict:
    """What a reading after the write says of the hold."""
    raise NotImplementedError


def lock(look: Look, txid: bytes, who: Who) -> Held | None:
    """The write that locks a band which `Look.refusal.locks`; None if there is nothing to seal."""
    raise NotImplementedError


def top_up(look: Look, top: TopUp) -> Credit | Refused:
    """A new certificate with more on it, or why not."""
    raise NotImplementedError


def finish(look: Look, who: Who) -> Credit | None:
    """The same certificate once more, for a top-up that is paid and not on the band."""
    raise NotImplementedError


def judge_credit(credit: Credit, tap: Tap) -> Verdict:
    """What a reading after the write says of the top-up."""
    raise NotImplementedError


def issue(
    wallets: "Wallets", rules: WalletRules, tap: Tap, new: NewBand, *, now_ms: int
) -> Issue | Refused:
    """A blank band becomes a wallet with nothing on it."""
    raise NotImplementedError


def reissue(
    wallets: "Wallets", rules: WalletRules, tap: Tap, new: NewBand, *, old: bytes, now_ms: int
) -> Issue | Refused:
    """A band for the lost one whose medium is `old` (or for itself, when its slots are gone)."""
    raise NotImplementedError


def judge_issue(issue: Issue, tap: Tap) -> bool:
    """Whether the band now says what it shall; else issue it again."""
    raise NotImplementedError
