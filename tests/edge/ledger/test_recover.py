"""Opening a folder: whole, torn, rotten, foreign."""

from __future__ import annotations

import pytest

from edge.ledger.errors import LedgerDamaged, LedgerForeign
from edge.ledger.recover import Helpers, Identity, KnownHead
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import NOW_S, OTHER, TENANT, WHO, fetch_from, moment, start, write


def test_an_empty_folder_begins_a_first_epoch_with_its_certificate() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    assert seen.recovered.begun == "first"
    (begun,) = seen.begun
    assert (begun.because, begun.last_epoch, begun.last_seq) == ("first", 0, 0)
    assert seen.recovered.writer.epoch == NOW_S
    assert seen.recovered.writer.head.seq == 1


def test_a_clean_folder_goes_on_where_it_was() -> None:
    disk = FaultyDisk()
    first = start(disk)
    write(first, range(100), per_block=3)
    again = start(disk)
    assert again.recovered.begun is None
    assert again.numbers == list(range(100))
    assert again.recovered.writer.head == first.recovered.writer.head
    assert again.recovered.writer.place == first.recovered.writer.place
    write(again, range(100, 120))
    assert start(disk).numbers == list(range(120))


def test_a_folder_of_another_gateway_is_refused() -> None:
    disk = FaultyDisk()
    write(start(disk), range(3))
    with pytest.raises(LedgerForeign, match="give each gateway a folder of its own"):
        start(disk, who=Identity(TENANT, OTHER, WHO.device))


def test_a_torn_last_block_is_cut_and_a_new_epoch_begins() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(5))
    old = seen.recovered.writer
    place = old.place
    assert place is not None
    disk.files[place.segment.file][place.at + 512 : place.at + 700] = b"\x55" * 188
    again = start(disk, when=moment(2))
    assert again.numbers == list(range(5))
    assert again.recovered.begun == "cut"
    begun = again.begun[-1]
    assert (begun.last_epoch, begun.last_seq, begun.last_head) == (
        old.epoch, old.head.seq, old.head.hash,
    )  # fmt: skip
    assert again.recovered.writer.epoch == old.epoch + 1
    assert not any(disk.files[place.segment.file][place.at :])
    assert start(disk).recovered.begun is None


def test_damage_in_the_middle_is_said_and_never_cut() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    blocks = write(seen, range(10))
    place = seen.recovered.writer.place
    assert place is not None
    before = bytes(disk.files[place.segment.file])
    disk.flip(place.segment.file, (4096 * 4 + 100) * 8)
    with pytest.raises(LedgerDamaged, match="repair") as caught:
        start(disk, helpers=Helpers(fetch=fetch_from(blocks)))
    assert (caught.value.epoch, caught.value.seq) == (NOW_S, 4)
    disk.flip(place.segment.file, (4096 * 4 + 100) * 8)
    assert bytes(disk.files[place.segment.file]) == before


def test_a_rotten_last_block_that_somebody_holds_is_put_back_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    disk = FaultyDisk()
    seen = start(disk)
    blocks = write(seen, range(10))
    place = seen.recovered.writer.place
    assert place is not None
    disk.flip(place.segment.file, (place.at - 4096 + 120) * 8)
    again = start(disk, helpers=Helpers(fetch=fetch_from(blocks)))
    assert again.recovered.begun is None
    assert again.recovered.put_back == 1
    assert again.numbers == list(range(10))
    told = [one.getMessage() for one in caplog.records if "put back" in one.getMessage()]
    assert len(told) == 1 and " 1 blocks were missing or damaged here" in told[0]
    assert start(disk).numbers == list(range(10))


def test_a_last_block_that_somebody_holds_but_cannot_give_now_is_said() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    last = write(seen, range(10))[-1]
    place = seen.recovered.writer.place
    assert place is not None
    disk.flip(place.segment.file, (place.at - 4096 + 120) * 8)
    known = KnownHead(last.epoch, last.last_seq, last.hash, "the centre")
    with pytest.raises(LedgerDamaged, match="the centre holds this log through seq 11"):
        start(disk, helpers=Helpers([known]))
