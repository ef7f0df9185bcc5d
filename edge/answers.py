"""What a lane says to people and machines about one decision: the JSON of the local API."""

from typing import Any

import msgspec

from crypto.claim import Claim, show_identity
from crypto.entry import (
    MARK_ATTENTION,
    MARK_CHECK,
    MARK_CLOCK_UNSURE,
    MARK_EXIT_UNHEARD,
    MARK_FORCED,
    MARK_NO_WINDOW,
    MARK_STALE,
    MARK_UPLOADED,
)
from edge.core.decision import Decision, Earlier, Hints, Presentation
from edge.core.moments import Moment
from edge.core.policy import Policy
from edge.core.reasons import Reason
from edge.core.texts import Texts, saying
from edge.core.validity import span_s

_MARKS = {
    MARK_NO_WINDOW: "no_window",
    MARK_CHECK: "check",
    MARK_ATTENTION: "attention",
    MARK_CLOCK_UNSURE: "clock_unsure",
    MARK_STALE: "stale",
    MARK_UPLOADED: "uploaded",
    MARK_FORCED: "forced",
    MARK_EXIT_UNHEARD: "exit_unheard",
}


class EarlierUse(msgspec.Struct, frozen=True, omit_defaults=True):
    """The use that stands in the way. `at_ms` unix ms; `offset_min` of the gate's local time."""

    at_ms: int
    offset_min: int
    gate: str
    lane: int
    here: bool
    possibly: bool = False
    open: bool = False


class Choice(msgspec.Struct, frozen=True, omit_defaults=True):
    """A ticket of a medium. `identity` is what `choice` wants. Good from `valid_from_ms` until
    `valid_until_ms` (unix ms, 0 = open), for so many `persons`."""

    identity: str
    product: str
    performance: str
    valid_from_ms: int = 0
    valid_until_ms: int = 0
    persons: int = 1


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """`decision` is "admitted" or "refused"; `reason` and `reason_number` stay the same for ever.

    `retry`: the same presentation may succeed later without help. `repeated`: this was answered
    before; nothing moves again. `seq`: the durable fact behind the answer. `text` is for staff,
    in their language; `guest_text` for the guest, by language.

    name, note, birthday, colour   what staff should see of the guest, and the colour of the day
    questions     what staff must ask before the same code is shown again with `answers`
    choices       tickets of a medium that fit alike: one is to be named as `choice`
    may_accept_unpaid  not paid, but at this gate whoever has the right may take it: by showing the
                  same code again with `accept_unpaid`
    opens_ms      when the ticket will be valid (unix ms)
    zone          the zone that is full
    overridden    the refusal that staff overrode
    simulated     nothing was recorded and nothing moves
    """

    decision: str
    lane: int
    direction: str
    granted: int = 0
    reason: str = ""
    reason_number: int = 0
    text: str = ""
    guest_text: dict[str, str] = {}
    retry: bool = False
    repeated: bool = False
    identity: str = ""
    scheme: str = ""
    product: str = ""
    performance: str = ""
    persons: int = 0
    marks: list[str] = []
    earlier: EarlierUse | None = None
    seq: int = 0
    name: str = ""
    note: str = ""
    birthday: bool = False
    colour: str = ""
    questions: list[str] = []
    choices: list[Choice] = []
    may_accept_unpaid: bool = False
    opens_ms: int = 0
    zone: str = ""
    overridden: str = ""
    simulated: bool = False


def describe(
    decision: Decision, policy: Policy, gateway: bytes, lane: int, direction: str, seq: int,
    *, gate: int, now: Moment, texts: Texts,
) -> Answer:  # fmt: skip
    """The answer for `decision`, made at `gate` and `now`; `seq` 0 when no fact stands behind."""
    claim = decision.claim
    said = saying(decision, policy, gateway, gate, direction, now)
    product = policy.products.get(claim.product) if claim else None
    performance = policy.performances.get(claim.performance) if claim else None
    reason = decision.reason
    return Answer(
        decision="admitted" if reason is None else "refused",
        lane=lane,
        direction=direction,
        granted=decision.granted,
        reason=reason.code if reason else "",
        reason_number=int(reason) if reason else 0,
        text=texts.staff(said),
        guest_text=texts.guest(said),
        retry=reason.retryable if reason else False,
        repeated=decision.repeated,
        identity=show_identity(claim.identity) if claim else "",
        scheme=claim.scheme if claim else "",
        product=product.name if product else "",
        performance=performance.name if performance else "",
        persons=claim.persons if claim else 0,
        marks=[name for bit, name in _MARKS.items() if decision.marks & bit],
        earlier=_earlier(decision.earlier, policy, gateway),
        seq=seq,
        questions=list(decision.questions),
        choices=[_choice(one, policy) for one in decision.choices],
        may_accept_unpaid=reason is Reason.UNPAID and _takes_unpaid(policy, gate),
        opens_ms=decision.opens_ms,
        zone=_zone(decision, policy),
        overridden=decision.overridden.code if decision.overridden else "",
        **_hints(decision.hints),
    )


class Telling(msgspec.Struct, frozen=True, gc=False):
    """An answer that is put into words when somebody asks: the barrier does not wait for words."""

    policy: Policy
    texts: Texts
    p: Presentation
    decision: Decision
    now: Moment
    seq: int

    @property
    def kind(self) -> str:
        """The reason, or "admitted" or "repeated"."""
        if self.decision.reason is not None:
            return self.decision.reason.code
        return "repeated" if self.decision.repeated else "admitted"

    def answer(self) -> Answer:
        """In words."""
        p = self.p
        return describe(
            self.decision, self.policy, p.gateway, p.lane, p.direction, self.seq,
            gate=p.gate, now=self.now, texts=self.texts,
        )  # fmt: skip


def _hints(hints: Hints | None) -> dict[str, Any]:
    return msgspec.structs.asdict(hints) if hints is not None else {}


def _zone(decision: Decision, policy: Policy) -> str:
    if decision.reason is not Reason.ZONE_FULL:
        return ""
    return policy.places[decision.zone].name


def _takes_unpaid(policy: Policy, gate: int) -> bool:
    rule = policy.gates.get(gate)
    return rule is not None and rule.accepts_unpaid


def _choice(claim: Claim, policy: Policy) -> Choice:
    show = policy.performances.get(claim.performance)
    begins_s, ends_s = span_s(policy, claim)
    return Choice(
        show_identity(claim.identity), policy.products[claim.product].name,
        show.name if show else "", begins_s * 1000, ends_s * 1000, claim.persons,
    )  # fmt: skip


def _earlier(use: Earlier | None, policy: Policy, gateway: bytes) -> EarlierUse | None:
    if use is None:
        return None
    return EarlierUse(
        use.at_ms, use.offset_min, gate_name(policy, use.gate), use.lane,
        use.gateway == gateway, use.possibly, use.open,
    )  # fmt: skip


def gate_name(policy: Policy, number: int) -> str:
    """What people call gate `number`."""
    gate = policy.gates.get(number)
    return gate.name if gate else f"gate {number}"
