"""What goes wrong at a reader strikes where the step says, on every chip."""

from typing import Any

import pytest

from crypto.medium import CHIPS, PAGE_BYTES, SLOT_BYTES
from drivers.payment.outcome import Authorization, State
from drivers.reader.memory import now
from edge.scenario.hand import NOTHING, CardTerminal, Mishap
from edge.scenario.performing import Play
from tests.edge.scenario.selling import TWO, lines, read, sale, tap

ASKED = Authorization(txid16=b"t" * 16, amount_minor=5, currency="EUR", reference="r")


def one_sale(chip: str, **mishap: Any) -> list[dict[str, Any]]:
    """A sale with a mishap, the same sale once more, and what the band says then."""
    band = {"name": "anna", "chip": chip, "class": "Guest", "balance": "20.00"}
    steps = sale(id="x", **mishap), sale(id="x"), tap()
    return lines(*steps, cashless={"bands": [band]})


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize(
    ("mishap", "taken"),
    [
        ({"leaves": "before"}, False),
        ({"leaves": "in"}, False),
        ({"torn": SLOT_BYTES - PAGE_BYTES}, False),
        ({"leaves": "after"}, True),
    ],
)
def test_a_band_that_leaves_has_paid_or_not_and_never_twice(
    chip: str, mishap: dict[str, Any], taken: bool
) -> None:
    first, again, last = one_sale(chip, **mishap)
    assert (first["state"], first["reason"], first["facts"]) == (
        "tap_again", "not_sure", ["DebitHeld"],
    )  # fmt: skip
    assert first["balance"] == ("14.00" if taken else "20.00")
    assert (again["state"], last["balance"]) == ("already_paid" if taken else "paid", "14.00")


def test_before_the_midst_and_a_number_of_bytes() -> None:
    assert [Mishap(leaves=word).bytes for word in ("before", "in", "after")] == [0, 14, None]
    assert (Mishap(torn=7).bytes, NOTHING.bytes) == (7, None)


def test_what_is_torn_after_the_end_is_whole() -> None:
    first, again, _ = one_sale("NTAG213", torn=SLOT_BYTES)
    assert (first["state"], again["state"]) == ("paid", "already_paid")
    whole, next_one = lines(sale(torn=SLOT_BYTES + 1), sale())
    assert (whole["state"], next_one["state"]) == ("paid", "paid"), "it is over with its step"


@pytest.mark.parametrize(("torn", "spoilt"), [(4, False), (6, True)])
def test_only_a_page_that_was_begun_is_spoilt(torn: int, spoilt: bool) -> None:
    scenario = read(sale(torn=torn))
    play = Play(scenario)
    first, second = (slice(PAGE_BYTES * page, PAGE_BYTES * (page + 1)) for page in (0x22, 0x23))
    memory = play.money.bands["anna"].memory
    before = bytes(memory)
    play.perform(scenario.steps[0])
    assert memory[first] != before[first]
    assert (memory[second] != before[second]) is spoilt


def test_what_is_mended_before_is_mended_whole() -> None:
    _, second = lines(
        sale(id="x", gateway="a", leaves="after"), sale(gateway="b", torn=5), gateways=TWO
    )
    assert second["facts"] == ["DebitPosted", "DebitHeld"]


@pytest.mark.parametrize(
    ("says", "authorized", "inquired"),
    [
        ("approved", State.APPROVED, State.APPROVED),
        ("declined", State.DECLINED, State.DECLINED),
        ("unknown", State.UNKNOWN, None),
    ],
)
def test_a_terminal_says_what_the_step_says(
    says: str, authorized: State, inquired: State | None
) -> None:
    terminal = CardTerminal()
    terminal.says = says
    assert now(terminal.authorize(ASKED)).state is authorized
    told = now(terminal.inquire(ASKED))
    assert (told.state if told else None) is inquired
    assert now(terminal.reverse(ASKED)).state is State.REVERSED
