"""What two gateways say to each other, in simulated time over memory streams."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio

from crypto.entry import Started
from edge.peers import codec, outgoing, session
from edge.peers.errors import BadFrame, PeerLost, PeerRefused
from edge.peers.intake import Forged
from tests.edge.peers.logs import DAY, OWN, A, B, Log
from tests.edge.peers.talk import Party, Wire, talking, until

pytestmark = pytest.mark.trio
C = b"\x0c" * 16


def parties(tmp_path: Path) -> tuple[Party, Party, Party]:
    return (
        Party(tmp_path / "a", A, B, C),
        Party(tmp_path / "b", B, A, C),
        Party(tmp_path / "c", C, A, B),
    )


async def test_each_gets_what_it_lacks_and_then_what_is_new(
    tmp_path: Path, autojump_clock: object
) -> None:
    a, b, _ = parties(tmp_path)
    a.own.log.fill(5)
    async with talking((a, b)) as (wire,):
        await until(lambda: a.knows(b) and b.knows(a))
        for _ in range(3):
            a.own.add()
            b.own.add()
        await until(lambda: a.knows(b) and b.knows(a))
        # What is durable there is acknowledged.
        await until(lambda: wire.sides[0].held[(A, 5)].seq == a.own.log.head.seq)
    assert a.intake.counts[B].same == a.intake.counts[B].gaps == 0
    assert b.seqs == list(range(1, 10))


async def test_the_next_connection_resumes_by_vector(
    tmp_path: Path, autojump_clock: object
) -> None:
    a, b, _ = parties(tmp_path)
    a.own.log.fill(20)
    async with talking((a, b)) as (wire,):
        await until(lambda: b.knows(a))
        wire.cut()
        await wire.over()
    a.own.log.fill(2)
    async with talking((a, b)):
        await until(lambda: b.knows(a))
    assert b.seqs == list(range(1, 24)) and b.intake.counts[A].same == 0


class Dripping:
    """Breaks after so many bytes, in the middle of whatever is sent."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]], left: int) -> None:
        self._send, self._left = send, left

    async def send_all(self, data: bytes) -> None:
        await self._send(data[: self._left])
        self._left -= len(data)
        if self._left <= 0:
            raise trio.BrokenResourceError


async def test_a_connection_that_breaks_anywhere_loses_nothing(
    tmp_path: Path, autojump_clock: object
) -> None:
    """Cut after so many bytes of one direction, again and again, at another place each time."""
    a, b, _ = parties(tmp_path)
    a.own.log.fill(60)
    cuts = iter(range(200, 60_000, 1717))
    rounds = 0
    while not b.knows(a):
        rounds += 1
        async with talking((a, b)) as (wire,):
            left = next(cuts)
            send = wire.streams[0].send_stream.send_all

            dripping = Dripping(send, left)
            wire.streams[0].send_stream.send_all = dripping.send_all  # type: ignore[method-assign]
            await until(lambda: b.knows(a) or wire.ended[0].is_set())  # noqa: B023
    assert rounds > 3
    assert b.seqs == list(range(1, 62)) and b.intake.counts[A].forged == 0


async def test_logs_are_forwarded_to_who_does_not_hear_their_owner(
    tmp_path: Path, autojump_clock: object
) -> None:
    a, b, c = parties(tmp_path)
    async with talking((a, b), (b, c)):
        a.own.add()
        c.own.add()
        await until(lambda: c.knows(a) and a.knows(c))
        assert c.seqs.count(1) == 2
    assert c.intake.counts[A].same == 0


async def test_who_hears_the_owner_is_not_told_twice(
    tmp_path: Path, autojump_clock: object
) -> None:
    a, b, c = parties(tmp_path)
    b.talks_with, c.talks_with = [codec.Heard(A, 0)], [codec.Heard(A, 0)]
    async with talking((a, b), (b, c), (a, c)):
        await until(lambda: b.knows(a) and c.knows(a))
        await trio.sleep(3)
        told = [party.intake.counts[A].same for party in (b, c)]  # before they said whom they hear
        for _ in range(20):
            a.own.add()
            await trio.sleep(0.3)
        await until(lambda: b.knows(a) and c.knows(a))
    assert [party.intake.counts[A].same for party in (b, c)] == told


async def test_who_says_it_hears_the_owner_and_lags_is_told_all_the_same(
    tmp_path: Path, autojump_clock: object
) -> None:
    a, b, c = parties(tmp_path)
    c.talks_with = [codec.Heard(A, 0)]
    async with talking((a, b), (b, c)):
        await until(lambda: b.knows(a))
        await trio.sleep(3)
        a.own.add()
        began = trio.current_time()
        await until(lambda: c.knows(a))
        assert trio.current_time() - began >= outgoing.FORWARD_AFTER_S


async def test_a_gap_is_asked_for(tmp_path: Path, autojump_clock: object) -> None:
    a, b, _ = parties(tmp_path)
    a.own.log.fill(6)
    async with talking((a, b)) as (wire,):
        await until(lambda: b.knows(a))
        wire.sides[0].outgoing.sent[A, 5] = 9  # it believes that two more have been sent
        for _ in range(4):
            a.own.add()
        await until(lambda: b.knows(a))
    assert b.intake.counts[A].gaps >= 1 and b.seqs == list(range(1, 12))


async def test_a_forged_block_ends_the_conversation(tmp_path: Path, autojump_clock: object) -> None:
    a, b, _ = parties(tmp_path)
    a.own.log = Log(A, 5).fill(1)
    async with talking((a, b)) as (wire,):
        await until(lambda: b.knows(a))
        forged = Log(A, 5, key_seed=66).fill(2)
        await wire.streams[0].send_all(codec.encode(codec.Blocks(forged.blocks[2].raw)))
        await wire.over()
        assert isinstance(wire.errors[1], Forged)
    assert b.seqs == [1, 2]


async def test_an_altered_run_ends_the_conversation(tmp_path: Path, autojump_clock: object) -> None:
    a, b, _ = parties(tmp_path)
    async with talking((a, b)) as (wire,):
        await until(lambda: b.knows(a))
        raw = bytearray(a.own.log.add().raw)
        raw[120] ^= 1
        await wire.streams[0].send_all(codec.encode(codec.Blocks(bytes(raw))))
        await wire.over()
        assert isinstance(wire.errors[1], Forged) and isinstance(wire.errors[0], PeerLost)
    assert b.seqs == [1]


@pytest.mark.parametrize(
    ("first", "error", "told"),
    [
        (codec.Ping(1), BadFrame, "no Hello"),
        (codec.Hello(codec.VERSION, C, 0, True, []), BadFrame, "another gateway"),
        (codec.Hello(1, A, 0, True, []), PeerRefused, "it speaks version 1 and we speak version 2"),
        (codec.Refused("revoked", "by the centre"), PeerRefused, "revoked: by the centre"),
        (b"\xff\xff\xff\xff", BadFrame, "at most"),
        (b"GET / HTTP/1.1\r\n\r\n", BadFrame, "at most"),
    ],
)
async def test_whoever_begins_otherwise_is_turned_away(
    tmp_path: Path, autojump_clock: object, first: object, error: type, told: str
) -> None:
    a, b, _ = parties(tmp_path)
    wire = Wire(a, b)
    raw = first if isinstance(first, bytes) else codec.encode(first)  # type: ignore[arg-type]
    await wire.streams[0].send_all(raw)
    await wire.run(1)
    assert isinstance(wire.errors[1], error)
    assert told in str(wire.errors[1])
    assert b.sessions == []


async def test_who_asks_without_end_and_takes_no_answers_is_left(
    tmp_path: Path, autojump_clock: object
) -> None:
    a, b, _ = parties(tmp_path)
    async with talking((a, b)) as (wire,):
        await until(lambda: a.knows(b) and b.knows(a))
        wire.streams[1].send_stream.send_all_hook = trio.sleep_forever
        began = trio.current_time()
        await wire.streams[0].send_all(codec.encode(codec.Ping(1)) * (session.OUTBOX_MAX + 2))
        await wire.over()
    assert isinstance(wire.errors[1], BadFrame) and "takes answers" in str(wire.errors[1])
    assert trio.current_time() - began < session.SEND_S


async def test_whoever_speaks_another_version_hears_both_numbers(
    tmp_path: Path, autojump_clock: object
) -> None:
    a, b, _ = parties(tmp_path)
    a.version = codec.VERSION + 1
    wire = Wire(a, b)
    await wire.streams[0].send_all(codec.encode(a.hello()))
    await wire.run(1)
    assert isinstance(wire.errors[1], PeerRefused) and wire.errors[1].code == "version"
    told = await wire.streams[0].receive_some()
    hello, used = codec.decode_untrusted(told)
    refused, _ = codec.decode_untrusted(told[used:])
    assert isinstance(hello, codec.Hello) and isinstance(refused, codec.Refused)
    assert refused.code == "version" and "version 3 and we speak version 2" in refused.detail


async def test_a_second_hello_is_no_message(tmp_path: Path, autojump_clock: object) -> None:
    a, b, _ = parties(tmp_path)
    async with talking((a, b)) as (wire,):
        await until(lambda: b.knows(a))
        await wire.streams[0].send_all(codec.encode(a.hello()))
        await wire.over()
        assert isinstance(wire.errors[1], BadFrame)


async def test_the_house_may_refuse_and_the_other_hears_why(
    tmp_path: Path, autojump_clock: object
) -> None:
    a, b, _ = parties(tmp_path)
    b.refuse = "duplicate"
    async with talking((a, b)) as (wire,):
        await wire.over()
        assert [type(error) for error in wire.errors] == [PeerRefused] * 2
        assert [str(error) for error in wire.errors] == ["duplicate"] * 2


@pytest.mark.parametrize("hello", [True, False])
async def test_silence_is_noticed(tmp_path: Path, autojump_clock: object, hello: bool) -> None:
    a, b, _ = parties(tmp_path)
    wire = Wire(a, b)
    if hello:
        await wire.streams[0].send_all(codec.encode(a.hello()))
    began = trio.current_time()
    await wire.run(1)
    assert isinstance(wire.errors[1], PeerLost)
    assert trio.current_time() - began == pytest.approx(session.SILENT_S, abs=1)


class Slow:
    """A line that takes so many bytes a second."""

    def __init__(self, stream: trio.abc.Stream, bytes_a_second: int) -> None:
        self._stream, self._pace = stream, bytes_a_second

    async def send_all(self, data: bytes) -> None:
        for at in range(0, len(data), 1000):
            await trio.sleep(len(data[at : at + 1000]) / self._pace)
            await self._stream.send_all(data[at : at + 1000])

    async def receive_some(self, most: int) -> bytes:
        return bytes(await self._stream.receive_some(most))


async def test_a_block_that_is_long_under_way_comes_all_the_same(
    tmp_path: Path, autojump_clock: object
) -> None:
    a, b, _ = parties(tmp_path)
    facts = [Started(at << 16, *DAY, "x" * 60) for at in range(2, 1000)]
    size = len(a.own.log.add(facts).raw)
    async with talking((a, b)) as (wire,):
        wire.sides[0]._stream = Slow(wire.streams[0], 4000)  # type: ignore[assignment]
        began = trio.current_time()
        await until(lambda: b.knows(a))
        assert trio.current_time() - began > max(session.SEND_S, session.SILENT_S)
        assert wire.errors == [None, None] and size > 40_000


async def test_whoever_takes_nothing_is_given_up(tmp_path: Path, autojump_clock: object) -> None:
    a, b, _ = parties(tmp_path)
    async with talking((a, b)) as (wire,):
        await until(lambda: b.knows(a))

        async def stuck(_data: bytes) -> None:
            await trio.sleep_forever()

        wire.streams[1].send_stream.send_all = stuck  # type: ignore[method-assign]
        b.own.add()
        await wire.over()
        assert isinstance(wire.errors[1], PeerLost) or isinstance(wire.errors[0], PeerLost)


async def test_a_quiet_line_stays_and_clocks_are_compared(
    tmp_path: Path, autojump_clock: object
) -> None:
    a, b, _ = parties(tmp_path)
    async with talking((a, b)) as (wire,):
        await trio.sleep(100)
        assert a.pongs > 90 and b.pongs > 90
        assert not wire.ended[0].is_set()


async def test_a_gateway_that_asks_gets_its_own_blocks_and_no_stream(
    tmp_path: Path, autojump_clock: object
) -> None:
    a, b, _ = parties(tmp_path)
    a.own.log.fill(9)
    async with talking((a, b)):
        await until(lambda: b.knows(a))
    reborn = Party(tmp_path / "reborn", A, B, C)
    reborn.streams = False
    reborn.own.log.blocks.clear()
    reborn.own.log.head = type(reborn.own.log.head)()
    got: list[bytes] = []
    async with talking((reborn, b)) as (wire,):

        async def take(block: object) -> None:
            got.append(block.raw)  # type: ignore[attr-defined]

        reborn.intake.take = take  # type: ignore[method-assign, assignment]
        await trio.sleep(3)
        assert got == []
        wire.sides[0].ask((A, 5), 4)
        await trio.sleep(3)
    assert got == [block.raw for block in a.own.log.blocks[3:]]


async def test_a_newer_bundle_is_handed_over(tmp_path: Path, autojump_clock: object) -> None:
    a, b, _ = parties(tmp_path)
    a.bundle, a.bundle_version = b"signed by the centre", 4
    async with talking((a, b)):
        await until(lambda: b.parts)
    assert b.parts == [codec.BundlePart(4, 20, 0, b"signed by the centre")]
    assert a.parts == []


async def test_a_bundle_and_the_delta_on_it_are_handed_over_once(
    tmp_path: Path, autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, _ = parties(tmp_path)
    both = [codec.BundlePart(4, 6, 0, b"bundle"), codec.BundlePart(6, 5, 0, b"delta")]
    monkeypatch.setattr(a, "bundle_parts", lambda have: [p for p in both if p.version > have])
    async with talking((a, b)):
        await until(lambda: len(b.parts) == 2)
        a.sessions[0].tell_bundle()
        await trio.sleep(3)
    assert b.parts == both


async def test_ended_from_outside_says_why(tmp_path: Path, autojump_clock: object) -> None:
    a, b, _ = parties(tmp_path)
    async with talking((a, b)) as (wire,):
        await until(lambda: b.knows(a))
        b.sessions[0].end("revoked")
        await wire.over()
        assert str(wire.errors[1]) == "revoked" and isinstance(wire.errors[0], PeerLost)
    assert OWN not in b.intake.counts
