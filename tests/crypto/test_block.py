"""Blocks: every changed bit is seen, and `accept` decides on a run as a whole."""

import hashlib
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import block, entry
from crypto.block import Block, Fork, Gap, Head, Same, Stored, accept, read_untrusted, verify
from crypto.errors import BadBlock
from crypto.fact import SEQ_MAX
from crypto.keys import BLOCK_DOMAIN, VerifyKey
from tests.crypto import samples

KEY = VerifyKey(samples.EPOCH_KEY.public)
RAW = samples.make_block()
CHAIN = samples.make_chain(4)
OTHER = samples.make_chain(4, wall_ms=1)


def good(raw: bytes) -> bool:
    try:
        read, used = read_untrusted(raw)
    except BadBlock:
        return False
    return used == len(raw) and verify(read, KEY)


def test_a_block_reads_back() -> None:
    read, used = read_untrusted(b"...." + RAW + b"....", 4)
    assert used == len(RAW)
    assert verify(read, KEY)
    assert (read.gateway, read.epoch, read.key_id) == (
        samples.GATEWAY, samples.NOW_S, samples.EPOCH_KEY.key_id,
    )  # fmt: skip
    assert (read.first_seq, read.count, read.last_seq) == (1, 14, 14)
    assert (read.wall_ms, read.previous) == (samples.NOW_S * 1000, block.NO_HASH)
    facts = entry.decode_facts_untrusted(read.body, read.count)
    assert facts == samples.make_facts()
    assert read.last_hlc == samples.make_facts()[-1].hlc
    assert read.raw == RAW


def test_every_changed_bit_is_seen() -> None:
    assert good(RAW)
    assert not any(good(changed) for changed in samples.flips(RAW))


def test_every_cut_is_seen() -> None:
    assert not any(good(RAW[:size]) for size in range(len(RAW)))


def repaired(raw: bytes) -> bytes:
    """`raw` with its CRC and hash made right again, as a forger would."""
    header = raw[:92] + struct.pack(">I", zlib.crc32(raw[:92]))
    signed = header + raw[96:-96]
    return signed + hashlib.sha256(signed).digest() + raw[-64:]


def test_a_deliberate_change_fails_the_signature() -> None:
    assert good(repaired(RAW))
    seen = 0
    for i, changed in enumerate(samples.flips(RAW[:-96])):
        if 12 * 8 <= i < 16 * 8:
            continue  # the body's length: the forger would have to move the tail, too
        forged = repaired(changed + RAW[-96:])
        try:
            read, _ = read_untrusted(forged)
        except BadBlock:
            continue
        seen += 1
        assert not verify(read, KEY) or forged == RAW
    assert seen > 4000


def test_another_key_of_the_same_id_does_not_verify() -> None:
    read, _ = read_untrusted(RAW)
    stranger = VerifyKey(samples.OTHER_KEY.public)
    assert not verify(read, stranger)
    stranger.key_id = KEY.key_id
    assert not verify(read, stranger)


def test_the_key_that_signs_is_the_key_that_is_named() -> None:
    named = repaired(RAW[:56] + bytes(4) + RAW[60:])
    read, _ = read_untrusted(named[:-64] + samples.EPOCH_KEY.sign(BLOCK_DOMAIN, named[-96:-64]))
    assert read.key_id == bytes(4)
    assert not verify(read, KEY)


def header(**changes: Any) -> bytes:
    values = {
        "magic": b"GHB1", "format": 1, "flags": 0, "count": 1, "epoch": 1, "size": 1, "first": 1,
        "wall": 0, "hlc": 0, "gateway": bytes(16), "key": bytes(4), "previous": bytes(32),
    } | changes  # fmt: skip
    return repaired(
        struct.pack(">4sBBHIIQqQ16s4s32s", *values.values()) + b"\0\0\0\0\x90" + RAW[-96:]
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"magic": b"GHB2"}, {"format": 0}, {"format": 2}, {"flags": 1}, {"count": 0},
        {"count": 4097}, {"size": entry.FACTS_BYTES_MAX + 1}, {"size": 2**32 - 1}, {"size": 0},
        {"size": 2}, {"first": 0}, {"first": 2**63}, {"first": 2**64 - 1},
        {"first": 2**63 - 1, "count": 2}, {"hlc": 2**63},
    ],
    ids=str,
)  # fmt: skip
def test_a_header_out_of_range_is_refused(changes: dict[str, Any]) -> None:
    assert read_untrusted(header())[1] == 96 + 1 + 96
    with pytest.raises(BadBlock):
        read_untrusted(header(**changes))


def test_the_last_numbers_that_fit_are_taken() -> None:
    read, _ = read_untrusted(header(first=2**63 - 1, hlc=2**63 - 1, wall=-(2**63)))
    assert read.last_seq == SEQ_MAX


def test_a_header_is_found_where_one_stands() -> None:
    assert block.header_at(b"xx" + RAW, 2) == len(RAW)
    assert block.header_at(memoryview(RAW)) == len(RAW)
    assert block.header_at(RAW, 1) is None
    assert block.header_at(RAW[:95]) is None
    assert block.header_at(b"") is None
    assert block.header_at(RAW[:91] + b"\xff" + RAW[92:]) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"count": 0}, {"count": 4097}, {"body": bytes(entry.FACTS_BYTES_MAX + 1)},
        {"gateway": bytes(15)}, {"gateway": bytes(17)}, {"head": Head(1, bytes(31))},
        {"head": Head(2**63 - 1, bytes(32))}, {"last_hlc": 2**63}, {"last_hlc": -1},
    ],
    ids=lambda changes: str(changes)[:40],
)  # fmt: skip
def test_nothing_out_of_range_is_sealed(changes: dict[str, Any]) -> None:
    fields: dict[str, Any] = {
        "gateway": bytes(16), "epoch": 1, "head": Head(), "count": 1, "body": b"\x90",
        "wall_ms": 0, "last_hlc": 0, "key": samples.EPOCH_KEY,
    }  # fmt: skip
    assert good(block.seal(**fields))
    with pytest.raises(ValueError, match=r"16 bytes|facts|below"):
        block.seal(**(fields | changes))


@pytest.mark.parametrize("size", [1, 4095, 4096, 4097])
def test_padding_reaches_the_next_boundary(size: int) -> None:
    made = block.padded(b"x" * size)
    assert len(made) % 4096 == 0
    assert len(made) - size < 4096
    assert made.rstrip(b"\0") == b"x" * size


def test_a_run_is_read_block_by_block() -> None:
    run = b"".join(each.raw for each in CHAIN)
    assert list(block.read_run_untrusted(run)) == CHAIN
    assert list(block.read_run_untrusted(b"")) == []
    for broken in (run[:-1], run + b"\0", block.padded(CHAIN[0].raw) + CHAIN[1].raw):
        with pytest.raises(BadBlock):
            list(block.read_run_untrusted(broken))


@given(st.binary(max_size=400), st.integers(0, 500))
def test_garbage_raises_one_error_only(raw: bytes, at: int) -> None:
    for buffer in (raw, b"GHB1" + raw, RAW[: at % len(RAW)] + raw):
        with pytest.raises(BadBlock):
            read_untrusted(buffer, 0)


A, B, C, D = CHAIN
# The same places in another log of the same gateway and epoch: a cloned key, or a restored disk.
A2, B2, C2, D2 = OTHER
AFTER_B = Head(B.last_seq, B.hash)
HELD = {A.first_seq: A.hash, B.first_seq: B.hash}


def after(made: Block) -> Head:
    return Head(made.last_seq, made.hash)


@pytest.mark.parametrize(
    ("head", "held", "run", "verdict"),
    [
        # in order
        (Head(), {}, [A], Stored(after(A), [A])),
        (Head(), {}, [A, B, C, D], Stored(after(D), [A, B, C, D])),
        (AFTER_B, {}, [C, D], Stored(after(D), [C, D])),
        # nothing, and twice
        (Head(), {}, [], Same(Head())),
        (AFTER_B, HELD, [], Same(AFTER_B)),
        (AFTER_B, HELD, [A], Same(AFTER_B)),
        (AFTER_B, HELD, [A, B], Same(AFTER_B)),
        (AFTER_B, HELD, [B], Same(AFTER_B)),
        # one run that holds a block twice, or goes back
        (Head(), {}, [A, A], Stored(after(A), [A])),
        (Head(), {}, [A, B, A, B, C], Stored(after(C), [A, B, C])),
        (AFTER_B, HELD, [C, B, D], Stored(after(D), [C, D])),
        # overlapping
        (AFTER_B, HELD, [A, B, C], Stored(after(C), [C])),
        (AFTER_B, HELD, [B, C, D], Stored(after(D), [C, D])),
        # a gap before, inside, and out of order: nothing is stored, the same seq is wanted
        (Head(), {}, [B], Gap(1)),
        (AFTER_B, HELD, [D], Gap(5)),
        (AFTER_B, HELD, [A, B, D], Gap(5)),
        (Head(), {}, [A, C], Gap(1)),
        (Head(), {}, [A, B, D], Gap(1)),
        (AFTER_B, HELD, [D, C], Gap(5)),
        # a fork at every place
        (AFTER_B, HELD, [A2], Fork(1, A2)),
        (AFTER_B, HELD, [A, B2], Fork(3, B2)),
        (AFTER_B, HELD, [B2, C2], Fork(3, B2)),
        (AFTER_B, HELD, [C2], Fork(5, C2)),
        (AFTER_B, HELD, [A, B, C2], Fork(5, C2)),
        (AFTER_B, HELD, [C, D2], Fork(7, D2)),
        (Head(), {}, [A, A2], Fork(1, A2)),
        (Head(), {}, [A, B2], Fork(3, B2)),
        # a seq inside a block that is held begins another block
        (AFTER_B, {A.first_seq: A.hash}, [B], Fork(3, B)),
    ],
)  # fmt: skip
def test_accept(head: Head, held: dict[int, bytes], run: list[Block], verdict: object) -> None:
    before = dict(held)
    assert accept(head, held, run) == verdict
    assert held == before


def test_a_first_block_follows_nothing() -> None:
    stray, _ = read_untrusted(samples.make_block(Head(0, bytes([1]) * 32)))
    assert accept(Head(), {}, [stray]) == Fork(1, stray)


@given(st.lists(st.sampled_from(CHAIN), max_size=8))
def test_no_honest_delivery_is_ever_a_fork(run: list[Block]) -> None:
    verdict = accept(AFTER_B, HELD, run)
    assert not isinstance(verdict, Fork)
    if isinstance(verdict, Stored):
        assert verdict.blocks == CHAIN[2 : 2 + len(verdict.blocks)]
        assert verdict.head == after(verdict.blocks[-1])


@given(st.lists(st.sampled_from(CHAIN + OTHER), max_size=8))
def test_what_is_stored_is_always_one_chain(run: list[Block]) -> None:
    verdict = accept(Head(), {}, run)
    if isinstance(verdict, Stored):
        assert verdict.blocks in (CHAIN[: len(verdict.blocks)], OTHER[: len(verdict.blocks)])
    elif isinstance(verdict, Gap):
        assert verdict.wanted == 1
