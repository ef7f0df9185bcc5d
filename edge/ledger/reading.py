"""Reads durable blocks back, for settlement and siblings: new ones from memory, old from disk."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from crypto.block import ALIGN_BYTES, Block
from crypto.errors import BadBlock
from edge.ledger import first_block
from edge.ledger.errors import LedgerDamaged, LedgerDeleted
from edge.ledger.segments import FIRST_BLOCK_AT, SegmentName, SegmentReader, segments_of
from edge.ledger.storage import Storage

RECENT_BYTES_MAX: Final = 2 << 20
RECENT_BLOCKS_MAX: Final = 1024
_PLACES_MAX: Final = 64


class Reading:
    """Durable blocks of one folder. `run_from` may be called from any thread."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._recent: deque[Block] = deque()
        self._recent_bytes = 0
        # Where (epoch, seq) begins, for the next call: a reader goes on where it was.
        self._places: dict[tuple[int, int], tuple[SegmentName, int]] = {}

    def add(self, block: Block) -> None:
        """Keep a block that has just become durable at hand."""
        recent = self._recent
        recent.append(block)
        self._recent_bytes += len(block.raw)
        while self._recent_bytes > RECENT_BYTES_MAX or len(recent) > RECENT_BLOCKS_MAX:
            self._recent_bytes -= len(recent.popleft().raw)

    def run_from(self, epoch: int, seq: int, limit_bytes: int, through_seq: int) -> list[Block]:
        """Consecutive blocks from the one that holds `seq`, none beyond `through_seq`.

        At least one if there is one, then as many as fit `limit_bytes`. Raises `LedgerDamaged`
        when a block that must be there cannot be read.
        """
        if seq > through_seq:
            return []
        recent = self.recent_from(epoch, seq, limit_bytes)
        if recent:
            return recent
        return _limited(self._from_disk(epoch, max(seq, 1), through_seq), limit_bytes)

    def recent_from(self, epoch: int, seq: int, limit_bytes: int) -> list[Block]:
        """As `run_from`, but only if all of it is in memory: at once, else nothing."""
        recent = tuple(self._recent)
        if not recent or recent[0].epoch != epoch or recent[0].first_seq > seq:
            return []
        # Who reads on wants the newest of a thousand: look from the end.
        count = 0
        while count < len(recent) and recent[-1 - count].last_seq >= seq:
            count += 1
        return _limited(recent[len(recent) - count :], limit_bytes)

    def _from_disk(self, epoch: int, seq: int, through_seq: int) -> Iterable[Block]:
        names = [name for name in segments_of(self._storage) if name.epoch == epoch]
        if first_block.load(self._storage, epoch) is not None and (
            not names or names[0].first_seq > seq
        ):
            last = names[0].first_seq - 1 if names else through_seq
            raise LedgerDeleted(epoch=epoch, seq=seq, through_seq=last)
        if not names or names[0].first_seq > seq:
            raise LedgerDamaged(
                "the segment with these facts is not here", epoch=epoch, seq=seq,
                segment="no segment", at_bytes=0, through_seq=through_seq,
            )  # fmt: skip
        number = max(n for n, name in enumerate(names) if name.first_seq <= seq)
        due, at = names[number].first_seq, FIRST_BLOCK_AT
        kept = self._places.get((epoch, seq))
        if kept is not None and kept[0] in names:
            number, due, at = names.index(kept[0]), seq, kept[1]
        reader = SegmentReader(self._storage, names[number])
        while due <= through_seq:
            if number + 1 < len(names) and names[number + 1].first_seq == due:
                number, at = number + 1, FIRST_BLOCK_AT
                reader = SegmentReader(self._storage, names[number])
            try:
                block, after = reader.block_at(at)
                if (block.epoch, block.first_seq) != (epoch, due):
                    raise BadBlock("a block of another place stands here")
            except BadBlock as error:
                beyond = _place_beyond(reader, at, epoch, range(due + 1, seq + 1))
                if beyond is not None:
                    due, at = beyond
                    continue
                raise LedgerDamaged(
                    str(error), epoch=epoch, seq=due, segment=reader.name.file, at_bytes=at,
                    through_seq=through_seq,
                ) from None  # fmt: skip
            due, at = block.last_seq + 1, after
            if len(self._places) >= _PLACES_MAX:
                self._places.clear()
            self._places[(epoch, due)] = (reader.name, at)
            if block.last_seq >= seq:
                yield block


def _place_beyond(
    reader: SegmentReader, at: int, epoch: int, firsts: range
) -> tuple[int, int] | None:
    """The next block behind a broken one that begins with a seq in `firsts`, and its place.

    What nobody asks for any more may be broken: settlement goes on where the centre's copy ends.
    """
    page = at + ALIGN_BYTES
    while (found := reader.later_header(page)) is not None:
        header = reader.header_at(found)
        assert header is not None
        first = int.from_bytes(header[16:24], "big")
        if int.from_bytes(header[8:12], "big") == epoch and first in firsts:
            return first, found
        page = found + ALIGN_BYTES
    return None


def _limited(blocks: Iterable[Block], limit_bytes: int) -> list[Block]:
    run: list[Block] = []
    for block in blocks:
        limit_bytes -= len(block.raw)
        if run and limit_bytes < 0:
            break
        run.append(block)
    return run
