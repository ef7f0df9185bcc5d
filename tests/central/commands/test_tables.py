"""Files of rows: either separator, every column known, every bad line named."""

from __future__ import annotations

import pytest

from central.commands.errors import BAD_DATA, CommandFailed
from central.commands.tables import csv_rows

COLUMNS = ("order", "amount", "band")


def rows(text: str) -> list[tuple[int, dict[str, str]]]:
    return list(csv_rows(text, COLUMNS, ("order", "amount"), "as in the manual"))


@pytest.mark.parametrize("separator", [",", ";"])
def test_either_separator_and_no_empty_line(separator: str) -> None:
    text = " Order ,AMOUNT\nA1, 5 \n,\n\nA2,6,,\n".replace(",", separator)
    assert rows(text) == [(2, {"order": "A1", "amount": "5"}), (5, {"order": "A2", "amount": "6"})]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("order,price\n", "a column 'price' is not known: as in the manual"),
        ("order\n", "there is no column amount: as in the manual"),
        ("", "there is no column order, amount: as in the manual"),
        ('order,amount\nA1,5\n"A2,6\n', "line 3: "),
        ("order,amount,amount\n", "the column 'amount' stands there twice: as in the manual"),
        ("order,,amount\n", "column 2 has no name: take it out; as in the manual"),
        ("order,amount\nA1,5\nA2,5,50\n", "line 3: more than 2 cells"),
    ],
)
def test_what_is_wrong_is_named(text: str, told: str) -> None:
    with pytest.raises(CommandFailed) as error:
        rows(text)
    assert str(error.value).startswith(told)
    assert error.value.exit_code == BAD_DATA
