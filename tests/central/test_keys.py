"""The folder of keys: whole or absent, closed to others."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.keys import SEEDS, KeysMissing, create, issuer_name, load, read_seed

TENANT = bytes(range(16))
SEED_BYTES = [bytes([n]) * 32 for n in range(4)]


def made(folder: Path) -> Path:
    create(folder, "Open Air", TENANT, SEED_BYTES, 1_783_000_000)
    return folder / "keys"


def test_what_is_made_can_be_read(tmp_path: Path) -> None:
    made(tmp_path)
    keys = load(tmp_path)
    assert (keys.tenant, keys.name, keys.issuer_name) == (TENANT, "Open Air", "open-air")
    assert len({keys.bundle.public, keys.receipt.public, keys.issuer.public}) == 3
    with pytest.raises(FileExistsError):
        made(tmp_path)


def test_a_torn_attempt_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "keys.new").mkdir()
    (tmp_path / "keys.new" / "bundle.key").write_text("half")
    made(tmp_path)
    assert not (tmp_path / "keys.new").exists()


@pytest.mark.parametrize(
    "name", [*(f"{seed}.key" for seed in SEEDS), "tenant.json", "authority.pem"]
)
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    (made(tmp_path) / name).unlink()
    with pytest.raises(KeysMissing, match=name):
        load(tmp_path)


def test_absent_and_damaged_folders_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeysMissing, match="central init"):
        load(tmp_path)
    folder = made(tmp_path)
    (folder / "bundle.key").write_text("zz")
    with pytest.raises(KeysMissing, match="backup"):
        load(tmp_path)
    (folder / "bundle.key").write_text("aa" * 31)
    with pytest.raises(ValueError, match="32 bytes"):
        read_seed(folder / "bundle.key")
    (folder / "bundle.key").chmod(0o640)
    with pytest.raises(ValueError, match="chmod 600"):
        read_seed(folder / "bundle.key")


@pytest.mark.parametrize(
    ("name", "short"),
    [("Open Air", "open-air"), ("Ünïcode!!", "n-code"), ("漢字", "house"), ("x" * 60, "x" * 32)],
)
def test_issuer_names_are_short_ascii(name: str, short: str) -> None:
    assert issuer_name(name) == short
