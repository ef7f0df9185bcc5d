"""The figures of a run, and the sentences about it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from edge.demo.accounts import Accounts
from edge.demo.checks import Finding, many
from edge.demo.tally import LaneTally

#: What people say for the reasons of refusals, by name.
REASON_WORDS: Final = {
    "invalid": "no valid code", "unknown_key": "an unknown seller", "revoked": "replaced",
    "canceled": "cancelled", "blocked": "blocked", "product": "not for this gate",
    "performance": "another show", "invalid_time": "another day or time",
    "already_redeemed": "used already", "wait": "asked to wait", "device": "lane out of service",
}  # fmt: skip


@dataclass(frozen=True)
class Summary:
    """One run. Counts of presentations and answers are the guests', the others the ledger's."""

    ok: bool
    seed: int
    guests: int
    presented: int
    answered: int
    unanswered: int
    admitted: int
    repeated: int
    persons: int
    refused: dict[str, int]
    completed: int
    lapsed: int
    unknown: int
    facts: int
    blocks: int
    epochs: int
    receipted: int
    booked: int
    double_admissions: int
    expected_answers: int
    doubtful_answers: int
    unexpected_answers: int
    gateway_restarts: int
    central_outages: int
    central_away_s: float
    waiting_max: int
    seconds: float
    failed_checks: list[str] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return asdict(self)


def summarize(
    *, findings: Sequence[Finding], heard: LaneTally, ledger: Accounts, central: Accounts,
    figures: Mapping[str, Any],
) -> Summary:  # fmt: skip
    """Put the counts of guests, ledger and centre together; `figures` are taken as they are."""
    return Summary(
        ok=not findings,
        presented=heard.shown,
        answered=heard.answered,
        # What a kill -9 has cut off; a retried presentation may have been answered once.
        unanswered=max(0, heard.shown - heard.answered),
        admitted=ledger.admitted,
        repeated=heard.repeated,
        persons=ledger.persons,
        refused=dict(sorted(heard.refused.items())),
        completed=ledger.completed,
        lapsed=ledger.lapsed,
        unknown=ledger.unknown,
        double_admissions=max(len(ledger.doubles), len(central.doubles)),
        failed_checks=[finding.name for finding in findings],
        **figures,
    )


def sentences(s: Summary) -> list[str]:
    """The run, to be read aloud."""
    refused = sum(s.refused.values())
    told = [
        f"{many(s.guests, 'guest')} showed {many(s.presented, 'code')};"
        f" {many(s.admitted, 'was', 'were')} admitted, {refused} refused,"
        f" {s.repeated} told once more to go through, {s.unanswered} got no answer.",
        f"Of the {s.admitted} admitted, {s.completed} walked through, {s.lapsed} did not and got"
        f" their ticket back, {s.unknown} nobody knows of; they count as used.",
    ]
    if s.refused:
        reasons = sorted(s.refused.items(), key=lambda item: -item[1])
        told.append(
            "Refused: "
            + ", ".join(f"{count} {REASON_WORDS.get(name, name)}" for name, count in reasons)
            + "."
        )
    told.append(
        f"The gateway was killed {_times(s.gateway_restarts)}, and the centre was away"
        f" {_times(s.central_outages)}, for {s.central_away_s:.0f} seconds;"
        f" up to {many(s.waiting_max, 'fact')} waited for it."
    )
    told.append(
        f"The ledger holds {many(s.facts, 'fact')} in {many(s.blocks, 'block')}; {s.receipted} have"
        f" a receipt, {s.booked} are booked at the centre;"
        f" {_tickets(s.double_admissions)} admitted twice."
    )
    if s.ok:
        told.append("Gateway and centre agree to the row.")
    else:
        told.append(f"{many(len(s.failed_checks), 'check')} failed.")
    return told


def _tickets(count: int) -> str:
    return many(count, "ticket was", "tickets were") if count else "no ticket was"


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
