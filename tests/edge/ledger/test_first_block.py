"""The first block of an epoch, kept apart: it is what proves the key of all that follow."""

from __future__ import annotations

from crypto.keys import SigningKey, VerifyKey
from edge.ledger import first_block
from edge.ledger.chain import Trust
from edge.ledger.segments import segments_of
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import GATEWAY, NOW_S, TENANT, WHO, start, write

TRUST = Trust(TENANT, GATEWAY, VerifyKey(WHO.device.public))


def test_it_is_kept_whole_and_proves_the_key() -> None:
    disk = FaultyDisk()
    seen = start(disk)
    write(seen, range(20))
    names = segments_of(disk)
    key = first_block.key(disk, TRUST, NOW_S, names)
    assert key is not None
    assert first_block.load(disk, NOW_S) is None
    assert first_block.keep(disk, names[1]), "of the middle there is nothing to keep"
    assert first_block.epochs(disk) == []
    assert first_block.keep(disk, names[0])
    assert first_block.load(disk, NOW_S) == seen.blocks[0]
    assert first_block.epochs(disk) == [NOW_S]
    kept = first_block.key(disk, TRUST, NOW_S, names[1:])
    assert kept is not None and kept.public == key.public
    stranger = TRUST._replace(device=VerifyKey(SigningKey(b"s" * 32).public))
    assert first_block.key(disk, stranger, NOW_S, names[1:]) is None
    disk.flip(first_block.file_of(NOW_S), 900)
    assert first_block.load(disk, NOW_S) is None
    assert first_block.key(disk, TRUST, NOW_S, names[1:]) is None
