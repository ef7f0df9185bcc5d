"""One tap: what a band says, what it may pay, what shall be written, and what came of it. Pure.

The way of a tap, for whoever owns the reader (all but the reading and writing is here):

1. `look(…)` at what was read. Make facts of `Look.resolutions` (durable). Then, if `Look.repair`
   is not empty, write it, read the band again and look again.
2. `hold(look, order)`: `Refused`, `AlreadyPaid`, or `Held`. Make `Held.fact` durable.
3. Write `Held.writes`. If `Held.increments`: read back, and once `written`, increase the counter
   once, never twice.
4. Read back, `judge(held, tap)`: "posted" -> `Held.posted`, durable, and only then green;
   "base" -> write again; "unknown", or the guest has gone -> no fact: the next look resolves it.
   `Held.voided` only where the band refused before a byte was written.

A top-up goes the same way with `top_up`, `judge_credit`, `Credit.applied`; what was left half done
is `finish`ed, or the money goes back with `give_back`. No function here raises
for anything that a band may say.
"""

from edge.core.wallet_credit import (
    finish,
    give_back,
    issue,
    judge_credit,
    judge_issue,
    owed,
    reissue,
    top_up,
)
from edge.core.wallet_hold import hold, judge, lock, written
from edge.core.wallet_look import look
from edge.core.wallet_reasons import WalletReason
from edge.core.wallet_rules import WalletRules
from edge.core.wallet_seen import Look
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

__all__ = [
    "AlreadyPaid", "Credit", "Held", "Issue", "Look", "Make", "Moved", "NewBand", "Order",
    "Outcome", "Refused", "Tap", "TopUp", "Verdict", "WalletReason", "WalletRules", "Who",
    "Writes", "finish", "give_back", "hold", "issue", "judge", "judge_credit", "judge_issue",
    "lock", "look", "owed", "reissue", "top_up", "written",
]  # fmt: skip
