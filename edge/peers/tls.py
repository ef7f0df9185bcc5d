"""Who is at the other end: mutual TLS 1.3 by the tenant's authority, and the bundle's word."""

import ssl
from collections.abc import Callable
from typing import Final

from crypto.authority import Peer, read_peer_untrusted
from crypto.bundle import GatewayCard
from crypto.errors import BadCertificate
from edge.identity import Identity, load_own_certificate, tls_context
from edge.peers.errors import PeerRefused

#: The name in every device certificate (`crypto.authority.make_device_certificate`).
_NAME: Final = "{}.gateway.gatehouse"


def host_name(gateway: bytes) -> str:
    """By what name a sibling's certificate is checked, whatever address it has."""
    return _NAME.format(gateway.hex())


def client_context(identity: Identity) -> ssl.SSLContext:
    """For dialling: the tenant's authority alone, and our certificate."""
    context = tls_context(identity)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def server_context(identity: Identity) -> ssl.SSLContext:
    """For listening: who shows no certificate of the tenant's authority does not get in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=identity.trust.ca_pem)
    load_own_certificate(context, identity)
    return context


class Doorkeeper:
    """Says who may talk to us. `cards`: the gateways of the bundle in force.

    Without a bundle (a gateway that begins from nothing) the authority's word must do, so that a
    sibling can bring the bundle; blocks are not taken before it is there.
    """

    def __init__(self, identity: Identity, cards: Callable[[], list[GatewayCard]]) -> None:
        self._identity = identity
        self._cards = cards

    def admit(self, certificate_der: bytes | None, expected: bytes | None = None) -> bytes:
        """The gateway that a certificate proves. Raises `PeerRefused`, which says what to do."""
        if certificate_der is None:
            raise PeerRefused("no_certificate")
        try:
            peer = read_peer_untrusted(certificate_der, self._identity.trust.ca_pem)
        except BadCertificate as error:
            raise PeerRefused("bad_certificate", str(error)) from None
        if peer.tenant != self._identity.tenant:
            raise PeerRefused("other_tenant")
        if peer.gateway == self._identity.gateway:
            raise PeerRefused("ourselves", "the address in [peers] is this gateway's own")
        if expected is not None and peer.gateway != expected:
            raise PeerRefused("other_gateway", f"{peer.gateway.hex()} answers there")
        self._check_card(peer)
        return peer.gateway

    def _check_card(self, peer: Peer) -> None:
        cards = self._cards()
        if not cards:
            return
        card = next((card for card in cards if card.gateway == peer.gateway), None)
        if card is None:
            raise PeerRefused("not_in_bundle", f"gateway {peer.gateway.hex()} is not of this venue")
        if card.revoked:
            raise PeerRefused("revoked", f"gateway {card.name} was revoked by the centre")
        if card.device_public != peer.device_public:
            raise PeerRefused("other_key", f"gateway {card.name} has another device key")
