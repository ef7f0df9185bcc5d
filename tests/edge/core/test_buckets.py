"""Many ids in little memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core import buckets
from edge.core.buckets import Finder, IdSet

# Ids that contain each other's bytes shifted, so that a find may hit between two entries.
ids = st.one_of(
    st.binary(min_size=16, max_size=16),
    st.lists(st.sampled_from([b"\0\0", b"\0\1", b"\1\0"]), min_size=8, max_size=8).map(b"".join),
)


@given(st.lists(ids, max_size=60), st.lists(ids, max_size=20))
def test_a_set_is_a_set(put: list[bytes], asked: list[bytes]) -> None:
    known, plain = IdSet(put), set(put)
    assert len(known) == len(plain)
    assert set(known) == plain
    assert [one in known for one in put + asked] == [one in plain for one in put + asked]
    assert known.dump() == b"".join(sorted(plain))
    assert IdSet.load(known.dump()).dump() == known.dump()


def test_neighbours_in_one_run_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "RUNS", 1)
    known = IdSet([bytes(8) + b"\1" * 8, b"\2" * 16])
    assert b"\1" * 8 + b"\2" * 8 not in known  # it stands there, across two entries
    known.add(b"\1" * 8 + b"\2" * 8)
    assert (len(known), len(set(known))) == (3, 3)


def test_a_run_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ValueError, match="cut off"):
        IdSet.load(bytes(17))


@given(st.lists(st.tuples(ids, st.integers(0, 5)), max_size=40), st.data())
def test_a_finder_names_every_owner_until_it_is_taken_away(
    put: list[tuple[bytes, int]], data: st.DataObject
) -> None:
    finder = Finder()
    for one, owner in put:
        finder.add(one, owner)
    gone = data.draw(st.lists(st.sampled_from(put), unique=True)) if put else []
    rest = list(put)
    for each in gone:
        finder.discard(*each)
        rest.remove(each)
    for one, _ in put:
        assert set(finder.owners(one)) == {owner for each, owner in rest if each == one}
    finder.discard(b"nobody" + bytes(10), 3)


def test_an_owner_is_named_once_however_often_it_was_added() -> None:
    finder = Finder()
    for owner in (7, buckets.OWNERS_MAX - 1, 7):
        finder.add(b"x" * 16, owner)
    assert finder.owners(b"x" * 16) == [7, buckets.OWNERS_MAX - 1]
    assert finder.owners(b"y" * 16) == []


def test_a_name_across_two_entries_hides_nobody() -> None:
    finder, one = Finder(), b"x" * 16
    finder.add(one, 7)
    (run,) = [run for run in finder._runs if run is not None]
    run[:0] = b"\xfe\xfe" + run[:3] + b"\xfe"  # two parts of others look like it, by chance
    assert finder.owners(one) == [7]
    finder.discard(one, 7)
    assert finder.owners(one) == []
