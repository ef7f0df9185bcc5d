"""The two ends of a decision: what they say when nothing is said."""

from edge.core.decision import Decision, Presentation
from edge.core.reasons import Reason
from tests.edge.core.desk import A


def test_a_presentation_asks_for_one_person_inwards() -> None:
    shown = Presentation(b"code", A, 1, 2)
    assert (shown.direction, shown.count, shown.nonce) == ("entry", 1, b"")
    assert (shown.answers, shown.choice, shown.accept_unpaid) == ((), b"", False)


def test_only_a_decision_without_a_reason_admits() -> None:
    assert Decision(None).admitted
    assert not any(Decision(reason).admitted for reason in Reason)
    refused = Decision(Reason.INVALID)
    assert (refused.granted, refused.fact, refused.repeated, refused.overridden) == (
        0, None, False, None,
    )  # fmt: skip
