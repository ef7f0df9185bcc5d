"""What no fact explains is told where finance looks, and a proven amount is an exit code."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from central import bookkeeping
from tests.central.commands.conftest import Bring, Run
from tests.central.store.test_store_money import BAND, topped_up
from tests.central.test_unexplained import EARLIER, FIRST, UNDONE
from tests.central.world import GATEWAY

if TYPE_CHECKING:
    from central.books.ledger import Books
    from central.store import Connection


def test_what_facts_explain_agrees_also_while_bars_sell(
    priced: Run, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = bookkeeping.books

    async def sold_meanwhile(connection: Connection, tenant: bytes) -> Books:
        made = await books(connection, tenant)
        await asyncio.to_thread(bring, "bar", [topped_up(1, 5000), *FIRST])
        return made

    with monkeypatch.context() as late:
        late.setattr(bookkeeping, "books", sold_meanwhile)
        during = priced("wallet", "totals")
    assert (during.code, during.out["differences"], during.out["wallets"]) == (0, [], 0)
    before = priced("wallet", "totals")
    assert (before.code, before.out["unexplained"]["steps"], before.out["wallets"]) == (0, 0, 1)
    assert priced("wallet", "doubts").out["unexplained"] == []


def test_a_proven_amount_is_no_agreement_and_says_who_saw_it(priced: Run, bring: Bring) -> None:
    bring("bar", [topped_up(1, 5000), *FIRST, *UNDONE])
    (told,) = priced("wallet", "doubts").out["unexplained"]
    assert priced("wallet", "show", BAND.hex()).out["unexplained"] == [told]
    assert (told["medium"], told["given_minor"], told["debited_minor"]) == (BAND.hex(), 450, 0)
    assert (told["proven"], told["awaits"]) == (True, [])
    by = told["shown_by"]
    assert (by["gateway"], by["till"], by["at_ms"]) == (GATEWAY.hex(), 3, EARLIER >> 16)
    assert (by["where"], by["at"]) == ("bar, till 3", "2026-07-02T14:46:40+02:00")
    answer = priced("wallet", "totals")
    assert (answer.code, answer.out["agree"], answer.out["differences"]) == (1, False, [])
    assert answer.out["unexplained"]["proven_given_minor"] == 450
