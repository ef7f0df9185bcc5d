"""gateway approve, list, revoke, release."""

from __future__ import annotations

from pathlib import Path

from crypto.keys import SigningKey
from crypto.trust import make_request, read_trust_untrusted
from tests.central.commands.conftest import Answer, Run

DEVICE = SigningKey(b"d" * 32)


def approve(
    run: Run, folder: Path, name: str = "north", gateway: bytes = b"g" * 16,
    device: SigningKey = DEVICE,
) -> Answer:  # fmt: skip
    (folder / "request.json").write_bytes(make_request(name, gateway, device))
    return run("gateway", "approve", str(folder / "request.json"), "--out", str(folder / "trust"))


def test_a_request_becomes_a_trust_file(run: Run, tmp_path: Path) -> None:
    answer = approve(run, tmp_path)
    assert answer.code == 0, answer.err
    trust = read_trust_untrusted((tmp_path / "trust").read_bytes())
    assert (trust.name, trust.index, trust.gateway_id) == ("north", 1, b"g" * 16)
    assert trust.device_public == DEVICE.public
    assert trust.central_url == "https://localhost:8443"
    card = run("bundle", "show").out["gateways"][0]
    assert (card["device_public"], card["revoked"]) == (DEVICE.public.hex(), False)
    assert answer.out["fingerprint"] == DEVICE.key_id.hex()


def test_the_same_request_again_gets_the_same_index(run: Run, tmp_path: Path) -> None:
    approve(run, tmp_path)
    assert approve(run, tmp_path).code == 0
    assert len(run("gateway", "list").out["gateways"]) == 1


def test_conflicts_are_named(run: Run, tmp_path: Path) -> None:
    approve(run, tmp_path)
    other = SigningKey(b"e" * 32)
    assert "named north exists" in approve(run, tmp_path, gateway=b"h" * 16, device=other).err
    assert "another key" in approve(run, tmp_path, device=other).err
    assert "belongs to another" in approve(run, tmp_path, name="south", gateway=b"h" * 16).err
    assert approve(run, tmp_path, "south", b"h" * 16, other).out["name"] == "south"
    assert [one["index"] for one in run("gateway", "list").out["gateways"]] == [1, 2]


def test_a_revoked_gateway_stays_revoked(run: Run, tmp_path: Path) -> None:
    approve(run, tmp_path)
    unread = run("gateway", "revoke", "north", "--reason", "a\udcff")
    assert unread.code == 2 and "64 printable characters" in unread.err
    assert run("gateway", "revoke", "north", "--reason", "stolen").code == 0
    assert run("gateway", "list").out["gateways"][0]["revoked"] is True
    assert run("bundle", "show").out["gateways"][0]["revoked"] is True
    answer = approve(run, tmp_path)
    assert answer.code == 1 and "was revoked" in answer.err


def test_requests_that_are_none(run: Run, tmp_path: Path) -> None:
    out = str(tmp_path / "trust")
    answer = run("gateway", "approve", str(tmp_path / "nothing"), "--out", out)
    assert answer.code == 66 and "cannot read" in answer.err
    (tmp_path / "bad").write_bytes(b"{}")
    answer = run("gateway", "approve", str(tmp_path / "bad"), "--out", out)
    assert answer.code == 65
    raw = make_request("north", b"g" * 16, DEVICE).replace(b'"north"', b'"south"')
    (tmp_path / "bad").write_bytes(raw)
    answer = run("gateway", "approve", str(tmp_path / "bad"), "--out", out)
    assert answer.code == 65 and "altered" in answer.err


def test_a_file_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "request.json").write_bytes(make_request("north", b"g" * 16, DEVICE))
    out = str(tmp_path / "no" / "trust")
    answer = run("gateway", "approve", str(tmp_path / "request.json"), "--out", out)
    assert answer.code == 73


def test_release_needs_a_quarantine_and_a_known_name(run: Run, tmp_path: Path) -> None:
    approve(run, tmp_path)
    assert "not under quarantine" in run("gateway", "release", "1").err
    assert "there are: north" in run("gateway", "release", "west").err
