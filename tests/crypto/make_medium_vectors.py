"""Writes the golden vectors of bands: `python -m tests.crypto.make_medium_vectors`.

Run it only when a format is new, and look at the difference: frozen bytes are on people's wrists.
"""

import json
import sys

from crypto.keys import SigningKey, VerifyKey
from crypto.medium import CHIPS, Seals, ndef, seal_slot, txh
from crypto.medium_credit import Certificate, CreditRing, seal, signer
from crypto.medium_keys import KeyRing
from crypto.medium_protect import closing
from crypto.money import Slot

UID = bytes.fromhex("04112233445566")
CREDIT_KEY = SigningKey(b"\x21" * 32)
DEBIT_KEYS = {1: b"\x33" * 16, 2: b"\x34" * 16}
EVENT, EPOCH, COUNTER = 7, 3, 41


def make_seals(event: int = EVENT) -> Seals:
    """What opens the vectors."""
    ring = CreditRing({1: VerifyKey(CREDIT_KEY.public)})
    return Seals(event, KeyRing(DEBIT_KEYS, b"\x32" * 32), ring)


def make_certificate(chip: str, credited: int = 5000, epoch: int = EPOCH) -> Certificate:
    """As a top-up point signs it."""
    plan = CHIPS[chip]
    wanted = Certificate(1, EVENT, epoch, 1, int(plan.authenticates), credited, 200)
    return seal(wanted, plan.code, UID, signer(CREDIT_KEY))


def make_slot(seq: int, debited: int, given: int, **more: int) -> bytes:
    """As a gateway writes it."""
    slot = Slot(seq, debited, given, 45, txh(seq.to_bytes(16, "big")))
    fields = {"epoch": EPOCH, "counter": 0, "version": 2, "gateway_index": 5} | more
    return seal_slot(slot, uid=UID, seals=make_seals(), **fields)  # type: ignore[arg-type]


def make_image(chip: str) -> bytes:
    """A band on which slot B is the current one."""
    plan = CHIPS[chip]
    at = COUNTER if plan.counts else 0
    before = at - 1 if plan.counts else 0
    parts = {
        plan.slot_pages[0]: make_slot(8, 900, 200, counter=before, version=1),
        plan.slot_pages[1]: make_slot(9, 1350, 200, counter=at),
    }
    if plan.url_page is not None:
        parts[plan.url_page] = ndef("https://g.hs/b")
    for number, page in enumerate(plan.certificate_pages):
        parts[page] = make_certificate(chip, 5000 - 1000 * number).raw
    return b"".join(data.ljust(16, b"\0") for _, data in sorted(parts.items()))


def vectors() -> dict[str, str]:
    """Name -> hex."""
    secrets = make_seals().debit.chip(UID)
    made = {
        "slot": make_slot(9, 1350, 200).hex(),
        "ndef": ndef("https://g.hs/b").hex(),
        "password": secrets.password.hex(),
        "pack": secrets.pack.hex(),
        "chip_key": secrets.key.hex(),
    }
    for chip, plan in CHIPS.items():
        made[f"certificate_{chip}"] = make_certificate(chip).raw.hex()
        made[f"image_{chip}"] = make_image(chip).hex()
        writes = closing(plan, secrets)
        made[f"closing_{chip}"] = " ".join(f"{page:02x}:{data.hex()}" for page, data in writes)
    return made


if __name__ == "__main__":
    json.dump(vectors(), sys.stdout, indent=1)
    sys.stdout.write("\n")
