"""The tickets of a scenario as real codes: signed, so that signatures are part of what is tried.

All keys are made from names, so the same file gives the same codes for ever; they are worth
nothing anywhere else. GH1 codes are issued as the centre does; codes of a pretix shop are written
here, because a gateway only ever reads them.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from crypto import pretix, ticket
from crypto.claim import make_identity
from crypto.keys import SigningKey
from edge.scenario import venue_table as table
from edge.scenario.moment import at_ms

ADDRESS: Final = "HTTPS://TICKETS.EXAMPLE/"
_DAY_S: Final = 86_400
_PRETIX_FIELDS: Final = ("item", "variation", "subevent", "valid_from", "valid_until")


class Code(msgspec.Struct, frozen=True):
    """A ticket's code. `holder_key` is empty unless it rotates. Times in unix seconds."""

    text: bytes
    identity: bytes
    issuer: str
    issued_at: int
    valid_from: int = 0
    valid_until: int = 0
    payload: bytes = b""
    holder_key: bytes = b""

    def shown(self, how: str, at_s: int) -> bytes:
        """What a scanner reads of it at `at_s` (a picture of a rotating code: when it was made)."""
        text = self.text
        if self.holder_key:
            step = at_s // ticket.ROTATION_STEP_S
            text += ticket.rotation_suffix(self.payload, self.holder_key, step).encode()
        match how:
            case "with_address":
                return ADDRESS.encode() + text
            case "lower_case":
                return text.lower()
            case "with_more_behind":
                return text + b"A"
            case "altered":  # in the part that is signed
                at = len(text) // 2
                return text[:at] + (b"B" if text[at : at + 1] == b"A" else b"A") + text[at + 1 :]
        return text


def key_of(kind: str, name: str) -> SigningKey:
    """The key that a party of a scenario signs with."""
    return SigningKey(hashlib.sha256(f"gatehouse scenario {kind} {name}".encode()).digest())


def issue_all(
    tickets: list[table.Ticket], numbers: Mapping[str, Mapping[str, int]], zone: ZoneInfo,
    first_s: int, own_issuer: str,
) -> dict[str, Code]:  # fmt: skip
    """The codes of `tickets` by name, issued a month before `first_s` if they do not say when.

    `numbers`: of products and performances by name. A ticket stands behind the one it replaces.
    """
    codes: dict[str, Code] = {}
    roots: dict[str, str] = {}
    for each in tickets:
        replaced = codes.get(each.replaces or "")
        roots[each.name] = roots.get(each.replaces or "", each.name)
        issued_at = _time(each.issued_at, zone)
        if not issued_at:
            issued_at = replaced.issued_at + _DAY_S if replaced else first_s - 30 * _DAY_S
        if each.shop is not None:
            codes[each.name] = _shop_code(each, zone, issued_at)
        else:
            root = roots[each.name]
            codes[each.name] = _own_code(each, numbers, zone, issued_at, root, own_issuer)
    return codes


def _time(text: str | None, zone: ZoneInfo) -> int:
    return at_ms(text, zone) // 1000 if text else 0


def _own_code(
    each: table.Ticket, numbers: Mapping[str, Mapping[str, int]], zone: ZoneInfo,
    issued_at: int, root: str, own_issuer: str,
) -> Code:  # fmt: skip
    issuer = each.issuer or own_issuer
    key = key_of("issuer", issuer)
    flags = (
        ticket.FLAG_CHECK * each.check
        | ticket.FLAG_ATTENTION * each.attention
        | ticket.FLAG_ROTATING * each.rotating
    )
    made = ticket.Ticket(
        key_id=key.key_id,
        performance=numbers["performances"][each.performance] if each.performance else 0,
        ticket_id=hashlib.sha256(root.encode()).digest()[:8],
        product=numbers["products"][each.product or ""],
        valid_from=_time(each.valid_from, zone),
        valid_until=_time(each.valid_until, zone),
        persons=each.persons,
        flags=flags,
        issued_at=issued_at,
    )
    return Code(
        ticket.issue(made, key).encode(),
        make_identity(issuer, made.ticket_id),
        issuer,
        issued_at,
        made.valid_from,
        made.valid_until,
        ticket.encode_payload(made),
        hashlib.sha256(f"holder of {root}".encode()).digest() if each.rotating else b"",
    )


def _shop_code(each: table.Ticket, zone: ZoneInfo, issued_at: int) -> Code:
    assert each.shop is not None
    start_s, until_s = _time(each.valid_from, zone), _time(each.valid_until, zone)
    values = (each.item, each.variation, each.subevent, start_s, until_s)
    text = pretix_text(each.name, dict(zip(_PRETIX_FIELDS, values, strict=True)), each.shop)
    identity = make_identity(each.shop, pretix.decode_untrusted(text).identity)
    return Code(text, identity, each.shop, issued_at, start_s, until_s)


def pretix_text(seed: str, fields: Mapping[str, int], shop: str) -> bytes:
    """A code as pretix shops write it (ARCHITECTURE.md, *Formats* 2), signed by `shop`."""
    raw = seed.encode()
    payload = b"\x0a" + _varint(len(raw)) + raw
    for number, name in enumerate(_PRETIX_FIELDS, 2):
        payload += _varint(number << 3) + _varint(fields[name])
    signature = key_of("shop", shop).sign(b"", payload)
    sizes = len(payload).to_bytes(2, "big") + len(signature).to_bytes(2, "big")
    return base64.b64encode(b"\x01" + sizes + payload + signature)[::-1]


def _varint(value: int) -> bytes:
    value %= 1 << 64  # negative numbers as two's complement, as proto3 has them
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
