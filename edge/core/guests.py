"""Finding a guest by name without a network: umlauts, accents, typos, beginnings of names. Pure.

Names and what is typed are folded alike: no case, no accents, and ä = ae = a, so that "Mueller",
"Müller" and "MULLER" are one. Each word that is typed must begin a word of the name, or come near
one: one slip in words from 4 letters, two from 8.
"""

import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

import msgspec

from crypto.claim import Claim
from crypto.guests import Guest

FOUND_MAX: Final = 20
TYPED_CHARS_MAX: Final = 100
WORDS_MAX: Final = 6
_SLIP_FROM: Final = 4
_TWO_SLIPS_FROM: Final = 8
_AFTER_ALL: Final = "\U0010ffff"
# What a decomposition leaves as it is.
_LETTERS: Final = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_SAME: Final = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("ss", "s"))


class Match(msgspec.Struct, frozen=True, order=True):
    """A guest who was found; `slips`: how far what was typed is off, 0 = not at all."""

    slips: int
    shortest: int
    name: str
    key: str
    guest: Guest


def fold(text: str) -> list[str]:
    """The words of a name, as they are compared."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = "".join(
        letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter)
    )
    for long, short in _SAME:
        plain = plain.replace(long, short)
    return plain.split()


def distance(a: str, b: str, most: int) -> int:
    """Letters that differ, are missing, too many or swapped with their neighbour; at most `most`+1.

    Damerau and Levenshtein's, of neighbours that were swapped and not edited besides.
    """
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def _pairs(word: str) -> set[str]:
    padded = f"^{word}"
    return {padded[at : at + 2] for at in range(len(padded) - 1)}


class GuestBook:
    """A guest list made ready to be searched. `issued_at_ms` and `version` as the centre said."""

    def __init__(self, guests: Iterable[Guest], *, version: int = 0, issued_at_ms: int = 0) -> None:
        self.version = version
        self.issued_at_ms = issued_at_ms
        self._guests = list(guests)
        self.by_ticket = {guest.ticket: guest for guest in self._guests if guest.ticket}
        found: dict[str, set[int]] = {}
        for index, guest in enumerate(self._guests):
            for word in fold(guest.name):
                found.setdefault(word, set()).add(index)
        self._words = sorted(found)
        self._holders = [found[word] for word in self._words]
        shortened = [
            (word[:at] + word[at + 1 :], at, index)
            for index, word in enumerate(self._words)
            for at in range(len(word))
        ]
        shortened.sort()
        self._shortened = [each[0] for each in shortened]
        self._shortened_of = [each[1:] for each in shortened]
        self._with_pair: dict[str, list[int]] = {}
        for index, word in enumerate(self._words):
            for pair in _pairs(word):
                self._with_pair.setdefault(pair, []).append(index)

    def __len__(self) -> int:
        return len(self._guests)

    def claim(self, ticket: bytes) -> Claim | None:
        """What the code of a listed ticket would say; None for one that is not on the list."""
        guest = self.by_ticket.get(ticket) if ticket else None
        if guest is None:
            return None
        return Claim(
            scheme="guest_list", issuer=ticket.partition(b":")[0].decode("ascii", "replace"),
            identity=ticket, product=guest.product, performance=guest.performance,
            valid_from=guest.valid_from, valid_until=guest.valid_until, persons=guest.persons,
        )  # fmt: skip

    def search(self, typed: str, found_max: int = FOUND_MAX) -> list[Match]:
        """The guests that fit best, at most `found_max`; none for less than two letters."""
        words = fold(typed[:TYPED_CHARS_MAX])[:WORDS_MAX]
        if sum(map(len, words)) < 2:
            return []
        total: dict[int, int] | None = None
        for word in words:
            slips = self._holders_of(word)
            total = slips if total is None else {
                index: total[index] + more for index, more in slips.items() if index in total
            }  # fmt: skip
        assert total is not None
        matches = [
            Match(slips, len(self._guests[at].name), self._guests[at].name, self._guests[at].key,
                  self._guests[at])
            for at, slips in total.items()
        ]  # fmt: skip
        matches.sort()
        return matches[:found_max]

    def _holders_of(self, word: str) -> dict[int, int]:
        """guest -> slips by which one of its words is off."""
        holders: dict[int, int] = {}
        for index, slips in self._near(word):
            for holder in self._holders[index]:
                if slips < holders.get(holder, slips + 1):
                    holders[holder] = slips
        return holders

    def _near(self, word: str) -> list[tuple[int, int]]:
        """(index of a word that begins like it or comes near it, slips)."""
        exact = set(_beginning(self._words, word))
        found = [(index, 0) for index in exact]
        if len(word) >= _SLIP_FROM:
            once = set(self._one_slip(word)) - exact
            found += [(index, 1) for index in once]
            if len(word) >= _TWO_SLIPS_FROM and not found:
                found += [(index, 2) for index in self._two_slips(word)]
        return found

    def _one_slip(self, word: str) -> Iterator[int]:
        # A letter that is missing in what was typed, ...
        for at in _beginning(self._shortened, word):
            yield self._shortened_of[at][1]
        for place in range(len(word)):
            rest = word[:place] + word[place + 1 :]
            yield from _beginning(self._words, rest)  # ... one too many, ...
            for at in _beginning(self._shortened, rest):  # ... a wrong one, ...
                if self._shortened_of[at][0] == place:
                    yield self._shortened_of[at][1]
            if place:  # ... or two that were swapped.
                swapped = word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]
                yield from _beginning(self._words, swapped)

    def _two_slips(self, word: str) -> Iterator[int]:
        pairs = _pairs(word)
        shared = Counter(chain.from_iterable(self._with_pair.get(pair, ()) for pair in pairs))
        least = len(pairs) - 5  # a slip spoils two pairs, a swap three
        for index, count in shared.items():
            if count >= least:
                other = self._words[index]
                ends = {min(len(other), len(word) + more) for more in (-1, 0, 1)}
                if min(distance(word, other[:end], 2) for end in ends) <= 2:
                    yield index


def _beginning(words: list[str], start: str) -> range:
    """The places in sorted `words` of those that begin so."""
    first = bisect_left(words, start)
    return range(first, bisect_left(words, start + _AFTER_ALL, first))
