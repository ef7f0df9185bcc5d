"""Who was admitted twice, summed up from rows alone."""

from __future__ import annotations

from edge.demo.accounts import account, shown
from edge.demo.rows import Row

TICKET = b"us:\x00\x01".hex()
GATEWAY = "aa" * 16


def admitted(seq: int, granted: int = 1, persons: int = 1, epoch: int = 1) -> Row:
    return Row(GATEWAY, epoch, seq, 10, seq << 16, 20260704, 120, 1, 1, TICKET, 1, 1,
               granted, persons, code=0)  # fmt: skip


def outcome(seq: int, kind: int, of_seq: int, passed: int, of_epoch: int = 1) -> Row:
    return Row(GATEWAY, 1, seq, kind, seq << 16, 20260704, 120, 1, ticket=TICKET, persons=passed,
               of_epoch=of_epoch, of_seq=of_seq)  # fmt: skip


def test_once_is_no_double() -> None:
    told = account([admitted(1), outcome(2, 12, 1, 1)])
    assert (told.admitted, told.completed, told.persons, told.doubles) == (1, 1, 1, [])


def test_twice_names_the_ticket_and_the_admission_too_many() -> None:
    told = account([admitted(1), outcome(2, 12, 1, 1), admitted(3)])
    (double,) = told.doubles
    assert str(double) == (
        "ticket us:0001 is for 1 and let in 2: the last by epoch 1 seq 3 Admitted on lane 1"
    )


def test_what_lapsed_was_given_back() -> None:
    told = account([admitted(1), outcome(2, 13, 1, 0), admitted(3), outcome(4, 12, 3, 1)])
    assert (told.lapsed, told.completed, told.doubles) == (1, 1, [])
    assert told.regained == {TICKET}
    used = account([admitted(1), outcome(2, 13, 1, 1), admitted(3)])
    assert used.doubles and not used.regained


def test_given_back_only_later_is_too_late() -> None:
    told = account([admitted(1), admitted(2), outcome(3, 13, 1, 0), outcome(4, 13, 2, 0)])
    assert len(told.doubles) == 1 and not told.regained


def test_open_and_unknown_holds_count_as_used() -> None:
    assert account([admitted(1), admitted(2)]).doubles
    told = account([admitted(1), outcome(2, 14, 1, 0), admitted(3)])
    assert told.doubles and (told.unknown, told.open) == (1, 1)


def test_a_group_may_come_in_parts_up_to_its_size() -> None:
    part = [admitted(1, 3, 3), outcome(2, 12, 1, 2), outcome(3, 13, 1, 2), admitted(4, 1, 3)]
    assert account(part).doubles == []
    assert account([*part, admitted(5, 1, 3)]).doubles


def test_the_order_of_rows_does_not_matter() -> None:
    rows = [admitted(1), outcome(2, 13, 1, 0), admitted(3), outcome(4, 12, 3, 1)]
    assert account(rows[::-1]) == account(rows)


def test_outcomes_find_their_hold_across_epochs_and_refusals_are_counted() -> None:
    refused = Row(GATEWAY, 1, 9, 11, 9 << 16, 20260704, 120, 1, 1, persons=4, code=10)
    told = account([admitted(1, epoch=7), outcome(2, 14, 1, 0, of_epoch=7), refused])
    assert (told.unknown, told.open, told.refused) == (1, 0, {10: 4})


def test_an_identity_is_shown_as_issuer_and_hex() -> None:
    assert shown(TICKET) == "us:0001"
