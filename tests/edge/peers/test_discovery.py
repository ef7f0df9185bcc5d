"""Multicast on loopback: two of ours find each other, and so do ours and zeroconf's."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import trio
import zeroconf

from edge.peers import discovery, dnssd
from edge.peers.discovery import Discovery, Interface, interfaces
from edge.peers.dnssd import PTR, SERVICE, TTL_S, Packet, Question, Record
from edge.peers.found import Found
from tests.edge.peers.site import until

pytestmark = pytest.mark.trio
ONE, TWO = b"\x0a" * 16, b"\x0b" * 16
TYPE = "_gatehouse._tcp.local."
HERE = "127.0.0.1"


@pytest.fixture
def port() -> int:
    """Nobody else's: what is said here is not heard by other tests."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("", 0))
        return int(free.getsockname()[1])


def finder(own: bytes, wanted: bytes, port: int, at: int = 8444) -> Discovery:
    found = Found(own, lambda: {wanted})
    return Discovery(own, HERE, at, found, lambda: 0.5, port)


def where(one: Discovery, gateway: bytes) -> list[tuple[str, int]]:
    return [(e.host, e.port) for e in one.found.addresses(gateway, trio.current_time())]


async def test_two_gateways_find_each_other_and_say_goodbye(port: int) -> None:
    one, two = finder(ONE, TWO, port), finder(TWO, ONE, port, 4242)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(one.run)
        async with trio.open_nursery() as inner:
            inner.start_soon(two.run)
            await until(lambda: where(one, TWO) == [(HERE, 4242)])
            await until(lambda: where(two, ONE) == [(HERE, 8444)])
            inner.cancel_scope.cancel()
        await until(lambda: where(one, TWO) == [])
        nursery.cancel_scope.cancel()


async def test_who_only_asks_is_told_and_tells_nothing(port: int) -> None:
    one, two = finder(ONE, TWO, port), finder(TWO, ONE, port, 0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(one.run)
        await trio.sleep(0.1)
        nursery.start_soon(two.run)
        await until(lambda: where(two, ONE) == [(HERE, 8444)])
        assert one.found.gateways() == []
        nursery.cancel_scope.cancel()


async def test_garbage_is_counted_and_changes_nothing(port: int) -> None:
    one = finder(ONE, TWO, port)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(one.run)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
            while one.bad_packets < 2:
                liar.sendto(b"?" * 40, (HERE, port))
                liar.sendto(b"", (HERE, port))
                # An announcement from another port than that of multicast DNS is no announcement.
                liar.sendto(announcement(), (HERE, port))
                await trio.sleep(0.01)
        await trio.sleep(0.1)
        assert one.found.gateways() == []
        nursery.cancel_scope.cancel()


def announcement() -> bytes:
    return dnssd.encode(dnssd.announced(TWO, 1, ["10.0.0.1"]))


async def test_who_knows_us_is_not_told_again() -> None:
    one = finder(ONE, TWO, 1)
    question = (Question(SERVICE),)
    mine = (ONE.hex(), *SERVICE)
    assert one._is_asked(Packet(questions=question))
    for ttl_s, told in ((TTL_S, False), (TTL_S // 2 - 1, True)):
        known = (Record(SERVICE, PTR, mine, ttl_s, False),)
        assert one._is_asked(Packet(questions=question, answers=known)) is told
    assert one._is_asked(Packet(questions=(Question(mine, 33),)))
    assert one._is_asked(Packet(questions=(Question((f"gatehouse-{ONE.hex()}", "local"), 1),)))
    assert not one._is_asked(Packet(questions=(Question(("_ipp", "_tcp", "local")),)))


async def test_a_network_without_multicast_is_told_once(
    port: int, autojump_clock: object, caplog: pytest.LogCaptureFixture
) -> None:
    one = Discovery(ONE, "10.255.255.1", 8444, Found(ONE, set), lambda: 0.5, port)
    with caplog.at_level(logging.WARNING), trio.move_on_after(600):
        await one.run()
    assert [r.message for r in caplog.records] == ["siblings are not looked for by mDNS"]
    assert "no interface" in one.problem


async def test_questions_become_rare_and_begin_again_when_somebody_is_missed(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = finder(ONE, TWO, 1, 0)
    asked: list[float] = []

    async def send(*_: Any) -> None:
        asked.append(trio.current_time())

    monkeypatch.setattr(one, "_send", send)
    monkeypatch.setattr(one, "_join", lambda _speaking: None)
    one._interfaces = interfaces(HERE)
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(one._ask, None)  # type: ignore[arg-type]
        await trio.sleep(86_400)
        waits = [round(b - a) for a, b in zip(asked, asked[1:], strict=False)]
        assert waits[:5] == [1, 2, 4, 8, 16] and set(waits[12:]) == {3600}
        count = len(asked)
        one.miss()
        await trio.sleep(4)
        assert len(asked) == count + 3
        one.miss()  # at most once in a while
        await trio.sleep(2)
        assert len(asked) == count + 3
        nursery.cancel_scope.cancel()
    assert asked[0] == began


async def test_an_answer_says_the_addresses_of_now(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, said, now = finder(ONE, TWO, 1), [], ["10.0.0.5"]

    async def send(_speaking: object, packet: Packet, _through: Interface) -> None:
        said.append(packet.more[-1].data)

    monkeypatch.setattr(one, "_send", send)
    monkeypatch.setattr(discovery, "interfaces", lambda host: [Interface(1, each) for each in now])
    with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaking:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(one._answer, speaking)
            await trio.sleep(5)
            now[:] = ["10.0.0.9"]  # leased anew
            one._answer_due.set()
            await trio.sleep(5)
            nursery.cancel_scope.cancel()
    assert said == ["10.0.0.5", "10.0.0.5", "10.0.0.9"]


class Heard(zeroconf.ServiceListener):
    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def add_service(self, zc: zeroconf.Zeroconf, type_: str, name: str) -> None:
        self.told.append(("add", name))

    def remove_service(self, zc: zeroconf.Zeroconf, type_: str, name: str) -> None:
        self.told.append(("remove", name))

    def update_service(self, zc: zeroconf.Zeroconf, type_: str, name: str) -> None:
        pass


@pytest.fixture
def other() -> Iterator[zeroconf.Zeroconf]:
    """An independent responder and browser, on loopback and at the port of multicast DNS."""
    made = zeroconf.Zeroconf(interfaces=[HERE])
    yield made
    made.close()


async def test_an_independent_browser_and_responder_agree(other: zeroconf.Zeroconf) -> None:
    own, theirs = os.urandom(16), os.urandom(16)  # whoever runs this here as well has others
    name = f"{theirs.hex()}.{TYPE}"
    info = zeroconf.ServiceInfo(
        TYPE, name, addresses=[socket.inet_aton(HERE)], port=4242,
        server=f"gatehouse-{theirs.hex()}.local.",
    )  # fmt: skip
    one, heard, mine = finder(own, theirs, dnssd.PORT), Heard(), f"{own.hex()}.{TYPE}"
    browser = zeroconf.ServiceBrowser(other, TYPE, heard)
    try:
        await trio.to_thread.run_sync(other.register_service, info)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(one.run)
            await until(lambda: where(one, theirs) == [(HERE, 4242)])
            await until(lambda: ("add", mine) in heard.told)
            told = await trio.to_thread.run_sync(other.get_service_info, TYPE, mine, 3000)
            assert told is not None and told.port == 8444
            assert told.parsed_addresses() == [HERE]
            nursery.cancel_scope.cancel()
        await until(lambda: ("remove", mine) in heard.told)
    finally:
        await trio.to_thread.run_sync(browser.cancel)
