"""What the next block must look like, and who vouches for the key."""

from __future__ import annotations

import pytest

from crypto.block import Head
from crypto.errors import Bad, BadBlock
from crypto.keys import SigningKey, VerifyKey
from edge.ledger.chain import EpochChain, Trust
from tests.edge.ledger.faulty_disk import FaultyDisk
from tests.edge.ledger.logs import GATEWAY, NOW_S, OTHER, TENANT, WHO, moment, start, write

TRUST = Trust(TENANT, GATEWAY, VerifyKey(WHO.device.public))
SEEN = start(FaultyDisk())
BLOCKS = [*SEEN.blocks, *write(SEEN, range(5))]


def test_a_log_proves_itself_from_its_first_fact() -> None:
    for trust in (TRUST, TRUST._replace(device=None)):
        chain = EpochChain(trust, NOW_S)
        for block in BLOCKS:
            chain.check(block)
        assert chain.head == Head(6, BLOCKS[-1].hash)
        assert chain.last_hlc == BLOCKS[-1].last_hlc
        assert chain.begun is not None and chain.begun.because == "first"


def test_what_does_not_fit_moves_nothing() -> None:
    chain = EpochChain(TRUST, NOW_S)
    chain.check(BLOCKS[0])
    twin = start(FaultyDisk(), when=moment(9))
    stranger = [*twin.blocks, *write(twin, range(5))]
    fork = start(FaultyDisk())  # the same key, a block with the same numbers, another history
    write(fork, range(50, 51))
    forked = write(fork, range(51, 52))
    for wrong in (BLOCKS[0], BLOCKS[2], stranger[1], forked[0]):
        with pytest.raises(BadBlock):
            chain.check(wrong)
        assert chain.head == Head(1, BLOCKS[0].hash)
    chain.check(BLOCKS[1])
    with pytest.raises(BadBlock, match="does not follow"):
        chain.check(forked[0])


def test_another_log_or_device_is_refused() -> None:
    with pytest.raises(BadBlock, match="another log"):
        EpochChain(TRUST._replace(gateway=OTHER), NOW_S).check(BLOCKS[0])
    with pytest.raises(BadBlock, match="another log"):
        EpochChain(TRUST, NOW_S + 1).check(BLOCKS[0])
    other_device = VerifyKey(SigningKey(b"\x09" * 32).public)
    with pytest.raises(Bad, match="device key"):
        EpochChain(TRUST._replace(device=other_device), NOW_S).check(BLOCKS[0])


def test_a_walk_from_the_middle_needs_the_key() -> None:
    middle = Head(BLOCKS[2].last_seq, BLOCKS[2].hash)
    with pytest.raises(BadBlock, match="not signed"):
        EpochChain(TRUST, NOW_S, middle).check(BLOCKS[3])
    first = EpochChain(TRUST, NOW_S)
    first.check(BLOCKS[0])
    EpochChain(TRUST, NOW_S, middle, first.key).check(BLOCKS[3])
