"""`init`: a gateway makes its identity once, and takes only the answer that is meant for it."""

import json
import os
import stat
from pathlib import Path

import pytest

from crypto import authority, trust
from crypto.keys import SigningKey
from edge.commands import identity
from edge.commands.errors import BAD_DATA, CANNOT_CREATE, NO_INPUT, USAGE, CommandFailed
from tests.crypto import samples
from tests.edge.commands.calling import edge

SEED = b"\x22" * 32
SECOND = authority.make_authority(b"\x56" * 32, bytes(16), samples.NOW_S, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "gate"
    assert identity.init(made, "gate-a", seed=SEED, gateway=samples.GATEWAY) == 0
    return made


def answer_to(request: Path, **changes: object) -> bytes:
    """What the centre sends back."""
    read = trust.read_request_untrusted(request.read_bytes())
    pem = authority.make_device_certificate(
        samples.make_authority(), samples.TENANT, read.gateway_id, read.public, samples.NOW_S, 9
    )
    fields = {"gateway": read.gateway, "name": read.name, "device_pem": pem} | changes
    return trust.encode_trust(samples.make_trust(**fields))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def content(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def test_the_whole_way_by_the_real_commands(tmp_path: Path) -> None:
    made = tmp_path / "deep" / "gate"
    said = edge("init", made, "--name", "gate-a")
    assert (said.code, said.err) == (0, "")
    told = json.loads(said.out)
    assert told["request"] == str(made / "request.json")
    (tmp_path / "answer").write_bytes(answer_to(made / "request.json"))
    said = edge("init", "--accept", tmp_path / "answer", made)
    assert (said.code, said.err) == (0, "")
    accepted = json.loads(said.out)
    assert accepted["gateway"] == told["gateway"]
    assert (accepted["name"], accepted["index"]) == ("gate-a", 1)
    assert len(accepted["authority_sha256"]) == 64
    assert set(content(made)) == {"device.key", "request.json", "device.pem", "trust.json"}


def test_two_gateways_never_share_a_secret(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert edge("init", tmp_path / name, "--name", "gate").code == 0
    one, other = (content(tmp_path / name) for name in ("a", "b"))
    assert one["device.key"] != other["device.key"]
    ids = {trust.read_request_untrusted(each["request.json"]).gateway for each in (one, other)}
    assert len(ids) == 2


def test_what_is_secret_is_for_the_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = tmp_path / "gate"
        identity.init(made, "gate-a", seed=SEED, gateway=samples.GATEWAY)
    finally:
        os.umask(before)
    assert mode(made) == 0o700
    assert mode(made / "device.key") == 0o600
    assert (made / "device.key").read_text() == SEED.hex() + "\n"


def test_the_secret_is_never_shown(tmp_path: Path) -> None:
    said = edge("init", tmp_path / "gate", "--name", "gate-a")
    secret = (tmp_path / "gate" / "device.key").read_text().strip()
    assert secret not in said.out + said.err
    assert secret.encode() not in (tmp_path / "gate" / "request.json").read_bytes()


def test_the_request_is_signed_by_the_key_in_the_folder(folder: Path) -> None:
    read = trust.read_request_untrusted((folder / "request.json").read_bytes())
    key = SigningKey(bytes.fromhex((folder / "device.key").read_text()))
    assert read.public == key.public
    assert (read.name, read.gateway_id) == ("gate-a", samples.GATEWAY)


@pytest.mark.parametrize("kept", ["device.key", "request.json", "trust.json"])
def test_nothing_of_a_gateway_is_overwritten(kept: str, tmp_path: Path) -> None:
    made = tmp_path / "gate"
    made.mkdir(mode=0o700)
    (made / kept).write_text("mine")
    with pytest.raises(CommandFailed, match="nothing was changed") as told:
        identity.init(made, "gate-b", seed=bytes(32), gateway=bytes(16))
    assert told.value.exit_code == CANNOT_CREATE
    assert content(made) == {kept: b"mine"}


def test_a_second_init_says_so_and_changes_nothing(folder: Path) -> None:
    before = content(folder)
    said = edge("init", folder, "--name", "gate-a")
    assert (said.code, said.out) == (CANNOT_CREATE, "")
    assert "holds a gateway's identity already" in said.err
    assert content(folder) == before


def test_a_folder_that_others_may_write_to_is_no_place_for_a_key(tmp_path: Path) -> None:
    made = tmp_path / "gate"
    made.mkdir()
    made.chmod(0o777)
    with pytest.raises(CommandFailed, match="chmod 700"):
        identity.init(made, "gate-a", seed=SEED, gateway=samples.GATEWAY)
    assert content(made) == {}


@pytest.mark.parametrize(
    "words",
    [["--name", "Gate A"], ["--name", ""], [], ["--name", "a", "--accept", "b"]],
    ids=lambda words: " ".join(words) or "nothing",
)
def test_wrong_words(words: list[str], tmp_path: Path) -> None:
    said = edge("init", tmp_path / "gate", *words)
    assert (said.code, said.out) == (USAGE, "")
    assert len(said.err.splitlines()) == 1
    assert not (tmp_path / "gate").exists()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = edge("init", tmp_path / "file" / "gate", "--name", "gate-a")
    assert said.code == CANNOT_CREATE
    assert "cannot write to" in said.err


def accept(folder: Path, raw: bytes) -> int:
    answer = folder.parent / "answer.json"
    answer.write_bytes(raw)
    return identity.accept(folder, answer)


def test_an_answer_is_taken_and_may_be_renewed(folder: Path) -> None:
    raw = answer_to(folder / "request.json")
    assert accept(folder, raw) == 0
    assert accept(folder, raw) == 0
    assert (folder / "trust.json").read_bytes() == raw
    pem = trust.read_trust_untrusted(raw).device_pem
    assert (folder / "device.pem").read_text() == pem
    renewed = answer_to(folder / "request.json", central_url="https://new.example")
    assert accept(folder, renewed) == 0
    assert (folder / "trust.json").read_bytes() == renewed
    assert not list(folder.glob("*.new"))


def refused(folder: Path, raw: bytes, told: str, code: int = BAD_DATA) -> None:
    before = content(folder)
    with pytest.raises(CommandFailed, match=told) as failed:
        accept(folder, raw)
    assert failed.value.exit_code == code
    assert content(folder) == before


def test_another_gateways_answer_is_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    identity.init(other, "gate-b", seed=bytes(32), gateway=bytes(16))
    refused(folder, answer_to(other / "request.json"), r"for another gateway \(gate-b\)")


def test_the_same_key_under_another_id_is_refused(folder: Path) -> None:
    pem = samples.make_device_pem(bytes(16))
    raw = answer_to(folder / "request.json", gateway="00" * 16, device_pem=pem)
    refused(folder, raw, "for another gateway")


def test_the_same_id_under_another_key_is_refused(folder: Path) -> None:
    pem = samples.make_device_pem(samples.GATEWAY, samples.OTHER_KEY)
    raw = answer_to(folder / "request.json", device_pem=pem)
    refused(folder, raw, "for another gateway")


def test_without_the_request_the_key_decides(folder: Path) -> None:
    raw = answer_to(folder / "request.json")
    (folder / "request.json").unlink()
    assert accept(folder, raw) == 0


@pytest.mark.parametrize("raw", [b"", b"{}", b"\xff", b"x" * 70_000])
def test_what_is_no_answer_is_refused(folder: Path, raw: bytes) -> None:
    refused(folder, raw, "no trust file|longer than")


def test_another_tenants_answer_never_replaces_ours(folder: Path) -> None:
    accept(folder, answer_to(folder / "request.json"))
    pem = authority.make_device_certificate(
        SECOND, bytes(16), samples.GATEWAY, samples.DEVICE_KEY.public, samples.NOW_S, 9
    )
    raw = answer_to(folder / "request.json", tenant="00" * 16, device_pem=pem, ca_pem=SECOND.pem)
    refused(folder, raw, "enrolled with tenant", CANNOT_CREATE)


def test_a_broken_trust_file_is_repaired_by_a_good_answer(folder: Path) -> None:
    (folder / "trust.json").write_text("torn")
    assert accept(folder, answer_to(folder / "request.json")) == 0


def test_a_broken_request_is_named(folder: Path) -> None:
    raw = answer_to(folder / "request.json")
    (folder / "request.json").write_text("torn")
    refused(folder, raw, r"request\.json: this is no gateway's request")


@pytest.mark.parametrize("key", ["", "zz" * 32, "00" * 31, "\N{SNOWMAN}"])
def test_a_broken_device_key_is_named(folder: Path, key: str) -> None:
    raw = answer_to(folder / "request.json")
    (folder / "device.key").write_text(key)
    refused(folder, raw, r"device\.key is not 32 bytes in hex")


def test_an_answer_without_an_identity_is_refused(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "answer").write_bytes(answer_to(folder / "request.json"))
    said = edge("init", tmp_path / "empty", "--accept", tmp_path / "answer")
    assert said.code == NO_INPUT
    assert "--name NAME" in said.err
    said = edge("init", folder, "--accept", tmp_path / "missing")
    assert said.code == NO_INPUT
    assert "cannot read" in said.err
