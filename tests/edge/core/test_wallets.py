"""What is known of bands is a function of the set of facts (law 3)."""

from typing import TypeAlias

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.money import (
    MARK_TRAINING,
    CreditApplied,
    CreditVoided,
    DebitHeld,
    DebitPosted,
    DebitVoided,
    KnownMoney,
    MediumBlocked,
    MediumIssued,
    MediumReissued,
    MoneyConflictFound,
    PromoGranted,
    ShiftOpened,
    Slot,
    Sold,
    ToppedUp,
)
from edge.core.state import State
from edge.core.wallet_dump import FoundMoney
from edge.core.wallet_rows import OPEN, POSTED, VOIDED, Row
from edge.core.wallets import Wallets
from tests.edge.core.purse import A, B, txid

M, N = b"m" * 16, b"n" * 16
HEAD = (1 << 16, 20260921, 120)
Placed: TypeAlias = tuple[bytes, int, int, KnownMoney]

media = st.sampled_from([M, N])
small = st.integers(0, 3)
ids = st.integers(1, 5).map(txid)


@st.composite
def slots(draw: st.DrawFn) -> Slot:
    seq = draw(small)
    return Slot(seq, 100 * draw(small), 50 * draw(small), 0, bytes([draw(small)]) * 4)


@st.composite
def facts(draw: st.DrawFn) -> KnownMoney:
    marks = draw(st.sampled_from([0, 0, 0, MARK_TRAINING]))
    head = (draw(st.integers(1, 6)) << 16, 20260921, 120, draw(ids), 3, 7, 2, marks)
    medium, epoch, n = draw(media), draw(st.integers(1, 2)), draw(small)
    kind = draw(st.integers(0, 11))
    back = draw(st.sampled_from([b"", txid(1)]))
    if kind < 3:
        movement = draw(st.sampled_from(["sale", "reversal", "refund"]))
        return DebitHeld(
            *head, medium, epoch, draw(ids), n, movement, 100, n, n, n, 0, draw(slots()),
            draw(slots()), 5000, 0, back, 1, [],
        )  # fmt: skip
    outcome = (medium, epoch, draw(ids), draw(slots()))
    if kind == 3:
        return DebitPosted(*head, *outcome, "in_slot")
    if kind == 4:
        return DebitVoided(*head, *outcome, "base_current")
    if kind == 5:
        source = draw(st.sampled_from([b"", b"s" * 16]))
        return ToppedUp(
            *head, medium, epoch, n, "voucher", 500, 0, 500 * n, 0, source, bytes(80)
        )  # fmt: skip
    if kind == 6:
        applied = (*head, medium, 500 * n)
        return draw(st.sampled_from([CreditApplied(*applied), CreditVoided(*applied, "old")]))
    if kind == 7:
        return MediumIssued(*head, medium, "NTAG213", epoch, n, bytes([n]) * 80)
    if kind == 8:
        return MediumReissued(*head, medium, "UL_C", epoch, n, b"", N, epoch, 100, 50)
    if kind == 9:
        return draw(
            st.sampled_from(
                [
                    MediumBlocked(*head, medium, n, "lost"),
                    PromoGranted(*head, medium, 100 * n, n, draw(ids)),
                    ShiftOpened(*head, 100),
                ]
            )
        )
    if kind == 10:
        where = draw(st.sampled_from([b"", medium]))
        return Sold(*head, draw(ids), n, "refund", -n, 0, b"", where, n, 0, back, 1, [])
    return MoneyConflictFound(*head[:3], draw(ids), "fork", medium, draw(ids), draw(ids), n)


@st.composite
def logs(draw: st.DrawFn) -> list[Placed]:
    placed: list[Placed] = []
    for gateway in (A, B):
        for epoch in (1, 2):
            for seq, fact in enumerate(draw(st.lists(facts(), max_size=8)), 1):
                placed.append((gateway, epoch, seq, fact))
    return placed


def folded(placed: list[Placed]) -> State:
    state = State()
    for gateway, epoch, seq, fact in placed:
        state.apply(gateway, epoch, seq, fact)
    return state


@settings(max_examples=120, deadline=None)
@given(logs(), st.data())
def test_any_order_and_any_duplicates_give_the_same_bytes(
    log: list[Placed], data: st.DataObject
) -> None:
    twice = data.draw(st.lists(st.sampled_from(log))) if log else []
    one, other = folded(log), folded(data.draw(st.permutations(log + twice)))
    raw = msgspec.msgpack.encode(one.wallets.dump())
    assert raw == msgspec.msgpack.encode(other.wallets.dump())
    assert indexes(one.wallets) == indexes(other.wallets)


@settings(max_examples=50, deadline=None)
@given(logs())
def test_a_snapshot_is_only_a_shortcut(log: list[Placed]) -> None:
    state = folded(log)
    again = State.load(state.dump())
    assert again.dump() == state.dump()
    assert indexes(again.wallets) == indexes(state.wallets)


def indexes(wallets: Wallets) -> tuple[object, ...]:
    """All that follows from the accounts, without the order of arrival."""
    baskets = {
        row.basket: sorted(one.txid + one.medium for one in wallets.baskets.get(row.basket))
        for account in wallets.accounts.values()
        for row in account.rows.values()
    }
    return (
        baskets,
        {o: sorted((a.txid, *a.place) for a in by) for o, by in wallets.undone.items() if by},
        {s: sorted(users) for s, users in wallets.sources.items() if users},
        {key: total for key, total in wallets.credited.items() if total},
        sorted(wallets.unposted),
        wallets.forked,
        {m: sorted(a.unposted) for m, a in wallets.accounts.items()},
        {
            m: {t: a.status(row) for t, row in a.rows.items()}
            for m, a in wallets.accounts.items()
        },
    )  # fmt: skip


def held(
    number: int, base: Slot, target: Slot, hlc: int = 1, medium: bytes = M, epoch: int = 1
) -> DebitHeld:
    return DebitHeld(
        hlc << 16, *HEAD[1:], txid(number), 3, 7, 2, 0, medium, epoch, txid(50 + number), 0, "sale",
        100, 0, 0, 0, 0, base, target, 5000, 0, b"", 1, [],
    )  # fmt: skip


def posted(number: int, target: Slot) -> DebitPosted:
    head = (2 << 16, *HEAD[1:], txid(number), 3, 7, 2, 0)
    return DebitPosted(*head, M, 1, txid(50 + number), target, "read_back")


def voided(number: int, target: Slot) -> DebitVoided:
    head = (2 << 16, *HEAD[1:], txid(number), 3, 7, 2, 0)
    return DebitVoided(*head, M, 1, txid(50 + number), target, "base_current")


def slot(seq: int, name: int) -> Slot:
    return Slot(seq, 100 * seq, 0, 0, bytes([name]) * 4)


ZERO = Slot()


def status(placed: list[Placed], number: int = 1) -> int:
    account = folded(placed).wallets.account(M)
    return account.status(account.rows[txid(number)])


OURS = held(1, ZERO, slot(1, 1))
STORIES = [
    ("nothing is known", [], OPEN),
    ("posted", [(A, 2, posted(1, slot(1, 1)))], POSTED),
    ("voided", [(A, 2, voided(1, slot(1, 1)))], VOIDED),
    ("posted beats voided", [(A, 2, voided(1, slot(1, 1))), (B, 1, posted(1, slot(1, 1)))], POSTED),
    ("a later one read our target", [(B, 1, held(2, slot(1, 1), slot(2, 2)))], POSTED),
    (
        "and that beats voided",
        [(A, 2, voided(1, slot(1, 1))), (B, 1, held(2, slot(1, 1), slot(2, 2)))],
        POSTED,
    ),
    ("another of our base proves nothing", [(B, 1, held(2, ZERO, slot(1, 2)))], OPEN),
    (
        "but once it is posted",
        [(B, 1, held(2, ZERO, slot(1, 2))), (B, 2, posted(2, slot(1, 2)))],
        VOIDED,
    ),
    (
        "or somebody read its target",
        [(B, 1, held(2, ZERO, slot(1, 2))), (B, 2, held(3, slot(1, 2), slot(2, 3)))],
        VOIDED,
    ),
    ("or it is a later one of our own log", [(A, 2, held(2, ZERO, slot(2, 2)))], VOIDED),
    ("an outcome alone", [(A, 2, posted(9, slot(1, 1)))], OPEN),
    ("another slot of that seq was read", [(B, 1, held(2, slot(1, 9), slot(2, 2)))], OPEN),
    ("another epoch", [(A, 2, held(2, ZERO, slot(2, 2), epoch=2))], OPEN),
]


@pytest.mark.parametrize(("what", "then", "expected"), STORIES, ids=[one[0] for one in STORIES])
def test_a_hold_ends_by_evidence(
    what: str, then: list[tuple[bytes, int, KnownMoney]], expected: int
) -> None:
    placed: list[Placed] = [(A, 1, 1, OURS)]
    placed += [(gateway, 1, seq, fact) for gateway, seq, fact in then]
    assert status(placed) == expected
    assert status(placed[::-1]) == expected
    opened = [row.txid for row in folded(placed).wallets.open_holds(A)]
    assert (txid(1) in opened) == (expected == OPEN)


def test_clocks_of_gateways_that_do_not_hear_each_other_give_no_order() -> None:
    late = held(2, ZERO, slot(1, 2), hlc=9)
    assert status([(A, 1, 1, OURS), (B, 1, 1, late)]) == OPEN
    assert status([(A, 1, 1, OURS), (B, 1, 1, late)], 2) == OPEN


def test_high_water_comes_from_what_was_posted_or_read_and_never_from_a_hold() -> None:
    state = folded([(A, 1, 1, held(1, slot(1, 1), slot(5, 2)))])
    mark = state.wallets.account(M).mark
    assert (mark.top[:2], mark.debited, mark.ahead) == (b"\0\1", 100, 5)
    state.apply(A, 1, 2, posted(1, slot(5, 2)))
    assert (mark.top[:2], mark.debited) == (b"\0\5", 500)
    state.apply(A, 1, 3, held(2, Slot(), slot(1, 3), epoch=2))
    assert (mark.epoch, mark.top, mark.debited, mark.ahead) == (2, bytes(14), 0, 1)


def test_d_and_g_are_kept_at_their_highest() -> None:
    pumped = Slot(9, 100, 0, 0, b"pump")
    mark = folded([(A, 1, 1, posted(1, slot(5, 2))), (B, 1, 1, posted(2, pumped))])
    assert mark.wallets.account(M).mark.debited == 500
    assert mark.wallets.account(M).mark.top[:2] == b"\0\x09"


def test_training_leaves_no_trace() -> None:
    fact = msgspec.structs.replace(OURS, marks=MARK_TRAINING)
    assert folded([(A, 1, 1, fact)]).wallets.accounts == {}


def test_a_lost_band_is_blocked_by_the_fact_of_its_replacement() -> None:
    head = (1 << 16, *HEAD[1:], txid(1), 3, 7, 2, 0)
    fact = MediumReissued(*head, N, "NTAG213", 4, 1, b"", M, 3, 100, 50)
    wallets = folded([(A, 1, 1, fact)]).wallets
    assert wallets.account(M).min_epoch == 4
    assert wallets.account(N).issued.epoch == 4


def test_a_code_is_not_free_again_before_its_top_up_is_void() -> None:
    head = (1 << 16, *HEAD[1:], txid(1), 3, 7, 2, 0)
    top = ToppedUp(*head, M, 1, 1, "voucher", 500, 0, 500, 0, b"s" * 16, bytes(80))
    wallets = folded([(A, 1, 1, top)]).wallets
    assert wallets.sources == {b"s" * 16: {(M, txid(1))}}
    assert wallets.credited == {1: 500}
    undone = folded([(A, 1, 1, top), (A, 1, 2, CreditVoided(*head, M, 500, "old"))]).wallets
    assert undone.credited == {1: 0}
    both = folded(
        [
            (A, 1, 1, top),
            (A, 1, 2, CreditVoided(*head, M, 500, "old")),
            (A, 1, 3, CreditApplied(*head, M, 500)),
        ]
    )
    assert both.wallets.credited == {1: 500}


def test_media_that_may_be_in_conflict_are_noted() -> None:
    assert folded([(A, 1, 1, OURS), (A, 1, 2, posted(1, slot(1, 1)))]).wallets.suspects == set()
    twice = folded([(A, 1, 1, posted(1, slot(1, 1))), (B, 1, 1, posted(2, slot(1, 2)))])
    assert twice.wallets.suspects == {M}
    assert twice.wallets.forked == {M: 1}


def test_the_first_record_of_a_conflict_counts() -> None:
    facts = [MoneyConflictFound(n << 16, *HEAD[1:], txid(1), "fork", M, M, N, n) for n in (1, 2)]
    wallets = folded([(A, 1, 1, facts[1]), (B, 1, 1, facts[0])]).wallets
    assert wallets.conflicts == {txid(1): FoundMoney(1 << 16, B, 1, 1, facts[0])}


def test_an_account_of_nobody_is_empty_and_not_kept() -> None:
    wallets = Wallets()
    assert not wallets.account(M).rows
    assert wallets.accounts == {}
    assert isinstance(folded([(A, 1, 1, OURS)]).wallets.account(M).rows[txid(1)], Row)


def test_of_two_facts_of_one_id_the_first_counts_wherever_it_comes_from() -> None:
    head = (5 << 16, *HEAD[1:], txid(1), 3, 7, 2, 0)
    pairs: list[tuple[KnownMoney, dict[str, object]]] = [
        (held(1, ZERO, slot(1, 1), hlc=5), {"basket": txid(8), "reverses": txid(7)}),
        (
            ToppedUp(*head, M, 1, 1, "voucher", 500, 0, 500, 0, b"s" * 16, bytes(80)),
            {"amount_minor": 700, "key_index": 2, "source": b"t" * 16},
        ),
        (PromoGranted(*head, M, 100, 1, txid(8)), {"promo_minor": 300, "source": txid(9)}),
        (
            Sold(*head, txid(8), 0, "refund", 0, 0, b"", M, 5, 0, txid(6), 1, []),
            {"promo_minor": 7, "reverses": txid(5)},
        ),
    ]
    for fact, changes in pairs:
        earlier = msgspec.structs.replace(fact, hlc=1 << 16, **changes)
        one = folded([(A, 1, 1, fact), (B, 1, 1, earlier)])
        other = folded([(B, 1, 1, earlier), (A, 1, 1, fact)])
        alone = folded([(B, 1, 1, earlier)]).wallets
        assert indexes(one.wallets) == indexes(other.wallets) == indexes(alone)
        assert one.wallets.dump() == other.wallets.dump() == alone.dump()


def test_an_outcome_alone_takes_the_greatest_of_what_is_said_of_it() -> None:
    told: list[Placed] = [(A, 1, 1, posted(1, slot(1, 1))), (B, 1, 1, voided(1, slot(2, 2)))]
    one, other = folded(told), folded(told[::-1])
    assert one.wallets.dump() == other.wallets.dump()
    assert one.wallets.account(M).rows[txid(1)].target[:2] == b"\0\2"
