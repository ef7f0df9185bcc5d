"""What people and machines are told; these fields and words are the local API."""

import msgspec
import pytest

from crypto.claim import show_identity
from crypto.terms import GatePolicy, Medium, MediumTicket, Terms
from edge.answers import describe, gate_name
from edge.core.texts import Texts
from tests.edge.core.desk import AFTER_EXIT, NOON_S, NORTH, TONIGHT, A, B, Desk, identity, make_code


def describe_at(desk: Desk, code: bytes, lane: int = 2, **how: object) -> dict[str, object]:
    decision = desk.hold(code, lane=lane, **how)  # type: ignore[arg-type]
    way = how.get("way", "entry")
    seq = 12 if decision.fact else 0
    answer = describe(
        decision, desk.policy, A, lane, str(way), seq, gate=NORTH, now=desk.moment, texts=Texts()
    )
    told: dict[str, object] = msgspec.to_builtins(answer)
    return told


def test_an_admission_in_full() -> None:
    code = make_code(performance=TONIGHT, persons=3, flags=3)
    assert describe_at(Desk(), code, count=2) == {
        "decision": "admitted",
        "lane": 2,
        "direction": "entry",
        "granted": 2,
        "text": "Welcome.",
        "guest_text": {"de": "Willkommen!", "en": "Welcome!", "fr": "Bienvenue !"},
        "identity": "venue:0000000000000001",
        "scheme": "GH1",
        "product": "Day ticket",
        "performance": "Tonight",
        "persons": 3,
        "marks": ["check", "attention"],
        "seq": 12,
    }


def test_a_refusal_in_full() -> None:
    desk = Desk()
    desk.scan(make_code(), lane=4)
    told = describe_at(desk, make_code())
    guest = told.pop("guest_text")
    assert isinstance(guest, dict) and "13h00 (couloir 4)" in guest["fr"]
    assert told == {
        "decision": "refused",
        "lane": 2,
        "direction": "entry",
        "reason": "already_redeemed",
        "reason_number": 100,
        "text": "Already used at 13:00, lane 4.",
        "identity": "venue:0000000000000001",
        "scheme": "GH1",
        "product": "Day ticket",
        "persons": 1,
        "earlier": {
            "at_ms": NOON_S * 1000, "offset_min": 60, "gate": "North gate", "lane": 4, "here": True
        },
        "seq": 12,
    }  # fmt: skip


def test_garbage_names_nobody() -> None:
    told = describe_at(Desk(), b"garbage")
    assert told.keys() == {"decision", "lane", "direction", "reason", "reason_number", "text",
                           "guest_text"}  # fmt: skip


def test_a_refusal_that_may_pass_by_itself_says_so() -> None:
    told = describe_at(Desk(), make_code(valid_from=NOON_S + 1))
    assert (told["reason"], told["retry"]) == ("invalid_time", True)


@pytest.mark.parametrize(
    ("gateway", "ending", "text"),
    [
        (A, "open", "In use right now at lane 4. Send them there."),
        (B, "open", "In use right now at North gate. Send them there."),
        (A, "passed", "Already used at 13:00, lane 4."),
        (B, "passed", "Already used at 13:00, North gate."),
        (A, "lost", "Possibly entered at 13:00, lane 4. The supervisor decides."),
        (B, "lost", "Possibly entered at 13:00, North gate. The supervisor decides."),
    ],
)
def test_the_guest_is_told_where_and_when(gateway: bytes, ending: str, text: str) -> None:
    desk = Desk()
    held = desk.hold(make_code(), lane=4, gateway=gateway)
    if ending == "passed":
        desk.passes(held)
    elif ending == "lost":
        desk.is_lost(held)
    assert describe_at(desk, make_code())["text"] == text


def test_tickets_to_choose_from_tell_them_apart_and_hold_no_code() -> None:
    tickets = [
        MediumTicket(identity(1), AFTER_EXIT, valid_until=NOON_S + 9),
        MediumTicket(identity(2), AFTER_EXIT, valid_from=NOON_S - 9, valid_until=NOON_S + 9),
    ]
    told = describe_at(Desk(terms=Terms(media=[Medium(b"55", tickets)])), b"55")
    ends_ms = (NOON_S + 9) * 1000
    one = {"product": "Day ticket with re-entry", "performance": "", "valid_until_ms": ends_ms}
    other = {"valid_from_ms": (NOON_S - 9) * 1000}
    assert told["choices"] == [
        one | {"identity": "venue:0000000000000001"},
        one | other | {"identity": "venue:0000000000000002"},
    ]
    assert "identity" not in told  # of none it is said which was meant


@pytest.mark.parametrize("accepts", [True, False])
def test_of_an_unpaid_ticket_it_is_said_whether_the_gate_may_take_it(accepts: bool) -> None:
    gates = [GatePolicy(NORTH, accepts_unpaid=accepts)]
    desk = Desk(terms=Terms(unpaid=[identity()], unapproved=[identity(2)], gates=gates))
    told = describe_at(desk, make_code())
    assert (told["reason"], told.get("may_accept_unpaid", False)) == ("unpaid", accepts)
    assert "may_accept_unpaid" not in describe_at(desk, make_code(2))


def test_too_many_persons_name_no_earlier_use() -> None:
    told = describe_at(Desk(), make_code(), count=2)
    assert told["text"] == "Code is for 1 person(s); not that many are left."
    assert "earlier" not in told


def test_words_for_going_and_coming_again() -> None:
    desk = Desk()
    code = make_code(product=AFTER_EXIT)
    assert describe_at(desk, code)["text"] == "Welcome."
    again = describe_at(desk, code)
    assert (again["text"], again["repeated"]) == ("Please go through.", True)
    assert describe_at(desk, code, way="exit")["text"] == "Goodbye."


def test_a_gate_without_a_name_is_called_by_its_number() -> None:
    assert gate_name(Desk().policy, 1) == "North gate"
    assert gate_name(Desk().policy, 77) == "gate 77"
    assert show_identity(identity()) == "venue:0000000000000001"
