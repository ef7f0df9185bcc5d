"""The wallet record on a band: where its parts stand, and what they say (*Formats* 3).

Credit is signed and asymmetric, debit is MACed and symmetric, all are running totals that only
grow. Pages have 4 bytes; user memory 04h to 27h is exactly full::

    04-07  16 B  NDEF URL                     NTAG21x, Ultralight C, Ultralight AES
    08-1B  80 B  certificate, `medium_credit`
    1C-21  24 B  slot A
    22-27  24 B  slot B
    28-3B  80 B  second copy of the certificate     NTAG215, NTAG216: written in turn
    Ultralight EV1 128 B: certificate 04-17, slots 18-1D, 1E-23. 48 B: slots 04-09, 0A-0F.

    slot   u16 seq | u4 flags, u4 key version | u8 gateway index | u24 D | u24 G | u16 X
           4 B first of SHA-256(transaction id) | 8 B MAC (`medium_keys`) over
           "gatehouse-debit-1\\0" | UID | event u16 | epoch u16 | the 16 bytes before | counter u32

X in units of ten minor units. The *counter* is 0, but for Ultralight C and AES: there a slot is
written with the counter's next value, and increasing the counter is what commits it. The current
slot is the one of the counter's value, or, where none is kept, the one with the higher seq.
"""

import hashlib
import struct
from typing import Final, NamedTuple

import msgspec

from crypto.errors import BadMedium
from crypto.medium_credit import CERTIFICATE_BYTES, Certificate, CreditRing
from crypto.medium_keys import MAC_BYTES, UID_BYTES, VERSION_MAX, KeyRing
from crypto.money import TXH_BYTES, Slot

PAGE_BYTES: Final = 4
FIRST_PAGE: Final = 4
SLOT_BYTES: Final = 24
URL_BYTES: Final = 16
SEQ_MAX: Final = 0xFFFF
TOTAL_MAX: Final = 0xFF_FFFF
EXPOSURE_MAX: Final = 0xFFFF
COUNTER_MAX: Final = 0xFF_FFFF
DEBIT_DOMAIN: Final = b"gatehouse-debit-1\0"
#: The band is locked: no till serves it until the desk has issued it anew.
FLAG_LOCKED: Final = 1
#: How URLs begin, by the code of NFC Forum's URI record type, the longest first.
_SCHEMES: Final = {b"https://www.": 2, b"http://www.": 1, b"https://": 4, b"http://": 3}
_URL_CHARS_MAX: Final = 8

_SLOT: Final = struct.Struct(">HBB3s3sH4s8s")
_PLACE: Final = struct.Struct(">HH")


class Layout(NamedTuple):
    """Where the parts stand on one kind of chip. `code` is signed into certificates."""

    name: str
    code: int
    last_page: int
    url_page: int | None
    certificate_pages: tuple[int, ...]
    slot_pages: tuple[int, int]
    #: Debits are committed by the chip's one-way counter.
    counts: bool
    #: The chip proves a key; otherwise it only knows a password, and copies are possible.
    authenticates: bool

    @property
    def image_bytes(self) -> int:
        """Size of pages 04h to `last_page`."""
        return PAGE_BYTES * (self.last_page - FIRST_PAGE + 1)

    @property
    def counter_max(self) -> int:
        """Where the counter that commits debits ends: 16 bits of Ultralight C, else 24."""
        return 0xFFFF if self.name == "UL_C" else COUNTER_MAX


_FULL: Final = (0x1C, 0x22)
CHIPS: Final = {
    layout.name: layout
    for layout in (
        Layout("NTAG213", 1, 0x27, 4, (0x08,), _FULL, False, False),
        Layout("NTAG215", 2, 0x3B, 4, (0x08, 0x28), _FULL, False, False),
        Layout("NTAG216", 3, 0x3B, 4, (0x08, 0x28), _FULL, False, False),
        Layout("UL_EV1_48", 4, 0x0F, None, (), (0x04, 0x0A), False, False),
        Layout("UL_EV1_128", 5, 0x23, None, (0x04,), (0x18, 0x1E), False, False),
        Layout("UL_C", 6, 0x27, 4, (0x08,), _FULL, True, True),
        Layout("UL_AES", 7, 0x27, 4, (0x08,), _FULL, True, True),
    )
}


class Written(msgspec.Struct, frozen=True, gc=False):
    """A slot whose MAC is right. `raw`: its 24 bytes."""

    seq: int
    flags: int
    version: int
    gateway_index: int
    debited: int
    given: int
    exposure: int
    txh: bytes
    raw: bytes

    @property
    def slot(self) -> Slot:
        """Its totals, as facts say them."""
        return Slot(self.seq, self.debited, self.given, self.exposure, self.txh)

    @property
    def packed(self) -> bytes:
        """`slot` in 14 bytes: u16 seq, u24 D, u24 G, u16 X, txh."""
        return self.raw[:2] + self.raw[4:-MAC_BYTES]


class Reading(NamedTuple):
    """What a band says. What does not verify is None.

    `slots`: A and B; of a chip that counts, only what is committed, and `pending` is what stands
    there uncommitted. `current`: index of the slot that counts, None if neither does.
    """

    layout: Layout
    certificates: tuple[Certificate | None, ...]
    certificate: Certificate | None
    epoch: int
    slots: tuple[Written | None, Written | None]
    current: int | None
    pending: Written | None
    counter: int


def txh(txid: bytes) -> bytes:
    """By which a slot names the transaction that wrote it: 4 bytes."""
    return hashlib.sha256(txid).digest()[:TXH_BYTES]


def layout(chip: str) -> Layout:
    """The layout of a chip by its name. Raises `BadMedium` for chips that we do not use."""
    found = CHIPS.get(chip)
    if found is None:
        raise BadMedium(f"no wallet fits on a {chip!r}")
    return found


class Seals(NamedTuple):
    """What opens and seals the bands of one event."""

    event: int
    debit: KeyRing
    credit: CreditRing


def read_untrusted(
    chip: str, uid: bytes, image: bytes, counter: int, seals: Seals, epoch: int = 0
) -> Reading:
    """What pages 04h to `last_page` say. Raises `BadMedium` unless they are as many as they must.

    `epoch`: that of the band as far as anybody knows, used where no certificate verifies. Of the
    certificates only those of this event count.
    """
    plan = layout(chip)
    if len(uid) != UID_BYTES or not 0 <= counter <= COUNTER_MAX:
        raise BadMedium("a band has a UID of 7 bytes and a counter of 3")
    if len(image) != plan.image_bytes:
        raise BadMedium(f"expected {plan.image_bytes} bytes of {chip}, not {len(image)}")
    certificates = tuple(
        [_certificate(plan, uid, image, page, seals) for page in plan.certificate_pages]
    )
    best = None
    for one in certificates:
        if one is not None and (best is None or one.order > best.order):
            best = one
    if best is not None:
        epoch = best.epoch
    place = DEBIT_DOMAIN + uid + _PLACE.pack(seals.event, epoch & 0xFFFF)
    raws = (part(plan, image, plan.slot_pages[0]), part(plan, image, plan.slot_pages[1]))
    if not plan.counts:
        slots = (_open(seals, uid, place, raws[0], 0), _open(seals, uid, place, raws[1], 0))
        return Reading(
            plan, certificates, best, epoch, slots, _higher(*slots), None, 0
        )  # fmt: skip
    return _counted(plan, certificates, best, epoch, seals, uid, place, raws, counter)


def _certificate(
    plan: Layout, uid: bytes, image: bytes, page: int, seals: Seals
) -> Certificate | None:
    at = PAGE_BYTES * (page - FIRST_PAGE)
    one = seals.credit.open(plan.code, uid, image[at : at + CERTIFICATE_BYTES])
    return one if one is not None and one.event == seals.event else None


def _higher(a: Written | None, b: Written | None) -> int | None:
    """The slot that counts where no counter says so; None for two that contradict each other."""
    if a is None or b is None:
        return None if a is b else int(a is None)
    if a.seq == b.seq:
        return 0 if a.raw == b.raw else None
    first = 0 if a.seq > b.seq else 1
    newer, older = (a, b) if first == 0 else (b, a)
    # Key versions never fall: whoever knows an old key writes no new slot.
    return first if newer.version >= older.version else None


def _counted(
    plan: Layout,
    certificates: tuple[Certificate | None, ...],
    best: Certificate | None,
    epoch: int,
    seals: Seals,
    uid: bytes,
    place: bytes,
    raws: tuple[bytes, bytes],
    counter: int,
) -> Reading:
    now = [_open(seals, uid, place, raw, counter) for raw in raws]
    found: list[Written | None] = list(now)
    pending = None
    for i, raw in enumerate(raws):
        if found[i] is None:
            if counter:
                found[i] = _open(seals, uid, place, raw, counter - 1)
            pending = pending or _open(seals, uid, place, raw, counter + 1)
    same = now[0] is not None and raws[0] == raws[1]  # mended: either of them counts
    current = None if (now[0] is None) == (now[1] is None) else int(now[0] is None)
    current = 0 if same else current
    slots = (found[0], found[1])
    return Reading(plan, certificates, best, epoch, slots, current, pending, counter)


def _open(seals: Seals, uid: bytes, place: bytes, raw: bytes, counter: int) -> Written | None:
    seq, kind, gateway, debited, given, exposure, hashed, code = _SLOT.unpack(raw)
    if kind >> 4 > FLAG_LOCKED:
        return None
    mac = seals.debit.mac(uid, kind & 15)
    if mac is None or mac(place + raw[:-MAC_BYTES] + counter.to_bytes(4, "big")) != code:
        return None
    d, g = int.from_bytes(debited, "big"), int.from_bytes(given, "big")
    if g > d:  # no honest gateway gives back what was not taken
        return None
    return Written(seq, kind >> 4, kind & 15, gateway, d, g, exposure, hashed, raw)


def part(plan: Layout, image: bytes, page: int) -> bytes:
    """The 24 bytes of the slot that begins at `page`."""
    at = PAGE_BYTES * (page - FIRST_PAGE)
    return image[at : at + SLOT_BYTES]


def seal_slot(
    slot: Slot,
    *,
    uid: bytes,
    epoch: int,
    counter: int,
    seals: Seals,
    version: int,
    gateway_index: int = 0,
    flags: int = 0,
) -> bytes:
    """The 24 bytes of a slot. Raises `BadMedium` for what does not fit or a key we have not."""
    mac = seals.debit.mac(uid, version)
    if mac is None or not 0 <= version <= VERSION_MAX:
        raise BadMedium(f"there is no debit key of version {version}")
    try:
        first = (
            _SLOT.pack(
                slot.seq, flags << 4 | version, gateway_index, slot.debited.to_bytes(3, "big"),
                slot.given.to_bytes(3, "big"), slot.exposure, slot.txh, b"",
            )[:-MAC_BYTES]
        )  # fmt: skip
        place = DEBIT_DOMAIN + uid + _PLACE.pack(seals.event, epoch)
    except (struct.error, OverflowError) as error:
        raise BadMedium(f"this does not fit on a band: {error}") from None
    return first + mac(place + first + counter.to_bytes(4, "big"))


def pages(first_page: int, data: bytes) -> tuple[tuple[int, bytes], ...]:
    """`data` as writes of whole pages, in order."""
    return tuple(
        [
            (first_page + at // PAGE_BYTES, data[at : at + PAGE_BYTES])
            for at in range(0, len(data), PAGE_BYTES)
        ]
    )


def ndef(link: str) -> bytes:
    """16 bytes that a phone reads as a URL (NFC Forum Type 2 Tag, URI record), padded with zeros.

    Raises `BadMedium` for a link that is not ASCII, has no scheme, or has more than 8 characters
    behind it.
    """
    for scheme, code in _SCHEMES.items():
        rest = link.encode("utf-8", "replace")
        if rest.startswith(scheme):
            rest = rest[len(scheme) :]
            if len(rest) > _URL_CHARS_MAX or not rest.isascii():
                break
            record = bytes((0xD1, 1, 1 + len(rest), 0x55, code)) + rest
            return (bytes((3, len(record))) + record + b"\xfe").ljust(URL_BYTES, b"\0")
    raise BadMedium("a band's link is http:// or https:// and at most 8 characters behind it")
