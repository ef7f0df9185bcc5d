"""Listening for siblings and dialling them: TLS around each session, and what ends one."""

import logging
import ssl
from collections.abc import Callable
from functools import partial
from typing import Final

import trio

from config.binds import Bind
from config.peers import Peers, Sibling
from crypto.bundle import GatewayCard
from edge.identity import Identity
from edge.ledger.errors import StorageFailed
from edge.peers.errors import BadFrame, PeerLost, PeerRefused
from edge.peers.found import Address, Found
from edge.peers.intake import Forged
from edge.peers.links import Links
from edge.peers.session import Session
from edge.peers.tls import Doorkeeper, client_context, host_name, server_context
from edge.uplink import Backoff

log = logging.getLogger(__name__)
CONNECT_S: Final = 5.0
#: How soon a dialler sees that the sibling, which had dialled us, is gone.
LOOK_S: Final = 0.25
#: Connections that have not yet shown who they are; one more, and the oldest of them is closed.
STRANGERS_MAX: Final = 32

#: How a sibling's address was found: in the configuration, by mDNS, or it has dialled us.
CONFIGURED: Final = "configured"
FOUND: Final = "mdns"
CAME: Final = "came"
#: So long a configured address goes before a found one.
FOUND_AFTER_S: Final = 3.0

Secured = trio.SSLStream[trio.SocketStream]


class Connections:
    """The listener and one dialler per configured sibling. `crashed` should stay 0."""

    def __init__(
        self, links: Links, identity: Identity, config: Peers, jitter: Callable[[], float]
    ) -> None:
        self._links = links
        self._config = config
        self._jitter = jitter
        self._doors = Doorkeeper(identity, lambda: links.gateway.policy.bundle.gateways)
        self._server = server_context(identity)
        self._client = client_context(identity)
        # Only while no bundle tells which gateway has which name: the authority vouches, and the
        # doorkeeper looks at the certificate all the same.
        self._unnamed = client_context(identity)
        self._unnamed.check_hostname = False
        #: The oldest first.
        self._strangers: dict[trio.CancelScope, None] = {}
        self._told: set[tuple[str, str]] = set()
        self.crashed = 0

    async def listen(
        self, *, task_status: trio.TaskStatus[list[Bind]] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Take siblings in until cancelled; starts with the addresses. Raises OSError."""
        bind = self._config.address
        listeners = await trio.open_tcp_listeners(bind.port, host=bind.host)
        bound = [Bind(*listener.socket.getsockname()[:2]) for listener in listeners]
        task_status.started(bound)
        log.info("siblings are awaited", extra={"addresses": list(map(str, bound))})
        await trio.serve_listeners(self._arrived, listeners)

    async def _arrived(self, stream: trio.SocketStream) -> None:
        if len(self._strangers) >= STRANGERS_MAX:  # a sibling shows itself at once
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            oldest.cancel()
        secured = trio.SSLStream(stream, self._server, server_side=True)
        await self._bordered(partial(self._serve, secured), "", secured)

    async def _serve(self, stream: Secured) -> None:
        other, scope = b"", trio.CancelScope()
        self._strangers[scope] = None
        try:
            with scope:
                other = await self._handshake(stream, None)
        finally:
            self._strangers.pop(scope, None)
        if scope.cancelled_caught:
            raise PeerLost("it has not shown who it is, and others came")
        await self._talk(stream, other, dialed=False)

    async def dial(self, sibling: Sibling) -> None:
        """Keep a connection with `sibling`, by whoever's call, until cancelled."""
        config = self._config
        backoff = Backoff(config.backoff_min_s, config.backoff_max_s, self._jitter)
        while True:
            gateway = self._called(sibling.name)
            if gateway is not None and self._links.sibling(gateway).session is not None:
                backoff.reset()
                await trio.sleep(LOOK_S)
                continue
            await self._call(sibling, gateway)
            await trio.sleep(backoff.next_s())

    def _called(self, name: str) -> bytes | None:
        for card in self._links.cards:
            if card.name == name:
                return card.gateway
        return None

    async def _call(self, sibling: Sibling, gateway: bytes | None) -> None:
        if gateway is None and self._links.cards:
            self._tell("not_in_bundle", f"no gateway of the bundle is called {sibling.name}")
            return
        try:
            with trio.fail_after(CONNECT_S):
                stream = await trio.open_tcp_stream(sibling.host, sibling.port)
        except (OSError, trio.TooSlowError) as error:
            if gateway is not None:
                self._links.unreachable(gateway, str(error) or "no answer")
            return
        context = self._client if gateway is not None else self._unnamed
        name = host_name(gateway) if gateway is not None else None
        secured = trio.SSLStream(stream, context, server_hostname=name)
        await self._bordered(partial(self._dialled, secured, gateway), sibling.name, secured)

    async def _dialled(self, stream: Secured, gateway: bytes | None) -> None:
        other = await self._handshake(stream, gateway)
        await self._talk(stream, other, dialed=True, how=CONFIGURED)

    async def dial_found(self, found: Found, miss: Callable[[], None]) -> None:
        """Keep connections with siblings that `found` knows where to find, until cancelled.

        A configured one is looked for only when its own address was of no use for a moment. `miss`
        is called when somebody is missing.
        """
        configured = {sibling.name for sibling in self._config.siblings}
        trying: set[bytes] = set()

        async def dial(card: GatewayCard, address: Address) -> None:
            try:
                await self._call_found(found, card, address)
            finally:
                trying.discard(card.gateway)

        async with trio.open_nursery() as nursery:
            while True:
                for card in self._links.cards:
                    linked = self._links.sibling(card.gateway).session is not None
                    if linked or card.revoked or card.gateway in trying:
                        continue
                    patience_s = FOUND_AFTER_S if card.name in configured else 0.0
                    address = found.due(card.gateway, trio.current_time())
                    if address is None:
                        miss()
                    elif self._links.unheard_s(card.gateway) >= patience_s:
                        trying.add(card.gateway)
                        nursery.start_soon(dial, card, address)
                await trio.sleep(LOOK_S)

    async def _call_found(self, found: Found, card: GatewayCard, address: Address) -> None:
        """One try at an address that anybody may have made up: who is there must prove it."""
        proven, problem = False, "another than the sibling answers there, or nobody"

        async def dialled() -> None:
            nonlocal proven
            other = await self._handshake(secured, card.gateway)
            proven = True
            found.worked(address)
            await self._talk(secured, other, dialed=True, how=FOUND)

        try:
            with trio.fail_after(CONNECT_S):
                stream = await trio.open_tcp_stream(address.host, address.port)
        except (OSError, trio.TooSlowError) as error:
            found.failed(address, str(error) or "no answer", trio.current_time())
            return
        secured = trio.SSLStream(stream, self._client, server_hostname=host_name(card.gateway))
        await self._bordered(dialled, card.name, secured)
        if not proven:
            found.failed(address, problem, trio.current_time())

    async def _handshake(self, stream: Secured, expected: bytes | None) -> bytes:
        try:
            with trio.fail_after(CONNECT_S):
                await stream.do_handshake()
        except (trio.BrokenResourceError, trio.TooSlowError, ssl.SSLError) as error:
            raise PeerLost(str(error.__cause__ or error) or "no handshake") from None
        return self._doors.admit(stream.getpeercert(binary_form=True), expected)

    async def _talk(
        self, stream: Secured, other: bytes, *, dialed: bool, how: str = ""
    ) -> None:  # fmt: skip
        session = Session(stream, self._links, self._links.holdings, other, dialed=dialed)
        session.how, session.address = how or CAME, _address_of(stream)
        problem = "the connection crashed"
        try:
            await session.run()
        except (PeerLost, PeerRefused, BadFrame, Forged) as error:
            problem = str(error)
            raise
        except trio.Cancelled:
            problem = ""  # we are stopping: the sibling is as well as it was
            raise
        finally:
            self._links.ended(session, problem)

    async def _bordered(self, work: Callable[[], object], name: str, stream: Secured) -> None:
        """A supervision border: what is wrong with one connection stays with it."""
        try:
            await work()  # type: ignore[misc]
        except PeerLost as error:
            log.debug("a connection ended", extra={"sibling": name, "why": str(error)})
        except PeerRefused as error:
            if error.code not in ("duplicate", "replaced", "new_siblings"):
                self._tell(error.code, str(error), name)
        except (BadFrame, Forged) as error:
            self._tell(type(error).__name__, str(error), name)
        except StorageFailed:
            raise
        except Exception:  # noqa: BLE001
            self.crashed += 1
            log.exception("a connection with a sibling crashed; please report this trace")
        finally:
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(stream)

    def _tell(self, code: str, why: str, sibling: str = "") -> None:
        """Count always, log each kind once: who knocks every second must not fill the log."""
        refused = self._links.refused
        refused[code] = refused.get(code, 0) + 1
        if (code, why) not in self._told and len(self._told) < 1000:
            self._told.add((code, why))
            who = {"sibling": sibling} if sibling else {}
            log.error("a connection with a sibling was refused", extra={"why": why, **who})


def _address_of(stream: Secured) -> str:
    """Where the other end is; "" when that is not known any more, or never was."""
    try:
        host, port = stream.transport_stream.socket.getpeername()[:2]
    except (OSError, AttributeError):
        return ""
    return str(Bind(host, port))
