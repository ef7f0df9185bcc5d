"""Each check is shown one mistake and names it, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from edge.demo import checks
from edge.demo.rows import Log, Row

HEAD = "ab" * 32
LEDGER = [
    Row("aa", 1, 1, 1, 1 << 16, 20260704, 120, cause="first"),
    Row("aa", 1, 2, 10, 2 << 16, 20260704, 120, 1, 1, b"us:1".hex(), 1, 1, 1, 1, code=0),
    Row("aa", 1, 3, 12, 3 << 16, 20260704, 120, 1, ticket=b"us:1".hex(), persons=1, of_epoch=1,
        of_seq=2),
]  # fmt: skip
GOOD: dict[str, Any] = {
    "logs": [Log("aa", "demo-1", "", 2, (1, 3, HEAD), LEDGER)], "central": LEDGER,
    "central_heads": {("aa", 1): (3, HEAD)}, "central_blocks": {"aa": 2}, "trouble": [],
}  # fmt: skip
CALM: dict[str, Any] = {
    "restarts": 1, "outages": 1, "gateway_exit": 0, "open_holds": 0, "durable": 9, "receipted": 9
}  # fmt: skip


def names(**changed: Any) -> list[str]:
    return [finding.name for finding in checks.agree(**{**GOOD, **changed})]


def test_what_agrees_has_no_findings() -> None:
    assert names() == []
    assert checks.outages_happened(**CALM) == []
    assert checks.guests_were_right([], [], []) == []


def test_a_row_missing_at_the_centre_is_named() -> None:
    (finding,) = checks.agree(**{**GOOD, "central": LEDGER[:2]})
    assert str(finding) == (
        "rows-missing-at-the-centre: the gateway's ledger holds 1 fact that the centre has not"
        " booked\n    epoch 1 seq 3 PassageCompleted on lane 1"
    )


def test_a_row_that_nobody_sent_is_named() -> None:
    extra = LEDGER[2]._replace(seq=4)
    assert names(central=[*LEDGER, extra]) == ["rows-nobody-sent"]


def test_a_second_admission_at_the_centre_is_named_as_such() -> None:
    again = LEDGER[1]._replace(seq=4, hlc=4 << 16)
    assert names(central=[*LEDGER, again]) == ["rows-nobody-sent", "double-admission-at-the-centre"]


def test_a_second_admission_on_both_sides_is_named_on_both() -> None:
    rows = [*LEDGER, LEDGER[1]._replace(seq=4, hlc=4 << 16)]
    both = ["double-admission-in-the-ledger", "double-admission-at-the-centre"]
    assert names(logs=[replace(GOOD["logs"][0], rows=rows)], central=rows) == both


def test_a_row_that_says_something_else_is_named_with_both_values() -> None:
    other = [*LEDGER[:2], LEDGER[2]._replace(persons=0)]
    (finding,) = checks.agree(**{**GOOD, "central": other})
    assert finding.name == "rows-differ"
    assert "persons is 0 at the centre, 1 in the ledger" in finding.rows[0]


def test_equal_counts_of_different_rows_do_not_pass() -> None:
    moved = [*LEDGER[:2], LEDGER[2]._replace(epoch=2)]
    assert names(central=moved) == ["rows-missing-at-the-centre", "rows-nobody-sent"]


def test_one_place_twice_is_named() -> None:
    assert names(central=[*LEDGER, LEDGER[0]]) == ["one-place-one-fact"]


def test_heads_and_blocks_are_compared() -> None:
    assert names(central_heads={("aa", 1): (3, "cd" * 32)}) == ["heads-differ"]
    assert names(central_heads={("aa", 1): (2, HEAD)}) == ["heads-differ"]
    assert names(central_heads={}) == ["heads-differ"]
    assert names(central_blocks={"aa": 3}) == ["blocks-differ"]


def test_a_broken_ledger_says_so_and_nothing_more() -> None:
    broken = Log("aa", broken="block at seq 7 is broken")
    assert names(logs=[broken], central=[]) == ["ledger-verifies"]


def test_trouble_at_the_centre_is_named() -> None:
    assert names(trouble=["fork at 1, 7"]) == ["no-forks-no-dead-letters"]


def test_what_guests_saw_is_named() -> None:
    found = checks.guests_were_right(["a", "b"], ["guest 3"], ["one nonce, two answers"])
    assert [finding.name for finding in found] == [
        "answers-as-expected", "everybody-was-answered", "a-nonce-has-one-answer"
    ]  # fmt: skip
    assert str(found[0]) == "answers-as-expected: 2 answers nobody could expect\n    a\n    b"


def test_a_run_without_its_outages_proves_nothing() -> None:
    def named(**changed: Any) -> list[str]:
        return [one.name for one in checks.outages_happened(**{**CALM, **changed})]

    assert named(restarts=0) == ["outages-happened"]
    assert named(outages=0) == ["outages-happened"]
    assert named(gateway_exit=74) == ["gateway-stops-in-order"]
    assert named(open_holds=1) == ["holds-are-settled"]
    assert named(receipted=8) == ["everything-is-receipted"]


def test_a_long_list_is_cut_and_says_how_much_is_left() -> None:
    text = str(checks.Finding("name", "what", tuple(map(str, range(7)))))
    assert text.endswith("    4\n    and 2 more")


def test_numbers_take_the_right_word() -> None:
    assert [checks.many(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert checks.many(1, "ticket was", "tickets were") == "1 ticket was"
