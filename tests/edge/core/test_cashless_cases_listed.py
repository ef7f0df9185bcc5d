"""No case about money on bands is forgotten, and what is said to play one is there."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.edge.core.test_entry_cases_listed import NODE, parsed

LISTED: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "cashless_cases.toml").read_text(encoding="utf-8")
)
NUMBERS = {
    "A": (1, 2, 6, 7, 11, 12, 13, 16, 17, 18, 22, 23, 27, 28),
    "B": (2, 3, 4, 7, 8, 9, 13, 14, 18, 19, 23, 24, 25),
    "C": (1, 2, 3, 7, 8, 12, 13, 14, 17, 18, 19, 22, 23),
    "D": (1, 5, 6, 10, 11, 12, 15, 16, 17, 20),
    "E": (1, 2, 6, 7, 11, 12, 13, 16),
    "F": (1, 2, 6, 7, 11, 12),
    "G": (1, 2, 3, 6, 7, 8, 12, 13, 17, 18, 22, 23, 24, 27, 28, 29, 33, 34),
    "H": (2, 3, 4, 7, 8),
}
ALL = [f"{letter}{number}" for letter, numbers in NUMBERS.items() for number in numbers]
PLACES = sorted({place for one in LISTED.values() for place in one.get("tests", ())})


def is_there(place: str) -> bool:
    """Whether a test of this name stands in that file."""
    node = NODE.fullmatch(place)
    assert node, "write file.py::test_name"
    return node["test"] in parsed(node["file"])[0]


def test_every_case_is_played_or_says_why_not() -> None:
    assert list(LISTED) == ALL
    for name, one in LISTED.items():
        assert one.keys() in ({"case", "tests"}, {"case", "why"}), name
        assert len(one["case"]) > 10 and (one.get("tests") or len(one["why"]) > 10), name


@pytest.mark.parametrize("place", PLACES)
def test_what_plays_a_case_is_there(place: str) -> None:
    assert is_there(place)
