"""The folder of `edge init`: every fault is one sentence and says what to do."""

import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.faults import ConfigInvalid
from crypto import authority, trust
from crypto.keys import SigningKey
from edge.identity import load_identity, tls_context
from tests.crypto import samples

SEED = b"\x22" * 32
assert SigningKey(SEED).public == samples.DEVICE_KEY.public


def enrol(folder: Path, **changes: Any) -> Path:
    folder.mkdir(exist_ok=True)
    key = folder / "device.key"
    key.write_text(SEED.hex() + "\n")
    key.chmod(0o600)
    (folder / "trust.json").write_bytes(trust.encode_trust(samples.make_trust(**changes)))
    return folder


def told(folder: Path, seed: bytes | None = None) -> str:
    with pytest.raises(ConfigInvalid) as caught:
        load_identity(folder, seed)
    (fault,) = caught.value.faults
    assert fault.file == str(folder)
    assert SEED.hex() not in str(fault)
    return f"{fault.problem} ({fault.hint})"


def test_an_enrolled_folder_says_who_we_are(tmp_path: Path) -> None:
    identity = load_identity(enrol(tmp_path))
    assert identity.gateway == samples.GATEWAY
    assert identity.tenant == samples.TENANT
    assert identity.device_key.public == samples.DEVICE_KEY.public
    assert identity.bundle_key.public == samples.BUNDLE_KEY.public
    assert identity.receipt_key.public == samples.RECEIPT_KEY.public


def test_a_credential_takes_the_place_of_the_key_file(tmp_path: Path) -> None:
    folder = enrol(tmp_path)
    (folder / "device.key").unlink()
    assert load_identity(folder, SEED).device_key.public == samples.DEVICE_KEY.public
    assert "holds no" not in told(folder, b"short")


def test_a_folder_that_is_not_there_names_the_command(tmp_path: Path) -> None:
    where = tmp_path / "nowhere"
    hint = f"run `gatehouse edge init {where} --name NAME`"
    assert told(where) == f"device.key is missing ({hint})"


def test_a_gateway_that_was_not_approved_yet_names_the_next_step(tmp_path: Path) -> None:
    folder = enrol(tmp_path)
    (folder / "trust.json").unlink()
    hint = f"run `gatehouse edge init {folder} --accept FILE` with the centre's answer"
    assert told(folder) == f"trust.json is missing ({hint})"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o610])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    folder = enrol(tmp_path)
    (folder / "device.key").chmod(mode)
    assert f"chmod 600 {folder / 'device.key'}" in told(folder)


@pytest.mark.parametrize("text", [b"", b"abc", b"zz" * 32, SEED.hex()[2:].encode(), b"\xff" * 64])
def test_a_key_file_without_a_key(tmp_path: Path, text: bytes) -> None:
    folder = enrol(tmp_path)
    (folder / "device.key").write_bytes(text)
    assert told(folder).startswith("device.key holds no 32-byte key in hex")


@pytest.mark.parametrize("raw", [b"", b"{}", b"\xff\xfe", b"[" * 70_000, b"x" * 70_000])
def test_a_trust_file_that_is_none(tmp_path: Path, raw: bytes) -> None:
    folder = enrol(tmp_path)
    (folder / "trust.json").write_bytes(raw)
    assert "trust file" in told(folder)
    assert "is this the folder that `edge init` made?" in told(folder)


def test_a_trust_file_for_another_gateways_key(tmp_path: Path) -> None:
    pem = samples.make_device_pem(key=samples.OTHER_KEY)
    folder = enrol(tmp_path, device_pem=pem)
    assert told(folder).startswith("trust.json is for another device key (run `gatehouse edge")


def test_a_certificate_of_another_authority(tmp_path: Path) -> None:
    folder = enrol(tmp_path)
    other = authority.make_authority(b"\x56" * 32, samples.TENANT, samples.NOW_S, 1)
    raw = (folder / "trust.json").read_text()
    mine = samples.make_authority().pem.replace("\n", "\\n")
    assert mine in raw
    (folder / "trust.json").write_text(raw.replace(mine, other.pem.replace("\n", "\\n")))
    assert "another authority" in told(folder)


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    where = tmp_path / "file"
    where.write_text("x")
    assert "is this the folder that `edge init` made?" in told(where)


def test_the_tls_context_trusts_one_authority_and_checks_names(tmp_path: Path) -> None:
    context = tls_context(load_identity(enrol(tmp_path)))
    assert len(context.get_ca_certs()) == 1
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3


def test_the_device_key_is_written_nowhere_else(tmp_path: Path) -> None:
    folder = enrol(tmp_path / "identity")
    before = len(os.listdir("/proc/self/fd"))
    tls_context(load_identity(folder))
    assert len(os.listdir("/proc/self/fd")) == before
    assert sorted(path.name for path in folder.iterdir()) == ["device.key", "trust.json"]


def test_reading_the_identity_needs_no_event_loop() -> None:
    code = "import edge.identity, sys; sys.exit('trio' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
