"""Deltas: base and delta make the newer bundle, on that base only, and only forwards."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import delta, envelope
from crypto.bundle import Bundle, Revocation
from crypto.errors import BadBundle
from crypto.terms import Medium, MediumTicket, Terms, Zone
from tests.crypto import samples

KEY = samples.verifier(samples.BUNDLE_KEY)
HASH = bytes(range(32))
TICKETS = st.sampled_from([b"a:%d" % n for n in range(6)])
LISTS = st.lists(TICKETS, unique=True)
MEDIA = st.dictionaries(st.sampled_from([b"1", b"2", b"3"]), TICKETS).map(
    lambda found: [Medium(code, [MediumTicket(one, 1)]) for code, one in found.items()]
)


@st.composite
def bundles(draw: Any, version: int) -> Bundle:
    terms = Terms(
        zones=[Zone(1, "Backstage")], unapproved=draw(LISTS), unpaid=draw(LISTS), media=draw(MEDIA)
    )
    revoked = draw(st.dictionaries(TICKETS, st.integers(0, 3)))
    return samples.make_bundle(
        version=version, issued_at_ms=version, canceled=draw(LISTS), blocked=draw(LISTS),
        revoked=[Revocation(*pair) for pair in revoked.items()], terms=terms,
    )  # fmt: skip


@given(base=bundles(1), newer=bundles(2))
def test_base_and_delta_make_the_newer_bundle(base: Bundle, newer: Bundle) -> None:
    made = delta.between(base, HASH, newer)
    assert made is not None
    read = delta.read_untrusted(delta.sign(made, samples.BUNDLE_KEY), KEY)
    assert read == made
    assert delta._sorted(delta.apply(base, HASH, read, 1)) == delta._sorted(newer)


def test_what_is_no_list_needs_a_full_bundle() -> None:
    base = samples.make_bundle(version=1)
    assert delta.between(base, HASH, samples.make_bundle(version=2, products=[])) is None
    other = samples.make_bundle(version=2, terms=Terms(zones=[Zone(1, "New")]))
    assert delta.between(base, HASH, other) is None


def test_a_delta_is_small() -> None:
    base = samples.make_bundle(version=1, blocked=[b"a:%d" % n for n in range(5000)])
    newer = msgspec.structs.replace(base, version=2, blocked=[*base.blocked, b"a:x"])
    made = delta.between(base, HASH, newer)
    assert made is not None
    assert made.blocked == delta.Change([b"a:x"], [])
    assert len(delta.sign(made, samples.BUNDLE_KEY)) < 400


def make_delta(**changes: Any) -> delta.Delta:
    fields: dict[str, Any] = {
        "version": 5, "tenant": samples.TENANT, "issued_at_ms": 9, "base_version": 4,
        "base_hash": HASH,
    }  # fmt: skip
    return delta.Delta(**(fields | changes))


REFUSED = [
    ({"tenant": bytes(16)}, 4, "another tenant"),
    ({"base_version": 3}, 4, "ask for the full bundle"),
    ({"base_hash": bytes(32)}, 4, "ask for the full bundle"),
    ({"version": 4}, 4, "not newer"),
    ({}, 5, "not newer"),
    ({}, 6, "not newer"),
]


@pytest.mark.parametrize(("changes", "newest", "told"), REFUSED)
def test_on_another_base_or_backwards_it_is_refused(
    changes: dict[str, Any], newest: int, told: str
) -> None:
    base = samples.make_bundle()
    assert delta.apply(base, HASH, make_delta(), 4).version == 5
    with pytest.raises(BadBundle, match=told):
        delta.apply(base, HASH, make_delta(**changes), newest)


def test_the_base_is_left_as_it_was() -> None:
    base = samples.make_bundle()
    delta.apply(base, HASH, make_delta(blocked=delta.Change([b"a:9"], base.blocked)), 4)
    assert base == samples.make_bundle()


def test_a_signed_body_that_is_no_delta_is_refused() -> None:
    head = envelope.Head(5, samples.TENANT, 9)
    raw = envelope.seal(delta.KIND, head, b"\xc1", samples.BUNDLE_KEY)
    with pytest.raises(BadBundle, match="cannot be read"):
        delta.read_untrusted(raw, KEY)
    body = msgspec.msgpack.encode(make_delta(version=6))
    raw = envelope.seal(delta.KIND, head, body, samples.BUNDLE_KEY)
    with pytest.raises(BadBundle, match="disagree"):
        delta.read_untrusted(raw, KEY)
