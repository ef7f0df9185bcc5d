"""What changed in the lists of a bundle: small enough to be sent at once when a ticket is blocked.

A delta holds every change since one full bundle, its base; so a gateway needs that bundle and the
newest delta, and none in between. An envelope (`crypto.envelope`) with magic ``GHD1`` and domain
``gatehouse-delta-1\\0``, signed by the bundle key. Its version is one of the bundle's numbers: what
comes out is the bundle of that version, and versions only rise.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from crypto import envelope
from crypto.bundle import Bundle, Revocation
from crypto.errors import BadBundle
from crypto.fact import SEQ_MAX, Ticket
from crypto.keys import SigningKey, VerifyKey
from crypto.terms import Medium, MediumCode, Terms

KIND: Final = envelope.Kind(b"GHD1", b"gatehouse-delta-1\0", "a delta")
Version = Annotated[int, Meta(ge=0, le=SEQ_MAX)]


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came into one list of tickets, and what went out of it."""

    added: list[Ticket] = []
    removed: list[Ticket] = []


class Delta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`base_hash`: `content_hash` of the signed base. Lists that did not change are left out."""

    version: Version
    tenant: Annotated[bytes, Meta(min_length=16, max_length=16)]
    issued_at_ms: Version
    base_version: Version
    base_hash: Annotated[bytes, Meta(min_length=32, max_length=32)]
    revoked: list[Revocation] = []
    unrevoked: list[Ticket] = []
    canceled: Change = Change()
    blocked: Change = Change()
    unapproved: Change = Change()
    unpaid: Change = Change()
    media: list[Medium] = []
    forgotten_media: list[MediumCode] = []


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Delta)
_BUNDLE_LISTS: Final = ("canceled", "blocked")
_TERMS_LISTS: Final = ("unapproved", "unpaid")
T = TypeVar("T")


def _head(delta: Delta) -> envelope.Head:
    return envelope.Head(delta.version, delta.tenant, delta.issued_at_ms)


def sign(delta: Delta, key: SigningKey) -> bytes:
    """The bytes of `delta`."""
    return envelope.seal(KIND, _head(delta), _ENCODER.encode(delta), key)


def read_untrusted(raw: bytes, key: VerifyKey) -> Delta:
    """Check and read a delta signed by `key`. Raises `BadBundle` for everything else."""
    head, body = envelope.open_untrusted(KIND, raw, key)
    try:
        delta = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadBundle(f"the delta cannot be read: {error}") from None
    if _head(delta) != head:
        raise BadBundle("the delta's head and content disagree")
    return delta


def between(base: Bundle, base_hash: bytes, newer: Bundle) -> Delta | None:
    """What to tell gateways that have `base`; None if more than the lists changed."""
    revoked, unrevoked = _rows(base.revoked, newer.revoked, lambda row: row.ticket)
    old, new = _terms(base), _terms(newer)
    media, forgotten = _rows(old.media, new.media, lambda row: row.code)
    lists: dict[str, Change] = {}
    for before, after, names in ((base, newer, _BUNDLE_LISTS), (old, new, _TERMS_LISTS)):
        for name in names:
            was, now = getattr(before, name), getattr(after, name)
            lists[name] = Change(sorted(set(now) - set(was)), sorted(set(was) - set(now)))
    delta = Delta(
        version=newer.version, tenant=newer.tenant, issued_at_ms=newer.issued_at_ms,
        base_version=base.version, base_hash=base_hash, revoked=revoked, unrevoked=unrevoked,
        media=media, forgotten_media=forgotten, **lists,
    )  # fmt: skip
    return delta if _sorted(_changed(base, delta)) == _sorted(newer) else None


def apply(base: Bundle, base_hash: bytes, delta: Delta, newest: int) -> Bundle:
    """The bundle that `delta` makes of `base`. Pure.

    `newest`: the version decided by now. Raises `BadBundle` for a delta of another tenant, on
    another base, or that is not newer.
    """
    if delta.tenant != base.tenant:
        raise BadBundle("this delta is for another tenant")
    if (delta.base_version, delta.base_hash) != (base.version, base_hash):
        raise BadBundle(
            f"this delta is on bundle {delta.base_version}, here is {base.version}:"
            " ask for the full bundle"
        )
    if delta.version <= max(newest, base.version):
        raise BadBundle(f"delta {delta.version} is not newer than what is decided by")
    return _changed(base, delta)


def _changed(base: Bundle, delta: Delta) -> Bundle:
    terms = msgspec.structs.replace(
        _terms(base),
        media=_replaced(
            _terms(base).media, delta.media, delta.forgotten_media, lambda row: row.code
        ),
        **{name: _list(_terms(base), delta, name) for name in _TERMS_LISTS},
    )
    return msgspec.structs.replace(
        base,
        version=delta.version,
        issued_at_ms=delta.issued_at_ms,
        revoked=_replaced(base.revoked, delta.revoked, delta.unrevoked, lambda row: row.ticket),
        terms=msgspec.UNSET if terms == Terms() else terms,
        **{name: _list(base, delta, name) for name in _BUNDLE_LISTS},
    )


def _terms(bundle: Bundle) -> Terms:
    return bundle.terms if isinstance(bundle.terms, Terms) else Terms()


def _list(holder: Bundle | Terms, delta: Delta, name: str) -> list[bytes]:
    change: Change = getattr(delta, name)
    gone, known = set(change.removed), getattr(holder, name)
    have = set(known)
    return [one for one in known if one not in gone] + [
        one for one in change.added if one not in have
    ]


def _rows(was: list[T], now: list[T], key: Callable[[T], bytes]) -> tuple[list[T], list[bytes]]:
    """(rows that are new or different, keys of rows that are gone)."""
    before, after = {key(row): row for row in was}, {key(row): row for row in now}
    changed = [row for name, row in sorted(after.items()) if before.get(name) != row]
    return changed, sorted(before.keys() - after.keys())


def _replaced(
    was: list[T], changed: list[T], gone: Iterable[bytes], key: Callable[[T], bytes]
) -> list[T]:
    rows = {key(row): row for row in was} | {key(row): row for row in changed}
    for name in gone:
        rows.pop(name, None)
    return list(rows.values())


def _sorted(bundle: Bundle) -> Any:
    """`bundle` with its lists in order, to be compared: order says nothing in them."""
    terms = _terms(bundle)
    terms = msgspec.structs.replace(
        terms, media=sorted(terms.media, key=lambda row: row.code),
        unapproved=sorted(terms.unapproved), unpaid=sorted(terms.unpaid),
    )  # fmt: skip
    return msgspec.structs.replace(
        bundle, revoked=sorted(bundle.revoked, key=lambda row: row.ticket),
        canceled=sorted(bundle.canceled), blocked=sorted(bundle.blocked), terms=terms,
    )  # fmt: skip
