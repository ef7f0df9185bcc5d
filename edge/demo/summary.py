"""The figures of a run, and the sentences about it."""

from collections.abc import Container, Mapping, Sequence
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
    """One run. Counts of presentations and answers are the guests', the others the ledgers'.

    `double_admissions` are those that were not planned.
    """

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
    gateways: int = 1
    #: Admissions that were one too many, as the gateways found them; and those of the cut.
    conflicts_found: int = 0
    conflicts_planned: int = 0
    #: Tickets shown at a second gateway while the LAN was up, and how many got in there.
    copies_across_gateways: int = 0
    copies_admitted_twice: int = 0
    lan_cut_s: float = 0.0
    #: From sealing at one gateway to folding at another: p50, p99, and of how many observed.
    replication_lag_ms: dict[str, int] | None = None
    #: The figures of the bar (`bar_checks.BarSummary`), where there was one.
    bar: dict[str, Any] | None = None
    failed_checks: list[str] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return asdict(self)


def summarize(
    *, findings: Sequence[Finding], heard: LaneTally, ledger: Accounts, central: Accounts,
    figures: Mapping[str, Any], planned: Container[str] = (),
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
        double_admissions=max(
            sum(one.ticket not in planned for one in each.doubles) for each in (ledger, central)
        ),
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
    if s.gateways > 1:
        told += _of_siblings(s)
    which, holds = ("The", "ledger holds") if s.gateways == 1 else ("One", "ledgers hold")
    told.append(
        f"{which} gateway was killed {_times(s.gateway_restarts)}, and the centre was away"
        f" {_times(s.central_outages)}, for {s.central_away_s:.0f} seconds;"
        f" up to {many(s.waiting_max, 'fact')} waited for it."
    )
    told.append(
        f"The {holds} {many(s.facts, 'fact')} in {many(s.blocks, 'block')};"
        f" {s.receipted} have"
        f" a receipt, {s.booked} are booked at the centre;"
        f" {_tickets(s.double_admissions)} admitted twice" + _but_planned(s)
    )
    if s.bar:
        told += _of_the_bar(s.bar, s.ok)
    if s.ok:
        who = "Gateway" if s.gateways == 1 else f"All {_number(s.gateways)} gateways"
        told.append(f"{who} and centre agree to the row.")
    else:
        told.append(f"{many(len(s.failed_checks), 'check')} failed.")
    return told


def _of_siblings(s: Summary) -> list[str]:
    found = "no conflict" if not s.conflicts_found else many(s.conflicts_found, "conflict")
    told = [
        f"{_number(s.gateways).capitalize()} gateways shared the lanes. While the centre was away,"
        f" {many(s.copies_across_gateways, 'ticket was', 'tickets were')} shown again at another"
        f" gateway; {s.copies_admitted_twice or 'none'} of them got in twice.",
        f"Then the LAN was cut for {s.lan_cut_s:.0f} seconds, and"
        f" {many(s.conflicts_planned, 'copy was', 'copies were')} shown on both sides of the cut,"
        f" where nobody could know; after healing, the gateways reported {found}.",
    ]
    lag = s.replication_lag_ms
    if lag and lag["observed"]:
        told.append(
            f"A fact was known to its siblings after {lag['p50']} milliseconds,"
            f" and in 99 of 100 cases within {lag['p99']}."
        )
    return told


def _of_the_bar(bar: Mapping[str, Any], ok: bool) -> list[str]:
    refused, copies = sum(bar["refused"].values()), bar["copies_refused"]
    credits_minor = bar["topped_up_minor"] + bar["presale_minor"]
    copied = f"{many(copies, 'copied band was', 'copied bands were')} refused where the original"
    copied += " had paid"
    if bar["forks"]:
        used = many(bar["forks"], "other was", "others were")
        copied += f"; {used} used on both sides of the cut, with proof"
    return [
        f"At the bar, {many(bar['wallets'], 'wristband')} tapped {bar['taps']} times:"
        f" {many(bar['posted'], 'sale was', 'sales were')} posted, {bar['voided']} voided,"
        f" {bar['in_doubt']} in doubt, {refused} refused. A band was torn in the middle of a write"
        f" {_times(bar['torn'])}.",
        f"Credits {_money(credits_minor)}, less debits {_money(bar['spent_minor'])}, and"
        f" {_money(bar['given_back_minor'])} given back, are balances of"
        f" {_money(bar['balances_minor'])}"
        + (": so say ledgers, centre, wristbands, guests and drawers." if ok else "."),
        copied + ".",
    ]


def _money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"


def _but_planned(s: Summary) -> str:
    if not s.conflicts_planned:
        return "."
    return ", besides those of the cut." if s.double_admissions else " but those of the cut."


def _number(count: int) -> str:
    return {2: "two", 3: "three"}.get(count, str(count))


def _tickets(count: int) -> str:
    return many(count, "ticket was", "tickets were") if count else "no ticket was"


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
