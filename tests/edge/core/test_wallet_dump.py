"""A dump says the same of equal sets of facts, and no more than they do."""

import msgspec
import pytest

from crypto.medium import txh
from crypto.money import Slot
from edge.core.wallet_records import WIDTH
from edge.core.wallets import Wallets
from tests.edge.core.purse import B, txid
from tests.edge.core.test_wallet_packs import M, sale, sold


def test_what_a_stamp_is_no_longer_used_by_leaves_no_trace_in_the_dump() -> None:
    wallets = sold(3)
    _, posted, _ = sale(3, Slot(2, 200, 0, 0, txh(txid(2))))
    wallets.fold(B, 1, 1, msgspec.structs.replace(posted, target=Slot(9, 1, 1, 0, b"liar")))
    rows = wallets.account(M).rows
    assert (list(rows.hot), len(rows)) == ([txid(3)], 3)  # two proofs: it has more to say
    dumped = wallets.dump()
    assert len(dumped.stamps) == 1
    assert len(dumped.accounts[M].packed) == 2 * WIDTH
    held, _, _ = sale(1, Slot())
    first = msgspec.structs.replace(held, hlc=1, till=9)  # of two holds of one id this one counts
    wallets.fold(B, 1, 2, first)
    assert rows[txid(1)].till == 9
    assert len(wallets.dump().stamps) == 2
    wallets.fold(B, 1, 3, posted)
    assert [stamp.till for stamp in wallets.dump().stamps] == [3, 9]


@pytest.mark.parametrize("what", ["cut", "stamp"])
def test_a_pack_that_is_none_is_refused(what: str) -> None:
    dumped = sold(2).dump()
    if what == "cut":
        whole = dumped.accounts[M]
        torn = msgspec.structs.replace(whole, packed=whole.packed[:-1])
        dumped = msgspec.structs.replace(dumped, accounts={M: torn})
    else:
        dumped = msgspec.structs.replace(dumped, stamps=[])
    with pytest.raises(ValueError, match="hold"):
        Wallets.load(dumped)
