"""The pages that close a chip when a band is issued: keys, then who may read and write.

NTAG21x and Ultralight EV1 (NXP NTAG213_215_216 rev 3.2, section 8.5.7; MF0ULX1 rev 3.3): password
and its answer, PROT (also reading needs the password), AUTHLIM 0, because a limit would let a
prankster's phone kill bands, and no NFC counter. Ultralight C (MF0ICU2 rev 3.3, sections 7.5.7 and
7.5.8): the key in bytes that run backwards in each half, AUTH0, AUTH1 0. Ultralight AES: the key
in bytes that run backwards, AUTH0, PROT.

The block-locking bits of page 02h are set, too: afterwards no phone can make pages read-only.
Order matters: AUTH0 comes last, for from then on nothing is written without the key.

*Keys are locked* where it is proven which bits do it: of Ultralight AES (page 2Dh; section 8.6,
as two other makers of bands set them). Whoever relays a tap of a genuine band to a till, and takes
over what the till has authenticated, could otherwise write parts of the key and try the rest
(published as "partial key overwrite"). It is done when the band has proven its key, for nothing
unlocks it. The keys of Ultralight C stay open to that: of one band, whose copies cost what copies
cost.
"""

from typing import Final

from crypto.medium import Layout, pages
from crypto.medium_keys import ChipSecrets

#: Where a key stands; never written again to a band that knows its key.
KEY_PAGES: Final = {"UL_C": range(0x2C, 0x30), "UL_AES": range(0x30, 0x34)}
#: Behind the NDEF message; of a band without one, all.
AUTH0: Final = 0x08
AUTH0_ALL: Final = 0x04
PROT: Final = 0x80
_BLOCK_LOCKING: Final = (0x02, b"\x00\x00\x07\x00")
_CONTAINER: Final = (0x03, b"\xe1\x10\x12\x00")
# The first of four: CFG0, CFG1, PWD, PACK.
_CONFIGURATION: Final = {
    "NTAG213": 0x29, "NTAG215": 0x83, "NTAG216": 0xE3, "UL_EV1_48": 0x10, "UL_EV1_128": 0x25,
}  # fmt: skip


def closing(plan: Layout, secrets: ChipSecrets) -> tuple[tuple[int, bytes], ...]:
    """What is written last to a new band, in this order."""
    auth0 = AUTH0_ALL if plan.url_page is None else AUTH0
    if plan.name == "UL_C":
        key = secrets.key[7::-1] + secrets.key[:7:-1]
        return (
            _CONTAINER, _BLOCK_LOCKING, *pages(0x2C, key), (0x2B, bytes(4)),
            (0x2A, bytes((auth0, 0, 0, 0))),
        )  # fmt: skip
    if plan.name == "UL_AES":
        return (
            _CONTAINER, _BLOCK_LOCKING, *pages(0x30, secrets.key[::-1]),
            (0x2A, bytes((PROT, 5, 0, 0))), (0x29, bytes((0, 0, 0, auth0))),
        )  # fmt: skip
    at = _CONFIGURATION[plan.name]
    strong = 4 if plan.name.startswith("NTAG") else 0  # modulation, as delivered
    return (
        _BLOCK_LOCKING,
        (at + 2, secrets.password),
        (at + 3, secrets.pack + bytes(2)),
        (at + 1, bytes((PROT, 5, 0, 0))),
        (at, bytes((strong, 0, 0, auth0))),
    )


def without_keys(
    plan: Layout, writes: tuple[tuple[int, bytes], ...]
) -> tuple[tuple[int, bytes], ...]:
    """The same for a band that knows its key: it may be locked."""
    keys = KEY_PAGES.get(plan.name, ())
    return tuple((page, data) for page, data in writes if page not in keys)


def sealing(plan: Layout) -> tuple[tuple[int, bytes], ...]:
    """What is written when the band has proven its key; nothing takes it back."""
    return ((0x2D, b"\xc0\x00\x00\x00"),) if plan.name == "UL_AES" else ()
