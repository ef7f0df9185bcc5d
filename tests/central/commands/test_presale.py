"""presale import | bind: taken whole, once, and what is wrong with a file is said by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.cashless_keys import CashlessKeys
from central.commands.cashless import hash_code
from central.commands.errors import BAD_DATA, CommandFailed
from central.commands.presale import COLUMNS, CSV_HINT, Order, read_orders
from central.commands.tables import csv_rows
from central.store.wallets import Credit
from tests.central.commands.conftest import Run
from tests.central.commands.test_commands_wallets import OTHER, UID

KEYS = CashlessKeys(bytes(32), bytes(32), [])


def orders(folder: Path, *lines: str, head: str = "order,amount,band") -> str:
    path = folder / "orders.csv"
    path.write_text("\n".join([head, *lines]) + "\n")
    return str(path)


def read(text: str, exponent: int = 2) -> dict[str, Order]:
    return read_orders(KEYS, list(csv_rows(text, COLUMNS, ("order", "amount"), CSV_HINT)), exponent)


def test_presale_is_credited_once(priced: Run, tmp_path: Path) -> None:
    file = orders(tmp_path, f"A1,20.00,{UID}", "A2,5.50,", f"A3,1,{UID}", "A2,5.5,")
    first, second = priced("presale", "import", file), priced("presale", "import", file)
    assert (first.out["read"], first.out["new"], first.out["unbound"]) == (4, 3, 1)
    # What the shop says that it sold can be held against both sums.
    assert (first.out["orders"], first.out["repeated"]) == (3, 1)
    assert (first.out["amount_minor"], first.out["new_minor"]) == (2650, 2650)
    assert (second.out["new"], second.out["bundle_version"]) == (0, first.out["bundle_version"])
    assert (second.out["amount_minor"], second.out["new_minor"]) == (2650, 0)
    shown = priced("wallet", "show", UID).out["credits"]
    assert [(one["reference"], one["amount_minor"]) for one in shown] == [("A1", 2000), ("A3", 100)]
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


def test_no_band_gets_more_than_it_can_hold(priced: Run, tmp_path: Path) -> None:
    lines = [f"A{n},99999.99,{band}" for n, band in enumerate((UID, UID, ""))]
    both = priced("presale", "import", orders(tmp_path, *lines))
    assert both.code == 65 and "order 'A0': its band would get more than" in both.err
    priced("presale", "import", orders(tmp_path, *lines[1:]))
    bound = priced("presale", "bind", "A2", UID)
    assert bound.code == 65 and "order 'A2'" in bound.err
    assert priced("wallet", "show", UID).out["balance_minor"] == 9999999
    assert priced("presale", "bind", "A2", OTHER).code == 0


def test_what_is_wrong_with_a_file_keeps_all_of_it_out(priced: Run, tmp_path: Path) -> None:
    answer = priced("presale", "import", orders(tmp_path, "B1,5,", "A1,167772.16,"))
    told = "order 'A1': its band would get more than 167772.15 in all"
    assert answer.code == 65 and told in answer.err
    head = "order,amount,code"
    both = orders(tmp_path, "B1,20.00,12345678", "A1,1,1234-5678", head=head)
    shared = priced("presale", "import", both)
    assert shared.code == 65 and "two orders have the same code" in shared.err
    assert "no order 'B1'" in priced("presale", "bind", "B1", UID).err
    (tmp_path / "orders.csv").write_bytes("order,amount\nA1,5\n".encode("utf-16"))
    wide = priced("presale", "import", str(tmp_path / "orders.csv"))
    assert wide.code == 65 and "save it as UTF-8" in wide.err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("A1,x,", "line 2: 'x' is no amount: write it as 12.50, without currency, sign or"),
        ("A1,-5.00,", "line 2: '-5.00' is no amount"),
        ("A1,5.005,", "line 2: '5.005' is no amount"),
        ('A1,"1,000",', "line 2: '1,000' is no amount"),
        ('A1,"1.000,50",', "line 2: '1.000,50' is no amount"),
        ("A1,20.00 USD,", "line 2: '20.00 USD' is no amount"),
        ("A1,２０,", "line 2: '２０' is no amount"),
        ("A1,1e3,", "line 2: '1e3' is no amount"),
        ("A1", "line 2: '' is no amount"),
        ("A1,0,", "line 2: the amount is nothing"),
        (",1,", "line 2: an order has 1 to 64 characters"),
        ('"A\n1",1,', "line 3: an order has 1 to 64 characters"),
        ("A1,1,04zz", "line 2: '04zz' names no band"),
        ("A1,1,04a1b2", "line 2: '04a1b2' names no band"),
        (f"A1,5,{UID},{'0a' * 16}", "line 2: a band and a medium"),
        ("A1,20.00,,,1234-56", "line 2: this code could be guessed"),
        ("A1,20.00,,,12345678\nA1,20.00,,,12345679", "line 3: order 'A1' twice, not alike"),
        (f"A1,20.00\nA1,20.00,{UID}", "line 3: order 'A1' twice, not alike"),
        ('A1,"20.00', "line 2: unexpected end of data"),
    ],
)
def test_a_bad_line_is_named_as_it_stands_there(line: str, told: str) -> None:
    with pytest.raises(CommandFailed) as failed:
        read(f"order,amount,band,medium,code\n{line}\n")
    assert failed.value.exit_code == BAD_DATA and str(failed.value).startswith(told)


def test_what_spreadsheets_make_of_a_file_is_read() -> None:
    plain = {"A1": Order(Credit("presale", "A1", None, 2050), None)}
    assert read("order,amount\nA1,20.50\n") == plain
    assert read("Order; AMOUNT;\nA1;20,50;\n;;\n") == plain
    assert read('"order";"amount"\n"A1";"20,5"') == plain
    assert read("order,amount\nA1,20.50\nA1,20.5\n") == plain
    assert read("order,amount\nA1,2050\n", exponent=0) == plain
    assert read("order,amount\n") == {}
