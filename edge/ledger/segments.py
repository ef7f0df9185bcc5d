"""Segment files: names, the doubled header page, and the blocks of one segment in order.

A segment is `config.gateway.Ledger.segment_bytes` long, zero-filled ahead. Page 0 holds the
segment header twice, in sectors of their own, so that one bad sector does not hide whose it is::

    "GHS1" | u8 format = 1 | 3 zero bytes | 16 B gateway | u32 epoch | u64 first seq | u32 CRC-32

Blocks follow from byte 4096, each on a 4096-byte boundary.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from crypto import block as block_format
from crypto.block import ALIGN_BYTES, HEADER_BYTES, Block
from crypto.errors import BadBlock
from edge.ledger.storage import Storage

SUFFIX: Final = ".segment"
SPARE_PREFIX: Final = "spare-"
FIRST_BLOCK_AT: Final = ALIGN_BYTES
_MAGIC: Final = b"GHS1"
_HEADER: Final = struct.Struct(">4sB3x16sIQ")
_CRC: Final = struct.Struct(">I")
_COPIES_AT: Final = (0, ALIGN_BYTES // 2)
_READ_BYTES: Final = 1 << 20
_ZEROS: Final = bytes(_READ_BYTES)


class SegmentName(NamedTuple):
    """Where a segment begins. Sorts in the order of the log."""

    epoch: int
    first_seq: int

    @property
    def file(self) -> str:
        return f"{self.epoch:010d}-{self.first_seq:020d}{SUFFIX}"


def parse_name(file: str) -> SegmentName | None:
    """The place that a file name stands for, or None if it is no segment's."""
    stem, dot, rest = file.partition(".")
    epoch, dash, first = stem.partition("-")
    if dot + rest != SUFFIX or not dash or not (epoch.isdecimal() and first.isdecimal()):
        return None
    name = SegmentName(int(epoch), int(first))
    return name if name.file == file else None


def segments_of(storage: Storage) -> list[SegmentName]:
    """All segments in use, in the order of the log."""
    return sorted(name for file in storage.list() if (name := parse_name(file)) is not None)


def header_page(gateway: bytes, name: SegmentName) -> bytes:
    """Page 0 of a segment."""
    head = _HEADER.pack(_MAGIC, 1, gateway, name.epoch, name.first_seq)
    half = (head + _CRC.pack(zlib.crc32(head))).ljust(ALIGN_BYTES // 2, b"\0")
    return half * 2


def gateway_of(storage: Storage, name: SegmentName) -> bytes | None:
    """Whose segment this is by its header, or None when both copies are broken."""
    page = storage.read(name.file, 0, ALIGN_BYTES)
    for at in _COPIES_AT:
        head = page[at : at + _HEADER.size]
        crc = page[at + _HEADER.size : at + _HEADER.size + 4]
        if len(crc) == 4 and _CRC.unpack(crc)[0] == zlib.crc32(head) and head[:4] == _MAGIC:
            return bytes(_HEADER.unpack(head)[2])
    return None


class SegmentReader:
    """Reads one segment front to back through a buffer of about a megabyte."""

    def __init__(self, storage: Storage, name: SegmentName) -> None:
        self.name = name
        self.size = storage.size(name.file)
        self._storage = storage
        self._buffer = b""
        self._from = 0

    def block_at(self, at: int) -> tuple[Block, int]:
        """The block at byte `at` and where the next one begins. Raises `BadBlock`."""
        self._hold(at, HEADER_BYTES)
        size = block_format.header_at(self._buffer, at - self._from)
        if size is None:
            raise BadBlock("no block header here")
        self._hold(at, size)
        found, used = block_format.read_untrusted(self._buffer, at - self._from)
        return found, at + used + -used % ALIGN_BYTES

    def header_at(self, at: int) -> bytes | None:
        """The 96 header bytes at byte `at`, or None if no valid header stands there."""
        self._hold(at, HEADER_BYTES)
        if block_format.header_at(self._buffer, at - self._from) is None:
            return None
        begin = at - self._from
        return self._buffer[begin : begin + HEADER_BYTES]

    def forget(self) -> None:
        """Read anew from disk: the segment was written to meanwhile."""
        self._buffer = b""

    def _hold(self, at: int, size: int) -> None:
        end = self._from + len(self._buffer)
        if at < self._from or (at + size > end and end < self.size):
            self._buffer = self._storage.read(self.name.file, at, max(size, _READ_BYTES))
            self._from = at

    def later_header(self, at: int) -> int | None:
        """Where the first valid block header at or after byte `at` stands, if there is one."""
        for page in range(at, self.size, ALIGN_BYTES):
            self._hold(page, HEADER_BYTES)
            here = page - self._from
            if self._buffer[here : here + 4] == block_format.MAGIC and self.header_at(page):
                return page
        return None

    def dirty_from(self, at: int) -> Iterator[int]:
        """The pages at or after byte `at` that are not all zero."""
        for begin in range(at, self.size, _READ_BYTES):
            chunk = self._storage.read(self.name.file, begin, _READ_BYTES)
            if chunk == _ZEROS[: len(chunk)]:
                continue
            for page in range(0, len(chunk), ALIGN_BYTES):
                if any(chunk[page : page + ALIGN_BYTES]):
                    yield begin + page


def disk_bytes(raw_bytes: int) -> int:
    """What a block of so many bytes takes on disk."""
    return raw_bytes + -raw_bytes % ALIGN_BYTES
