"""A small enrolled venue for benchmarks and tests: keys from fixed seeds, no centre needed."""

from pathlib import Path
from typing import Final

from crypto import authority, bundle, keys, ticket
from crypto.trust import Trust, encode_trust

TENANT: Final = b"tenant-of-bench!"
GATEWAY: Final = b"gateway-of-bench"
# Test keys: never use them for a real event.
DEVICE: Final = keys.SigningKey(bytes([1]) * 32)
BUNDLES: Final = keys.SigningKey(bytes([2]) * 32)
RECEIPTS: Final = keys.SigningKey(bytes([3]) * 32)
ISSUER: Final = keys.SigningKey(bytes([4]) * 32)
MADE_S: Final = 1_780_000_000


def enrol(folder: Path, central_url: str = "", gateway: bytes = GATEWAY) -> None:
    """Write what `edge init` and `gateway approve` would have made."""
    folder.mkdir(parents=True, exist_ok=True)
    root = authority.make_authority(bytes([5]) * 32, TENANT, MADE_S, 1)
    pem = authority.make_device_certificate(root, TENANT, gateway, DEVICE.public, MADE_S, 2)
    trust = Trust(
        tenant=TENANT.hex(), gateway=gateway.hex(), index=1, name="bench", device_pem=pem,
        ca_pem=root.pem, bundle_key=BUNDLES.public.hex(), receipt_key=RECEIPTS.public.hex(),
        central_url=central_url,
    )  # fmt: skip
    (folder / "trust.json").write_bytes(encode_trust(trust))
    (folder / "device.pem").write_text(pem)
    key = folder / "device.key"
    key.touch(mode=0o600)
    key.write_text((bytes([1]) * 32).hex())


def gateway_id(number: int) -> bytes:
    """The gateway called bench-`number`."""
    return GATEWAY[:15] + bytes([0x30 + number])


def make_bundle(version: int = 1, gates: int = 1, gateways: int = 0) -> bundle.Bundle:
    """One product, one performance, gates that admit both; so many siblings of one device key."""
    return bundle.Bundle(
        version=version,
        tenant=TENANT,
        issued_at_ms=MADE_S * 1000,
        issuers=[bundle.Issuer("venue", [bundle.IssuerKey(ISSUER.public)])],
        products=[bundle.Product(1, "Day ticket")],
        performances=[bundle.Performance(1, "Saturday")],
        gates=[bundle.Gate(number + 1, f"Gate {number + 1}") for number in range(gates)],
        gateways=[
            bundle.GatewayCard(gateway_id(number), number + 1, f"bench-{number}", DEVICE.public)
            for number in range(gateways)
        ],
    )


def put_bundle(folder: Path, version: int = 1, gates: int = 1, gateways: int = 0) -> None:
    """Sign a bundle and lay it where a gateway looks for kept ones."""
    target = folder / "bundle"
    target.mkdir(parents=True, exist_ok=True)
    raw = bundle.sign(make_bundle(version, gates, gateways), BUNDLES)
    (target / f"{bundle.content_hash(raw).hex()}.bundle").write_bytes(raw)


def code(number: int) -> bytes:
    """The code of ticket `number`."""
    content = ticket.Ticket(
        ISSUER.key_id, 1, number.to_bytes(8, "big"), 1, 0, 0, 1, 0, MADE_S + number
    )
    return ticket.issue(content, ISSUER).encode()
