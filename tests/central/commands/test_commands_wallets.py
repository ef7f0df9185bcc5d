"""wallet list | show | block | unblock | hold | totals | forks | doubts, presale import | bind."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.commands.cashless import hash_code
from tests.central.commands.conftest import Run

UID = "04a1b2c3d4e5f6"
OTHER = "04:00:00:00:00:00:01"


def orders(folder: Path, *lines: str, head: str = "order,amount,band") -> str:
    path = folder / "orders.csv"
    path.write_text("\n".join([head, *lines]) + "\n")
    return str(path)


def test_presale_is_credited_once(priced: Run, tmp_path: Path) -> None:
    file = orders(tmp_path, f"A1,20.00,{UID}", "A2,5.50,", f"A3,1,{UID}")
    first, second = priced("presale", "import", file), priced("presale", "import", file)
    assert (first.out["read"], first.out["new"], first.out["unbound"]) == (3, 3, 1)
    assert (second.out["new"], second.out["bundle_version"]) == (0, first.out["bundle_version"])
    listed = priced("wallet", "list").out
    assert listed["balances_minor"] == 2100
    assert listed["wallets"][0]["movements"] == 2
    totals = priced("wallet", "totals")
    assert totals.code == 0 and totals.out["agree"]


def test_an_order_with_another_amount_is_named(priced: Run, tmp_path: Path) -> None:
    priced("presale", "import", orders(tmp_path, f"A1,20.00,{UID}"))
    answer = priced("presale", "import", orders(tmp_path, f"A1,21.00,{UID}"))
    assert answer.code == 65
    assert "order 'A1': another amount_minor (2000 before, 2100 now)" in answer.err
    assert priced("wallet", "list").out["balances_minor"] == 2000


def test_an_order_that_waits_is_bound_once(priced: Run, tmp_path: Path) -> None:
    priced("presale", "import", orders(tmp_path, "A2;5,50", head="order;amount"))
    bound = priced("presale", "bind", "A2", UID)
    assert bound.out["amount_minor"] == 550
    again = priced("presale", "bind", "A2", OTHER)
    assert again.code == 1 and "is bound to medium" in again.err
    assert priced("wallet", "show", UID).out["balance_minor"] == 550
    assert "presale import" in priced("presale", "bind", "A9", UID).err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("A1,x,", "line 2: 'x' is no amount"),
        ("A1,0,", "line 2: the amount is nothing"),
        (",1,", "line 2: an order has 1 to 64 characters"),
        ("A1,1,04zz", "line 2: '04zz' names no band"),
        ("A1,167772.16,", "order 'A1': its band would get more than 167772.15 in all"),
    ],
)
def test_bad_lines_are_named_and_nothing_is_kept(
    priced: Run, tmp_path: Path, line: str, told: str
) -> None:
    answer = priced("presale", "import", orders(tmp_path, line, "B1,5,"))
    assert answer.code == 65 and told in answer.err
    assert "no order 'B1'" in priced("presale", "bind", "B1", UID).err


def test_columns_that_are_none(priced: Run, tmp_path: Path) -> None:
    answer = priced("presale", "import", orders(tmp_path, "1,2", head="order,price"))
    assert answer.code == 65 and "price: columns are order, amount" in answer.err


def test_a_band_is_blocked_and_freed(priced: Run) -> None:
    blocked = priced("wallet", "block", UID, "--reason", "stolen")
    assert blocked.out["min_epoch"] == 65536
    assert priced("wallet", "hold", UID, "12.50").out["hold_minor"] == 1250
    shown = priced("wallet", "show", blocked.out["medium"]).out
    assert (shown["because"], shown["hold_minor"]) == ("stolen", 1250)
    freed = priced("wallet", "unblock", UID)
    assert (freed.out["min_epoch"], freed.out["hold_minor"]) == (0, 1250)
    wallets = priced("bundle", "show").out["cashless"]["wallets"]
    assert [one.get("min_epoch", 0) for one in wallets] == [0]


def test_no_forks_and_no_doubts(priced: Run) -> None:
    assert priced("wallet", "forks").out == {"forks": []}
    none = {"in_doubt": [], "conflicts": [], "replaced": [], "unexplained": []}
    assert priced("wallet", "doubts").out == none


def test_a_bundle_is_shown_without_its_keys(priced: Run, tmp_path: Path) -> None:
    secret = (tmp_path / "central" / "keys" / "cashless.json").read_text()
    said = str(priced("bundle", "show").out["cashless"])
    for name in ("pseudonym_key", "chip_key", "key"):
        key = secret.partition(f'"{name}":"')[2].partition('"')[0]
        assert len(key) in (32, 64) and key not in said


def test_an_order_with_a_secret_waits_at_every_top_up_point(priced: Run, tmp_path: Path) -> None:
    head = "order,amount,band,code"
    file = orders(tmp_path, "A1,20.00,,WXYZ-1234-ABCD", f"A2,5,{UID},QRST-1234-ABCD", head=head)
    priced("presale", "import", file)
    priced("presale", "import", file)
    other = orders(tmp_path, "A1,20.00,,OTHER-SECRET", head=head)
    changed = priced("presale", "import", other)
    assert changed.code == 65 and "order 'A1': another code than before" in changed.err
    codes = priced("bundle", "show").out["cashless"]["codes"]
    assert codes == [{"code_hash": hash_code("wxyz1234abcd").hex(), "amount_minor": 2000}]
    priced("presale", "bind", "A1", UID)
    assert "codes" not in priced("bundle", "show").out["cashless"]


def test_secrets_that_could_be_guessed_or_are_shared_are_refused(
    priced: Run, tmp_path: Path
) -> None:
    head = "order,amount,code"
    short = priced("presale", "import", orders(tmp_path, "A1,20.00,1234-56", head=head))
    assert short.code == 65 and "line 2: this code could be guessed" in short.err
    both = orders(tmp_path, "A1,20.00,12345678", "A2,1,1234-5678", head=head)
    shared = priced("presale", "import", both)
    assert shared.code == 65 and "two orders have the same code" in shared.err
    assert "no order 'A1'" in priced("presale", "bind", "A1", UID).err


def test_no_band_gets_more_than_it_can_hold(priced: Run, tmp_path: Path) -> None:
    lines = [f"A{n},99999.99,{band}" for n, band in enumerate((UID, UID, ""))]
    both = priced("presale", "import", orders(tmp_path, *lines))
    assert both.code == 65 and "order 'A0': its band would get more than" in both.err
    priced("presale", "import", orders(tmp_path, *lines[1:]))
    bound = priced("presale", "bind", "A2", UID)
    assert bound.code == 65 and "order 'A2'" in bound.err
    assert priced("wallet", "show", UID).out["balance_minor"] == 9999999
    assert priced("presale", "bind", "A2", OTHER).code == 0


def test_a_band_and_its_medium_in_one_line(priced: Run, tmp_path: Path) -> None:
    head = "order,amount,band,medium"
    answer = priced("presale", "import", orders(tmp_path, f"A1,5,{UID},{'0a' * 16}", head=head))
    assert answer.code == 65 and "line 2: a band and a medium" in answer.err


@pytest.mark.parametrize("reason", ["x" * 65, "a\udcff", "a\nb"])
def test_a_reason_that_nobody_can_read_is_refused(priced: Run, reason: str) -> None:
    answer = priced("wallet", "block", UID, "--reason", reason)
    assert answer.code == 2 and "--reason: say why in at most 64 printable" in answer.err
