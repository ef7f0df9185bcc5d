"""The note that `set-aside` leaves behind."""

from __future__ import annotations

from crypto.block import Head
from edge.ledger import excuse
from tests.edge.ledger.faulty_disk import FaultyDisk


def test_the_note_is_durable_and_a_broken_one_is_none() -> None:
    disk = FaultyDisk()
    assert excuse.load(disk) is None
    note = excuse.SetAside("disk is dying", "ledger.set-aside-x", {7: Head(3, b"h" * 32)})
    excuse.store(disk, note)
    disk.crash(lambda _: False)
    assert excuse.load(disk) == note
    disk.files[excuse.FILE][:4] = b"\xc1\xc1\xc1\xc1"
    assert excuse.load(disk) is None
