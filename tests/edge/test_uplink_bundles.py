"""Newer bundles are fetched, kept and decided by; clocks are compared; nothing spins."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from crypto import bundle
from crypto.keys import SigningKey, VerifyKey
from edge.bundles import BundleStore
from edge.uplink import Backoff, follow_bundles, in_thread, inline
from tests.edge.centre import Centre
from tests.edge.core.desk import make_bundle
from tests.edge.venue import TENANT, Venue

KEY = SigningKey(b"\x33" * 32)
STRANGER = SigningKey(b"\x34" * 32)


@pytest.fixture
def autojump_clock() -> MockClock:
    return MockClock(autojump_threshold=0)


def signed(version: int, key: SigningKey = KEY, tenant: bytes = TENANT) -> bytes:
    return bundle.sign(make_bundle(version=version, tenant=tenant), key)


class Shelf:
    """A gateway that follows the bundles of a centre in memory."""

    def __init__(self, folder: Path) -> None:
        self.venue = Venue()
        self.centre = Centre()
        self.store = BundleStore(folder, VerifyKey(KEY.public), TENANT)

    @property
    def version(self) -> int:
        return self.venue.gateway.policy.version

    @asynccontextmanager
    async def following(self, s: float, wait_s: int = 25) -> AsyncIterator[None]:
        """Follow bundles; `s` seconds first."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(
                follow_bundles, self.venue.gateway, self.store, self.centre,
                Backoff(0.5, 30.0, lambda: 0.0), wait_s, inline,
            )  # fmt: skip
            await trio.sleep(s)
            yield
            nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_a_newer_bundle_is_kept_and_decided_by(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path)
    shelf.centre.bundles = [signed(5), None, signed(6)]
    async with shelf.following(300):
        assert shelf.version == 6
    kept = shelf.store.current()
    assert kept is not None
    assert kept[0].version == 6
    assert shelf.venue.story == ["BundleApplied", "BundleApplied"]


@pytest.mark.trio
@pytest.mark.parametrize("wait_s", [0, 25])
async def test_a_centre_that_answers_at_once_with_nothing_is_not_asked_at_once_again(
    autojump_clock: MockClock, tmp_path: Path, wait_s: int
) -> None:
    shelf = Shelf(tmp_path)
    async with shelf.following(3600, wait_s):
        assert shelf.centre.calls["get_bundle"] < 3600 / 30 + 20


@pytest.mark.trio
async def test_a_centre_that_waits_as_it_was_asked_to_is_asked_again_at_once(
    autojump_clock: MockClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path)
    asked: list[float] = []

    async def wait(have: int, wait_s: int, base: int) -> None:
        asked.append(trio.current_time())
        await trio.sleep(wait_s)

    monkeypatch.setattr(shelf.centre, "get_bundle", wait)
    async with shelf.following(99):
        assert [at - asked[0] for at in asked] == [0, 25, 50, 75]


@pytest.mark.trio
@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (signed(1), "version 1 is not newer than 1"),
        (signed(0), "version 0 is not newer than 1"),
        (signed(9, STRANGER), "signed by key"),
        (signed(9, tenant=b"X" * 16), "another tenant"),
        (signed(9)[:-1] + b"!", "does not verify"),
        (b"garbage", "bundle"),
    ],
    ids=["equal", "older", "stranger", "tenant", "flipped", "garbage"],
)
async def test_a_bundle_that_is_refused_is_told_once_and_asked_for_slowly(
    autojump_clock: MockClock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    raw: bytes,
    why: str,
) -> None:
    shelf = Shelf(tmp_path)
    shelf.centre.bundles = [raw] * 10_000
    async with shelf.following(3600):
        assert shelf.version == 1
        assert shelf.centre.calls["get_bundle"] < 3600 / 30 + 20
    assert shelf.store.current() is None
    errors = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert [why in str(vars(r)["why"]) for r in errors] == [True]


@pytest.mark.trio
async def test_a_bundle_that_cannot_be_kept_is_decided_by_all_the_same(
    autojump_clock: MockClock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shelf = Shelf(tmp_path)

    def full(raw: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shelf.store, "keep", full)
    shelf.centre.bundles = [signed(5)]
    async with shelf.following(60):
        assert shelf.version == 5
    assert "a bundle is in force but was not kept" in caplog.messages


@pytest.mark.trio
async def test_while_the_centre_is_away_it_is_asked_slowly_and_then_again(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path)
    shelf.centre.away = True
    async with shelf.following(3600):
        assert shelf.centre.calls["get_bundle"] < 3600 / 30 + 20
        shelf.centre.away = False
        shelf.centre.bundles = [signed(2)]
        await trio.sleep(31)
        assert shelf.version == 2


@pytest.mark.trio
async def test_work_aside_gives_its_result_and_its_errors() -> None:
    for aside in (in_thread, inline):
        assert await aside(lambda: 42) == 42
        with pytest.raises(ZeroDivisionError):
            await aside(lambda: 1 // 0)


# -- clocks ----------------------------------------------------------------------------------------


# -- the pause between two questions ---------------------------------------------------------------


def test_the_backoff_doubles_to_its_limit_and_starts_over() -> None:
    plain = Backoff(0.5, 30.0, lambda: 0.0)
    assert [plain.next_s() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    plain.reset()
    assert plain.next_s() == 0.5
    shaken = Backoff(0.5, 30.0, lambda: 1.0)
    assert [shaken.next_s() for _ in range(3)] == [0.25, 0.5, 1.0]
