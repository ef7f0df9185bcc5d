"""Facts: all kinds round trip, unknown ones are carried, nothing else gets in."""

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import entry
from crypto.entry import UnknownFact, decode_facts_untrusted, encode_facts
from crypto.errors import BadEntry
from crypto.money import KnownMoney
from tests.crypto import samples

FACTS = samples.make_facts()
SIBLINGS = samples.make_sibling_facts()
STAFF = [*samples.make_staff_facts(), entry.OperatorSignedIn((1 << 60) + 9, 20260201, 60, 7)]
pack = msgspec.msgpack.encode
STAMP = (1 << 60, 20260201, 60)


def test_every_kind_reads_back() -> None:
    body = encode_facts(FACTS)
    assert decode_facts_untrusted(body) == FACTS
    assert encode_facts([f for f in FACTS if not isinstance(f, UnknownFact)]) == body


def test_the_kinds_of_siblings_read_back() -> None:
    assert decode_facts_untrusted(encode_facts(SIBLINGS)) == SIBLINGS


def test_what_staff_do_reads_back() -> None:
    assert decode_facts_untrusted(encode_facts(STAFF)) == STAFF


def test_who_signed_in_is_a_number_and_the_bytes_are_frozen() -> None:
    assert encode_facts([STAFF[-1]]).hex() == "919513cf1000000000000009ce013525693c07"


def test_there_is_a_sample_of_every_kind_with_a_number_of_its_own() -> None:
    kinds = {entry.kind_of(fact) for fact in FACTS + SIBLINGS + STAFF}
    assert kinds == {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}
    of_entry = set(entry.KnownFact.__args__) - set(get_args(KnownMoney))
    assert {type(fact) for fact in FACTS + SIBLINGS + STAFF} == of_entry


@pytest.mark.parametrize("fact", FACTS + SIBLINGS + STAFF, ids=lambda fact: type(fact).__name__)
def test_one_fact_alone(fact: entry.KnownFact) -> None:
    assert b"\x91" + entry.encode_fact(fact) == encode_facts([fact])
    assert fact.wall_ms == fact.hlc >> 16


def test_an_unknown_kind_is_carried_among_known_ones() -> None:
    newer = [200, 1 << 60, 20260201, 60, {"any": [None, 1.5]}, b"\xff"]
    body = pack([FACTS[1], newer, FACTS[2]])
    known, unknown, after = decode_facts_untrusted(body, 3)
    assert (known, after) == (FACTS[1], FACTS[2])
    assert unknown == UnknownFact(200, pack(newer))
    assert entry.encode_fact(unknown) == pack(newer)
    assert entry.kind_of(unknown) == 200


def test_fields_that_a_newer_version_appends_are_skipped() -> None:
    stopped = FACTS[-1]
    body = pack([[3, *msgspec.structs.astuple(stopped), "newer", 7]])
    assert decode_facts_untrusted(body) == [stopped]


OUT_OF_RANGE: list[list[Any]] = [
    [3, -1, 20260201, 60],
    [3, 1 << 63, 20260201, 60],
    [3, 1 << 60, -1, 60],
    [3, 1 << 60, 1 << 32, 60],
    [3, 1 << 60, 20260201, 1441],
    [3, 1 << 60, 20260201, -1441],
    [3, 1 << 60, 20260201, "60"],
    [3, 1 << 60, 20260201],
    [2, *STAMP, "x" * 65],
    [4, *STAMP, 1 << 63, b""],
    [4, *STAMP, 1, bytes(33)],
    [6, *STAMP, 1 << 63],
    [8, *STAMP, 65536, "scanner"],
    [10, *STAMP, 1, 1, bytes(129), 0, 3, 7, 1, 1, b""],
    [10, *STAMP, 1, 1, b"t", 1 << 32, 3, 7, 1, 1, b""],
    [10, *STAMP, 1, 1, b"t", 0, 65536, 7, 1, 1, b""],
    [10, *STAMP, 1, 1, b"t", 0, 3, 7, 256, 1, b""],
    [10, *STAMP, 1, 1, b"t", 0, 3, 7, 1, -1, b""],
    [10, *STAMP, 1, 1, b"t", 0, 3, 7, 1, 1, bytes(33)],
    [11, *STAMP, 1, 1, 65536, b""],
    [12, *STAMP, 1, b"t", 1 << 32, 1, 1],
    [9, *STAMP, bytes(15), 0, 0, True],
    [18, *STAMP, bytes(16), b"t", [], []],
    [18, *STAMP, bytes(16), b"t", *[[bytes(17), 1, 1, 1, 0, 1, 1]] * 2],
    [12, *STAMP, 1, b"t", 1, 1 << 63, 1],
]


@pytest.mark.parametrize("written", OUT_OF_RANGE, ids=str)
def test_a_fact_out_of_range_is_carried_not_believed(written: list[Any]) -> None:
    assert decode_facts_untrusted(pack([written])) == [UnknownFact(written[0], pack(written))]


DEEP = b"\x91" * 100_000


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xc0", b"\x01", b"\x80", b"\x91", b"\x91\xc0", b"\x91\x90", b"\x91\x80",
        b"\x91\x91\xc3", b"\x91\x91\x00", b"\x91\x91\xff", b"\x91\x91\xa1a",
        b"\x91\x91\xcb" + bytes(8),
        pack([[65536]]), pack([[1 << 63]]), b"\x90\x00", b"\xdd\xff\xff\xff\xff", DEEP,
        b"\x91\x92\x63" + DEEP, b"\x91\x92\x63\xc6\xff\xff\xff\xff", b"\x91\xd4\x01\x01",
    ],
    ids=lambda body: body[:8].hex(),
)  # fmt: skip
def test_what_is_no_array_of_kinded_arrays_is_refused(body: bytes) -> None:
    with pytest.raises(BadEntry):
        decode_facts_untrusted(body)


def test_an_empty_body_is_an_array_all_the_same() -> None:
    assert decode_facts_untrusted(b"\x90") == []


@pytest.mark.parametrize("count", [0, 13, 15])
def test_a_body_holds_as_many_facts_as_its_header_says(count: int) -> None:
    body = encode_facts(FACTS)
    assert decode_facts_untrusted(body, 14) == FACTS
    with pytest.raises(BadEntry, match=f"14 facts, not {count or 4096}"):
        decode_facts_untrusted(body, count)


def test_a_body_has_limits() -> None:
    stopped = [[3, *STAMP]]
    assert len(decode_facts_untrusted(pack(stopped * 4096))) == 4096
    with pytest.raises(BadEntry, match="not 4096"):
        decode_facts_untrusted(pack(stopped * 4097))
    with pytest.raises(BadEntry, match="at most 4096"):
        decode_facts_untrusted(pack([[200]] * 4097))
    with pytest.raises(BadEntry, match="bytes"):
        decode_facts_untrusted(bytes(entry.FACTS_BYTES_MAX + 1))


@given(st.binary(max_size=200))
def test_garbage_raises_one_error_only(raw: bytes) -> None:
    for body in (raw, b"\x91" + raw, b"\x91\x95\x0a" + raw, b"\x92\x91\x63" + raw):
        try:
            facts = decode_facts_untrusted(body)
        except BadEntry:
            continue
        assert all(0 < entry.kind_of(fact) < 65536 for fact in facts)


def test_a_damaged_body_raises_one_error_only() -> None:
    body = encode_facts(FACTS)
    for changed in samples.flips(body) + [body[:i] for i in range(len(body))]:
        try:
            facts = decode_facts_untrusted(changed)
        except BadEntry:
            continue
        assert all(0 < entry.kind_of(fact) < 65536 for fact in facts)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=5)
    | st.binary(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)  # fmt: skip


@given(st.lists(st.tuples(st.integers(1, 65535), PLAIN, PLAIN), max_size=5))
def test_any_kinded_arrays_survive_carrying(facts: list[tuple[int, Any, Any]]) -> None:
    read = decode_facts_untrusted(pack(facts), len(facts))
    for written, fact in zip(facts, read, strict=True):
        assert entry.kind_of(fact) == written[0]
        if isinstance(fact, UnknownFact):
            assert entry.encode_fact(fact) == pack(written)
