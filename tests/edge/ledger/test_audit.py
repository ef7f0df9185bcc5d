"""The audit trusts no snapshot, changes nothing, and knows whose folder it reads."""

from __future__ import annotations

import pytest

from crypto.keys import SigningKey, VerifyKey
from edge.ledger.audit import audit, whose
from edge.ledger.chain import Trust
from edge.ledger.errors import LedgerDamaged, LedgerError, LedgerForeign
from edge.ledger.segments import segments_of
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import GATEWAY, NOW_S, OTHER, TENANT, start, write
from tests.edge.ledger.test_snapshot import snap


def test_it_counts_over_epochs_and_changes_nothing() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(20), per_block=2)
    place = seen.recovered.writer.place
    assert place is not None
    disk.files[place.segment.file][place.at] = 1  # the next start cuts this, in a new epoch
    second = start(disk)
    write(second, range(20, 25))
    steps, files = disk.steps, {name: bytes(data) for name, data in disk.files.items()}
    found = audit(disk)
    assert (found.blocks, found.facts) == (11 + 6, 21 + 6)
    assert found.last == (NOW_S + 1, second.recovered.writer.head)
    assert disk.steps == steps and files == disk.files


def test_damage_that_a_snapshot_hides_from_a_start_is_found() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(10))
    snap(disk, seen)
    disk.flip(segments_of(disk)[0].file, 4096 * 3 * 8 + 999)
    assert start(disk).numbers == []
    with pytest.raises(LedgerDamaged) as caught:
        audit(disk)
    assert caught.value.seq == 3


def test_whose_folder() -> None:
    disk = FaultyDisk()
    with pytest.raises(LedgerError, match="no ledger"):
        whose(disk, None)
    start(disk)
    assert whose(disk, None).gateway == GATEWAY
    with pytest.raises(LedgerForeign):
        whose(disk, Trust(TENANT, OTHER, None))
    wrong_device = Trust(TENANT, GATEWAY, VerifyKey(SigningKey(b"\x09" * 32).public))
    with pytest.raises(LedgerDamaged, match="device key"):
        audit(disk, wrong_device)
