"""A lost band is found by what its guest still knows of it."""

from __future__ import annotations

import msgspec
import pytest
from trio.testing import MockClock

from crypto.terms import Medium, MediumTicket, Terms
from drivers.reader.chips import Type2
from edge.core.policy import Policy
from edge.core.pricing import Item
from edge.web import till_lost
from tests.edge.core.bar import WATER
from tests.edge.web.test_till_works import Bar

pytestmark = pytest.mark.trio


async def found(bar: Bar, like: str) -> tuple[list[tuple[str, str, str]], bool]:
    """(medium, why, what) of each, and whether there are more."""
    status, told = await bar.post("1/lost-bands", {"like": like})
    assert status == 200, told
    return [(row["medium"], row["why"], row["what"]) for row in told["bands"]], told["more"]


def medium(bar: Bar, band: Type2) -> str:
    assert bar.tills.rules is not None
    return bar.tills.rules.medium(band.uid).hex()


async def test_by_its_number_a_receipt_and_the_beginning_on_one(
    autojump_clock: MockClock,
) -> None:
    async with Bar("supervisor", "seller").run() as bar:
        assert isinstance(bar, Bar)
        await bar.sign_in("seller")
        assert (await bar.post("1/lost-bands", {"like": "1"}))[0] == 403
        await bar.sign_in("supervisor")
        one, two = await bar.wallet(5000), await bar.wallet(700)
        paid = await bar.sell(one, Item(WATER, 2))
        first, second = medium(bar, one), medium(bar, two)
        printed = one.uid.hex(":").upper()
        assert await found(bar, f" {printed} ") == ([(first, "number", "")], False)
        assert await found(bar, second) == ([(second, "number", "")], False)
        assert await found(bar, second[:8]) == ([(second, "number", "")], False)
        assert await found(bar, str(paid.receipt)) == (
            [(first, "receipt", str(paid.receipt))], False,
        )  # fmt: skip
        for nothing in ("999", second[:3], "04ffffffffffff", "somebody"):
            assert await found(bar, nothing) == ([], False)
        row = (await bar.post("1/lost-bands", {"like": first}))[1]["bands"][0]
        assert (row["class_name"], row["owed_minor"], row["replaced"]) == ("Guest", 4500, False)
        assert row["used_ms"] == bar.clock.ms


async def test_several_that_fit_are_told_and_too_many_too(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(till_lost, "DIGITS_MIN", 1)
    monkeypatch.setattr(till_lost, "FOUND_MAX", 1)
    async with Bar("supervisor").run() as bar:
        assert isinstance(bar, Bar)
        await bar.sign_in("supervisor")
        names: list[str] = []
        while len({name[0] for name in names}) == len(names):  # until two begin alike
            names.append(medium(bar, await bar.wallet(0)))
        hits, more = await found(bar, names[-1][0])
        assert len(hits) == 1 and more
        monkeypatch.setattr(till_lost, "FOUND_MAX", 9)
        hits, more = await found(bar, names[-1][0])
        assert len(hits) == 2 and not more


async def test_by_the_ticket_that_it_is_linked_to(autojump_clock: MockClock) -> None:
    async with Bar("supervisor").run() as bar:
        assert isinstance(bar, Bar)
        await bar.sign_in("supervisor")
        band = await bar.wallet(1000)
        link = Medium(b"B:" + band.uid.hex().encode(), [MediumTicket(b"shop:12345678", 7)])
        bundle = msgspec.structs.replace(
            bar.gateway.policy.bundle, terms=Terms(media=[link], medium_prefixes=[b"B:"])
        )
        bar.gateway.policy = Policy(bundle)
        ticket = "shop:" + b"12345678".hex()
        expected = ([(medium(bar, band), "ticket", ticket)], False)
        assert await found(bar, ticket) == expected
        assert await found(bar, "3132 3334") == expected
        assert await found(bar, "shop:99") == ([], False)
