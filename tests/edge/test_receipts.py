"""Receipts on disk: witnesses of how far a log went."""

from pathlib import Path

import msgspec
import pytest

from crypto.keys import VerifyKey
from crypto.receipt import Receipt, sign
from edge.receipts import ReceiptStore
from tests.crypto import samples

KEY = samples.RECEIPT_KEY
RECEIPT = samples.make_receipt()


def store(folder: Path) -> ReceiptStore:
    return ReceiptStore(folder / "receipts", VerifyKey(KEY.public), samples.GATEWAY)


def keep(folder: Path, **changes: object) -> Receipt:
    receipt = msgspec.structs.replace(RECEIPT, **changes)
    store(folder).keep(sign(receipt, KEY), receipt)
    return receipt


def test_the_furthest_receipt_of_each_epoch_is_kept_oldest_epoch_first(tmp_path: Path) -> None:
    keep(tmp_path, epoch=12, through_seq=5)
    older = keep(tmp_path, epoch=7, through_seq=3)
    newer = keep(tmp_path, epoch=12, through_seq=9)
    assert list(store(tmp_path).all()) == [older, newer]
    assert len(list((tmp_path / "receipts").iterdir())) == 2


@pytest.mark.parametrize("restarted", [False, True])
def test_a_lower_receipt_of_a_restored_centre_does_not_take_its_place(
    tmp_path: Path, restarted: bool
) -> None:
    shelf = store(tmp_path)
    high, low = (msgspec.structs.replace(RECEIPT, through_seq=seq) for seq in (9, 4))
    shelf.keep(sign(high, KEY), high)
    if restarted:
        shelf = store(tmp_path)
    shelf.keep(sign(low, KEY), low)
    assert list(store(tmp_path).all()) == [high]


def test_what_proves_nothing_is_passed_over(tmp_path: Path) -> None:
    good = keep(tmp_path, epoch=7)
    folder = tmp_path / "receipts"
    raw = sign(RECEIPT, KEY)
    (folder / "0000000001.receipt").write_bytes(b"")
    (folder / "0000000002.receipt").write_bytes(raw[:-1])
    (folder / "0000000003.receipt").write_bytes(raw + b"!")
    (folder / "0000000004.receipt").write_bytes(sign(RECEIPT, samples.OTHER_KEY))
    (folder / "0000000005.receipt").mkdir()
    (folder / "0000000006.part").write_bytes(raw)
    other = msgspec.structs.replace(RECEIPT, gateway=b"X" * 16)
    (folder / "0000000008.receipt").write_bytes(sign(other, KEY))
    assert list(store(tmp_path).all()) == [good]
