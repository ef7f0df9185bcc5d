"""Bundles on disk: the newest good one is decided by, whatever else lies there."""

import os
from pathlib import Path

import pytest

from crypto import bundle, guests
from crypto.errors import BadBundle
from crypto.guests import Guest, GuestList
from crypto.keys import SigningKey, VerifyKey
from edge.bundles import BundleStore
from tests.edge.core.desk import make_bundle

KEY = SigningKey(b"\x33" * 32)
TENANT = b"T" * 16


def signed(version: int, key: SigningKey = KEY, tenant: bytes = TENANT) -> bytes:
    return bundle.sign(make_bundle(version=version, tenant=tenant), key)


def store(folder: Path) -> BundleStore:
    return BundleStore(folder / "bundle", VerifyKey(KEY.public), TENANT)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "bundle").iterdir())


def version(shelf: BundleStore) -> int:
    found = shelf.current()
    assert found is not None
    return found[0].version


def test_an_empty_shelf_has_none(tmp_path: Path) -> None:
    assert store(tmp_path).current() is None


def test_the_newest_is_current_in_whatever_order_they_came(tmp_path: Path) -> None:
    for number in (3, 12, 7):
        store(tmp_path).keep(signed(number))
    found = store(tmp_path).current()
    assert found is not None
    assert found[0].version == 12
    assert found[1] == signed(12)
    assert len(files(tmp_path)) == 3  # facts name the older ones


def test_a_bundle_is_kept_by_its_hash_and_once(tmp_path: Path) -> None:
    shelf, raw = store(tmp_path), signed(3)
    shelf.keep(raw)
    before = os.stat(tmp_path / "bundle" / files(tmp_path)[0])
    shelf.keep(raw)
    assert files(tmp_path) == [f"{bundle.content_hash(raw).hex()}.bundle"]
    after = os.stat(tmp_path / "bundle" / files(tmp_path)[0])
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (signed(9, SigningKey(b"\x34" * 32)), "signed by key"),
        (signed(9, tenant=b"X" * 16), "another tenant"),
        (signed(9)[:-1], "length"),
        (signed(9)[:-1] + b"!", "does not verify"),
        (b"", "bundle"),
    ],
)
def test_what_is_not_ours_is_refused(tmp_path: Path, raw: bytes, why: str) -> None:
    with pytest.raises(BadBundle, match=why):
        store(tmp_path).read_untrusted(raw)


def test_broken_files_are_told_and_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = store(tmp_path)
    shelf.keep(signed(3))
    folder = tmp_path / "bundle"
    (folder / "aa.bundle").write_bytes(signed(9)[:100])
    (folder / "bb.bundle").write_bytes(signed(9, SigningKey(b"\x34" * 32)))
    (folder / "cc.bundle").mkdir()
    (folder / "dd.part").write_bytes(signed(8))  # a crash while it was written
    (folder / "notes.txt").write_text("left by somebody")
    assert version(shelf) == 3
    assert caplog.messages == ["a kept bundle is unusable"] * 3


def test_what_a_crash_left_half_written_does_not_stop_the_next_time(tmp_path: Path) -> None:
    shelf, raw = store(tmp_path), signed(3)
    (tmp_path / "bundle" / f"{bundle.content_hash(raw).hex()}.part").write_bytes(raw[:10])
    shelf.keep(raw)
    assert version(shelf) == 3
    assert files(tmp_path) == [f"{bundle.content_hash(raw).hex()}.bundle"]


def test_a_bundle_is_on_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, raw = store(tmp_path), signed(3)
    seen: list[list[str]] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        seen.append(files(tmp_path))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    shelf.keep(raw)
    name = bundle.content_hash(raw).hex()
    assert seen == [[f"{name}.part"], [f"{name}.bundle"]]


def test_the_folder_is_closed_to_others(tmp_path: Path) -> None:
    """A bundle carries the secrets of rotating codes."""
    BundleStore(tmp_path / "bundle", VerifyKey(KEY.public), TENANT)
    assert (tmp_path / "bundle").stat().st_mode & 0o077 == 0


def test_a_guest_list_that_was_carried_here_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = store(tmp_path)
    assert shelf.guests() is None
    path = tmp_path / "bundle" / "guests.list"
    mine = GuestList(version=1, tenant=TENANT, guests=[Guest("1", "Zoë")])
    path.write_bytes(guests.sign(mine, KEY))
    assert shelf.guests() == mine
    assert caplog.text == ""
    theirs = GuestList(version=1, tenant=bytes(16))
    for wrong in (guests.sign(theirs, KEY), guests.sign(mine, SigningKey(b"x" * 32)), b"nonsense"):
        path.write_bytes(wrong)
        assert shelf.guests() is None
    assert caplog.text.count("the guest list is unusable") == 3
