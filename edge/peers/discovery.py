"""Multicast DNS on the venue's network: says where we listen, hears where siblings do.

Configured addresses come first; this finds more of them, for gateways that the bundle names. Our
names are made of a 128-bit id, so they are not probed for (RFC 6762, section 8.1). Where the
network or the machine has no multicast, that is told once and tried again.
"""

import contextlib
import fcntl
import logging
import math
import socket
import struct
from collections.abc import Callable
from typing import Final, NamedTuple

import trio

from edge.peers import dnssd
from edge.peers.dnssd import ANY, GROUP, PORT, PTR, SERVICE, TTL_S, Packet, Question
from edge.peers.found import Found

log = logging.getLogger(__name__)
#: Questions come at 0, 1, 3, 7 … seconds, then once an hour (RFC 6762, section 5.2).
ASK_LEAST_S: Final = 1.0
ASK_MOST_S: Final = 3600.0
#: When somebody is missed, the questions begin again, at most so often.
AGAIN_S: Final = 60.0
RETRY_S: Final = 60.0
#: Answers are held back so long, so that several make one (RFC 6762, section 6).
HOLD_S: Final = (0.02, 0.12)
ANSWER_EVERY_S: Final = 1.0
_SIOCGIFADDR: Final = 0x8915
_IP_MULTICAST_ALL: Final = 49
_ANYWHERE: Final = ("", "0.0.0.0", "::")


class Interface(NamedTuple):
    """A network interface: its number, and its IPv4 address."""

    number: int
    address: str


def interfaces(host: str) -> list[Interface]:
    """Those on which siblings may reach us, who listen on `host`: that one, or all but loopback."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for index, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            try:
                raw = fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, request)
            except OSError:
                continue  # has no IPv4 address
            address = socket.inet_ntoa(raw[20:24])
            if address == host or (host in _ANYWHERE and not address.startswith("127.")):
                found.append(Interface(index, address))
    return found


class Discovery:
    """`own` listens for siblings at `host`, `port` (0: it only asks). `found` has the rest.

    `jitter` gives 0 to 1. `mdns_port` differs in tests.
    """

    def __init__(
        self, own: bytes, host: str, port: int, found: Found, jitter: Callable[[], float],
        mdns_port: int = PORT,
    ) -> None:  # fmt: skip
        self.found = found
        self.problem = ""
        self.bad_packets = 0
        self._own = own
        self._host = host
        self._port = port
        self._jitter = jitter
        self._mdns_port = mdns_port
        self._again = trio.Event()
        self._began = -math.inf
        self._answered = -math.inf
        self._answer_due = trio.Event()
        self._interfaces: list[Interface] = []

    async def run(self) -> None:
        """Say and hear, until cancelled."""
        while True:
            try:
                await self._converse()
            except OSError as error:
                if self.problem != str(error):
                    self.problem = str(error)
                    log.warning("siblings are not looked for by mDNS", extra={"why": str(error)})
            await trio.sleep(RETRY_S)

    def miss(self) -> None:
        """A sibling is missing: ask again soon."""
        if trio.current_time() - self._began >= AGAIN_S:
            self._again.set()

    async def _converse(self) -> None:
        with await self._socket() as speaking:
            self._join(speaking)
            if not self._interfaces:
                raise OSError(f"no interface with an IPv4 address for {self._host}")
            self.problem = ""
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._hear, speaking)
                    nursery.start_soon(self._ask, speaking)
                    if self._port:
                        nursery.start_soon(self._answer, speaking)
            except BaseExceptionGroup as group:
                raise _plain(group) from None
            finally:
                if self._port:
                    with trio.CancelScope(shield=True), trio.move_on_after(0.5):
                        await self._announce(speaking, ttl_s=0)

    async def _socket(self) -> trio.socket.SocketType:
        made = trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
                made.setsockopt(socket.SOL_SOCKET, option, 1)
            made.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
            made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
            made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
            await made.bind(("", self._mdns_port))
        except BaseException:
            made.close()
            raise
        return made

    def _join(self, speaking: trio.socket.SocketType) -> None:
        """Listen on every interface that there is now; one that is joined already stays."""
        self._interfaces = interfaces(self._host)
        for each in self._interfaces:
            with contextlib.suppress(OSError):
                wanted = _mreqn(GROUP, each)
                speaking.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, wanted)

    async def _hear(self, speaking: trio.socket.SocketType) -> None:
        while True:
            raw, source = await speaking.recvfrom(dnssd.PACKET_BYTES_MAX + 1)
            try:
                packet = dnssd.decode_untrusted(raw)
            except dnssd.BadPacket:
                self.bad_packets += 1
                continue
            if source[1] != self._mdns_port:
                continue  # answers come from this port only; who asks from another is no sibling
            if packet.response:
                self.found.hear(packet, trio.current_time())
            elif self._is_asked(packet):
                self._answer_due.set()

    def _is_asked(self, packet: Packet) -> bool:
        mine = (self._own.hex(), *SERVICE)
        for known in packet.answers:
            if (known.type, known.data) == (PTR, mine) and known.ttl_s >= TTL_S // 2:
                return False  # the asker knows us (RFC 6762, section 7.1)
        asked = {(SERVICE, PTR), (SERVICE, ANY)}
        host = (f"gatehouse-{self._own.hex()}", "local")
        return any((q.name, q.type) in asked or q.name in (mine, host) for q in packet.questions)

    async def _answer(self, speaking: trio.socket.SocketType) -> None:
        for _ in range(2):  # unasked, a second apart (RFC 6762, section 8.3)
            await self._announce(speaking)
            await trio.sleep(ANSWER_EVERY_S)
        while True:
            await self._answer_due.wait()
            least, most = HOLD_S
            await trio.sleep(least + (most - least) * self._jitter())
            await trio.sleep(max(0.0, self._answered + ANSWER_EVERY_S - trio.current_time()))
            self._answer_due = trio.Event()
            await self._announce(speaking)

    async def _announce(self, speaking: trio.socket.SocketType, ttl_s: int = TTL_S) -> None:
        self._answered = trio.current_time()
        if ttl_s:
            self._join(speaking)  # an address may be another one since the last question
        for each in self._interfaces:
            packet = dnssd.announced(self._own, self._port, [each.address], ttl_s)
            await self._send(speaking, packet, each)

    async def _ask(self, speaking: trio.socket.SocketType) -> None:
        question = Packet(questions=(Question(SERVICE),))
        while True:
            self._began, self._again = trio.current_time(), trio.Event()
            wait_s = ASK_LEAST_S
            while not self._again.is_set():
                self._join(speaking)
                for each in self._interfaces:
                    await self._send(speaking, question, each)
                with trio.move_on_after(wait_s):
                    await self._again.wait()
                wait_s = min(wait_s * 2, ASK_MOST_S)

    async def _send(
        self, speaking: trio.socket.SocketType, packet: Packet, through: Interface
    ) -> None:
        way = _mreqn("0.0.0.0", through)
        try:
            speaking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, way)
            await speaking.sendto(dnssd.encode(packet), (GROUP, self._mdns_port))
        except OSError as error:  # a cable was pulled: the other interfaces go on
            log.debug("mDNS cannot be said", extra={"to": through.address, "why": str(error)})


def _mreqn(group: str, interface: Interface) -> bytes:
    """`struct ip_mreqn` of Linux."""
    return struct.pack(
        "=4s4si", socket.inet_aton(group), socket.inet_aton("0.0.0.0"), interface.number
    )


def _plain(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """One reason for all: what the network said, if it did."""
    network, other = group.split(OSError)
    if other is not None or network is None:
        return group
    inner: BaseException = network
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    return inner
