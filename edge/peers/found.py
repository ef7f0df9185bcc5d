"""Addresses of siblings as the network tells them: for whom, how long, and which were no good.

Whoever is on the network may say anything. So only gateways that the bundle names are kept, few
addresses of each, near ones, and one at which mutual TLS failed waits longer each time.
"""

import ipaddress
from collections.abc import Callable
from typing import Final

import msgspec

from edge.peers.dnssd import AAAA, PTR, SERVICE, SRV, A, Packet, Record

#: Of one gateway; the newest stay.
ADDRESSES_MAX: Final = 4
GATEWAYS_MAX: Final = 255
LEAST_S: Final = 5.0
MOST_S: Final = 600.0


class Address(msgspec.Struct):
    """Where a gateway may listen. `due`: not to be tried before; `problem`: what was wrong there;
    `proven`: it was there once, by its certificate.

    Times are by the clock of the loop.
    """

    host: str
    port: int
    until: float
    due: float = 0.0
    fails: int = 0
    problem: str = ""
    proven: bool = False

    @property
    def rank(self) -> tuple[int, bool, float]:
        """Those that never failed first, of these the proven, of these what was heard last."""
        return self.fails, not self.proven, -self.until


class _Place(msgspec.Struct):
    port: int
    host: tuple[str, ...]
    until: float


class Found:
    """What was heard of the gateways `wanted`; while that is empty (no bundle) of anybody."""

    def __init__(self, own: bytes, wanted: Callable[[], set[bytes]]) -> None:
        self._own = own
        self._wanted = wanted
        self._places: dict[bytes, _Place] = {}
        self._addresses: dict[bytes, dict[tuple[str, int], Address]] = {}

    def hear(self, packet: Packet, now: float) -> None:
        """Keep what an answer says, and forget what it takes back."""
        records = (*packet.answers, *packet.more)
        for record in records:
            if record.type == PTR and record.name == SERVICE and not record.ttl_s:
                self._forget(_gateway_of(record.data))
            elif record.type == SRV:
                self._place(record, now)
        for record in records:
            if record.type in (A, AAAA):
                self._address(record, now)

    def gateways(self) -> list[bytes]:
        """Of whom anything is known."""
        return sorted(self._addresses)

    def addresses(self, gateway: bytes, now: float) -> list[Address]:
        """All that hold still, by rank.

        A sibling that was switched off, and begins anew elsewhere, takes nothing back: what it
        left behind costs one try. What anybody makes up does not come before a good one.
        """
        known = self._addresses.get(gateway, {})
        for key in [key for key, each in known.items() if each.until <= now]:
            del known[key]
        return sorted(known.values(), key=lambda each: each.rank)

    def due(self, gateway: bytes, now: float) -> Address | None:
        """The address to try now, if there is one."""
        return next((each for each in self.addresses(gateway, now) if each.due <= now), None)

    def failed(self, address: Address, why: str, now: float) -> None:
        """Nobody there, or somebody else: it waits, twice as long each time."""
        address.due = now + min(LEAST_S * 2 ** min(address.fails, 10), MOST_S)
        address.fails += 1
        address.problem = why

    def worked(self, address: Address) -> None:
        """The sibling was there."""
        address.due, address.fails, address.problem, address.proven = 0.0, 0, "", True

    def _place(self, record: Record, now: float) -> None:
        gateway = _gateway_of(record.name)
        assert isinstance(record.data, tuple)
        port, host = record.data
        assert isinstance(port, int) and isinstance(host, tuple)
        if gateway is None or gateway == self._own or not port:
            return
        wanted = self._wanted()
        if gateway not in wanted and (wanted or len(self._places) >= GATEWAYS_MAX):
            return
        if not record.ttl_s:
            self._forget(gateway)
            return
        self._places[gateway] = _Place(port, host, now + record.ttl_s)

    def _address(self, record: Record, now: float) -> None:
        assert isinstance(record.data, str)
        if not _near(record.data):
            return
        for gateway, place in self._places.items():
            if place.host != record.name or place.until <= now:
                continue
            known = self._addresses.setdefault(gateway, {})
            key = (record.data, place.port)
            if not record.ttl_s:
                known.pop(key, None)
                continue
            until = now + record.ttl_s
            if key in known:
                known[key].until = until
                continue
            if len(known) >= ADDRESSES_MAX:
                del known[max(known, key=lambda old: known[old].rank)]
            known[key] = Address(record.data, place.port, until)

    def _forget(self, gateway: bytes | None) -> None:
        if gateway is not None:
            self._places.pop(gateway, None)
            self._addresses.pop(gateway, None)


def _gateway_of(name: object) -> bytes | None:
    """The gateway that an instance of our service is called by."""
    if not isinstance(name, tuple) or len(name) != 4 or name[1:] != SERVICE:
        return None
    try:
        gateway = bytes.fromhex(str(name[0]))
    except ValueError:
        return None
    return gateway if len(gateway) == 16 and gateway.hex() == name[0] else None


def _near(text: str) -> bool:
    """Not somewhere in the internet: nobody on the network makes us knock there."""
    address = ipaddress.ip_address(text)
    if address.is_multicast or address.is_unspecified or not address.is_private:
        return False
    return not (address.version == 6 and address.is_link_local)  # needs to know the interface
