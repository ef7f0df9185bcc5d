"""merchant statement: days, the commission of the price list, a table without formulas."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.central.commands.conftest import EXAMPLE, Bring, Run
from tests.central.store.test_store_merchants import sold

MORE = """
[[merchants]]
number = 5
name = "=HYPERLINK(1)"
commission_bp = 2000
commission_tax = 1
"""


def prices(folder: Path, more: str) -> str:
    path = folder / "prices.toml"
    path.write_text(EXAMPLE.read_text().replace("\n[[articles]]", f"{more}\n[[articles]]", 1))
    return str(path)


@pytest.fixture
def venue(run: Run, bring: Bring, tmp_path: Path) -> Run:
    answer = run("cashless", "set", prices(tmp_path, MORE))
    assert answer.code == 0, answer.err
    bring("bar", [sold(3), sold(4), sold(5, 0, "refund", -1)])
    return run


def test_a_statement_says_what_is_owed(venue: Run, tmp_path: Path) -> None:
    out = tmp_path / "statement.csv"
    told = venue("merchant", "statement", "--csv", str(out)).out
    burger, other = told["statements"]
    assert (burger["merchant"], burger["total"]["payable_minor"]) == (1, 0)
    total = other["total"]
    assert (total["sales"], total["refunds"], told["payable_minor"]) == (2, 1, 1000)
    assert total["rates"] == [
        {"tax": 2, "rate_bp": 1000, "gross_minor": 1000, "net_minor": 909, "tax_minor": 91}
    ]
    assert (other["commission_minor"], other["commission_net_minor"]) == (200, 167)
    assert other["payout_minor"] == 800
    again = venue("merchant", "statement", "--csv", str(out))
    assert again.code == 73 and "--force" in again.err
    rows = list(csv.DictReader(io.StringIO(out.read_bytes().decode(), newline="")))
    mine = [row for row in rows if row["merchant"] == "5" and row["day"] == "total"]
    assert {row["what"]: row["amount"] for row in mine}["payout"] == "8.00"
    assert {row["name"] for row in mine} == {"'=HYPERLINK(1)"}
    assert [row["day"] for row in rows if row["merchant"] == "5"][0] == "2026-07-04"


def test_days_and_merchants_are_chosen(venue: Run) -> None:
    told = venue("merchant", "statement", "--merchant", "5", "--to", "2026-07-03").out
    assert [(one["merchant"], one["days"]) for one in told["statements"]] == [(5, [])]
    told = venue("merchant", "statement", "--from", "2026-07-04").out
    assert told["payable_minor"] == 1000


WRONG = [
    (["--merchant", "9"], "no merchant 9 (there are: 1)"),
    (["--from", "4.7.2026"], "--from '4.7.2026' is no date: as 2026-07-04"),
    (["--from", "2026-07-05", "--to", "2026-07-04"], "is after --to"),
    (["--merchant", "99999999999"], "--merchant must be 1 to 65535"),
    (["--csv", "/nowhere/x.csv"], "cannot write to /nowhere/x.csv: no folder /nowhere"),
]


def test_what_cannot_be_told_is_named(run: Run) -> None:
    assert "no prices yet" in run("merchant", "statement").err
    run("cashless", "set", str(EXAMPLE))
    for words, told in WRONG:
        answer = run("merchant", "statement", *words)
        assert answer.code and told in answer.err and answer.out is None


def test_a_commission_stays_at_the_centre(run: Run, tmp_path: Path) -> None:
    wrong = run("cashless", "set", prices(tmp_path, MORE.replace("_tax = 1", "_tax = 9")))
    assert wrong.code == 65 and "merchant 5: there is no tax 9" in wrong.err
    run("cashless", "set", prices(tmp_path, MORE))
    assert run("cashless", "show").out["cashless"]["merchants"][1]["commission_bp"] == 2000
    assert "commission_bp" not in str(run("bundle", "show").out)
