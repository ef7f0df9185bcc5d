"""A hold that is over as 71 bytes, and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.medium import txh
from crypto.money import Slot
from edge.core.wallet_records import POSTED, WIDTH, Row, Stamps, pack, packed, unpacked
from tests.edge.core.purse import A, B, txid

M = b"m" * 16
UNHEARD = 2


def row(**how: Any) -> Row:
    """A hold that can be packed, but for what `how` says."""
    given_: dict[str, Any] = {
        "txid": txid(1), "medium": M, "epoch": 3, "basket": txid(2), "part": 1, "ended": POSTED,
        "hlc": 9 << 16, "gateway": A, "log": 5, "seq": 77, "till": 3, "shift": 2, "marks": 0,
        "movement": "sale", "debit": 450, "given": 200, "credited": 5000, "absorbed": 300,
    }  # fmt: skip
    base = Slot(7, 1000, 100, 4, b"base")
    given_ |= how
    units = -(-given_["debit"] // 10)
    after = Slot(
        8, 1000 + given_["debit"], 100 + given_["given"],
        4 + units if given_["marks"] & UNHEARD else 0, txh(given_["txid"]),
    )  # fmt: skip
    target = pack(after)
    shown = given_["epoch"].to_bytes(2, "big") + target
    return Row(**{"base": pack(base), "target": target, "shown": shown, **given_})


def aimed(target: Slot) -> dict[str, Any]:
    return {"target": pack(target), "shown": (3).to_bytes(2, "big") + pack(target)}


ODD = [
    {"ended": 0}, {"ended": 2}, {"ended": 3}, {"gateway": b""}, {"promo": 1}, {"vouchers": 1},
    {"reverses": txid(9)}, {"seq": 1 << 32}, {"debit": 1 << 24}, {"given": 1 << 24},
    {"credited": 1 << 24}, {"shown": b""}, {"shown": bytes(16)},
    # What was aimed at and shown, and does not follow from the base.
    aimed(Slot(9, 1450, 300, 0, txh(txid(1)))),
    aimed(Slot(8, 1451, 300, 0, txh(txid(1)))),
    aimed(Slot(8, 1450, 300, 4, txh(txid(1)))),
    aimed(Slot(8, 1450, 300, 0, b"fals")),
    # It follows, but D has run over into the seq.
    aimed(Slot(8, 449, 300, 0, txh(txid(1)))) | {
        "base": pack(Slot(6, (1 << 24) - 1, 100, 0, b"base"))
    },
]  # fmt: skip


@given(
    st.fixed_dictionaries(
        {
            "txid": st.binary(min_size=16, max_size=16), "epoch": st.integers(0, 0xFFFF),
            "part": st.integers(0, 255), "hlc": st.integers(1, (1 << 64) - 1),
            "gateway": st.sampled_from([A, B]), "log": st.integers(0, 1 << 32),
            "seq": st.integers(1, (1 << 32) - 1), "till": st.integers(0, 0xFFFF),
            "marks": st.integers(0, 15), "debit": st.integers(0, 10**5),
            "movement": st.sampled_from(["sale", "cash_out", "deposit_return", "adjustment"]),
            "given": st.integers(0, 10**5), "credited": st.integers(0, (1 << 24) - 1),
            "absorbed": st.integers(0, (1 << 32) - 1),
        }
    )
)  # fmt: skip
def test_what_is_packed_is_read_back_to_the_letter(how: dict[str, Any]) -> None:
    stamps, one = Stamps(), row(**how)
    record = packed(one, stamps)
    assert record is not None
    assert len(record) == WIDTH == 71
    assert unpacked(b"." * WIDTH + record, WIDTH, M, stamps) == one


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: next(iter(odd)))
def test_what_is_out_of_the_ordinary_is_kept_as_it_is(odd: dict[str, Any]) -> None:
    assert packed(row(**odd), Stamps()) is None
