"""Numbers of refusals at a till are for ever."""

from edge.core.reasons import Reason
from edge.core.wallet_reasons import BY_CODE, WalletReason

FROZEN = {
    "chip_unknown": 210, "not_ours": 211, "not_genuine": 212, "certificate": 213,
    "blocked": 220, "epoch": 221, "locked": 222, "expired": 223, "class_unknown": 224,
    "slots": 230, "behind": 231, "cloned": 232, "repair": 233,
    "in_doubt": 240, "unfinished": 241, "txid_used": 242,
    "amount": 250, "original_unknown": 251, "already_reversed": 252, "given_too_much": 253,
    "cash_out": 254, "single_max": 260, "velocity": 261, "balance": 262, "promo": 263,
    "vouchers": 264, "exposure": 265, "balance_max": 266, "top_up_min": 267,
    "credit_key": 270, "credit_limit": 271, "code_unknown": 272, "code_used": 273,
    "already_issued": 280, "worn_out": 281, "not_configured": 282, "replaced": 283,
}  # fmt: skip


def test_a_number_is_never_used_again() -> None:
    assert {reason.code: int(reason) for reason in WalletReason} == FROZEN


def test_gates_and_tills_share_no_number() -> None:
    assert not {int(one) for one in Reason} & set(FROZEN.values())


def test_names_lead_back() -> None:
    assert BY_CODE["balance_max"] is WalletReason.BALANCE_MAX


def test_what_is_locked_and_what_may_be_tried_again() -> None:
    assert {one.code for one in WalletReason if one.locks} == {"blocked", "epoch"}
    assert WalletReason.REPAIR.retryable
    assert not WalletReason.IN_DOUBT.retryable, "nobody is asked to pay twice"
