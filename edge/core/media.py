"""A band or card that several tickets are linked to: which of them is meant.

The one that works; of several the one whose right ends first, since it would be lost; two that
end alike are ambiguous, and staff choose. If none works: the one that works next; else the one
that came furthest on the ladder of checks; else the one whose time ended last.
"""

from collections.abc import Callable

import msgspec

from crypto.claim import Claim
from edge.core.decision import Finding, Presentation
from edge.core.policy import Policy
from edge.core.reasons import Reason
from edge.core.validity import ends_s


class Chosen(msgspec.Struct, frozen=True, gc=False):
    """A claim, or the reason why there is none; `fitting`: all that would do, if ambiguous."""

    claim: Claim | None
    reason: Reason = Reason.ERROR
    fitting: tuple[Claim, ...] = ()


def choose(
    policy: Policy, p: Presentation, check: Callable[[Claim], Finding | None],
    in_use: Callable[[Claim], bool], within: Callable[[Claim], bool],
) -> Chosen | None:  # fmt: skip
    """The ticket that is meant by a medium; None: the text is no medium.

    `check`: what stands in the way of a claim; `in_use`: whether it was said before to this
    presentation, or is being used on this lane; `within`:
    whether somebody is inside on it, who alone can leave.
    """
    code = p.code.strip(b" \t\r\n")
    band = policy.media.get(code)
    if band is None:
        known = code.startswith(policy.medium_prefixes)
        return Chosen(None, Reason.MEDIUM_UNKNOWN) if known else None
    if band.blocked:
        return Chosen(None, Reason.MEDIUM_BLOCKED)
    claims = [one for one in band.claims if p.choice in (b"", one.identity)]
    if not claims:
        return Chosen(None, Reason.MEDIUM_UNKNOWN)
    for claim in claims:
        if in_use(claim):
            return Chosen(claim)
    found = [(claim, check(claim)) for claim in claims]
    if p.direction == "exit":
        leaving = [claim for claim, finding in found if finding is None and within(claim)]
        if leaving:
            return Chosen(leaving[0])
    return _best(policy, found)


def _best(policy: Policy, found: list[tuple[Claim, Finding | None]]) -> Chosen:
    working = [claim for claim, finding in found if finding is None]
    if working:
        first = min(ends_s(policy, claim) for claim in working)
        fitting = [claim for claim in working if ends_s(policy, claim) == first]
        if len(fitting) == 1:
            return Chosen(fitting[0])
        return Chosen(None, Reason.AMBIGUOUS, tuple(fitting))
    return Chosen(min(found, key=lambda pair: _far(policy, *pair))[0])


def _far(policy: Policy, claim: Claim, finding: Finding | None) -> tuple[int, int, bytes]:
    """How far a claim is from working; ties go by identity."""
    assert finding is not None
    if finding.reason is not Reason.INVALID_TIME:
        late = finding.reason > Reason.INVALID_TIME
        return (1 if late else 3, -finding.reason, claim.identity)
    if finding.opens_ms:
        return (0, finding.opens_ms, claim.identity)
    return (2, -ends_s(policy, claim), claim.identity)
