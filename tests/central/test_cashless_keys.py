"""Secrets of the event's wallets: made once, kept closed, rotated, never shown."""

from __future__ import annotations

import itertools
import stat
from pathlib import Path

import pytest

from central import cashless_keys
from central.keys import KeysMissing


def entropy() -> object:
    numbers = itertools.count(1)
    return lambda size: bytes([next(numbers)]) * size


def test_they_are_made_once_and_read_back(tmp_path: Path) -> None:
    made = cashless_keys.load_or_make(tmp_path, entropy())  # type: ignore[arg-type]
    assert cashless_keys.load_or_make(tmp_path, entropy()) == made  # type: ignore[arg-type]
    path = tmp_path / cashless_keys.FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len({made.pseudonym_key, made.chip_key, made.debit_keys[0].key}) == 3


def test_before_they_are_made_there_are_none(tmp_path: Path) -> None:
    assert cashless_keys.held(tmp_path) is None
    with pytest.raises(KeysMissing, match="cashless set FILE"):
        cashless_keys.load(tmp_path)


def test_a_medium_is_the_same_for_the_same_uid_alone(tmp_path: Path) -> None:
    keys = cashless_keys.load_or_make(tmp_path, entropy())  # type: ignore[arg-type]
    uid = bytes.fromhex("04a1b2c3d4e5f6")
    assert len(keys.medium(uid)) == 16
    assert keys.medium(uid) == keys.medium(bytes(uid)) != keys.medium(uid[:-1] + b"\xf7")


def test_rotation_adds_a_version_and_keeps_the_old(tmp_path: Path) -> None:
    made = cashless_keys.load_or_make(tmp_path, entropy())  # type: ignore[arg-type]
    numbers = itertools.count(9)
    for _ in range(14):
        rotated = cashless_keys.rotate(tmp_path, lambda size: bytes([next(numbers)]) * size)
    assert [key.version for key in rotated.debit_keys] == list(range(1, 16))
    assert rotated.debit_keys[0] == made.debit_keys[0]
    assert rotated.pseudonym_key == made.pseudonym_key
    with pytest.raises(ValueError, match="begin a new event"):
        cashless_keys.rotate(tmp_path, bytes)


@pytest.mark.parametrize("text", ["{}", "nonsense", '{"pseudonym_key":"00","chip_key":"00"}'])
def test_a_broken_file_is_named_and_not_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / cashless_keys.FILE
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeysMissing, match="restore it from the backup"):
        cashless_keys.load_or_make(tmp_path, bytes)
    assert path.read_text() == text


def test_a_file_open_to_others_is_refused(tmp_path: Path) -> None:
    cashless_keys.load_or_make(tmp_path, bytes)
    (tmp_path / cashless_keys.FILE).chmod(0o644)
    with pytest.raises(KeysMissing, match="chmod 600"):
        cashless_keys.held(tmp_path)


def test_keys_do_not_show_themselves(tmp_path: Path) -> None:
    keys = cashless_keys.load_or_make(tmp_path, entropy())  # type: ignore[arg-type]
    assert repr(keys) == "CashlessKeys(1 debit keys)"
