"""What happened against what was expected: the differences, each as a sentence would say it."""

from typing import Any, NamedTuple

from edge.scenario.amounts import minor, shown
from edge.scenario.happening import Expect
from edge.scenario.performing import Outcome

#: Fields of `Expect` that are compared with the answer's field of the same name.
_SAME = (
    "granted", "repeated", "retry", "product", "performance", "persons", "overridden", "simulated",
    "zone", "questions", "name", "birthday", "colour",
)  # fmt: skip
_EARLIER = {
    "possibly": "possibly", "open": "open", "earlier_lane": "lane", "earlier_gate": "gate",
    "earlier_here": "here",
}  # fmt: skip
_COUNTS = ("conflicts", "money_conflicts", "inside", "facts", "found", "choices")
#: Amounts of a step at a till; both sides are shown as files have them.
AMOUNTS = ("total", "paid", "left", "balance", "spendable", "exposure", "promo")


class Difference(NamedTuple):
    """`what` was expected to be one thing and is another."""

    what: str
    expected: Any
    got: Any


def differences(expect: Expect | None, outcome: Outcome, exponent: int = 2) -> list[Difference]:
    """Every difference, the decision first; none when all is as expected.

    `exponent`: decimals of the currency.
    """
    found: list[Difference] = []
    if outcome.crashed:
        found.append(Difference("crashes", 0, outcome.crashed))
    if expect is None:
        return found

    def compare(what: str, expected: Any, got: Any) -> None:
        if expected is not None and expected != got:
            found.append(Difference(what, expected, got))

    answer, seen = outcome.answer, outcome.seen
    compare("decision", expect.decision, outcome.decision)
    compare("state", expect.state, seen.state if seen else None)
    problem = outcome.problem or (seen.reason if seen else "")
    compare("reason", expect.reason, problem or getattr(answer, "reason", None))
    compare("question", expect.question, seen.question if seen else None)
    compare("vouchers", expect.vouchers, seen.vouchers if seen else None)
    for field in AMOUNTS:
        wanted, got = getattr(expect, field), getattr(seen, field, None)
        if wanted is not None and minor(wanted, exponent) != got:
            text = None if got is None else shown(got, exponent)
            found.append(Difference(field, shown(minor(wanted, exponent), exponent), text))
    compare("hint", expect.hint, getattr(answer, "note", None))
    for field in _SAME:
        compare(field, getattr(expect, field), getattr(answer, field, None))
    earlier = getattr(answer, "earlier", None)
    for field, name in _EARLIER.items():
        compare(field, getattr(expect, field), getattr(earlier, name, None))
    for field in _COUNTS:
        compare(field, getattr(expect, field), getattr(outcome, field))
    if expect.marks is not None:
        compare("marks", sorted(expect.marks), sorted(answer.marks if answer else []))
    said = answer.text if answer else seen.text if seen else ""
    guest = answer.guest_text.get(expect.language, "") if answer else ""
    for what, words, text in (("text", expect.text, said), ("guest", expect.guest, guest)):
        for word in [words] if isinstance(words, str) else words or ():
            if word not in text:
                found.append(Difference(what, f"…{word}…", text))
    return found
