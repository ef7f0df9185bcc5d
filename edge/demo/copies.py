"""Copies of one ticket at two gateways: who brings them, and what became of them. Pure.

*Copies* are shown while the LAN is up, the second time once the first guest has gone and the other
gateway has heard of it: they must be refused, and the answer must name the lane of the first. Whose
first passage lapsed has not used the ticket; then the second showing is the first use.
*Pairs* are shown while the LAN is cut, at both gateways at once: both are let in, for nobody can
know; each must be found as one conflict later.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from edge.demo.beliefs import ADMITTED, REDEEMED
from edge.demo.checks import Finding, many
from edge.demo.guests import Code, Guest, Show
from edge.demo.settings import Site

#: A copy is shown elsewhere so long after it is known there that the first guest has gone, s.
APART_S: Final = (0.1, 0.6)
PAIRS: Final = 4


def copies_of(guests: int) -> int:
    """How many tickets are copied across gateways for a crowd of `guests`."""
    return max(6, guests // 12)


def needed(guests: int) -> int:
    """Day tickets for copies and pairs."""
    return copies_of(guests) + PAIRS


def plan_copies(
    seed: int, codes: Sequence[Code], gateways: Sequence[Site], first_number: int,
    within_s: float,
) -> list[Guest]:  # fmt: skip
    """One guest per code, who shows it at one gateway and then at another."""
    random = Random(seed)
    found = []
    for n, code in enumerate(codes):
        one, other = _lanes(random, gateways, n)
        again = Show(other, after_s=round(random.uniform(*APART_S), 3))
        at_s = round(random.uniform(0, within_s), 3)
        found.append(Guest(first_number + n, "copy", at_s, code, (Show(one), again)))
    return found


def plan_pairs(
    seed: int, codes: Sequence[Code], gateways: Sequence[Site], first_number: int
) -> list[Guest]:
    """Two guests per code, each at a gateway of their own; both must be admitted."""
    random = Random(seed)
    found: list[Guest] = []
    for n, code in enumerate(codes):
        for lane in _lanes(random, gateways, n):
            number = first_number + len(found)
            found.append(Guest(number, "copy", 0.0, code, (Show(lane),), reason=ADMITTED))
    return found


def _lanes(random: Random, gateways: Sequence[Site], n: int) -> tuple[int, int]:
    one, other = gateways[n % len(gateways)], gateways[(n + 1) % len(gateways)]
    return random.choice(list(one.lanes)), random.choice(list(other.lanes))


def hex_of(identity: str) -> str:
    """`issuer:hex` as rows hold it: the hex of issuer, colon and raw id."""
    issuer, _, raw = identity.rpartition(":")
    return (issuer.encode() + b":" + bytes.fromhex(raw)).hex()


@dataclass(frozen=True)
class Copied:
    """What became of the copies: `shown` once more after they were used, `admitted_twice`, and what
    is wrong with them."""

    shown: int
    admitted_twice: int
    findings: list[Finding]


def judge(
    copies: Sequence[Guest], said: Mapping[int, Sequence[Mapping[str, Any]]],
    given_back: Container[str] = (),
) -> Copied:  # fmt: skip
    """`said`: the last answers to each guest's showings, in order, as the gateway told them.

    `given_back`: tickets whose first passage had lapsed before they were admitted again.
    """
    twice, strange = [], []
    shown = 0
    for guest in copies:
        answers = said.get(guest.number, ())
        if len(answers) < 2 or not answers[0] or not answers[1]:
            strange.append(f"{guest.code.identity} was not answered at both gateways")
            continue
        both = _reason(answers[1]) == ADMITTED == _reason(answers[0])
        if both and hex_of(guest.code.identity) in given_back:
            continue
        shown += 1
        wrong = _wrong(guest, answers[0], answers[1])
        if both:
            twice.append(wrong)
        elif wrong:
            strange.append(wrong)
    findings = []
    if twice:
        what = f"{many(len(twice), 'copy was', 'copies were')} let in at a second gateway"
        findings.append(Finding("copies-are-admitted-once", what, tuple(twice)))
    if strange:
        what = f"{many(len(strange), 'copy', 'copies')} got another answer than where it was used"
        findings.append(Finding("copies-are-told-where", what, tuple(strange)))
    if copies and not shown:
        what = "no copy of a used ticket was shown at a second gateway"
        findings.append(Finding("copies-were-shown", what))
    return Copied(shown, len(twice), findings)


def _reason(said: Mapping[str, Any]) -> str:
    return str(said.get("reason") or ADMITTED)


def _wrong(guest: Guest, first: Mapping[str, Any], second: Mapping[str, Any]) -> str:
    lane, other = (show.lane for show in guest.shows)
    who = f"{guest.code.identity}, let in on lane {lane},"
    if _reason(first) != ADMITTED:
        return f"{guest.code.identity} was refused on lane {lane}: {_reason(first)}"
    if _reason(second) == ADMITTED:
        return f"{who} was let in on lane {other}"
    if _reason(second) != REDEEMED:
        return f"{who} was refused on lane {other} as {_reason(second)}"
    earlier = second.get("earlier") or {}
    if earlier.get("lane") != lane or earlier.get("here"):
        return f"{who} was refused on lane {other}, which named {dict(earlier) or 'no place'}"
    return ""
