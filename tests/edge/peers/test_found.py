"""What is kept of what anybody on the network may say."""

from __future__ import annotations

from edge.peers.dnssd import PTR, SERVICE, SRV, A, Packet, Record, announced
from edge.peers.found import ADDRESSES_MAX, LEAST_S, MOST_S, Found

OWN, ONE, TWO = b"\x01" * 16, b"\x0a" * 16, b"\x0b" * 16


def book(*wanted: bytes) -> Found:
    return Found(OWN, lambda: set(wanted))


def hosts(found: Found, gateway: bytes, now: float = 0.0) -> list[tuple[str, int]]:
    return [(each.host, each.port) for each in found.addresses(gateway, now)]


def test_addresses_of_gateways_that_the_bundle_names() -> None:
    found = book(ONE)
    for gateway in (OWN, ONE, TWO):
        found.hear(announced(gateway, 8444, ["10.0.0.5", "fd00::5"]), 0.0)
    assert found.gateways() == [ONE]
    assert hosts(found, ONE) == [("10.0.0.5", 8444), ("fd00::5", 8444)]
    assert hosts(found, TWO) == hosts(found, OWN) == []


def test_without_a_bundle_anybody_is_kept() -> None:
    found = book()
    found.hear(announced(TWO, 8444, ["10.0.0.5"]), 0.0)
    assert hosts(found, TWO) == [("10.0.0.5", 8444)]


def test_they_hold_for_their_time_and_end_when_taken_back() -> None:
    found = book(ONE)
    found.hear(announced(ONE, 8444, ["10.0.0.5"]), 0.0)
    assert hosts(found, ONE, 119.0) and not hosts(found, ONE, 120.0)
    found.hear(announced(ONE, 8444, ["10.0.0.5"]), 200.0)
    found.hear(announced(ONE, 8444, ["10.0.0.5"]), 300.0)
    assert hosts(found, ONE, 419.0)
    found.hear(announced(ONE, 8444, ["10.0.0.5"], ttl_s=0), 310.0)
    assert not hosts(found, ONE, 310.0)


def test_an_address_may_come_after_its_name() -> None:
    whole = announced(ONE, 8444, ["10.0.0.5"])
    found = book(ONE)
    for record in (*whole.answers, *whole.more):
        found.hear(Packet(True, (), (record,)), 0.0)
    assert hosts(found, ONE) == [("10.0.0.5", 8444)]


def test_what_a_switched_off_sibling_left_behind_costs_one_try_at_most() -> None:
    found = book(ONE)
    found.hear(announced(ONE, 8444, ["10.0.0.5"]), 0.0)
    (old,) = found.addresses(ONE, 0.0)
    for address, port in (("10.0.0.5", 9555), ("10.0.0.6", 9555)):
        found.hear(announced(ONE, port, [address]), 30.0)
    assert hosts(found, ONE, 30.0)[2] == ("10.0.0.5", 8444)
    found.worked(old)
    assert found.due(ONE, 30.0) is old
    found.failed(old, "nobody", 30.0)
    assert found.due(ONE, 30.0) is not old is found.addresses(ONE, 30.0)[2]
    assert len(hosts(found, ONE, 119.0)) == 3
    assert len(hosts(found, ONE, 120.0)) == 2  # nobody has said it again


def test_nobody_makes_us_knock_far_away() -> None:
    found = book(ONE)
    for address in (
        "8.8.8.8",
        "0.0.0.0",
        "224.0.0.251",
        "2001:4860:4860::8888",
        "fe80::1",
        "ff02::1",
    ):
        found.hear(announced(ONE, 8444, [address]), 0.0)
    assert hosts(found, ONE) == []
    found = book(ONE)
    found.hear(announced(ONE, 0, ["10.0.0.5"]), 0.0)
    assert hosts(found, ONE) == []


def test_names_that_are_no_gateways_are_left() -> None:
    found = book()
    host = ("h", "local")
    for name in ((ONE.hex(), "local"), ("printer", *SERVICE), (ONE.hex().upper(), *SERVICE),
                 (ONE.hex()[:-2], *SERVICE), ("a", ONE.hex(), *SERVICE)):  # fmt: skip
        records = (Record(name, SRV, (1, host)), Record(host, A, "10.0.0.1"),
                   Record(SERVICE, PTR, name, 0))  # fmt: skip
        found.hear(Packet(True, (), records), 0.0)
    assert found.gateways() == []


def test_a_flood_of_addresses_pushes_no_good_one_out() -> None:
    found = book(ONE)
    found.hear(announced(ONE, 8444, ["10.0.0.5"]), 0.0)
    (good,) = found.addresses(ONE, 0.0)
    found.worked(good)
    for number in range(1, 200):
        found.hear(announced(ONE, 8444, [f"10.0.1.{number}"]), 1.0)
        assert found.due(ONE, 1.0) is good
        for each in found.addresses(ONE, 0.0) if number > 100 else ():
            if each is not good and each.due <= 0.0:
                found.failed(each, "liar", 0.0)
        assert len(hosts(found, ONE)) <= ADDRESSES_MAX
        assert good in found.addresses(ONE, 0.0)
    for number in range(1, 1000):  # of others that the bundle does not name nothing is kept
        found.hear(announced(number.to_bytes(16, "big"), 1, ["10.0.0.9"]), 0.0)
    assert found.gateways() == [ONE]


def test_an_address_that_failed_waits_longer_each_time() -> None:
    found = book(ONE)
    found.hear(announced(ONE, 8444, ["10.0.0.5", "10.0.0.6"]), 0.0)
    first = found.due(ONE, 0.0)
    assert first is not None
    now, waits = 0.0, []
    for _ in range(9):
        found.failed(first, "no handshake", now)
        other = found.due(ONE, now)
        assert other is not None and other is not first
        waits.append(first.due - now)
        now = first.due
        found.hear(announced(ONE, 8444, ["10.0.0.5", "10.0.0.6"]), now)  # saying it again helps not
        assert first.problem == "no handshake"
    assert waits[0] == LEAST_S and waits[-1] == MOST_S and sorted(waits) == waits
    found.worked(first)
    assert (first.due, first.problem) == (0.0, "")
