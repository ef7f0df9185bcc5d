"""A band keeps its memory between two taps: one JSON file each, replaced in one step."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from drivers.reader.band import Chip
from drivers.reader.chips.ntag import SIZES, Ntag21x
from drivers.reader.chips.type2 import Type2
from drivers.reader.chips.ultralight import PAGES, UltralightEv1
from drivers.reader.chips.ultralight_aes import UltralightAes
from drivers.reader.chips.ultralight_c import UltralightC


class BadImage(ValueError):
    """The file is no image of a band."""


class Image(msgspec.Struct, forbid_unknown_fields=True):
    """All that a band is. Hex for bytes, so that a person can read it; fading pages are
    {page: what it holds after it was read}."""

    chip: Chip
    memory: str
    counters: tuple[int, int, int] = (0, 0, 0)
    signature: str = ""  # none was read: zeros
    wrong: int = 0
    changeable: bool = False
    fading: dict[int, str] = {}


def make(
    chip: Chip, uid: bytes, *, random: Callable[[int], bytes] = bytes, changeable: bool = False
) -> Type2:
    """A band as delivered. `random(n)` is for chips that authenticate."""
    if chip in SIZES:
        return Ntag21x(uid, chip, changeable=changeable)
    if chip in PAGES:
        return UltralightEv1(uid, chip, changeable=changeable)
    kind = UltralightC if chip is Chip.UL_C else UltralightAes
    return kind(uid, changeable=changeable, random=random)


def image(band: Type2) -> bytes:
    """The band as a file's bytes."""
    memory, counters, wrong, fading = band.remembered()
    return msgspec.json.format(
        msgspec.json.encode(
            Image(
                band.chip,
                memory.hex(),
                counters,
                band.signature.hex(),
                wrong,
                band.changeable,
                {page: data.hex() for page, data in fading.items()},
            )
        )
    )


def from_image_untrusted(data: bytes, *, random: Callable[[int], bytes] = bytes) -> Type2:
    """The band of an image. Raises only BadImage."""
    try:
        told = msgspec.json.decode(data, type=Image)
        memory, signature = bytes.fromhex(told.memory), bytes.fromhex(told.signature)
        fading = {page: bytes.fromhex(bits) for page, bits in told.fading.items()}
    except (ValueError, RecursionError) as error:
        raise BadImage(f"not an image of a band: {error}") from None
    band = make(told.chip, bytes(7), random=random, changeable=told.changeable)
    if len(memory) != len(band.memory):
        raise BadImage(f"an image of {told.chip.value} has {len(band.memory)} bytes of memory")
    if told.signature and len(signature) != len(band.signature):
        raise BadImage(f"the signature of {told.chip.value} has {len(band.signature)} bytes")
    if any(not 0 <= n <= 0xFFFFFF for n in told.counters) or told.wrong < 0:
        raise BadImage("counters have 24 bits")
    if any(not 0 <= page < band.pages or len(bits) != 4 for page, bits in fading.items()):
        raise BadImage("a fading page is one of the chip's, and has 4 bytes")
    band.signature = signature or band.signature
    band.recall(memory, told.counters, told.wrong, fading)
    return band


def save(band: Type2, path: Path) -> None:
    """Write the image; after a crash there is the old one or the new one."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(image(band))
    os.replace(fresh, path)


def load(path: Path, *, random: Callable[[int], bytes] = bytes) -> Type2:
    """Read an image. Raises BadImage, OSError."""
    return from_image_untrusted(path.read_bytes(), random=random)


def copied(band: Type2, uid: bytes | None = None) -> Type2:
    """All that a clone can copy (also what it could not read: the worst case), onto a card
    whose UID can be written: `uid`, or the same."""
    clone = from_image_untrusted(image(band))
    clone.changeable = True
    if uid is not None:
        clone.set_uid(uid)
    return clone
