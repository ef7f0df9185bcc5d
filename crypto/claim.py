"""From a scanned text to a verified claim: who signed it, which right it names, what it says.

Two texts of one ticket give one identity or a refusal; identity comes from the signed payload.
"""

from typing import Final, Literal

import msgspec

from crypto import pretix, ticket
from crypto.bundle import Bundle, ForeignIssuer, ForeignRow, Issuer, IssuerKey
from crypto.errors import BadCode
from crypto.keys import VerifyKey

Scheme = Literal["GH1", "pretix_sig1", "medium", "guest_list"]
NO_PRODUCT: Final = 0


class Claim(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A verified code. Times in unix seconds, 0 = no limit; `identity` = issuer ':' ticket id.

    A ticket that is linked to a medium, or named on the guest list, is a claim of the centre's,
    without a code of its own.
    """

    scheme: Scheme
    issuer: str
    identity: bytes
    product: int
    performance: int
    valid_from: int
    valid_until: int
    persons: int = 1
    flags: int = 0
    issued_at: int = 0
    foreign: pretix.PretixTicket | None = None


class _Known(msgspec.Struct, frozen=True):
    issuer: Issuer
    key: IssuerKey
    verify: VerifyKey
    prefix: bytes


def show_identity(identity: bytes) -> str:
    """`issuer:hex`, as people and JSON see an identity."""
    issuer, _, raw = identity.partition(b":")
    return f"{issuer.decode('ascii', 'replace')}:{raw.hex()}"


def make_identity(issuer: str, ticket_id: bytes) -> bytes:
    """The identity of a ticket, by which uses, revocations and conflicts are counted."""
    return issuer.encode("ascii") + b":" + ticket_id


class Keyring:
    """The public keys of a bundle, ready to read codes with."""

    def __init__(self, bundle: Bundle) -> None:
        self._known = {
            known.verify.key_id: known
            for issuer in bundle.issuers
            for key in issuer.keys
            for known in (
                _Known(issuer, key, VerifyKey(key.public), issuer.name.encode("ascii") + b":"),
            )
        }
        self._foreign = [
            (issuer, [VerifyKey(raw) for raw in issuer.keys]) for issuer in bundle.foreign_issuers
        ]
        self._holder_keys = {held.ticket: held.key for held in bundle.holder_keys}

    def read_untrusted(self, text: bytes, now_s: int) -> Claim:
        """Verify a scanned text (bytes as they came). Raises `BadCode` with the reason.

        `now_s` (unix seconds) matters to rotating codes only.
        """
        text = text.strip(b" \t\r\n")
        try:
            signed = ticket.decode_untrusted(text)
        except BadCode as error:
            if not self._foreign:
                raise
            return self._read_foreign(text, error)
        return self._read_own(signed, now_s)

    def _read_own(self, signed: ticket.Signed, now_s: int) -> Claim:
        t = signed.ticket
        known = self._known.get(t.key_id)
        if known is None:
            raise BadCode("signed by a key that is not in the bundle", "unknown_key")
        if not ticket.verify(signed, known.verify):
            raise BadCode("the signature does not verify")
        key = known.key
        if t.issued_at < key.not_before or (key.not_after and t.issued_at >= key.not_after):
            raise BadCode("issued outside the time in which this key signed")
        if not known.issuer.accepted:
            raise BadCode("a ticket of another issuer", "wrong_issuer")
        identity = known.prefix + t.ticket_id
        if t.flags & ticket.FLAG_ROTATING or signed.rotation is not None:
            self._check_rotation(signed, identity, now_s)
        return Claim(
            scheme="GH1", issuer=known.issuer.name, identity=identity, product=t.product,
            performance=t.performance, valid_from=t.valid_from, valid_until=t.valid_until,
            persons=t.persons, flags=t.flags, issued_at=t.issued_at,
        )  # fmt: skip

    def _check_rotation(self, signed: ticket.Signed, identity: bytes, now_s: int) -> None:
        if not signed.ticket.flags & ticket.FLAG_ROTATING:
            raise BadCode("a suffix on a code that does not rotate")
        holder_key = self._holder_keys.get(identity)
        if signed.rotation is None or holder_key is None:
            raise BadCode("this code rotates: show it live, not as a picture", "code_expired")
        if not ticket.rotation_holds(signed, holder_key, now_s):
            raise BadCode("this code has been replaced by a newer one", "code_expired")

    def _read_foreign(self, text: bytes, own_error: BadCode) -> Claim:
        try:
            signed = pretix.decode_untrusted(text)
        except BadCode as error:
            raise (own_error if b"GH1" in text[:210] else error) from None
        for issuer, keys in self._foreign:
            if any(pretix.verify(signed, key) for key in keys):
                return _foreign_claim(issuer, signed)
        raise BadCode("no key of a known shop verifies this code")


def _foreign_claim(issuer: ForeignIssuer, signed: pretix.Signed) -> Claim:
    t = signed.ticket
    row = best_row(issuer.rows, t)
    return Claim(
        scheme="pretix_sig1", issuer=issuer.name,
        identity=make_identity(issuer.name, signed.identity),
        product=row.product if row else NO_PRODUCT, performance=row.performance if row else 0,
        valid_from=t.valid_from, valid_until=t.valid_until, foreign=t,
    )  # fmt: skip


def best_row(rows: list[ForeignRow], t: pretix.PretixTicket) -> ForeignRow | None:
    """The most specific row of the mapping that fits; variation weighs more than subevent."""
    fitting = [
        row
        for row in rows
        if row.item == t.item
        and row.variation in (None, t.variation)
        and row.subevent in (None, t.subevent)
    ]
    return max(
        fitting, key=lambda r: (r.variation is not None, r.subevent is not None), default=None
    )
