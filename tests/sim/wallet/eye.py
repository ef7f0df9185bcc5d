"""What is on a band, for somebody who sees its memory: other code than the product's.

By the layout of *Formats* 3 alone, with another library's ciphers where the product has its own.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from drivers.reader import Chip
from drivers.reader.chips import Type2
from tests.sim.wallet.fair import DEBIT_KEY, EVENT, credit_key

SLOTS = {
    Chip.UL_EV1_48: (0x04, 0x0A), Chip.UL_EV1_128: (0x18, 0x1E),
}  # fmt: skip
USUAL = (0x1C, 0x22)
CERTIFICATES = {
    Chip.NTAG215: (0x08, 0x28), Chip.NTAG216: (0x08, 0x28), Chip.UL_EV1_48: (),
    Chip.UL_EV1_128: (0x04,),
}  # fmt: skip
#: A torn certificate may say any epoch: of these the slots may be, first as was seen last.
EPOCHS_MAX = 60
_seen_epoch: dict[bytes, int] = {}
POINTS = range(4)
COUNTS = (Chip.UL_C, Chip.UL_AES)


class Mark(NamedTuple):
    """A slot that is whole."""

    seq: int
    debited: int
    given: int
    exposure: int
    hash4: bytes

    @property
    def spent(self) -> int:
        return self.debited - self.given


class Seen(NamedTuple):
    """`now`: the slot that counts, None if neither does. `credited`: Ct as written, 0 if unread."""

    now: Mark | None
    both: tuple[Mark | None, Mark | None]
    credited: int


def look(band: Type2) -> Seen:
    """The band as it is, without touching it: fading pages still read well."""
    memory, counters, _, _ = band.remembered()
    count = 0
    if band.chip is Chip.UL_C:
        count = int.from_bytes(memory[4 * 0x29 : 4 * 0x29 + 2], "little")
    elif band.chip is Chip.UL_AES:
        count = counters[0]
    credited = 0
    for page in CERTIFICATES.get(band.chip, (0x08,)):
        raw = bytes(memory[4 * page : 4 * page + 80])
        if _signed(raw, band.chip, band.uid):
            credited = max(credited, int.from_bytes(raw[8:12], "big"))
    raws = [memory[4 * page : 4 * page + 24] for page in SLOTS.get(band.chip, USUAL)]
    if band.chip in COUNTS:
        now = next(filter(None, (_mark(raw, band.uid, count) for raw in raws)), None)
        a, b = (
            _mark(raw, band.uid, count) or _mark(raw, band.uid, max(0, count - 1)) for raw in raws
        )
        return Seen(now, (a, b), credited)
    a, b = (_mark(raw, band.uid, 0) for raw in raws)
    return Seen(max(filter(None, (a, b)), default=None), (a, b), credited)


@lru_cache(4096)
def _signed(raw: bytes, chip: Chip, uid: bytes) -> bool:
    if raw[0] != 0x11 or raw[1] - 1 not in POINTS:
        return False
    key = Ed25519PublicKey.from_public_bytes(credit_key(raw[1] - 1).public)
    code = bytes((list(Chip).index(chip) + 1,))
    try:
        key.verify(raw[16:], b"gatehouse-credit-1\0" + code + uid + raw[:16])
    except InvalidSignature:
        return False
    return True


@lru_cache(4096)
def _mark(raw: bytes, uid: bytes, count: int) -> Mark | None:
    last = _seen_epoch.get(uid, 1)
    for epoch in (last, *range(1, EPOCHS_MAX)) if any(raw) else ():
        if _fits(raw, uid, epoch, count):
            _seen_epoch[uid] = epoch
            break
    else:
        return None
    return Mark(
        int.from_bytes(raw[:2], "big"), int.from_bytes(raw[4:7], "big"),
        int.from_bytes(raw[7:10], "big"), int.from_bytes(raw[10:12], "big"), raw[12:16],
    )  # fmt: skip


def _fits(raw: bytes, uid: bytes, epoch: int, count: int) -> bool:
    message = (
        b"gatehouse-debit-1\0" + uid + EVENT.to_bytes(2, "big") + epoch.to_bytes(2, "big")
        + raw[:16] + count.to_bytes(4, "big")
    )  # fmt: skip
    return _cmac(_key(uid), message)[:8] == raw[16:]


@lru_cache(1024)
def _key(uid: bytes) -> bytes:
    return _cmac(DEBIT_KEY, b"\x01" + uid + b"gh-debit" + b"\x01")


def _cmac(key: bytes, message: bytes) -> bytes:
    mac = CMAC(AES(key))
    mac.update(message)
    return mac.finalize()


def hash4(txid: bytes) -> bytes:
    """How a slot names a transaction."""
    return hashlib.sha256(txid).digest()[:4]
