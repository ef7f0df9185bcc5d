"""The rules of a bundle at a gate: whether one refuses, and the sentence that explains it."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from crypto.claim import Claim
from edge.core.decision import Finding
from edge.core.history import at_ms, uses_at
from edge.core.holds import Hold
from edge.core.moments import Moment
from edge.core.policy import GateRule, Law, Policy
from edge.core.reasons import Reason
from edge.core.rules import Event, RuleContext, explain

LANGUAGES: Final = ("de", "en", "fr")
_ALL: Final = 255


def refused(
    policy: Policy, rule: GateRule, claim: Claim, holds: list[Hold], wanted: int, now: Moment
) -> Finding | None:
    """What the first rule that does not hold for one of `wanted` persons says."""
    for law in policy.laws:
        if law.gate not in (0, rule.number) or law.product not in (0, claim.product):
            continue
        found = _refused(policy, rule, claim, holds, wanted, now, law)
        if found is not None:
            return found
    return None


def _refused(
    policy: Policy, rule: GateRule, claim: Claim, holds: list[Hold], wanted: int, now: Moment,
    law: Law,
) -> Finding | None:  # fmt: skip
    if law.rule is None:
        return Finding(Reason.RULES)
    for ahead in range(wanted):
        facts = context(policy, rule, claim, holds, now, ahead)
        if not law.rule.check(facts):
            names = partial(_name, policy)
            said = {one: explain(law.rule, facts, one, names).text for one in LANGUAGES}
            return Finding(Reason.RULES, why={one: f"{text}." for one, text in said.items()})
    return None


def _name(policy: Policy, model: str, number: int) -> str | None:
    if model == "gate":
        return policy.gates[number].name if number in policy.gates else None
    if model == "product":
        return policy.products[number].name if number in policy.products else None
    return None


def context(
    policy: Policy, rule: GateRule, claim: Claim, holds: list[Hold], now: Moment, ahead: int = 0
) -> RuleContext:
    """What a rule reads about one person of a ticket; `ahead` others go in before."""
    show = policy.performances.get(claim.performance)
    return RuleContext(
        now_ms=now.ms, zone=policy.zone, product=claim.product, gate=rule.number,
        variation=claim.foreign.variation if claim.foreign else None,
        date_from_ms=show.starts_at * 1000 or None if show else None,
        date_to_ms=show.ends_at * 1000 or None if show else None,
        date_admission_ms=show.admission_from * 1000 or None if show else None,
        events=list(events(policy, uses_at(policy, rule, holds), now)), persons=claim.persons,
        ahead=ahead,
    )  # fmt: skip


def events(policy: Policy, holds: list[Hold], now: Moment) -> Iterator[Event]:
    """Entries and exits in order, and between them the automatic exits."""
    before_ms = 0
    for hold in holds:
        emptied_ms = policy.emptied_ms(at_ms(hold))
        if before_ms and emptied_ms > before_ms:
            yield Event(emptied_ms, True, _ALL)
        before_ms = at_ms(hold)
        if hold.counted:
            yield Event(before_ms, hold.exit, hold.counted)
    if before_ms and policy.emptied_ms(now.ms) > before_ms:
        yield Event(policy.emptied_ms(now.ms), True, _ALL)
