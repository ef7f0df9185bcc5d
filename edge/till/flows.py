"""Which flow serves which kind of work."""

from typing import Final

from edge.till.badges import read_badge
from edge.till.credit import top_up
from edge.till.issuing import issue_band, lock_a_band
from edge.till.money_back import money_back
from edge.till.sale import sale
from edge.till.showing import show_balance
from edge.till.till import Flow
from edge.till.undoing import cash_out, refund, reversal

FLOWS: Final[dict[str, Flow]] = {
    "sale": sale,
    "top_up": top_up,
    "balance": show_balance,
    "reversal": reversal,
    "refund": refund,
    "cash_out": cash_out,
    "money_back": money_back,
    "issue": issue_band,
    "reissue": issue_band,
    "lock": lock_a_band,
    "sign_in": read_badge,
}
