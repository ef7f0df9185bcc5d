"""The benchmark of wallets folds the same facts both ways, and says which way is which."""

import contextlib
from pathlib import Path

from benchmarks import wallets
from benchmarks.wallets_fold import Found, fold, load, plainly, write
from edge.core.state import State


def test_both_ways_come_to_one_digest(tmp_path: Path) -> None:
    facts, dump = tmp_path / "facts", tmp_path / "dump"
    write(facts, sales=120, bands=3)
    found = []
    for plain in (False, True):
        with plainly() if plain else contextlib.nullcontext():
            one = fold(facts, dump, plain)
            again = load(dump, plain)
        assert (one.facts, one.dump_bytes) == (240, dump.stat().st_size)
        assert one.fold_s > 0 and again.load_s > 0 and one.closing_ms > 0
        found.append(one)
        if not plain:
            assert again.digest == one.digest
            state = State.load(dump.read_bytes())
            assert (len(state.tills.done), len(state.tills.deals)) == (120, 3)  # top-ups
            assert not any(account.rows.hot for account in state.wallets.accounts.values())
    assert found[0].digest == found[1].digest
    assert found[0].dump_bytes < 0.8 * found[1].dump_bytes


def test_the_target_is_that_of_a_closed_shift() -> None:
    packed = Found(1000, wallets.SALES * 150, 2.0, 10, 1.0, 1.0, 5, 1.0, 1000, 1 << 20)
    plain = Found(1000, wallets.SALES * 300, 1.0, 10, 2.0, 2.0, 10, 2.0, 1000, 2 << 20)
    packed.loaded_bytes, plain.loaded_bytes = wallets.SALES * 90, wallets.SALES * 900
    rows = wallets.report([packed], [plain]).rows
    assert [(row.met, row.ratio) for row in rows[:2]] == [(None, 0.5), (True, rows[1].ratio)]
    assert {row.name: row.ratio for row in rows}["folded on one core"] == 0.5
    packed.loaded_bytes = wallets.SALES * 101
    assert wallets.report([packed], [plain]).rows[1].met is False
