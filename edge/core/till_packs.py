"""Movements by transaction: those that are over lie packed, a shelf for each shift. Pure.

A movement is packed in the moment it is posted, unless it undoes another, and read from its bytes
whenever somebody asks. With the Z of its shift the shelf goes, and 16 bytes stay: its transaction.
That is done a few at a time, so that no Z holds the loop up. Whether a movement is packed follows
from the movement alone, so that equal sets of facts give equal dumps.
"""

from array import array
from collections.abc import Iterator
from typing import Final, TypeAlias

import msgspec

from edge.core.buckets import ID_BYTES, OWNERS_MAX, Finder, IdSet
from edge.core.till_rows import POSTED, Deal, ShelfDump, ShiftKey

RECORD_MAX: Final = 0xFFFF
#: So many ids of a shelf that is gone are cleared away with each movement that is packed.
SWEEP: Final = 2
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Deal)
Named: TypeAlias = tuple[bytes, Deal]


def packed(deal: Deal) -> bytes | None:
    """A movement that is posted and undoes nothing, without what its shelf knows; None for others.

    Shift and basket are the shelf's.
    """
    if deal.status != POSTED or not deal.hlc or deal.reverses or len(deal.basket) != ID_BYTES:
        return None
    rest = msgspec.structs.replace(deal, gateway=b"", till=0, shift=0, basket=b"")
    record = _ENCODER.encode(rest)
    return record if len(record) <= RECORD_MAX else None


class Shelf:
    """The packed movements of one shift: ids, baskets, sizes and records side by side."""

    __slots__ = ("baskets", "ids", "key", "number", "records", "sizes")

    def __init__(self, key: ShiftKey, number: int) -> None:
        self.key = key
        self.number = number
        self.ids = bytearray()
        self.baskets = bytearray()
        self.sizes = array("H")
        self.records = bytearray()

    def index(self, txid: bytes) -> int:
        """Which one it is; -1: none. The newest are found first: they are asked for most."""
        return _index(self.ids, txid, len(self.ids))

    def of_basket(self, basket: bytes) -> Iterator[int]:
        """Which ones are of a basket."""
        index = _index(self.baskets, basket, len(self.baskets))
        while index >= 0:
            yield index
            index = _index(self.baskets, basket, index * ID_BYTES)

    def deal(self, index: int) -> Named:
        """The movement, and its transaction."""
        return self._deal(index, self._at(index))

    def _at(self, index: int) -> int:
        if 2 * index < len(self.sizes):
            return sum(self.sizes[:index])
        return len(self.records) - sum(self.sizes[index:])

    def __iter__(self) -> Iterator[Named]:
        at = 0
        for index, size in enumerate(self.sizes):
            yield self._deal(index, at)
            at += size

    def __len__(self) -> int:
        return len(self.sizes)

    def _deal(self, index: int, at: int) -> Named:
        deal = _DECODER.decode(memoryview(self.records)[at : at + self.sizes[index]])
        deal.gateway, deal.till, deal.shift = self.key
        begin = index * ID_BYTES
        deal.basket = bytes(self.baskets[begin : begin + ID_BYTES])
        return bytes(self.ids[begin : begin + ID_BYTES]), deal

    def put(self, txid: bytes, basket: bytes, record: bytes) -> None:
        """One more."""
        self.ids += txid
        self.baskets += basket
        self.sizes.append(len(record))
        self.records += record

    def take(self, index: int) -> Named:
        """One less."""
        found = self.deal(index)
        at, begin = self._at(index), index * ID_BYTES
        del self.records[at : at + self.sizes[index]]
        del self.ids[begin : begin + ID_BYTES]
        del self.baskets[begin : begin + ID_BYTES]
        del self.sizes[index]
        return found

    def rows(self) -> list[tuple[bytes, bytes, bytes]]:
        """Transaction, basket and record of each, by transaction."""
        at, found, records = 0, [], bytes(self.records)
        for index, size in enumerate(self.sizes):
            begin = index * ID_BYTES
            id, basket = self.ids[begin : begin + ID_BYTES], self.baskets[begin : begin + ID_BYTES]
            found.append((bytes(id), bytes(basket), records[at : at + size]))
            at += size
        return sorted(found)


def _index(run: bytearray, what: bytes, end: int) -> int:
    """Of the last entry before `end`; -1: none."""
    at = run.rfind(what, 0, end)
    while at >= 0 and at % ID_BYTES:
        at = run.rfind(what, 0, at + ID_BYTES - 1)
    return at // ID_BYTES if at >= 0 else -1


class Done:
    """Transactions of which no more is known: a set, and shelves that wait to be put into it."""

    __slots__ = ("finder", "ids", "shelves")

    def __init__(self) -> None:
        self.ids = IdSet()
        self.shelves: dict[int, Shelf] = {}
        self.finder = Finder()

    def __contains__(self, txid: bytes) -> bool:
        if txid in self.ids:
            return True
        waiting = self.shelves and self.finder.owners(txid)
        return any(n in self.shelves and self.shelves[n].index(txid) >= 0 for n in waiting or ())

    def __iter__(self) -> Iterator[bytes]:
        yield from self.ids
        for shelf in self.shelves.values():
            for at in range(0, len(shelf.ids), ID_BYTES):
                yield bytes(shelf.ids[at : at + ID_BYTES])

    def __len__(self) -> int:
        return len(self.ids) + sum(len(shelf.ids) for shelf in self.shelves.values()) // ID_BYTES

    def dump(self) -> bytes:
        """All of them, in order."""
        return b"".join(sorted(self))


class Deals:
    """Movements by transaction. `hot`: those that are kept as they are.

    What `get` and the like give of others is a copy: `take` it out to change it.
    """

    def __init__(self) -> None:
        self.hot: dict[bytes, Deal] = {}
        #: Those of shifts with a Z, of which nothing more is known.
        self.done = Done()
        self._of_basket: dict[bytes, list[bytes]] = {}
        self._shelves: dict[ShiftKey, Shelf] = {}
        self._numbered: dict[int, Shelf] = {}
        self._next = 0
        self._ids = self.done.finder
        self._in_baskets = Finder()

    def get(self, txid: bytes) -> Deal | None:
        """The movement, None if it is not known or done."""
        deal = self.hot.get(txid)
        if deal is None:
            found = self._where(txid)
            deal = found[0].deal(found[1])[1] if found is not None else None
        return deal

    def __getitem__(self, txid: bytes) -> Deal:
        deal = self.get(txid)
        if deal is None:
            raise KeyError(txid)
        return deal

    def __contains__(self, txid: bytes) -> bool:
        return txid in self.hot or self._where(txid) is not None

    def __len__(self) -> int:
        return len(self.hot) + sum(map(len, self._shelves.values()))

    def __iter__(self) -> Iterator[bytes]:
        return (txid for txid, _ in self.items())

    def items(self) -> Iterator[Named]:
        """All of them, in no order."""
        yield from self.hot.items()
        for shelf in self._shelves.values():
            yield from shelf

    def values(self) -> Iterator[Deal]:
        """All of them, in no order."""
        return (deal for _, deal in self.items())

    def of_shift(self, key: ShiftKey) -> list[Named]:
        """Those of one shift, in no order."""
        found = [
            (txid, deal)
            for txid, deal in self.hot.items()
            if (deal.gateway, deal.till, deal.shift) == key and deal.hlc
        ]
        shelf = self._shelves.get(key)
        return found if shelf is None else [*found, *shelf]

    def of_basket(self, basket: bytes) -> list[Named]:
        """Those of one basket, in no order."""
        hot = self._of_basket.get(basket)
        found = [(txid, self.hot[txid]) for txid in hot] if hot else []
        for number in self._in_baskets.owners(basket):
            shelf = self._numbered.get(number)
            if shelf is not None:
                found += [shelf.deal(index) for index in shelf.of_basket(basket)]
        return found

    def index(self, txid: bytes, deal: Deal) -> None:
        """Have a movement of `hot` found by its basket."""
        self._of_basket.setdefault(deal.basket, []).append(txid)

    def take(self, txid: bytes) -> Deal | None:
        """The movement in `hot`, so that it can be changed; None if it is not known."""
        deal = self.hot.get(txid)
        if deal is not None:
            return deal
        found = self._where(txid)
        if found is None:
            return None
        shelf = found[0]
        _, deal = shelf.take(found[1])
        self._ids.discard(txid, shelf.number)
        self._in_baskets.discard(deal.basket, shelf.number)
        self.hot[txid] = deal
        self.index(txid, deal)
        return deal

    def put(self, txid: bytes, deal: Deal) -> None:
        """Pack a movement of `hot`, if it can be."""
        record = packed(deal)
        if record is None:
            return
        shelf = self._shelf((deal.gateway, deal.till, deal.shift))
        if shelf.number >= OWNERS_MAX:
            return
        shelf.put(txid, deal.basket, record)
        self._found(txid, deal.basket, shelf)
        self._drop(txid, deal)
        if self.done.shelves:
            self._sweep()

    def finish(self, txid: bytes) -> None:
        """A movement of `hot` is counted in a shift that has its Z."""
        self._drop(txid, self.hot[txid])
        self.done.ids.add(txid)

    def close(self, key: ShiftKey) -> None:
        """All packed movements of a shift are counted, and it has its Z."""
        shelf = self._shelves.pop(key, None)
        if shelf is None:
            return
        del self._numbered[shelf.number]
        shelf.records, shelf.sizes = bytearray(), array("H")
        self.done.shelves[shelf.number] = shelf

    def dump(self) -> tuple[list[Named], list[ShelfDump]]:
        """What cannot be packed, and what can be, in order; whatever is packed just now."""
        rows = {key: shelf.rows() for key, shelf in self._shelves.items() if shelf}
        kept = []
        for txid, deal in self.hot.items():
            record = packed(deal)
            if record is None:
                kept.append((txid, deal))
            else:
                key = (deal.gateway, deal.till, deal.shift)
                rows.setdefault(key, []).append((txid, deal.basket, record))
        shelves = [
            ShelfDump(
                *key,
                b"".join(txid for txid, _, _ in each),
                b"".join(basket for _, basket, _ in each),
                [record for _, _, record in each],
            )
            for key, each in sorted((key, sorted(rows[key])) for key in rows)
        ]
        return sorted(kept), shelves

    def load(self, kept: list[Named], shelves: list[ShelfDump]) -> None:
        """What `dump` gave. Raises `ValueError` for shelves that are none."""
        self.hot = dict(kept)
        for txid, deal in kept:
            if deal.hlc:
                self.index(txid, deal)
        for one in shelves:
            if not len(one.ids) == len(one.baskets) == ID_BYTES * len(one.records):
                raise ValueError("a shelf of movements is cut off")
            shelf = self._shelf((one.gateway, one.till, one.shift))
            for index, record in enumerate(one.records):
                part = slice(index * ID_BYTES, (index + 1) * ID_BYTES)
                shelf.put(one.ids[part], one.baskets[part], record)
                self._found(one.ids[part], one.baskets[part], shelf)

    @property
    def found(self) -> int:
        """How much the finders remember; more than there is while a shelf is cleared away."""
        return len(self._ids) + len(self._in_baskets)

    def _shelf(self, key: ShiftKey) -> Shelf:
        shelf = self._shelves.get(key)
        if shelf is None:
            shelf = self._shelves[key] = self._numbered[self._next] = Shelf(key, self._next)
            self._next += 1
        return shelf

    def _found(self, txid: bytes, basket: bytes, shelf: Shelf) -> None:
        self._ids.add(txid, shelf.number)
        self._in_baskets.add(basket, shelf.number)

    def _drop(self, txid: bytes, deal: Deal) -> None:
        del self.hot[txid]
        known = self._of_basket.get(deal.basket, [])
        if txid in known:
            known.remove(txid)
            if not known:
                del self._of_basket[deal.basket]

    def _where(self, txid: bytes) -> tuple[Shelf, int] | None:
        for number in self._ids.owners(txid):
            shelf = self._numbered.get(number)
            index = shelf.index(txid) if shelf is not None else -1
            if shelf is not None and index >= 0:
                return shelf, index
        return None

    def _sweep(self) -> None:
        """Clear away a little of what the finders say of shelves that are gone."""
        done = self.done
        for _ in range(SWEEP):
            shelf = next(iter(done.shelves.values()))
            if not shelf.ids:
                del done.shelves[shelf.number]
                return
            txid = bytes(shelf.ids[-ID_BYTES:])
            done.ids.add(txid)
            self._ids.discard(txid, shelf.number)
            self._in_baskets.discard(bytes(shelf.baskets[-ID_BYTES:]), shelf.number)
            del shelf.ids[-ID_BYTES:], shelf.baskets[-ID_BYTES:]
