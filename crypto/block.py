"""The ledger block: unit of commit, of the chain, of settlement, of replication (*Formats* 4).

====== ==== ==========================================================================
off    size field
====== ==== ==========================================================================
0      4    "GHB1"
4      1    format = 1
5      1    flags = 0
6      2    number of facts, 1 to 4096
8      4    epoch
12     4    body length
16     8    seq of the first fact (1 in the first block of an epoch)
24     8    wall clock, unix ms
32     8    HLC of the last fact
40     16   gateway
56     4    id of the epoch's key
60     32   SHA-256 of the previous block (zeros in the first block of an epoch)
92     4    CRC-32 (ISO-HDLC, as zlib computes it) of bytes 0 to 91
96     n    MessagePack array of facts
96+n   32   SHA-256 over header and body: the block's hash, the chain's head
128+n  64   Ed25519 over ``gatehouse-block-1\\0`` and the hash
====== ==== ==========================================================================

On disk each block begins on a 4096-byte boundary, so that a torn write never touches a block
that was acknowledged before.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

import msgspec

from crypto.entry import FACTS_BYTES_MAX, FACTS_PER_BLOCK_MAX
from crypto.errors import BadBlock
from crypto.fact import HLC_MAX, SEQ_MAX
from crypto.keys import BLOCK_DOMAIN, SigningKey, VerifyKey

MAGIC: Final = b"GHB1"
FORMAT: Final = 1
ALIGN_BYTES: Final = 4096
HEADER_BYTES: Final = 96
TAIL_BYTES: Final = 96
BLOCK_BYTES_MAX: Final = HEADER_BYTES + FACTS_BYTES_MAX + TAIL_BYTES
NO_HASH: Final = bytes(32)
_HEADER: Final = struct.Struct(">4sBBHIIQqQ16s4s32s")
_CRC: Final = struct.Struct(">I")


class Block(msgspec.Struct, frozen=True, gc=False):
    """A block whose header and hash are consistent; the signature is checked by `verify`."""

    gateway: bytes
    epoch: int
    first_seq: int
    count: int
    wall_ms: int
    last_hlc: int
    key_id: bytes
    previous: bytes
    hash: bytes
    raw: bytes

    @property
    def last_seq(self) -> int:
        """Seq of the last fact."""
        return self.first_seq + self.count - 1

    @property
    def body(self) -> bytes:
        """The array of facts (see `crypto.entry.decode_facts_untrusted`)."""
        return self.raw[HEADER_BYTES:-TAIL_BYTES]


class Head(msgspec.Struct, frozen=True):
    """Where a log of one epoch ends: the last seq and the hash of the block that holds it."""

    seq: int = 0
    hash: bytes = NO_HASH


def seal(
    *, gateway: bytes, epoch: int, head: Head, count: int, body: bytes,
    wall_ms: int, last_hlc: int, key: SigningKey,
) -> bytes:  # fmt: skip
    """The bytes of the block that follows `head`; `body` holds `count` encoded facts."""
    if not 1 <= count <= FACTS_PER_BLOCK_MAX or len(body) > FACTS_BYTES_MAX:
        raise ValueError(f"a block holds 1 to {FACTS_PER_BLOCK_MAX} facts")
    if len(gateway) != 16 or len(head.hash) != 32:
        raise ValueError("a gateway has 16 bytes and a head 32")
    if head.seq + count > SEQ_MAX or not 0 <= last_hlc <= HLC_MAX:
        raise ValueError("sequence numbers and clocks of a block stay below 2**63")
    header = _HEADER.pack(
        MAGIC, FORMAT, 0, count, epoch, len(body), head.seq + 1, wall_ms, last_hlc, gateway,
        key.key_id, head.hash,
    )  # fmt: skip
    signed = b"".join((header, _CRC.pack(zlib.crc32(header)), body))
    digest = hashlib.sha256(signed).digest()
    return b"".join((signed, digest, key.sign(BLOCK_DOMAIN, digest)))


def header_at(buffer: bytes | memoryview, at: int = 0) -> int | None:
    """Length of the block whose valid header stands at `at`, or None if none stands there."""
    header = bytes(buffer[at : at + HEADER_BYTES])
    if len(header) < HEADER_BYTES or header[:4] != MAGIC or header[4] != FORMAT:
        return None
    if _CRC.unpack_from(header, 92)[0] != zlib.crc32(header[:92]):
        return None
    count, size = struct.unpack_from(">H", header, 6)[0], struct.unpack_from(">I", header, 12)[0]
    if header[5] != 0 or not 1 <= count <= FACTS_PER_BLOCK_MAX or size > FACTS_BYTES_MAX:
        return None
    return HEADER_BYTES + int(size) + TAIL_BYTES


def read_untrusted(buffer: bytes | memoryview, at: int = 0) -> tuple[Block, int]:
    """The block at `at` and its length. Raises `BadBlock` if none that is whole stands there.

    Checks header, CRC, lengths and hash, which finds every accidental change. The signature,
    which finds every deliberate one, needs the epoch's key: `verify`.
    """
    size = header_at(buffer, at)
    if size is None:
        raise BadBlock("no block header here")
    raw = bytes(buffer[at : at + size])
    if len(raw) < size:
        raise BadBlock("the block is cut off")
    digest = hashlib.sha256(raw[:-TAIL_BYTES]).digest()
    if digest != raw[-TAIL_BYTES:-64]:
        raise BadBlock("the block's hash does not match its content")
    _, _, _, count, epoch, _, first, wall_ms, hlc, gateway, kid, previous = _HEADER.unpack_from(raw)
    if first < 1 or first + count - 1 > SEQ_MAX or hlc > HLC_MAX:
        raise BadBlock("the block's sequence numbers or clock are out of range")
    block = Block(gateway, epoch, first, count, wall_ms, hlc, kid, previous, digest, raw)
    return block, size


def verify(block: Block, key: VerifyKey) -> bool:
    """Whether the epoch's key `key` signed this block."""
    if block.key_id != key.key_id:
        return False
    return key.verify(BLOCK_DOMAIN, block.hash, block.raw[-64:])


def read_run_untrusted(buffer: bytes) -> Iterator[Block]:
    """The blocks of a run as settlement carries it, without padding. Raises `BadBlock`."""
    at = 0
    while at < len(buffer):
        block, used = read_untrusted(buffer, at)
        yield block
        at += used


def padded(raw: bytes) -> bytes:
    """A block's bytes as they stand on disk, zero-filled to the next 4096-byte boundary."""
    return raw + bytes(-len(raw) % ALIGN_BYTES)


class Stored(msgspec.Struct, frozen=True):
    """`blocks` follow the head and extend it to `head`."""

    head: Head
    blocks: list[Block]


class Same(msgspec.Struct, frozen=True):
    """Every block of the run is already held."""

    head: Head


class Gap(msgspec.Struct, frozen=True):
    """Something is missing in or before the run; nothing is stored: send again from `wanted`."""

    wanted: int


class Fork(msgspec.Struct, frozen=True):
    """Two signed blocks claim the same place: `block` contradicts what is held or the head."""

    seq: int
    block: Block


Verdict: TypeAlias = Stored | Same | Gap | Fork


def accept(head: Head, held: dict[int, bytes], blocks: Sequence[Block]) -> Verdict:
    """What to do with a verified run of consecutive blocks of one epoch, whole or not at all.

    `held` maps first seq to block hash for the blocks already held in the range of the run.
    Overlap is compared by hash and skipped; what follows the head must chain onto it.
    """
    fresh: list[Block] = []
    seen = dict(held)
    wanted = head.seq + 1
    for block in blocks:
        if block.first_seq <= head.seq:
            if seen.get(block.first_seq) != block.hash:
                return Fork(block.first_seq, block)
            continue
        if block.first_seq != head.seq + 1:
            return Gap(wanted)
        if block.previous != head.hash:
            return Fork(block.first_seq, block)
        fresh.append(block)
        seen[block.first_seq] = block.hash
        head = Head(block.last_seq, block.hash)
    return Stored(head, fresh) if fresh else Same(head)
