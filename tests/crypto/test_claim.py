"""The keyring: who signed a scanned text, which right it names, and why it is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import ticket
from crypto.bundle import (
    Bundle,
    ForeignIssuer,
    ForeignRow,
    HolderKey,
    Issuer,
    IssuerKey,
)
from crypto.claim import Keyring, best_row, make_identity, show_identity
from crypto.errors import BadCode
from crypto.keys import SigningKey
from crypto.pretix import PretixTicket
from tests.crypto import pretix_codes as shop
from tests.crypto import samples

NEW_KEY = SigningKey(b"\x08" * 32)
RIVAL_KEY = samples.OTHER_KEY
SHOP, SHOP_2 = b"\x09" * 32, b"\x0a" * 32
ROTATE = ticket.FLAG_ROTATING
IDENTITY = b"house:\x01\x02\x03\x04\x05\x06\x07\x08"
BUNDLE = Bundle(
    issuers=[
        Issuer(
            "house", [IssuerKey(samples.ISSUER_KEY.public), IssuerKey(NEW_KEY.public, 100, 200)]
        ),
        Issuer("rival", [IssuerKey(RIVAL_KEY.public)], accepted=False),
    ],
    foreign_issuers=[
        ForeignIssuer(
            "shop", [shop.public(b"\x0b" * 32), shop.public(SHOP)], [ForeignRow(1, 3, 7)]
        ),
        ForeignIssuer("shop2", [shop.public(SHOP_2)], []),
    ],
    holder_keys=[HolderKey(IDENTITY, samples.HOLDER_KEY)],
)
RING = Keyring(BUNDLE)
OWN_ONLY = Keyring(Bundle(issuers=BUNDLE.issuers))


def code(key: SigningKey = samples.ISSUER_KEY, **changes: Any) -> bytes:
    fields = {"key_id": key.key_id, "flags": 0} | changes
    return ticket.issue(samples.make_ticket(**fields), key).encode()


def rotating(step: int, holder: bytes = samples.HOLDER_KEY, **changes: Any) -> bytes:
    made = samples.make_ticket(**({"flags": ROTATE} | changes))
    suffix = ticket.rotation_suffix(ticket.encode_payload(made), holder, step)
    return ticket.issue(made, samples.ISSUER_KEY).encode() + suffix.encode()


def forged(text: bytes) -> bytes:
    """The same code with one letter of its signature changed."""
    at = text.index(b"GH1") + 100
    return text[:at] + (b"A" if text[at : at + 1] != b"A" else b"B") + text[at + 1 :]


def reason(text: bytes, ring: Keyring = RING, now_s: int = samples.NOW_S) -> str:
    with pytest.raises(BadCode) as told:
        ring.read_untrusted(text, now_s)
    assert "GH1" + "A" not in str(told.value)
    return told.value.reason


STRANGER = SigningKey(b"\x0c" * 32)
STEP = samples.NOW_S // 30


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # What cannot be read comes first, then whose key it is, then whether it signed,
        # then whether the key was valid, then whether the issuer is welcome, then rotation.
        (b"", "invalid"),
        (b"\x00\xff" * 40, "invalid"),
        (code()[:-1], "invalid"),
        (code(STRANGER), "unknown_key"),
        (forged(code(STRANGER)), "unknown_key"),
        (code(STRANGER, flags=ROTATE), "unknown_key"),
        (forged(code()), "invalid"),
        (forged(code(RIVAL_KEY)), "invalid"),
        (forged(rotating(STEP)), "invalid"),
        (code(NEW_KEY, issued_at=99), "invalid"),
        (code(NEW_KEY, issued_at=200), "invalid"),
        (code(RIVAL_KEY), "wrong_issuer"),
        (code(RIVAL_KEY, flags=ROTATE), "wrong_issuer"),
        (code(flags=ROTATE), "code_expired"),
        (rotating(STEP - 2), "code_expired"),
        (rotating(STEP + 2), "code_expired"),
        (rotating(STEP, b"\x67" * 32), "code_expired"),
        (rotating(STEP, ticket_id=bytes(8)), "code_expired"),
        (rotating(STEP, flags=0), "invalid"),
        (shop.code(b"\x0d" * 32, shop.message("s", item=1)), "invalid"),
    ],
)
def test_reasons_in_their_precedence(text: bytes, expected: str) -> None:
    assert reason(text) == expected


@pytest.mark.parametrize("step", [STEP - 1, STEP, STEP + 1])
def test_a_rotating_code_is_taken_while_it_is_fresh(step: int) -> None:
    claim = RING.read_untrusted(rotating(step), samples.NOW_S)
    assert claim.identity == IDENTITY
    assert claim.flags == ROTATE


@pytest.mark.parametrize("issued_at", [100, 199])
def test_a_key_signs_within_its_time(issued_at: int) -> None:
    assert RING.read_untrusted(code(NEW_KEY, issued_at=issued_at), 0).issuer == "house"


def test_both_keys_of_an_issuer_name_one_ticket() -> None:
    old = RING.read_untrusted(code(), 0)
    new = RING.read_untrusted(code(NEW_KEY, issued_at=150), 0)
    assert old.identity == new.identity == IDENTITY
    assert (old.issued_at, new.issued_at) == (1_690_000_000, 150)


def test_a_claim_says_what_the_code_says() -> None:
    claim = RING.read_untrusted(b"HTTPS://T.EXAMPLE/" + code(flags=3), 0)
    assert (claim.scheme, claim.issuer, claim.foreign) == ("GH1", "house", None)
    assert (claim.product, claim.performance, claim.persons, claim.flags) == (3, 7, 2, 3)
    assert (claim.valid_from, claim.valid_until) == (1_700_000_000, 1_800_000_000)


@pytest.mark.parametrize("around", [b"%s\r\n", b"\r\n%s", b"  %s\t", b"%s\n", b"%s\r"])
def test_what_a_scanner_adds_is_no_part_of_the_code(around: bytes) -> None:
    for text in (code(), shop.code(SHOP, shop.message("s", item=1))):
        plain = RING.read_untrusted(text, 0)
        assert RING.read_untrusted(around % text, 0) == plain


def test_a_foreign_code_is_translated() -> None:
    payload = shop.message("s", item=1, variation=2, subevent=3, valid_from=5, valid_until=6)
    claim = RING.read_untrusted(shop.code(SHOP, payload), 0)
    assert (claim.scheme, claim.issuer) == ("pretix_sig1", "shop")
    assert (claim.product, claim.performance, claim.persons, claim.issued_at) == (3, 7, 1, 0)
    assert (claim.valid_from, claim.valid_until) == (5, 6)
    assert claim.foreign == PretixTicket("s", 1, 2, 3, 5, 6)


def test_a_foreign_code_without_a_row_is_of_no_product() -> None:
    claim = RING.read_untrusted(shop.code(SHOP_2, shop.message("s", item=1)), 0)
    assert (claim.issuer, claim.product, claim.performance) == ("shop2", 0, 0)


def test_two_shops_never_share_an_identity() -> None:
    payload = shop.message("s", item=1)
    one = RING.read_untrusted(shop.code(SHOP, payload), 0)
    other = RING.read_untrusted(shop.code(SHOP_2, payload), 0)
    assert one.identity != other.identity
    assert one.identity.partition(b":")[2] == other.identity.partition(b":")[2]


def test_without_a_shop_the_refusal_speaks_of_our_own_codes() -> None:
    text = shop.code(SHOP, shop.message("s", item=1))
    with pytest.raises(BadCode, match="GH1|address"):
        OWN_ONLY.read_untrusted(text, 0)


def test_a_damaged_code_of_ours_is_not_called_a_bad_foreign_one() -> None:
    for text in (code()[:-1], b"HTTPS://T.EXAMPLE/" + code() + b"A"):
        with pytest.raises(BadCode, match="156 characters"):
            RING.read_untrusted(text, 0)
    with pytest.raises(BadCode, match="pretix"):
        RING.read_untrusted(b"hello", 0)


def row(product: int, variation: int | None = None, subevent: int | None = None) -> ForeignRow:
    return ForeignRow(1, product, 0, variation, subevent)


@pytest.mark.parametrize(
    ("rows", "product"),
    [
        ([], None),
        ([ForeignRow(2, 9)], None),
        ([row(1)], 1),
        ([row(1), row(2, variation=5)], 2),
        ([row(2, variation=5), row(1)], 2),
        ([row(1), row(3, subevent=6)], 3),
        ([row(3, subevent=6), row(2, variation=5), row(1)], 2),
        ([row(2, variation=5), row(4, 5, 6), row(3, subevent=6)], 4),
        ([row(1), row(2, variation=4), row(3, subevent=7)], 1),
        ([row(2, variation=0)], None),
    ],
)
def test_the_most_specific_row_wins(rows: list[ForeignRow], product: int | None) -> None:
    found = best_row(rows, PretixTicket("s", 1, 5, 6))
    assert (found.product if found else None) == product


def test_an_identity_is_shown_in_hex() -> None:
    assert make_identity("house", bytes(8)) == b"house:" + bytes(8)
    assert show_identity(b"house:\x01:\xff") == "house:013aff"


@given(st.binary(max_size=400))
def test_garbage_raises_one_error_only(text: bytes) -> None:
    for ring in (RING, OWN_ONLY):
        for each in (text, b"GH1" + text, code()[:80] + text):
            with pytest.raises(BadCode):
                ring.read_untrusted(each, samples.NOW_S)
