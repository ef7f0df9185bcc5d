"""More mistakes with bands and money: at least one for each checker of `promises`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import msgspec

from crypto.medium import pages
from crypto.medium_credit import signer
from crypto.money import DebitPosted
from drivers.reader import BandGone, Chip
from edge.core import wallet_conflicts, wallet_credit, wallet_hold, wallet_look
from edge.core.state import State
from edge.core.wallet_reasons import WalletReason
from edge.core.wallet_rows import Account, Mark
from edge.core.wallet_words import Refused
from edge.till import debit, sale, settling, undoing
from edge.till.tills import Tills
from tests.sim.wallet import centre, fair
from tests.sim.wallet.faults import fault
from tests.sim.wallet.history import History


def _blind(*checkers: str) -> Any:
    """As if these were not looked at: what finds it then?"""
    return patch.object(History, "blind", frozenset(checkers))


@fault(0)
def last_posting_of_a_block_is_not_read() -> Iterator[None]:
    real = State.apply_run

    def apply_run(self: State, gateway: bytes, epoch: int, first: int, facts: Any) -> Any:
        if facts and isinstance(facts[-1], DebitPosted):
            facts = facts[:-1]
        return real(self, gateway, epoch, first, facts)

    with patch.object(State, "apply_run", apply_run), _blind("high-water", "seq"):
        yield


@fault(0)
def hold_says_less_than_it_writes() -> Iterator[None]:
    real = wallet_hold._fact

    def fact(look: Any, order: Any, target: Any) -> Any:
        return real(look, order._replace(debit_minor=max(0, order.debit_minor - 10)), target)

    with patch.object(wallet_hold, "_fact", fact):
        yield


@fault(11)
def band_that_left_is_void_at_once() -> Iterator[None]:
    real = debit._write

    async def write(till: Any, work: Any, held: Any, tap: Any) -> None:
        try:
            await real(till, work, held, tap)
        except BandGone:
            till.tills.record(held.voided)
            raise

    with patch.object(debit, "_write", write):
        yield


@fault(0)
def bars_know_a_credit_key() -> Iterator[None]:
    real = Tills.take_bundle

    def take_bundle(self: Tills) -> None:
        real(self)
        self.key_index, self.sign = 1, signer(fair.credit_key(0))

    with patch.object(Tills, "take_bundle", take_bundle):
        yield


@fault(0)
def posts_by_basket() -> Iterator[None]:
    real = wallet_hold._outcome

    def outcome(look: Any, order: Any, *rest: Any) -> Any:
        return real(look, order._replace(txid=order.basket), *rest)

    with patch.object(wallet_hold, "_outcome", outcome):
        yield


@fault(7)
def promo_is_paid_out() -> Iterator[None]:
    real = undoing._cash_out_plan

    def plan(till: Any, work: Any, look: Any) -> Any:
        order = real(till, work, look)
        return order and order._replace(promo_minor=look.promo_minor)

    with (
        patch.object(undoing, "_cash_out_plan", plan),
        patch.object(wallet_hold, "_amounts", lambda look, order: None),
        _blind("price"),
    ):
        yield


@fault(0)
def certificate_says_more_than_was_paid() -> Iterator[None]:
    real = wallet_credit._sealed

    def sealed(rules: Any, tap: Any, wanted: Any, sign: Any) -> Any:
        more = 100 if wanted.credited else 0
        wanted = msgspec.structs.replace(wanted, credited=wanted.credited + more)
        return real(rules, tap, wanted, sign)

    with patch.object(wallet_credit, "_sealed", sealed):
        yield


@fault(0)
def spends_more_than_there_is() -> Iterator[None]:
    real = wallet_hold._limits

    def limits(look: Any, order: Any) -> Any:
        found = real(look, order)
        short = isinstance(found, Refused) and found.reason is WalletReason.BALANCE
        return None if short else found

    with patch.object(wallet_hold, "_limits", limits):
        yield


@fault(0)
def booked_is_not_what_was_quoted() -> Iterator[None]:
    real = sale.plan

    def plan(till: Any, work: Any, look: Any) -> Any:
        order = real(till, work, look)
        return order and order._replace(debit_minor=order.debit_minor + 10)

    with patch.object(sale, "plan", plan):
        yield


def _in_its_place(reading: Any, at: int, raw: bytes) -> Any:
    return pages(reading.layout.slot_pages[at], raw)


@fault(0)
def nothing_is_ever_given_up() -> Iterator[None]:
    real = wallet_look._settle

    def settle(seen: Any, reading: Any) -> None:
        real(seen, reading)
        seen.resolutions = tuple(one for one in seen.resolutions if one.kind != "voided")

    with (
        patch.object(wallet_look, "_settle", settle),
        patch.object(settling, "settled_by_others", lambda account, row: None),
    ):
        yield


@fault(14)
def copies_are_not_looked_for() -> Iterator[None]:
    with (
        patch.object(Account, "forks", lambda self: []),
        patch.object(wallet_conflicts, "_splits", lambda account: []),
    ):
        yield


@fault(13)
def copies_are_found_by_seq_alone() -> Iterator[None]:
    with patch.object(wallet_conflicts, "_splits", lambda account: []):
        yield


@fault(0)
def copies_pay_wherever_they_are_known() -> Iterator[None]:
    with (
        patch.object(wallet_look, "_behind", lambda seen, now: None),
        patch.object(wallet_look, "_high_water", lambda seen, reading: None),
        _blind("high-water", "seq", "exposure", "falls"),
    ):
        yield


@fault(0)
def centre_forgets_what_was_given_back() -> Iterator[None]:
    real = centre.money_row
    at = centre.MONEY_COLUMNS.index("given_minor")

    def money_row(place: Any, fact: Any) -> Any:
        row = real(place, fact)
        return (*row[:at], 0 if row[at] else row[at], *row[at + 1 :])

    with patch.object(centre, "money_row", money_row):
        yield


@fault(("refund", Chip.NTAG213))
def mark_forgets_what_was_given_back() -> Iterator[None]:
    """The desk pays out twice what is known to have come back."""
    real = Mark.reach

    def reach(self: Mark, epoch: int, packed: bytes) -> None:
        real(self, epoch, packed)
        self.given = 0

    with patch.object(Mark, "reach", reach):
        yield


@fault(("sale", Chip.NTAG213))
def good_bands_are_refused_after_a_tear() -> Iterator[None]:
    real = wallet_look._refusal

    def refusal(seen: Any, reading: Any, known: int) -> Any:
        torn = any(row.ended for row in seen.account.unposted.values())
        return WalletReason.CLASS_UNKNOWN if torn else real(seen, reading, known)

    with patch.object(wallet_look, "_refusal", refusal):
        yield


@fault(("top_up", Chip.NTAG213))
def torn_top_up_is_forgotten() -> Iterator[None]:
    real = wallet_look._settle_credits

    def settle(seen: Any, reading: Any, found: Any) -> None:
        real(seen, reading, found)
        seen.unfinished = b""

    with patch.object(wallet_look, "_settle_credits", settle):
        yield


@fault(("issue", Chip.NTAG213))
def torn_issue_is_never_finished() -> Iterator[None]:
    real = wallet_credit._new

    def new(wallets: Any, rules: Any, tap: Any, *rest: Any) -> Any:
        begun = wallets.account(rules.medium(tap.uid)).issued.epoch
        return Refused(WalletReason.ALREADY_ISSUED) if begun else real(wallets, rules, tap, *rest)

    with patch.object(wallet_credit, "_new", new):
        yield


@fault(21)
def band_shows_the_step_below_once_it_was_mended() -> Iterator[None]:
    with patch.object(wallet_look, "_once_more", _in_its_place):
        yield


@fault(0)
def says_paid_whatever_was_written() -> Iterator[None]:
    """And nobody compares what was said with facts while it is said."""

    async def write(till: Any, work: Any, held: Any, tap: Any) -> None:
        till.good(work)

    with patch.object(debit, "_write", write), _blind("said"):
        yield


@fault(("lock", Chip.NTAG213))
def deny_list_is_not_looked_at() -> Iterator[None]:
    real = wallet_look._refusal

    def refusal(seen: Any, reading: Any, known: int) -> Any:
        found = real(seen, reading, known)
        listed = found in (WalletReason.BLOCKED, WalletReason.EPOCH, WalletReason.LOCKED)
        return None if listed else found

    with patch.object(wallet_look, "_refusal", refusal):
        yield


@fault(0)
def applied_is_said_of_another_total() -> Iterator[None]:
    real = wallet_credit._credit

    def credit(*args: Any) -> Any:
        made = real(*args)
        applied = made.applied

        def more(hlc: int, now: Any) -> Any:
            fact = applied(hlc, now)
            return msgspec.structs.replace(fact, to_credited=fact.to_credited + 1000)

        return made._replace(applied=more)

    with patch.object(wallet_credit, "_credit", credit):
        yield
