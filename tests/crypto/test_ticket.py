"""GH1: one ticket, one text; every other text is refused or names the same ticket."""

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import ticket
from crypto.errors import BadCode
from crypto.keys import VerifyKey
from tests.crypto import samples

KEY = VerifyKey(samples.ISSUER_KEY.public)
CODE = ticket.issue(samples.make_ticket(), samples.ISSUER_KEY).encode()
PREFIXED = b"HTTPS://T.EXAMPLE/" + CODE
ROTATING = samples.load("gatehouse.json")["ticket_rotating"].encode()
STEP = samples.NOW_S // 30

U8, U16, U32 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32))
TICKETS = st.builds(
    ticket.Ticket, st.just(samples.ISSUER_KEY.key_id), U32, st.binary(min_size=8, max_size=8), U16,
    U32, U32, st.integers(1, 255), st.integers(0, 7), U32,
).filter(lambda t: not t.valid_until or t.valid_until > t.valid_from)  # fmt: skip


def read(text: bytes) -> ticket.Ticket | None:
    """The ticket of a text that decodes and verifies."""
    try:
        signed = ticket.decode_untrusted(text)
    except BadCode:
        return None
    return signed.ticket if ticket.verify(signed, KEY) else None


@given(TICKETS, st.sampled_from(["", "HTTPS://T.EXAMPLE/", "/", "HTTP://A.B:80/X?Y=1&Z/"]))
def test_what_is_issued_reads_back(made: ticket.Ticket, prefix: str) -> None:
    text = ticket.issue(made, samples.ISSUER_KEY, prefix)
    assert len(text) == len(prefix) + 159
    assert set(text) <= set(string.ascii_uppercase + string.digits + ":/.-+%$*?=&")
    assert read(text.encode()) == made


@pytest.mark.parametrize("text", [CODE, PREFIXED, ROTATING], ids=["plain", "prefixed", "rotating"])
def test_no_other_byte_at_any_place_means_another_ticket(text: bytes) -> None:
    """Exhaustive: all 255 other bytes at each place, which holds every single-bit change."""
    original = read(text)
    assert original is not None
    code_begins = text.index(b"GH1")
    for at in range(len(text)):
        for byte in range(256):
            if byte != text[at]:
                changed = text[:at] + bytes([byte]) + text[at + 1 :]
                found = read(changed)
                assert found is None or found == original
                if code_begins <= at < code_begins + 159:
                    assert found is None, (at, byte)


def test_no_character_more_or_less_or_elsewhere() -> None:
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567=. /1\x00\xff\n"
    for at in range(len(CODE)):
        assert read(CODE[:at] + CODE[at + 1 :]) is None
        if CODE[at : at + 1] != CODE[at + 1 : at + 2]:
            swapped = CODE[:at] + CODE[at + 1 : at + 2] + CODE[at : at + 1] + CODE[at + 2 :]
            assert swapped == CODE or read(swapped) is None
        for byte in alphabet:
            inserted = read(CODE[:at] + bytes([byte]) + CODE[at:])
            assert inserted is None or (at == 0 and byte == ord("/"))


@pytest.mark.parametrize(
    "spelling",
    [
        CODE.lower(), CODE + b"====", CODE + b"=", CODE + b"\n", b" " + CODE, CODE + CODE,
        CODE + b".", CODE.replace(b"GH1", b"gh1"), CODE.replace(b"GH1", b"GH2"), b"", b"GH1",
        b"https://t.example/" + CODE, b"HTTPS://T EXAMPLE/" + CODE, b"\x00" * 159,
        CODE[:20] + b"_" + CODE[21:], CODE[:3] + b"+" + CODE[4:], CODE[:3] + b"-" + CODE[4:],
        CODE[:3] + b"0B" + CODE[5:], b"A" * 201 + b"/" + CODE, b"A" * 10_000,
    ],
)  # fmt: skip
def test_other_spellings_are_refused(spelling: bytes) -> None:
    with pytest.raises(BadCode) as told:
        ticket.decode_untrusted(spelling)
    assert told.value.reason == "invalid"


def test_a_prefix_has_a_limit() -> None:
    assert read(b"A" * 199 + b"/" + CODE) is not None
    assert read(b"A" * 200 + b"/" + CODE) is None


def signed_payload(**changes: Any) -> bytes:
    """A code over fields that `issue` refuses to sign, signed all the same."""
    values = {
        "version": 1, "key_id": KEY.key_id, "performance": 7, "ticket_id": bytes(8), "product": 3,
        "valid_from": 0, "valid_until": 0, "persons": 1, "flags": 0, "issued_at": 1,
    } | changes  # fmt: skip
    payload = ticket._LAYOUT.pack(*values.values())
    blob = payload + samples.ISSUER_KEY.sign(b"gatehouse-ticket-1\0", payload)
    return b"GH1" + ticket._base32(blob, ticket.CODE_CHARS).encode()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": 0}, "version 0"),
        ({"version": 2}, "version 2"),
        ({"persons": 0}, "contradict"),
        ({"flags": 8}, "contradict"),
        ({"flags": 128}, "contradict"),
        ({"valid_from": 5, "valid_until": 5}, "contradict"),
        ({"valid_from": 5, "valid_until": 4}, "contradict"),
    ],
)
def test_fields_out_of_range_are_refused_although_signed(changes: Any, told: str) -> None:
    assert read(signed_payload()) is not None
    with pytest.raises(BadCode, match=told):
        ticket.decode_untrusted(signed_payload(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"persons": 0}, {"persons": 256}, {"flags": 8}, {"flags": -1}, {"key_id": b"abc"},
        {"ticket_id": bytes(7)}, {"ticket_id": bytes(9)}, {"performance": 2**32},
        {"performance": -1}, {"product": 65536}, {"valid_from": 2**32}, {"issued_at": -1},
        {"valid_from": 9, "valid_until": 9},
    ],
)  # fmt: skip
def test_nothing_out_of_range_is_issued(changes: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        ticket.encode_payload(samples.make_ticket(**changes))


def test_a_ticket_is_signed_by_the_key_it_names() -> None:
    with pytest.raises(ValueError, match="another key"):
        ticket.issue(samples.make_ticket(), samples.OTHER_KEY)
    other = ticket.issue(samples.make_ticket(key_id=samples.OTHER_KEY.key_id), samples.OTHER_KEY)
    assert read(other.encode()) is None


@pytest.mark.parametrize("prefix", ["https://x/", "HTTPS://X", "É/", "A" * 200 + "/"])
def test_a_prefix_is_an_upper_case_address(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        ticket.issue(samples.make_ticket(), samples.ISSUER_KEY, prefix)


@pytest.mark.parametrize(
    ("seconds", "holds"), [(-61, False), (-30, True), (0, True), (59, True), (60, False)]
)
def test_a_rotating_suffix_lives_three_steps(seconds: int, holds: bool) -> None:
    signed = ticket.decode_untrusted(ROTATING)
    assert ticket.rotation_holds(signed, samples.HOLDER_KEY, STEP * 30 + seconds) is holds


def test_a_rotating_suffix_is_the_holders() -> None:
    signed = ticket.decode_untrusted(ROTATING)
    assert not ticket.rotation_holds(signed, b"\x67" * 32, STEP * 30)
    plain = ticket.decode_untrusted(CODE)
    assert not ticket.rotation_holds(plain, samples.HOLDER_KEY, STEP * 30)
    borrowed = CODE + ROTATING[ROTATING.index(b".") :]
    other = ticket.decode_untrusted(borrowed)
    assert not ticket.rotation_holds(other, samples.HOLDER_KEY, STEP * 30)


def test_no_other_suffix_holds() -> None:
    begins = ROTATING.index(b".") + 1
    for at in range(begins, len(ROTATING)):
        for byte in range(256):
            if byte != ROTATING[at]:
                try:
                    changed = ROTATING[:at] + bytes([byte]) + ROTATING[at + 1 :]
                    signed = ticket.decode_untrusted(changed)
                except BadCode:
                    continue
                assert not ticket.rotation_holds(signed, samples.HOLDER_KEY, STEP * 30)


@pytest.mark.parametrize("suffix", [b".", b".A", b"." + b"A" * 19, b"." + b"A" * 21, b"..", b".B1"])
def test_a_suffix_has_one_length(suffix: bytes) -> None:
    with pytest.raises(BadCode):
        ticket.decode_untrusted(CODE + suffix)


@given(st.one_of(st.binary(max_size=500), st.text(max_size=200).map(str.encode)))
def test_garbage_raises_one_error_only(text: bytes) -> None:
    for each in (text, b"GH1" + text, CODE[:100] + text, CODE + b"." + text):
        with pytest.raises(BadCode):
            ticket.decode_untrusted(each)


@given(st.binary(min_size=97, max_size=97))
def test_any_97_bytes_read_to_one_spelling_or_not_at_all(blob: bytes) -> None:
    text = b"GH1" + ticket._base32(b"\x01" + blob[1:], ticket.CODE_CHARS).encode()
    try:
        signed = ticket.decode_untrusted(text)
    except BadCode:
        return
    assert ticket.encode_payload(signed.ticket) == signed.payload
    assert not ticket.verify(signed, KEY)
