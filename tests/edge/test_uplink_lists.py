"""Deltas and guest lists come from the centre, are kept, and are decided by after a restart."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from crypto import bundle, delta, guests
from crypto.delta import Change, Delta
from crypto.guests import Guest, GuestList
from crypto.keys import SigningKey, VerifyKey
from edge.bundles import GUESTS, LISTS, BundleStore
from edge.uplink import Backoff, follow_bundles, follow_guests, inline
from tests.edge.centre import Centre
from tests.edge.core.desk import identity, make_bundle, make_code
from tests.edge.venue import TENANT, Venue

KEY = SigningKey(b"\x33" * 32)
STRANGER = SigningKey(b"\x34" * 32)
ONE = make_code(1)


@pytest.fixture
def autojump_clock() -> MockClock:
    return MockClock(autojump_threshold=0)


def full(version: int) -> bytes:
    return bundle.sign(make_bundle(version=version, tenant=TENANT), KEY)


def lists(version: int, base: int, key: SigningKey = KEY, **changes: Any) -> bytes:
    """A delta on the bundle `full(base)` that cancels ticket ONE."""
    fields: dict[str, Any] = {
        "version": version, "tenant": TENANT, "issued_at_ms": 1, "base_version": base,
        "base_hash": bundle.content_hash(full(base)), "canceled": Change([identity()]),
    }  # fmt: skip
    return delta.sign(Delta(**(fields | changes)), key)


def names(version: int, *found: str, key: SigningKey = KEY, tenant: bytes = TENANT) -> bytes:
    rows = [Guest(name, name) for name in found]
    return guests.sign(GuestList(version=version, tenant=tenant, guests=rows), key)


class Shelf:
    """A gateway that follows a centre in memory; a new one on the same disk is a restart."""

    def __init__(self, folder: Path) -> None:
        self.venue = Venue()
        self.centre = Centre()
        self.store = BundleStore(folder, VerifyKey(KEY.public), TENANT)
        kept = self.store.current()
        if kept is not None:
            self.venue.gateway.apply_bundle(*kept, self.store.lists(kept[1]))

    @property
    def version(self) -> int:
        return self.venue.gateway.policy.version

    @property
    def reason(self) -> str:
        return self.venue.lanes[1].simulate(ONE).reason

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """After an hour of following."""
        async with trio.open_nursery() as nursery:
            for follow in (follow_bundles, follow_guests):
                nursery.start_soon(
                    follow, self.venue.gateway, self.store, self.centre,
                    Backoff(0.5, 30.0, lambda: 0.0), 25, inline,
                )  # fmt: skip
            await trio.sleep(3600)
            yield
            nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_a_canceled_ticket_comes_as_a_delta_and_stays_canceled_offline(
    autojump_clock: MockClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf(tmp_path)
    shelf.centre.bundles = [full(5), lists(6, 5), lists(8, 5)]
    assert shelf.reason == ""
    async with shelf.following():
        assert (shelf.version, shelf.reason) == (8, "canceled")
    # It always says which full bundle it holds, too.
    assert shelf.centre.asked[1:4] == [(5, 5), (6, 5), (8, 5)]
    assert os.stat(tmp_path / LISTS).st_mode & 0o777 == 0o600
    again = Shelf(tmp_path)
    assert (again.version, again.venue.gateway.base_version) == (8, 5)
    assert again.reason == "canceled"
    assert again.venue.story == ["BundleApplied"], "not first by what it already knew better"
    assert "older bundle" not in caplog.text


@pytest.mark.trio
@pytest.mark.parametrize(
    "wrong",
    [
        lists(7, 4),
        lists(7, 5, base_hash=bytes(32)),
        lists(5, 5),
        lists(7, 5, STRANGER),
        lists(7, 5, tenant=b"X" * 16),
        lists(7, 5)[:-1],
    ],
    ids=["other base", "other content", "older", "stranger", "other tenant", "cut"],
)
async def test_after_a_delta_that_is_refused_the_full_bundle_is_asked_for(
    autojump_clock: MockClock, tmp_path: Path, caplog: pytest.LogCaptureFixture, wrong: bytes
) -> None:
    shelf = Shelf(tmp_path)
    shelf.centre.bundles = [full(5), lists(6, 5), wrong, full(9)]
    async with shelf.following():
        assert (shelf.version, shelf.reason) == (9, "")
    assert shelf.centre.asked[2:5] == [(6, 5), (6, 0), (9, 9)]
    refusals = [r for r in caplog.records if "refuse" in r.message and r.levelno == logging.ERROR]
    assert len(refusals) == 1
    assert (tmp_path / LISTS).read_bytes() == lists(6, 5), "what is refused takes no place"


def test_a_delta_is_kept_in_place_of_an_older_one_only(tmp_path: Path) -> None:
    store = BundleStore(tmp_path, VerifyKey(KEY.public), TENANT)
    for version in (7, 6):
        raw = lists(version, 5)
        store.keep_delta(store.read_delta_untrusted(raw), raw)
    found = store.lists(full(5))
    assert found is not None and found[0].version == 7
    assert store.lists(full(6)) is None, "it is on another bundle"


def test_a_kept_delta_that_is_spoilt_is_told_and_the_bundle_decides(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = BundleStore(tmp_path, VerifyKey(KEY.public), TENANT)
    store.keep(full(5))
    (tmp_path / LISTS).write_bytes(lists(6, 5, STRANGER))
    assert Shelf(tmp_path).reason == ""
    assert "the kept delta is unusable" in caplog.text


@pytest.mark.trio
async def test_a_delta_that_cannot_be_kept_is_decided_by_all_the_same(
    autojump_clock: MockClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    shelf = Shelf(tmp_path)

    def no_room(delta: Delta, raw: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shelf.store, "keep_delta", no_room)
    shelf.centre.bundles = [full(5), lists(6, 5)]
    async with shelf.following():
        assert shelf.reason == "canceled"
    assert "was not kept" in caplog.text


@pytest.mark.trio
async def test_a_guest_list_takes_the_place_of_the_one_before(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path)
    shelf.centre.guests = [names(1, "Jörg", "Zoë"), names(2, "Zoë")]
    async with shelf.following():
        book = shelf.venue.gateway.policy.guests
        assert (book.version, len(book.search("zoe")), len(book.search("joerg"))) == (2, 1, 0)
    assert os.stat(tmp_path / GUESTS).st_mode & 0o777 == 0o600
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert "Jörg".encode() not in kept, "an erased name is erased"
    found = Shelf(tmp_path).store.guests()
    assert found is not None and found.version == 2


@pytest.mark.trio
@pytest.mark.parametrize(
    "wrong", [names(1, "X"), names(3, "X", key=STRANGER), names(3, "X", tenant=b"X" * 16)]
)
async def test_a_guest_list_that_is_older_or_not_ours_is_refused(
    autojump_clock: MockClock, tmp_path: Path, caplog: pytest.LogCaptureFixture, wrong: bytes
) -> None:
    shelf = Shelf(tmp_path)
    shelf.centre.guests = [names(1, "Zoë"), wrong]
    async with shelf.following():
        assert shelf.venue.gateway.policy.guests.version == 1
        assert shelf.centre.calls["get_guests"] < 3600 / 30 + 20
    assert (tmp_path / GUESTS).read_bytes() == names(1, "Zoë")
    assert "we refuse" in caplog.text


def test_a_half_written_guest_list_of_a_crash_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / GUESTS).with_suffix(".part").write_text("Jörg")
    BundleStore(tmp_path, VerifyKey(KEY.public), TENANT)
    assert list(tmp_path.iterdir()) == []
