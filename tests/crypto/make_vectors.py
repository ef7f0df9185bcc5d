"""Writes tests/vectors/gatehouse.json: each format is frozen once; new ones are added.

    python -m tests.crypto.make_vectors > tests/vectors/gatehouse.json

A vector that no longer fits means that codes, ledgers and bundles in the field no longer fit.
"""

import json
import sys
from typing import Any

from crypto import authority, bundle, receipt, ticket, trust
from tests.crypto import samples


def vectors() -> dict[str, Any]:
    rotating = samples.make_ticket(flags=ticket.FLAG_ROTATING)
    plain = samples.make_ticket()
    season = samples.make_ticket(
        performance=0, ticket_id=b"\xff" * 8, product=65535, valid_from=0, valid_until=0,
        persons=255, flags=1, issued_at=2**32 - 1,
    )  # fmt: skip
    step = samples.NOW_S // ticket.ROTATION_STEP_S
    payload = ticket.encode_payload(rotating)
    ca = samples.make_authority()
    return {
        "ticket": ticket.issue(plain, samples.ISSUER_KEY),
        "ticket_prefixed": ticket.issue(plain, samples.ISSUER_KEY, "HTTPS://T.EXAMPLE/"),
        "ticket_season": ticket.issue(season, samples.ISSUER_KEY),
        "ticket_rotating": ticket.issue(rotating, samples.ISSUER_KEY)
        + ticket.rotation_suffix(payload, samples.HOLDER_KEY, step),
        "block": samples.make_block().hex(),
        "epoch_certificate": samples.make_epoch_certificate().hex(),
        "receipt": receipt.sign(samples.make_receipt(), samples.RECEIPT_KEY).hex(),
        "bundle": bundle.sign(samples.make_bundle(), samples.BUNDLE_KEY).hex(),
        "request": trust.make_request("gate-a", samples.GATEWAY, samples.DEVICE_KEY).decode(),
        "trust": trust.encode_trust(samples.make_trust()).decode(),
        "authority_pem": ca.pem,
        "device_pem": samples.make_device_pem(),
        "server_pem": authority.make_server_certificate(
            ca, samples.TENANT, ["central.example", "127.0.0.1"], samples.OTHER_KEY.public,
            samples.NOW_S, 3,
        ),
        "block_siblings": samples.make_block(facts=samples.make_sibling_facts()).hex(),
        "block_staff": samples.make_block(facts=samples.make_staff_facts()).hex(),
        "bundle_terms": bundle.sign(
            samples.make_bundle(terms=samples.make_terms()), samples.BUNDLE_KEY
        ).hex(),
        "bundle_exits": bundle.sign(
            samples.make_bundle(terms=samples.make_exit_terms()), samples.BUNDLE_KEY
        ).hex(),
    }  # fmt: skip


if __name__ == "__main__":
    json.dump(vectors(), sys.stdout, indent=1)
    sys.stdout.write("\n")
