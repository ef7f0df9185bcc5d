"""drivers/payment/machine.py: one payment, answer by answer."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.payment.machine import PaymentMachine, PaymentPlan
from drivers.payment.outcome import Authorization, Outcome, State, outcome_of
from drivers.payment.table import UNSURE

ASKED = Authorization(txid16=b"1" * 16, amount_minor=450, currency="EUR", reference="guest-1")
PLAN = PaymentPlan(answer_s=5, prompt_s=180, reversal_s=60)


def said(state: State, code: str = "", **more: object) -> Outcome:
    outcome = outcome_of(ASKED, state, code)
    return msgspec.structs.replace(outcome, **{"terminal": "T1", "trace": "000470", **more})


def payment(state: State = State.STARTED) -> PaymentMachine:
    machine = PaymentMachine(ASKED, PLAN)
    machine.start("T1", 10.0)
    if state in (State.APPROVED, State.REVERSING, State.REVERSED, State.REVERSAL_UNKNOWN):
        machine.told(said(State.APPROVED, last4="4771"))
    if state in (State.REVERSING, State.REVERSED, State.REVERSAL_UNKNOWN):
        assert machine.reverse(20.0) == ""
    if state is State.REVERSED:
        machine.told(said(State.REVERSED))
    if state in (State.UNKNOWN, State.REVERSAL_UNKNOWN):
        machine.lost("silent")
    if state is State.DECLINED:
        machine.told(said(State.DECLINED, "host_declined"))
    if state is State.DECLINED_LATE:
        machine.told(said(State.APPROVED, stored_offline=True))
        machine.told(said(State.DECLINED_LATE))
    assert machine.state is state
    return machine


def test_deadlines_are_for_the_acknowledgement_the_prompt_and_the_reversal() -> None:
    machine = payment()
    assert machine.deadline == 15.0
    machine.heard(12.0)
    assert machine.deadline == 192.0
    machine.heard(100.0)
    assert machine.deadline == 280.0
    machine.told(said(State.APPROVED))
    assert machine.deadline == math.inf
    machine.heard(101.0)
    assert machine.deadline == math.inf
    machine.reverse(200.0)
    assert machine.deadline == 260.0
    machine.lost("silent")
    assert machine.deadline == math.inf


def test_an_approval_is_told_as_the_terminal_said_it() -> None:
    machine = payment()
    answer = said(State.APPROVED, scheme="Visa", last4="4771", stored_offline=True)
    assert machine.told(answer)
    assert machine.outcome == answer
    assert not machine.told(answer), "the same again is nothing new"


@pytest.mark.parametrize(
    ("field", "value"),
    [("reference", "guest-2"), ("amount_minor", 451), ("currency", "CHF"), ("terminal", "T2")],
)
@pytest.mark.parametrize("state", [State.APPROVED, State.DECLINED])
def test_an_answer_about_something_else_is_unknown_and_flagged(
    state: State, field: str, value: object
) -> None:
    machine = payment()
    assert machine.told(said(state, **{field: value}))
    assert (machine.state, machine.outcome.flagged) == (State.UNKNOWN, field)
    assert (machine.outcome.reference, machine.outcome.amount_minor) == ("guest-1", 450)
    assert machine.told(said(State.APPROVED)), "asked again, it is clear"
    assert machine.outcome.flagged == ""


def test_a_payment_stays_unknown_while_the_terminal_speaks_of_another() -> None:
    machine = payment(State.UNKNOWN)
    assert machine.told(said(State.APPROVED, amount_minor=451))
    assert not machine.told(said(State.APPROVED, amount_minor=451)), "no news"
    assert (machine.state, machine.outcome.flagged) == (State.UNKNOWN, "amount_minor")


def test_a_contradiction_is_flagged_as_such() -> None:
    for state, answer in ((State.APPROVED, State.DECLINED), (State.DECLINED, State.APPROVED)):
        machine = payment(state)
        assert machine.told(said(answer))
        assert (machine.state, machine.outcome.flagged) == (State.UNKNOWN, "state")


def test_never_heard_of_it_settles_what_was_lost_but_not_what_was_approved() -> None:
    machine = payment(State.UNKNOWN)
    assert machine.not_known()
    assert (machine.state, machine.outcome.decline_code) == (State.DECLINED, "not_known")
    for state in (State.REVERSING, State.REVERSAL_UNKNOWN):
        machine = payment(state)
        assert machine.not_known()
        assert (machine.state, machine.outcome.flagged) == (State.REVERSAL_UNKNOWN, "reference")


def test_another_device_is_flagged_and_settles_nothing() -> None:
    machine = payment(State.UNKNOWN)
    assert machine.other_device()
    assert (machine.state, machine.outcome.flagged) == (State.UNKNOWN, "terminal")


@pytest.mark.parametrize("state", [s for s in State if s not in (State.IDLE, State.APPROVED)])
def test_a_reversal_is_refused_unless_approved(state: State) -> None:
    machine = payment(state)
    before = machine.outcome
    open_or_unsure = state in (*UNSURE, State.STARTED, State.REVERSING)
    assert machine.reverse(30.0) == ("ask_first" if open_or_unsure else "not_approved")
    assert (machine.state, machine.outcome) == (state, before)


def test_a_refused_reversal_leaves_the_approval_with_the_reason() -> None:
    machine = payment(State.REVERSING)
    refusal = msgspec.structs.replace(outcome_of(ASKED, State.APPROVED, "too_late"), terminal="T1")
    assert machine.told(refusal)
    assert (machine.state, machine.outcome.decline_code) == (State.APPROVED, "too_late")
    assert machine.outcome.last4 == "4771", "what the approval said is kept"


def test_an_offline_approval_may_be_declined_late() -> None:
    machine = payment(State.DECLINED_LATE)
    assert machine.outcome.state is State.DECLINED_LATE
    assert not machine.told(said(State.APPROVED)), "a dead end"
    assert machine.state is State.DECLINED_LATE


def test_a_payment_of_an_earlier_process_is_taken_up() -> None:
    machine = PaymentMachine(ASKED, PLAN, State.UNKNOWN, "T1")
    assert machine.outcome.state is State.UNKNOWN
    assert machine.told(said(State.APPROVED))


ANSWERS = st.sampled_from(
    [said(s) for s in (State.APPROVED, State.DECLINED, State.REVERSED, State.DECLINED_LATE)]
    + [said(State.APPROVED, amount_minor=1), said(State.DECLINED, reference="x")]
)


@given(st.lists(st.one_of(ANSWERS, st.sampled_from(["lost", "not_known", "reverse", "heard"]))))
def test_any_history_keeps_state_outcome_and_deadline_together(history: list[object]) -> None:
    machine = payment()
    for at, event in enumerate(history):
        now = 20.0 + at
        if isinstance(event, Outcome):
            machine.told(event)
        elif event == "lost":
            machine.lost("lost")
        elif event == "not_known":
            if machine.state in UNSURE:
                machine.not_known()
        elif event == "reverse":
            machine.reverse(now)
        else:
            machine.heard(now)
        assert machine.outcome.state is machine.state
        assert machine.outcome.amount_minor == 450
        waits = machine.state in (State.STARTED, State.REVERSING)
        assert (machine.deadline < math.inf) == waits
        assert not (machine.state in (State.APPROVED, State.DECLINED) and machine.outcome.flagged)
