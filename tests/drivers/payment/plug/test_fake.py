"""drivers/payment/plug/fake.py: the double keeps the document's promises, asked byte by byte."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from drivers.payment.plug.fake import FakeTerminal, Journal

PAY = {"reference": "guest-1", "amount_minor": 450, "currency": "EUR"}


class Till:
    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._id = 0

    async def ask(self, say: str, **more: Any) -> dict[str, Any]:
        """The last answer; prompts are read over."""
        self._id += 1
        body = json.dumps({"say": say, "id": self._id, **more}).encode()
        await self._stream.send_all(len(body).to_bytes(4, "big") + body)
        while (heard := await self.hear())["say"] == "prompt":
            pass
        assert heard["id"] == self._id
        return heard

    async def hear(self) -> dict[str, Any]:
        data = b""
        while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4], "big"):
            data += await self._stream.receive_some(1)
        heard: dict[str, Any] = json.loads(data[4:])
        return heard


def connect(nursery: trio.Nursery, fake: FakeTerminal) -> Till:
    ours, theirs = trio.testing.memory_stream_pair()
    nursery.start_soon(fake.serve, theirs)
    return Till(ours)


@pytest.mark.trio
async def test_a_reference_is_charged_once(autojump_clock: object) -> None:
    fake = FakeTerminal(Journal(None))
    async with trio.open_nursery() as nursery:
        till = connect(nursery, fake)
        assert (await till.ask("hello", version=1))["terminal"] == "FAKE1"
        first = await till.ask("authorize", **PAY)
        assert first["outcome"]["state"] == "approved"
        assert (await till.ask("authorize", **PAY))["outcome"] == first["outcome"]
        other = await till.ask("authorize", **{**PAY, "amount_minor": 451})
        assert other["outcome"]["decline_code"] == "reused"
        assert fake.journal.charged() == {"guest-1": 450} and fake.asked == 1
        nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_never_heard_of_it_burns_the_reference(autojump_clock: object) -> None:
    fake = FakeTerminal(Journal(None))
    async with trio.open_nursery() as nursery:
        till = connect(nursery, fake)
        assert (await till.ask("inquire", reference="guest-1"))["say"] == "not_known"
        late = await till.ask("authorize", **PAY)
        assert late["outcome"]["decline_code"] == "burnt"
        assert fake.journal.charged() == {}
        nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_the_newest_connection_is_the_till_and_the_prompt_survives(
    autojump_clock: object,
) -> None:
    fake = FakeTerminal(Journal(None), script="linger")
    async with trio.open_nursery() as nursery:
        old = connect(nursery, fake)
        nursery.start_soon(lambda: _quiet(old.ask, "authorize", PAY))
        await trio.sleep(1)
        new = connect(nursery, fake)
        await new.ask("hello", version=1)
        assert (await new.ask("inquire", reference="guest-1"))["say"] == "pending"
        busy = await new.ask("authorize", **{**PAY, "reference": "guest-2"})
        assert busy["outcome"]["decline_code"] == "busy"
        gone = await new.ask("cancel", reference="guest-1")
        assert gone["outcome"]["decline_code"] == "cancelled"
        nursery.cancel_scope.cancel()


async def _quiet(ask: Any, say: str, fields: dict[str, Any]) -> None:
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError, IndexError):
        await ask(say, **fields)


@pytest.mark.trio
async def test_a_payment_is_reversed_once(autojump_clock: object) -> None:
    fake = FakeTerminal(Journal(None))
    async with trio.open_nursery() as nursery:
        till = connect(nursery, fake)
        await till.ask("authorize", **PAY)
        for _ in range(2):
            assert (await till.ask("reverse", **PAY))["outcome"]["state"] == "reversed"
        assert [row["what"] for row in fake.journal.rows] == ["charge", "reverse"]
        assert (await till.ask("reverse", **{**PAY, "reference": "x"}))["say"] == "not_known"
        nursery.cancel_scope.cancel()


def test_the_journal_is_on_disk_and_forgives_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(str(path))
    journal.write("charge", "a", amount_minor=5)
    journal.write("reverse", "a")
    with path.open("a") as file:
        file.write('{"what": "cha')
    again = Journal(str(path))
    assert again.charged() == {"a": 0}
    assert [row["what"] for row in again.rows] == ["charge", "reverse"]
