"""Slots as 14 bytes, and the high-water of a band."""

from hypothesis import given
from hypothesis import strategies as st

from crypto.money import Slot
from edge.core.wallet_rows import POSTED, VOIDED, ZERO, Account, Mark, Row, Topped, pack, unpack

u16, u24 = st.integers(0, 0xFFFF), st.integers(0, 0xFF_FFFF)
slots = st.builds(Slot, u16, u24, u24, u16, st.binary(min_size=4, max_size=4))


@given(slots, slots)
def test_packed_slots_are_equal_when_slots_are_and_sort_by_seq(one: Slot, other: Slot) -> None:
    assert unpack(pack(one)) == one
    assert len(pack(one)) == len(ZERO)
    assert (pack(one) == pack(other)) == (one == other)
    if one.seq != other.seq:
        assert (pack(one) > pack(other)) == (one.seq > other.seq)


def test_high_water_only_rises_and_begins_anew_with_an_epoch() -> None:
    mark = Mark()
    mark.reach(1, pack(Slot(5, 300, 20)))
    mark.reach(1, pack(Slot(4, 900, 10)))
    assert (unpack(mark.top).seq, mark.debited, mark.given) == (5, 900, 20)
    mark.aim(1, 9)
    mark.aim(1, 8)
    assert mark.ahead == 9
    mark.reach(2, pack(Slot(0)))
    assert (mark.epoch, mark.top, mark.debited, mark.given, mark.ahead) == (2, ZERO, 0, 0, 0)
    mark.reach(1, pack(Slot(99, 5000)))
    mark.aim(1, 99)
    assert (mark.epoch, mark.ahead) == (2, 0)
    mark.aim(3, 4)
    assert (mark.epoch, mark.ahead) == (3, 4)


def row(number: int, seq: int, name: int, ended: int = POSTED) -> Row:
    target = pack(Slot(seq, txh=bytes([name]) * 4))
    made = Row(bytes([number]) * 16, b"m" * 16, 1, ZERO, target, ended=ended, hlc=number)
    if ended == POSTED:
        made.show(1, target)
    return made


def test_a_fork_is_two_posted_slots_of_one_seq() -> None:
    account = Account(rows={one.txid: one for one in (row(3, 7, 3), row(1, 7, 1), row(2, 8, 2))})
    assert account.forked() == 1
    assert [(a.hlc, b.hlc) for a, b in account.forks()] == [(1, 3)]
    same = Account(rows={one.txid: one for one in (row(1, 7, 1), row(2, 7, 1))})
    assert (same.forked(), same.forks()) == (0, [])
    liar = row(1, 7, 1)
    liar.show(1, pack(Slot(7, txh=b"liar")))
    assert len(liar.proofs()) == 2
    assert (Account(rows={b"": liar}).forked(), Account(rows={b"": liar}).forks()) == (1, [])
    void = Account(rows={one.txid: one for one in (row(1, 7, 1), row(2, 7, 2, VOIDED))})
    assert (void.forked(), void.forks()) == (0, [])


def test_what_a_top_up_counts_for_its_key() -> None:
    assert Topped(b"", b"", amount=5).counted == 0, "only its outcome is known"
    assert Topped(b"", b"", gateway=b"a", amount=5).counted == 5
    assert Topped(b"", b"", VOIDED, gateway=b"a", amount=5).counted == 0
    assert Topped(b"", b"", VOIDED | POSTED, gateway=b"a", amount=5).counted == 5
