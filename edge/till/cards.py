"""A card pays: the intent is on disk before the terminal is asked, and its word before we act.

Nobody is ever asked to pay twice: what is unknown is asked of the terminal, and an approval that
was not booked, because this process died, is booked when the same basket comes again.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Final, Literal

import trio

from crypto.money import (
    MARK_STORED_OFFLINE,
    CardApproved,
    CardAuthorizationStarted,
    CardDeclined,
    CardReversed,
    CardUnknown,
    KnownMoney,
)
from drivers.payment.outcome import Authorization, Outcome, State
from edge.core.moments import Moment
from edge.core.till_reasons import TillReason
from edge.core.till_rows import CardPayment
from edge.core.wallet_words import Make, Who
from edge.ledger.errors import LedgerFull
from edge.till.booked import unbooked
from edge.till.till import Till
from edge.till.work import CANCELLED, WAITING_CARD, Work

log = logging.getLogger(__name__)
#: How long a terminal may take to give its prompt up.
CANCEL_S: Final = 5.0
#: Between two questions to a terminal that cannot say yet.
INQUIRE_S: Final = (1.0, 2.0, 5.0)
SETTLED: Final = frozenset({"approved", "declined", "reversed", "declined_late"})
_NOT_TAKEN: Final = frozenset({"declined", "declined_late", "reversed"})
_ENDED: Final = frozenset({State.APPROVED, State.DECLINED, State.REVERSED, State.DECLINED_LATE})
Purpose = Literal["sale", "top_up"]


def card_of_basket(
    till: Till, basket: bytes, amount_minor: int
) -> tuple[bytes, CardPayment] | None:
    """A payment of this basket that is not booked and was not declined."""
    for txid, card in unbooked(till.tills, basket):
        if card.amount_minor == amount_minor:
            return txid, card
    return None


def _declined(till: Till, name: bytes) -> bool:
    return any(card.status in _NOT_TAKEN for _, card in till.tills.book.cards_of(name))


def open_cards(till: Till) -> list[tuple[bytes, CardPayment]]:
    """Payments of this till that nobody knows the end of, or that were not booked."""
    gateway = till.tills.gateway.identity
    return [
        (txid, card) for txid, card in till.tills.book.cards.items()
        if card.gateway == gateway and card.till == till.number
        and (card.status not in SETTLED or (card.status == "approved" and not card.used))
    ]  # fmt: skip


async def by_card(till: Till, work: Work, purpose: Purpose, amount_minor: int) -> bytes:
    """Have the terminal take `amount_minor`: the transaction that was approved, which the work has
    as `paid`. Empty: the work has been told why not."""
    work.paid = await _by_card(till, work, purpose, amount_minor)
    return work.paid


async def _by_card(till: Till, work: Work, purpose: Purpose, amount_minor: int) -> bytes:
    terminal = till.terminal
    assert terminal is not None
    if work.question is not None:
        while work.question is not None:
            await work.changed.wait()
        if work.over:
            return b""
    before = card_of_basket(till, work.ask.id, amount_minor)
    if before is None and purpose == "top_up" and _declined(till, work.ask.id):
        till.refuse(work, TillReason.CARD_DECLINED)  # also where a dead process was told so
        return b""
    async with till.terminal_free:
        till.show(work, WAITING_CARD)
        if before is not None:
            txid = before[0]
            outcome = None if before[1].status == "approved" else await _ask_until(till, txid)
            if outcome is None or outcome.state is State.APPROVED:
                return txid
        txid = till.tills.new_id()
        asked = _authorization(till, txid, amount_minor)
        try:
            seq = till.tills.record(partial(_started, till, work, asked, purpose))
        except LedgerFull:
            till.refuse(work, TillReason.NO_ROOM)
            return b""
        await till.tills.durable(seq)
        outcome = await _authorize(till, work, asked)
        if outcome.state not in (State.APPROVED, State.DECLINED):
            till.show(work, WAITING_CARD, TillReason.CARD_UNKNOWN)
            outcome = await _ask_until(till, txid)
    if outcome.state is State.APPROVED:
        return txid
    if work.cancelled:
        till.end(work, CANCELLED, "cancelled")
    else:
        till.refuse(work, TillReason.CARD_DECLINED)
    return b""


async def _authorize(till: Till, work: Work, asked: Authorization) -> Outcome:
    """Ask the terminal. Whoever cancels takes the prompt off it, and still hears its word."""
    terminal = till.terminal
    assert terminal is not None
    found: list[Outcome] = []
    heard = trio.Event()

    async def ask() -> None:
        with trio.CancelScope(shield=True) as scope:
            scopes.append(scope)
            found.append(await terminal.authorize(asked))
        heard.set()

    scopes: list[trio.CancelScope] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        try:
            await heard.wait()
        finally:
            if not found:
                with trio.CancelScope(shield=True), trio.move_on_after(CANCEL_S):
                    await terminal.cancel()
                    await heard.wait()
                for scope in scopes:
                    scope.cancel()
            if found:
                await _say(till, asked, found[0], till.who(work.ask))
    return found[0]


async def _ask_until(till: Till, txid: bytes) -> Outcome:
    """Ask the terminal what became of a payment until it says."""
    tries = 0
    while True:
        outcome = await _ask_once(till, txid)
        if outcome is not None:
            return outcome
        await trio.sleep(INQUIRE_S[min(tries, len(INQUIRE_S) - 1)])
        tries += 1


async def _ask_once(till: Till, txid: bytes) -> Outcome | None:
    """Ask the terminal what became of a payment; None: it cannot say yet."""
    assert till.terminal is not None
    card = till.tills.book.cards[txid]
    asked = _authorization(till, txid, card.amount_minor)
    # Another device in its place never heard of it: that is no answer, and no second charge.
    outcome = await till.terminal.inquire(asked, card.device)
    if outcome is None or outcome.state not in _ENDED:
        return None
    await _say(till, asked, outcome, till.tills.who(till.number, card.shift, 0, False))
    return outcome


async def settle_cards(till: Till) -> None:
    """What became of the payments that were under way when a process died, or were given up?

    Asks once about each; whoever sells by card comes in between.
    """
    if till.terminal is None:
        return
    for txid, card in open_cards(till):
        if card.status in SETTLED:
            continue
        async with till.terminal_free:
            if till.tills.book.cards[txid].status not in SETTLED:
                await _ask_once(till, txid)


def heard_later(till: Till, outcome: Outcome) -> None:
    """A terminal takes back that it declined: the guest has paid, and somebody must hear of it.
    What it says of payments that nobody has settled yet is for whoever asked."""
    if outcome.state is not State.APPROVED:
        return
    txid = bytes.fromhex(outcome.reference)  # a payment of this process: `_authorization` named it
    card = till.tills.book.cards.get(txid)
    if card is None or card.status != "declined":
        return
    log.error(
        "a card was declined and then approved: serve this guest, or give the money back",
        extra={"till": till.number, "txid": txid.hex()},
    )
    who = till.tills.who(till.number, card.shift, 0, False)
    asked = _authorization(till, txid, card.amount_minor)
    till.tills.gateway.must_record(_fact_of(till.number, asked, outcome, who))


async def give_back(till: Till, work: Work, txid: bytes) -> bool:
    """Have the terminal give an approved payment back, whole. Whether it did."""
    if till.terminal is None:
        return False
    card = till.tills.book.cards[txid]
    asked = _authorization(till, txid, card.amount_minor)
    async with till.terminal_free:
        till.show(work, WAITING_CARD)
        with trio.CancelScope(shield=True):
            outcome = await till.terminal.reverse(asked)
        # Whoever gives up here may ask again: a terminal gives back once.
        if outcome.state is State.REVERSAL_UNKNOWN:
            outcome = await _ask_until(till, txid)
        if outcome.state is State.REVERSED:
            await _say(till, asked, outcome, till.who(work.ask))
            return True
    return False


async def _say(till: Till, asked: Authorization, outcome: Outcome, who: Who) -> None:
    """The terminal's word becomes a fact, durable before anybody acts on it."""
    with trio.CancelScope(shield=True):
        await till.tills.must(_fact_of(till.number, asked, outcome, who))


def _authorization(till: Till, txid: bytes, amount_minor: int) -> Authorization:
    prices = till.tills.prices
    currency = prices.cashless.currency if prices is not None else "EUR"
    return Authorization(
        txid16=txid, amount_minor=amount_minor, currency=currency, reference=txid.hex()
    )


def _started(
    till: Till, work: Work, asked: Authorization, purpose: Purpose, hlc: int, now: Moment
) -> KnownMoney:
    who, ask = till.who(work.ask), work.ask
    device = till.terminal.terminal if till.terminal is not None else ""
    return CardAuthorizationStarted(
        hlc, now.day, now.offset_min, asked.txid16, who.till, who.operator, who.shift, who.marks,
        purpose, work.medium, ask.id, till.number, asked.amount_minor, asked.reference, device,
    )  # fmt: skip


def _fact_of(till: int, asked: Authorization, outcome: Outcome, who: Who) -> Make:
    kind: Callable[..., KnownMoney]
    marks = who.marks
    rest: tuple[str | bool, ...]
    match outcome.state:
        case State.APPROVED:
            kind = CardApproved
            marks |= MARK_STORED_OFFLINE if outcome.stored_offline else 0
            rest = (outcome.trace, outcome.scheme, outcome.last4, outcome.authorization_code)
        case State.DECLINED:
            kind, rest = CardDeclined, (outcome.decline_code,)
        case State.DECLINED_LATE:
            kind, rest = CardDeclined, (outcome.decline_code, True)
        case State.REVERSED:
            kind, rest = CardReversed, (outcome.trace,)
        case _:
            kind, rest = CardUnknown, (outcome.decline_code or outcome.flagged,)
    return lambda hlc, now: kind(
        hlc, now.day, now.offset_min, asked.txid16, who.till, who.operator, who.shift, marks,
        till, asked.amount_minor, asked.reference, *rest,
    )  # fmt: skip
