"""One of everything, from fixed seeds: what the vectors were frozen from and tests begin with."""

import json
from pathlib import Path
from typing import Any

from crypto import authority, block, bundle, certificate, entry, receipt, terms, ticket, trust
from crypto.keys import SigningKey, VerifyKey

VECTORS = Path(__file__).parents[1] / "vectors"

ISSUER_KEY = SigningKey(bytes(range(32)))
OTHER_KEY = SigningKey(b"\x07" * 32)
EPOCH_KEY = SigningKey(b"\x11" * 32)
DEVICE_KEY = SigningKey(b"\x22" * 32)
BUNDLE_KEY = SigningKey(b"\x33" * 32)
RECEIPT_KEY = SigningKey(b"\x44" * 32)
AUTHORITY_SEED = b"\x55" * 32
TENANT = bytes(range(16))
GATEWAY = bytes(range(16, 32))
HOLDER_KEY = b"\x66" * 32
NOW_S = 1_770_000_000
BEGINNING = block.Head()


def load(name: str) -> Any:
    """A file of tests/vectors."""
    return json.loads((VECTORS / name).read_text("utf-8"))


def verifier(key: SigningKey) -> VerifyKey:
    return VerifyKey(key.public)


def make_ticket(**changes: Any) -> ticket.Ticket:
    fields: dict[str, Any] = {
        "key_id": ISSUER_KEY.key_id,
        "performance": 7,
        "ticket_id": bytes.fromhex("0102030405060708"),
        "product": 3,
        "valid_from": 1_700_000_000,
        "valid_until": 1_800_000_000,
        "persons": 2,
        "flags": ticket.FLAG_ATTENTION,
        "issued_at": 1_690_000_000,
    }
    return ticket.Ticket(**(fields | changes))


def make_facts() -> list[entry.KnownFact]:
    """One fact of every kind; HLCs rise."""
    stamp = [((NOW_S * 1000 + i) << 16 | i, 20260201, 60) for i in range(14)]
    code = b"gatehouse:" + bytes(8)
    return [
        entry.EpochBegun(*stamp[0], make_epoch_certificate(), 0, 0, bytes(32), "first"),
        entry.Started(*stamp[1], "0.1.0"),
        entry.BundleApplied(*stamp[2], 4, bytes(range(32))),
        entry.ClockStepped(*stamp[3], -1500),
        entry.DeviceLost(*stamp[4], 2, "scanner", "silent"),
        entry.DeviceBack(*stamp[5], 2, "scanner"),
        entry.Admitted(*stamp[6], 1, 1, code, 1_690_000_000, 3, 7, 1, 2, bytes(16), 4),
        entry.AdmissionRefused(*stamp[7], 1, 1, 10, bytes(8), 2),
        entry.PassageCompleted(*stamp[8], 1, code, NOW_S, 7, 1, True),
        entry.PassageLapsed(*stamp[9], 1, code, NOW_S, 7, 0),
        entry.PassageUnknown(*stamp[10], 1, code, NOW_S, 7, 0, "restart"),
        entry.ExitRecorded(*stamp[11], 2, 1, code, bytes(16)),
        entry.SnapshotTaken(*stamp[12], bytes(32), 12),
        entry.Stopped(*stamp[13]),
    ]


def make_sibling_facts() -> list[entry.KnownFact]:
    """The kinds that came with sibling gateways, and the marks of a product's right."""
    stamp = [((NOW_S * 1000 + i) << 16 | i, 20260201, 60) for i in range(3)]
    code, other = b"gatehouse:" + bytes(8), bytes(range(32, 48))
    marks = entry.MARK_REENTRY_AFTER_EXIT | entry.MARK_CHECK
    uses = [
        entry.Use(gateway, NOW_S, 7 + i, stamp[i][0], 60, 1 + i, 3 + i)
        for i, gateway in enumerate((GATEWAY, other))
    ]
    return [
        entry.Admitted(*stamp[0], 3, 1, code, 1_690_000_000, 4, 7, 1, 1, b"", marks),
        entry.ConflictFound(*stamp[1], bytes(range(16)), code, *uses),
        entry.ClockMeasured(*stamp[2], other, -61_000, 4, True),
    ]


def make_staff_facts() -> list[entry.KnownFact]:
    """What staff do: an admission in spite of a refusal, and one that did not happen."""
    stamp = [((NOW_S * 1000 + i) << 16 | i, 20260201, 60) for i in range(2)]
    code = b"gatehouse:" + bytes(8)
    forced = entry.MARK_FORCED
    return [
        entry.Overridden(
            *stamp[0],
            1,
            1,
            code,
            1_690_000_000,
            3,
            7,
            1,
            2,
            bytes(16),
            forced,
            "erika",
            "stamp seen",
            100,
        ),  # fmt: skip
        entry.Annulled(*stamp[1], 1, code, NOW_S, 1, "erika", "turnstile"),
    ]


def make_terms() -> terms.Terms:
    """Everything a bundle can say about entry."""
    ticket_id = b"gatehouse:" + b"\x03" * 8
    window = terms.Window(20260201, 20260203, [5, 6, 7], 600, 120, [1])
    return terms.Terms(
        policies=[terms.EntryPolicy(3, [window], [terms.Limit(2, True, True)], True, 300, ["age"])],
        zones=[terms.Zone(1, "Backstage", 50, 40)],
        capacity=5000,
        warn_at=4800,
        gates=[terms.GatePolicy(1, [1], True, True, True)],
        rules=[terms.RuleText('{"<":[{"var":"entries_today"},3]}', 1, 3)],
        media=[terms.Medium(b"5555", [terms.MediumTicket(ticket_id, 3, 7, 1, NOW_S, 2, 2)], True)],
        medium_prefixes=[b"55"],
        unapproved=[ticket_id],
        unpaid=[ticket_id],
        notes=[terms.Note(ticket_id, True, True)],
        colours=[terms.Colour(20260201, "green")],
        exit_all_at=180,
        stale_after_s=86_400,
        when_unheard="staff",
    )


def make_exit_terms() -> terms.Terms:
    """What a bundle can say about exits beside a word."""
    return terms.Terms(when_unheard=terms.Unheard("mark", ["gate-a"]))


def make_block(
    head: block.Head = BEGINNING,
    facts: list[entry.KnownFact] | None = None,
    wall_ms: int = NOW_S * 1000,
) -> bytes:
    facts = make_facts() if facts is None else facts
    return block.seal(
        gateway=GATEWAY,
        epoch=NOW_S,
        head=head,
        count=len(facts),
        body=entry.encode_facts(facts),
        wall_ms=wall_ms,
        last_hlc=facts[-1].hlc,
        key=EPOCH_KEY,
    )


def make_chain(length: int, wall_ms: int = NOW_S * 1000) -> list[block.Block]:
    """A log of `length` blocks of two facts; another `wall_ms` makes another log."""
    head, chain = BEGINNING, []
    for i in range(length):
        stamp = ((NOW_S * 1000 + i) << 16, 20260201, 60)
        facts: list[entry.KnownFact] = [entry.Started(*stamp, "0.1.0"), entry.Stopped(*stamp)]
        made, _ = block.read_untrusted(make_block(head, facts, wall_ms))
        chain.append(made)
        head = block.Head(made.last_seq, made.hash)
    return chain


def make_epoch_certificate() -> bytes:
    fields = certificate.EpochCertificate(TENANT, GATEWAY, NOW_S, EPOCH_KEY.public)
    return certificate.certify(fields, DEVICE_KEY)


def make_receipt() -> receipt.Receipt:
    return receipt.Receipt(TENANT, GATEWAY, NOW_S, 14, bytes(range(32)), NOW_S * 1000)


def make_bundle(**changes: Any) -> bundle.Bundle:
    fields: dict[str, Any] = {
        "version": 4,
        "tenant": TENANT,
        "issued_at_ms": NOW_S * 1000,
        "issuers": [bundle.Issuer("gatehouse", [bundle.IssuerKey(ISSUER_KEY.public)])],
        "foreign_issuers": [
            bundle.ForeignIssuer(
                "shop",
                [bytes.fromhex(load("pretix-sig1.json")["public_key_hex"])],
                [bundle.ForeignRow(item=1, product=3), bundle.ForeignRow(2, 4, 7, 1)],
            )
        ],
        "products": [bundle.Product(3, "Day ticket"), bundle.Product(4, "Pass", "after_exit", 60)],
        "performances": [bundle.Performance(7, "Opening night", NOW_S, NOW_S + 7200, NOW_S - 3600)],
        "gates": [bundle.Gate(1, "North", [3, 4], [7])],
        "revoked": [bundle.Revocation(b"gatehouse:" + bytes(8), 1_690_000_001)],
        "canceled": [b"gatehouse:" + b"\x01" * 8],
        "blocked": [b"gatehouse:" + b"\x02" * 8],
        "holder_keys": [
            bundle.HolderKey(b"gatehouse:\x01\x02\x03\x04\x05\x06\x07\x08", HOLDER_KEY)
        ],
        "gateways": [bundle.GatewayCard(GATEWAY, 1, "gate-a", DEVICE_KEY.public)],
    }
    return bundle.Bundle(**(fields | changes))


def make_authority() -> authority.Authority:
    return authority.make_authority(AUTHORITY_SEED, TENANT, NOW_S, 1)


def make_device_pem(gateway: bytes = GATEWAY, key: SigningKey = DEVICE_KEY) -> str:
    return authority.make_device_certificate(
        make_authority(), TENANT, gateway, key.public, NOW_S, 2
    )


def make_trust(**changes: Any) -> trust.Trust:
    fields: dict[str, Any] = {
        "tenant": TENANT.hex(),
        "gateway": GATEWAY.hex(),
        "index": 1,
        "name": "gate-a",
        "device_pem": make_device_pem(),
        "ca_pem": make_authority().pem,
        "bundle_key": BUNDLE_KEY.public.hex(),
        "receipt_key": RECEIPT_KEY.public.hex(),
        "central_url": "https://central.example:8443",
    }
    return trust.Trust(**(fields | changes))


def flips(raw: bytes) -> list[bytes]:
    """`raw` with each of its bits turned, one at a time."""
    made = []
    for i in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[i // 8] ^= 1 << (i % 8)
        made.append(bytes(changed))
    return made
