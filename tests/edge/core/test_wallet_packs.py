"""Holds that are over lie packed: nobody can tell, whatever is packed at whatever moment."""

import random
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.medium import txh
from crypto.money import DebitHeld, DebitPosted, DebitVoided, KnownMoney, Slot
from edge.core.state import State
from edge.core.wallet_conflicts import conflicts
from edge.core.wallet_packs import Rows
from edge.core.wallet_records import WIDTH
from edge.core.wallets import Wallets
from tests.edge.core.purse import RULES, A, B, txid
from tests.edge.core.test_wallets import indexes

M, N = b"m" * 16, b"n" * 16


def story(seed: int) -> list[tuple[bytes, int, int, KnownMoney]]:
    """Two bands at two gateways: sales, voided ones, evidence twice, copies, reversals."""
    chance = random.Random(seed)
    facts: dict[bytes, list[KnownMoney]] = {A: [], B: []}
    current = {M: Slot(), N: Slot()}
    paid: list[bytes] = []
    for number in range(1, chance.randint(3, 14)):
        medium = chance.choice((M, M, N))
        base, id, basket = current[medium], txid(number), txid(100 + chance.randint(1, 9))
        debit = chance.choice((100, 450))
        back = chance.choice(paid) if paid and chance.random() < 0.15 else b""
        promo = int(chance.random() < 0.1)
        target = Slot(
            base.seq + chance.choice((1, 1, 1, 1, 2)), base.debited + debit, base.given, 0, txh(id)
        )
        head = (number << 16, 20260921, 120, id, 3, 7, 2, 0)
        movement = "refund" if back else "sale"
        where = chance.choice((A, B))
        facts[where].append(
            DebitHeld(
                *head, medium, 1, basket, 0, movement, debit, 0, promo, 0, 0, base, target, 5000, 0,
                back, 1, [],
            )
        )  # fmt: skip
        outcome = (medium, 1, basket, target)
        for gateway in chance.choice(((where,), (where,), (A, B), ())):
            facts[gateway].append(DebitPosted(*head, *outcome, "read_back"))
        if chance.random() < 0.15:
            facts[where].append(DebitVoided(*head, *outcome, "base_current"))
        if chance.random() < 0.85:  # otherwise the next one begins from the same base: a copy
            current[medium] = target
        paid.append(id)
    return [(g, 1, seq, fact) for g in facts for seq, fact in enumerate(facts[g], 1)]


def folded(log: list[tuple[bytes, int, int, KnownMoney]], state: State | None = None) -> State:
    state = state or State()
    for where in log:
        state.apply(*where)
    return state


def known(state: State) -> tuple[object, ...]:
    """Everything that anybody may ask, and the bytes that are compared between gateways."""
    rows = {m: sorted(a.rows.items()) for m, a in state.wallets.accounts.items()}
    assert all(a.rows.get(t) == r for m, a in state.wallets.accounts.items() for t, r in rows[m])
    assert all(len(a.rows) == len(rows[m]) for m, a in state.wallets.accounts.items())
    found = {m: conflicts(state.wallets, RULES, m) for m in rows}
    return (state.dump(), indexes(state.wallets), {m: [r for _, r in rows[m]] for m in rows}, found)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_packed_at_any_moment_is_as_never_packed(seed: int, chance: random.Random) -> None:
    log = story(seed)
    mixed = log + chance.choices(log, k=3)
    chance.shuffle(mixed)
    with patch.object(Rows, "put", lambda rows, row: False):
        never = folded(mixed)
        expected = known(never)
    assert not any(account.rows.cold for account in never.wallets.accounts.values())
    assert known(folded(log)) == expected
    put = Rows.put
    with patch.object(Rows, "put", lambda rows, row: chance.random() < 0.5 and put(rows, row)):
        assert known(folded(mixed)) == expected


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_late_facts_find_what_a_snapshot_has_packed(seed: int, chance: random.Random) -> None:
    log = story(seed)
    chance.shuffle(log)
    cut = chance.randint(0, len(log))
    state = folded(log[cut:], State.load(folded(log[:cut]).dump()))
    assert known(state) == known(folded(log))


def sale(number: int, base: Slot, medium: bytes = M) -> tuple[DebitHeld, DebitPosted, Slot]:
    target = Slot(base.seq + 1, base.debited + 100, base.given, 0, txh(txid(number)))
    head = (number << 16, 20260921, 120, txid(number), 3, 7, 2, 0)
    held = DebitHeld(
        *head, medium, 1, txid(200 + number), 0, "sale", 100, 0, 0, 0, 0, base, target, 5000, 0,
        b"", 1, [],
    )  # fmt: skip
    return held, DebitPosted(*head, medium, 1, txid(200 + number), target, "read_back"), target


def sold(count: int) -> Wallets:
    wallets, slot = Wallets(), Slot()
    for number in range(1, count + 1):
        held, posted, slot = sale(number, slot)
        wallets.fold(A, 1, 2 * number - 1, held)
        wallets.fold(A, 1, 2 * number, posted)
    return wallets


def test_a_hold_is_packed_in_the_moment_it_is_posted() -> None:
    wallets = sold(150)  # beyond where a pack begins to grow in place
    rows = wallets.account(M).rows
    assert (len(rows.hot), len(rows.cold), len(rows)) == (0, 150 * WIDTH, 150)
    assert set(rows) == {txid(n) for n in range(1, 151)}
    assert [one.txid for one in wallets.baskets.get(txid(207))] == [txid(7)]
    assert txid(150) in rows
    assert txid(151) not in rows
    with pytest.raises(KeyError):
        rows[txid(151)]
    assert len(wallets.stamps.known) == 1


def test_the_last_seconds_are_found_without_reading_all() -> None:
    rows = sold(9).account(M).rows
    assert [row.txid for row in rows.since(7 << 16)] == [txid(7), txid(8), txid(9)]
    rows.take(txid(2))
    assert [row.txid for row in rows.since(9 << 16)] == [txid(2), txid(9)]


def test_holds_that_begin_at_one_seq_may_be_in_each_others_way() -> None:
    wallets = sold(9)
    rows = wallets.account(M).rows
    assert rows.apart and Rows().apart
    rows.take(txid(2))
    assert not rows.apart, "what is kept as it is has more to say"
    rows.put(rows.hot[txid(2)])
    assert rows.apart
    held, posted, _ = sale(20, Slot(4, 400, 0, 0, txh(txid(4))))
    wallets.fold(B, 1, 1, held)
    wallets.fold(B, 1, 2, posted)
    assert not rows.hot and not rows.apart


def test_who_is_told_again_is_packed_again() -> None:
    wallets = sold(3)
    held, posted, _ = sale(2, Slot(1, 100, 0, 0, txh(txid(1))))
    for seq, fact in enumerate((posted, held, posted), 1):  # a sibling saw it as well
        wallets.fold(B, 1, seq, fact)
        rows = wallets.account(M).rows
        assert (len(rows.hot), len(rows), len(wallets.baskets)) == (0, 3, 3)
