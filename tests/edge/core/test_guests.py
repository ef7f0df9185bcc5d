"""Finding guests by name: umlauts, accents, typos, beginnings; and nobody who does not fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.guests import Guest
from edge.core.guests import GuestBook, distance, fold

NAMES = [
    "Jörg Müller", "Joerg Mueller", "Zoë Weiß", "Søren Kierkegård", "Łukasz Wójcik",
    "François Lefèvre", "Anne-Marie O'Neill", "Christopher Maier", "Christoph Meier", "Li Wu",
    "Michael Schäfer", "Michaela Schaefer", "Ǆemal Æbelø",
]  # fmt: skip
BOOK = GuestBook([Guest(str(n), name) for n, name in enumerate(NAMES)], version=3, issued_at_ms=7)


def found(typed: str) -> list[str]:
    return [match.name for match in BOOK.search(typed)]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("müller", "Jörg Müller"),
        ("MULLER", "Jörg Müller"),
        ("mueller", "Jörg Müller"),
        ("Müller", "Joerg Mueller"),
        ("jorg mul", "Joerg Mueller"),
        ("mul jor", "Jörg Müller"),
        ("weiss", "Zoë Weiß"),
        ("weis", "Zoë Weiß"),
        ("soren", "Søren Kierkegård"),
        ("kirkegard", "Søren Kierkegård"),
        ("wojcik lukasz", "Łukasz Wójcik"),
        ("francios", "François Lefèvre"),
        ("lefvre", "François Lefèvre"),
        ("marie", "Anne-Marie O'Neill"),
        ("neil", "Anne-Marie O'Neill"),
        ("kristopher", "Christopher Maier"),
        ("chirstoper", "Christopher Maier"),
        ("wu", "Li Wu"),
        ("schaefer", "Michael Schäfer"),
        ("schafer", "Michaela Schaefer"),
        ("abelo", "Ǆemal Æbelø"),
    ],
)
def test_a_guest_is_found(typed: str, name: str) -> None:
    assert name in found(typed)


@pytest.mark.parametrize(
    "typed", ["", " ", "m", "?!", "xyz", "wo li", "mulle schäfer", "christophorus", "o"]
)
def test_nobody_is_found(typed: str) -> None:
    assert found(typed) == []


def test_the_best_fit_stands_first() -> None:
    assert found("christoph meier")[0] == "Christoph Meier"
    assert found("christopher maier")[0] == "Christopher Maier"
    slips = [match.slips for match in BOOK.search("maier")]
    assert slips == sorted(slips) and slips[0] == 0


def test_short_words_allow_no_slip_and_long_ones_two() -> None:
    assert "Li Wu" not in found("lo wu")
    assert "Michael Schäfer" in found("mihcael")
    assert "Christopher Maier" not in found("kristofer")


def test_of_two_names_of_one_guest_the_nearer_counts() -> None:
    book = GuestBook([Guest("1", "Maria Marie"), Guest("2", "Marie Maria")])
    assert [match.slips for match in book.search("marie")] == [0, 0]
    assert [match.slips for match in book.search("marla")] == [1, 1]
    assert [match.slips for match in book.search("mari")] == [0, 0]


def test_no_more_are_shown_than_asked_for() -> None:
    many = GuestBook([Guest(str(n), f"Müller {n:03}") for n in range(100)])
    assert len(many.search("müller")) == 20
    assert len(many.search("müller", 5)) == 5
    assert [match.name for match in many.search("muller")][:2] == ["Müller 000", "Müller 001"]


def test_an_endless_text_is_cut() -> None:
    assert BOOK.search("müller " * 10_000) != []


def test_a_ticket_is_known_by_its_identity() -> None:
    book = GuestBook([Guest("1", "A", b"venue:1"), Guest("2", "B")])
    assert book.by_ticket == {b"venue:1": Guest("1", "A", b"venue:1")}
    assert (len(book), len(BOOK), BOOK.version, BOOK.issued_at_ms) == (2, len(NAMES), 3, 7)


DISTANCES = [
    ("", "", 0), ("a", "", 1), ("abc", "abd", 1), ("abc", "acb", 1), ("abcd", "badc", 2),
    ("abc", "abcd", 1), ("kitten", "sitting", 3), ("ab", "xyz", 3),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "apart"), DISTANCES)
def test_distances(a: str, b: str, apart: int) -> None:
    for most in range(4):
        assert distance(a, b, most) == distance(b, a, most) == min(apart, most + 1)


@given(st.text(max_size=30))
def test_what_was_folded_is_folded(text: str) -> None:
    for word in fold(text):
        assert word.isalnum()
    assert fold(text.upper()) == fold(text) or "ı" in text or text.upper().lower() != text.lower()


@given(st.sampled_from([name for name in NAMES if max(map(len, fold(name))) >= 5]), st.data())
def test_one_slip_in_a_long_word_hides_nobody(name: str, data: st.DataObject) -> None:
    word = data.draw(st.sampled_from([word for word in fold(name) if len(word) >= 5]))
    at = data.draw(st.integers(0, len(word) - 2))
    letter = data.draw(st.sampled_from("abcxyz"))
    slipped = data.draw(
        st.sampled_from(
            [
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            ]
        )
    )
    again = fold(slipped) != [slipped]  # "oe" made by a slip is one letter again
    assert name in found(slipped) or len(slipped) < 5 or again


def test_a_listed_ticket_claims_what_its_code_would_say() -> None:
    ticket = b"venue:" + b"\x07" * 8
    guest = Guest("1", "Jörg", ticket, 2, performance=7, valid_from=5, valid_until=9, persons=3)
    claim = GuestBook([guest, Guest("2", "Zoë")]).claim(ticket)
    assert claim is not None
    assert (claim.scheme, claim.issuer, claim.identity) == ("guest_list", "venue", ticket)
    assert (claim.product, claim.performance, claim.persons) == (2, 7, 3)
    assert (claim.valid_from, claim.valid_until) == (5, 9)


@pytest.mark.parametrize("ticket", [b"", b"venue:other"])
def test_who_is_not_listed_with_a_ticket_claims_nothing(ticket: bytes) -> None:
    assert GuestBook([Guest("2", "Zoë")]).claim(ticket) is None
