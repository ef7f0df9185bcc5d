"""Numbers in addresses and queries: one spelling, in range."""

from __future__ import annotations

import msgspec
import pytest

from central.web.answers import Problem, Refusal, whole_number


@pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1.0", "1e3", "٣", "0x1", "11", "9" * 21])
def test_what_is_no_number_in_range_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        whole_number(text, "limit", 0, 10)
    assert (caught.value.status, caught.value.problem.problem) == (422, "bad_parameter")
    assert "limit must be a whole number from 0 to 10" in caught.value.problem.detail


def test_numbers_in_range() -> None:
    assert [whole_number(text, "n", 0, 10) for text in ("0", "10", "007")] == [0, 10, 7]


def test_a_problem_says_only_what_it_has() -> None:
    assert msgspec.json.encode(Problem("gap", wanted=3)) == b'{"problem":"gap","wanted":3}'
