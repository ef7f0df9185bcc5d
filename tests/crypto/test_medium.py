"""Images of bands: what is written is read, and nothing else is believed."""

import random
import struct
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.errors import BadMedium
from crypto.keys import SigningKey
from crypto.medium import (
    CHIPS,
    FLAG_LOCKED,
    Reading,
    layout,
    ndef,
    pages,
    part,
    read_untrusted,
    seal_slot,
    txh,
)
from crypto.medium_credit import seal, signer
from crypto.money import Slot
from tests.crypto import samples
from tests.crypto.make_medium_vectors import (
    COUNTER,
    EPOCH,
    EVENT,
    UID,
    make_certificate,
    make_image,
    make_seals,
    make_slot,
    vectors,
)

FROZEN = samples.load("medium.json")
SEALS = make_seals()
STATES = st.sampled_from(list(CHIPS))


def read(chip: str, image: bytes, counter: int = COUNTER, **more: object) -> Reading:
    fields: dict[str, Any] = {"uid": UID, "seals": SEALS, "epoch": EPOCH} | more
    return read_untrusted(chip, image=image, counter=counter, **fields)


@pytest.mark.parametrize("name", FROZEN)
def test_todays_code_writes_the_frozen_bytes(name: str) -> None:
    assert vectors()[name] == FROZEN[name]


def test_every_vector_is_frozen() -> None:
    assert list(vectors()) == list(FROZEN)


@pytest.mark.parametrize("chip", CHIPS)
def test_the_frozen_images_read_back(chip: str) -> None:
    seen = read(chip, bytes.fromhex(FROZEN[f"image_{chip}"]))
    newer = seen.slots[1]
    assert seen.current == 1
    assert newer is not None
    assert newer.slot == Slot(9, 1350, 200, 45, txh((9).to_bytes(16, "big")))
    assert newer.packed.hex() == "00090005460000c8002d" + newer.txh.hex()
    assert (newer.version, newer.gateway_index, newer.flags) == (2, 5, 0)
    older = seen.slots[0]
    assert older is not None
    assert older.seq == 8
    assert seen.pending is None
    if CHIPS[chip].certificate_pages:
        assert seen.certificate == make_certificate(chip)
        assert seen.epoch == EPOCH
        assert all(seen.certificates)
    else:
        assert seen.certificate is None


def test_a_slot_is_what_its_layout_says() -> None:
    raw = bytes.fromhex(FROZEN["slot"])
    fields = struct.unpack(">HBB3s3sH4s", raw[:16])
    name = txh((9).to_bytes(16, "big"))
    assert fields == (9, 2, 5, b"\0\x05\x46", b"\0\0\xc8", 45, name)
    kt = CMAC(AES(b"\x34" * 16))
    kt.update(b"\x01" + UID + b"gh-debit\x02")
    mac = CMAC(AES(kt.finalize()))
    mac.update(
        b"gatehouse-debit-1\0" + UID + struct.pack(">HH", EVENT, EPOCH) + raw[:16] + bytes(4)
    )
    assert raw[16:] == mac.finalize()[:8]


def test_a_certificate_is_what_its_layout_says() -> None:
    raw = bytes.fromhex(FROZEN["certificate_UL_C"])
    assert struct.unpack(">BBHHBBII", raw[:16]) == (0x11, 1, EVENT, EPOCH, 1, 1, 5000, 200)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from tests.crypto.make_medium_vectors import CREDIT_KEY

    key = Ed25519PublicKey.from_public_bytes(CREDIT_KEY.public)
    key.verify(raw[16:], b"gatehouse-credit-1\0" + b"\x06" + UID + raw[:16])


def test_layouts_fill_the_chips_and_nothing_overlaps() -> None:
    for plan in CHIPS.values():
        used = [*range(plan.slot_pages[0], plan.slot_pages[0] + 6)]
        used += range(plan.slot_pages[1], plan.slot_pages[1] + 6)
        for page in plan.certificate_pages:
            used += range(page, page + 20)
        if plan.url_page is not None:
            used += range(plan.url_page, plan.url_page + 4)
        assert sorted(used) == list(range(4, plan.last_page + 1)), plan.name
    assert len({plan.code for plan in CHIPS.values()}) == len(CHIPS)


@pytest.mark.parametrize("chip", CHIPS)
def test_any_flipped_bit_takes_its_part_away_and_no_other(chip: str) -> None:
    plan, image = CHIPS[chip], make_image(chip)
    whole = read(chip, image)
    for bit in range(0, 8 * len(image), 3):  # every third: 2,000 images in all
        page = 4 + bit // 32
        flipped = bytearray(image)
        flipped[bit // 8] ^= 1 << bit % 8
        seen = read(chip, bytes(flipped))
        for i, first in enumerate(plan.slot_pages):
            gone = first <= page < first + 6
            assert seen.slots[i] == (None if gone else whole.slots[i]), (chip, bit)
        for i, first in enumerate(plan.certificate_pages):
            gone = first <= page < first + 20
            assert seen.certificates[i] == (None if gone else whole.certificates[i])


@settings(max_examples=150, deadline=None)
@given(STATES, st.randoms(use_true_random=False), st.integers(0, 0xFFFFFF))
def test_random_images_say_nothing(chip: str, dice: random.Random, counter: int) -> None:
    seen = read(chip, dice.randbytes(CHIPS[chip].image_bytes), counter)
    assert seen.certificate is None
    assert seen.slots == (None, None)
    assert seen.current is None
    assert seen.pending is None


def test_a_million_random_bytes_say_nothing() -> None:
    dice = random.Random(7)
    left = 1_000_000
    while left > 0:
        for chip, plan in CHIPS.items():
            image = dice.randbytes(plan.image_bytes)
            left -= plan.image_bytes
            seen = read(chip, image, dice.randrange(1 << 24))
            assert seen.certificate is None
            assert seen.slots == (None, None)


@settings(deadline=None)
@given(st.text(max_size=12), st.binary(max_size=9), st.binary(max_size=300), st.integers())
def test_nothing_else_is_raised(chip: str, uid: bytes, image: bytes, counter: int) -> None:
    for name in (chip, "NTAG213"):
        try:
            read_untrusted(name, uid, image, counter, SEALS)
        except BadMedium:
            continue


@pytest.mark.parametrize(
    ("chip", "uid", "cut", "counter", "told"),
    [
        ("NTAG999", UID, 0, 0, "no wallet fits"),
        ("NTAG213", UID[:6], 0, 0, "UID of 7 bytes"),
        ("NTAG213", UID, 1, 0, "expected 144 bytes of NTAG213, not 143"),
        ("UL_C", UID, 0, -1, "counter of 3"),
        ("UL_C", UID, 0, 1 << 24, "counter of 3"),
    ],
)
def test_what_is_no_image_is_told(chip: str, uid: bytes, cut: int, counter: int, told: str) -> None:
    image = bytes(CHIPS.get(chip, CHIPS["NTAG213"]).image_bytes - cut)
    with pytest.raises(BadMedium, match=told):
        read_untrusted(chip, uid, image, counter, SEALS)


@pytest.mark.parametrize("chip", CHIPS)
def test_a_band_copied_to_another_uid_says_nothing(chip: str) -> None:
    seen = read(chip, make_image(chip), uid=bytes(7))
    assert seen.certificate is None
    assert seen.slots == (None, None)


def test_another_event_or_another_epoch_says_nothing() -> None:
    other = read("NTAG213", make_image("NTAG213"), seals=make_seals(8))
    assert (other.certificate, other.slots) == (None, (None, None))
    torn = bytearray(make_image("NTAG213"))
    torn[20] ^= 1
    assert read("NTAG213", bytes(torn)).current == 1
    assert read("NTAG213", bytes(torn), epoch=EPOCH + 1).current is None


def test_of_two_copies_the_newer_counts_and_either_will_do() -> None:
    for chip in ("NTAG215", "NTAG216"):
        image = bytearray(make_image(chip))
        assert read(chip, bytes(image)).certificate == make_certificate(chip, 5000)
        image[20] ^= 1
        assert read(chip, bytes(image)).certificate == make_certificate(chip, 4000)
        swapped = image[:16] + image[144:224] + image[96:144] + make_certificate(chip).raw
        assert read(chip, bytes(swapped)).certificate == make_certificate(chip, 5000)


def slots(first: bytes, second: bytes, chip: str = "UL_EV1_48") -> bytes:
    image = bytearray(make_image(chip))
    for raw, page in zip((first, second), CHIPS[chip].slot_pages, strict=True):
        image[4 * (page - 4) : 4 * (page + 2)] = raw
    return bytes(image)


NOTHING = bytes(24)
CURRENT = [
    ("the higher seq", make_slot(8, 1, 0), make_slot(9, 1, 0), 1),
    ("on either side", make_slot(9, 1, 0), make_slot(8, 1, 0), 0),
    ("the only one", NOTHING, make_slot(1, 0, 0), 1),
    ("none", NOTHING, NOTHING, None),
    ("two of one seq", make_slot(8, 1, 0), make_slot(8, 2, 0), None),
    ("twice the same", make_slot(8, 1, 0), make_slot(8, 1, 0), 0),
    ("a key version fell", make_slot(8, 1, 0), make_slot(9, 1, 0, version=1), None),
    ("a key version rose", make_slot(8, 1, 0, version=1), make_slot(9, 1, 0), 1),
    ("given more than taken", make_slot(8, 1, 0), make_slot(9, 1, 2), 0),
    ("unknown flags", make_slot(8, 1, 0), make_slot(9, 1, 0, flags=2), 0),
    ("locked", make_slot(8, 1, 0), make_slot(9, 1, 0, flags=FLAG_LOCKED), 1),
]


@pytest.mark.parametrize(("what", "a", "b", "current"), CURRENT, ids=[row[0] for row in CURRENT])
def test_which_slot_counts(what: str, a: bytes, b: bytes, current: int | None) -> None:
    assert read("UL_EV1_48", slots(a, b)).current == current


def counted(a: int | None, b: int | None, now: int) -> Reading:
    """Slots of seq 8 and 9 that were sealed with these counters."""
    raws = [
        NOTHING if at is None else make_slot(seq, 1, 0, counter=at) for seq, at in ((8, a), (9, b))
    ]
    return read("UL_AES", slots(*raws, chip="UL_AES"), now)


def test_a_chip_that_counts_says_which_slot_is_committed() -> None:
    assert (counted(5, 6, 6).current, counted(5, 6, 6).pending) == (1, None)
    waits = counted(5, 6, 5)
    assert waits.current == 0
    assert waits.slots[1] is None
    assert waits.pending is not None
    assert waits.pending.seq == 9
    assert counted(6, 6, 6).current is None
    skipped = counted(5, None, 6)
    assert (skipped.current, skipped.slots[0] is None) == (None, False)
    assert counted(3, 4, 6).slots == (None, None)
    assert counted(0, 1, 0).current == 0
    assert counted(1, 0, 0).pending is not None
    twice = make_slot(8, 1, 0, counter=6)
    assert read("UL_AES", slots(twice, twice, chip="UL_AES"), 6).current == 0, "it was mended"
    assert read("UL_AES", slots(twice, twice, chip="UL_AES"), 7).current is None


def test_what_does_not_fit_is_told() -> None:
    for bad in (Slot(1 << 16), Slot(debited=1 << 24), Slot(given=1 << 24), Slot(exposure=1 << 16)):
        with pytest.raises(BadMedium, match="does not fit"):
            seal_slot(bad, uid=UID, epoch=1, counter=0, seals=SEALS, version=1)
    with pytest.raises(BadMedium, match="does not fit"):
        seal_slot(Slot(), uid=UID, epoch=1 << 16, counter=0, seals=SEALS, version=1)
    with pytest.raises(BadMedium, match="no debit key of version 9"):
        seal_slot(Slot(), uid=UID, epoch=1, counter=0, seals=SEALS, version=9)


def test_pages_and_parts() -> None:
    raw = make_slot(1, 2, 1)
    written = pages(0x1C, raw)
    assert [page for page, _ in written] == list(range(0x1C, 0x22))
    assert b"".join(data for _, data in written) == raw
    assert part(layout("UL_EV1_48"), slots(raw, NOTHING), 4) == raw


@pytest.mark.parametrize("scheme", ["http://", "https://", "https://www.", "http://www."])
def test_a_phone_reads_the_link(scheme: str) -> None:
    raw = ndef(scheme + "g.hs/b")
    assert len(raw) == 16
    code = {"http://www.": 1, "https://www.": 2, "http://": 3, "https://": 4}[scheme]
    assert raw == bytes((3, 11, 0xD1, 1, 7, 0x55, code)) + b"g.hs/b\xfe\0\0"
    assert ndef(scheme + "12345678")[-1] == 0xFE


@pytest.mark.parametrize("link", ["", "g.hs/b", "https://123456789", "https://g\u00e4.hs/b"])
def test_a_link_that_does_not_fit_is_told(link: str) -> None:
    with pytest.raises(BadMedium, match="at most 8 characters"):
        ndef(link)


def test_a_replayed_certificate_of_an_older_state_is_only_older() -> None:
    image = bytearray(make_image("NTAG213"))
    image[16:96] = make_certificate("NTAG213", 3000).raw
    seen = read("NTAG213", bytes(image))
    assert seen.certificate is not None
    assert seen.certificate.credited == 3000


def test_a_certificate_of_a_stranger_is_none() -> None:
    image = bytearray(make_image("NTAG213"))
    plain = make_certificate("NTAG213")
    image[16:96] = seal(plain, 1, UID, signer(SigningKey(b"\x77" * 32))).raw
    assert read("NTAG213", bytes(image)).certificate is None
