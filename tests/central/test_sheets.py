"""A name that is a formula stays a name, and numbers stay numbers."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.sheets import cell, decimal, iso_day, table


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\r=1", "\n=1", "  =1", "＝1"])
def test_no_text_becomes_a_formula(text: str) -> None:
    assert cell(text) == "'" + text


def test_numbers_and_names_stay() -> None:
    assert [cell(each) for each in (-5, Decimal("-0.50"), None, "Beer = good", "")] == [
        "-5", "-0.50", "", "Beer = good", "",
    ]  # fmt: skip
    assert [str(decimal(-50, 2)), str(decimal(7, 0)), iso_day(20260704)] == [
        "-0.50", "7", "2026-07-04",
    ]  # fmt: skip


@given(st.lists(st.tuples(st.text(alphabet=st.characters(codec="utf-8")), st.integers())))
def test_a_table_is_read_back_as_it_was(rows: list[tuple[str, int]]) -> None:
    raw = table(["name", "minor"], rows)
    read = list(csv.reader(io.StringIO(raw.decode(), newline="")))
    assert read[0] == ["name", "minor"]
    assert read[1:] == [[cell(name), str(minor)] for name, minor in rows]
    assert raw.endswith(b"\r\n")
