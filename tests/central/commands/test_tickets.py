"""ticket issue, revoke, cancel, block; pictures are read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from crypto.keys import VerifyKey
from crypto.ticket import decode_untrusted, verify
from tests.central.commands.conftest import Run


def issue(run: Run, out: Path, *more: str) -> list[str]:
    words = ["ticket", "issue", "--performance", "Saturday", "--product", "1", "--out", str(out)]
    answer = run(*words, *more)
    assert answer.code == 0, answer.err
    return out.read_text().splitlines()


def test_codes_verify_with_the_bundles_key(run: Run, tmp_path: Path) -> None:
    codes = issue(run, tmp_path / "codes", "--count", "1500", "--persons", "3")
    assert len(set(codes)) == 1500
    key = VerifyKey(bytes.fromhex(run("bundle", "show").out["issuers"][0]["keys"][0]["public"]))
    signed = decode_untrusted(codes[-1].encode())
    assert verify(signed, key)
    assert (signed.ticket.performance, signed.ticket.product, signed.ticket.persons) == (1, 1, 3)
    assert (tmp_path / "codes").stat().st_mode & 0o077 == 0
    assert run("performance", "list").out["performances"][0]["issued"] == 1500


def test_windows_and_prefix(run: Run, tmp_path: Path) -> None:
    codes = issue(
        run, tmp_path / "codes", "--valid-from", "2026-07-04T18:00+02:00",
        "--valid-until", "1783300000", "--prefix", "HTTPS://T.EXAMPLE/",
    )  # fmt: skip
    ticket = decode_untrusted(codes[0].encode()).ticket
    assert (ticket.valid_from, ticket.valid_until) == (1783180800, 1783300000)
    assert codes[0].startswith("HTTPS://T.EXAMPLE/GH1")


def test_pictures_can_be_read_back(run: Run, tmp_path: Path) -> None:
    zxing = pytest.importorskip("zxingcpp")
    from PIL import Image

    codes = issue(run, tmp_path / "codes", "--count", "3", "--png", str(tmp_path / "png"))
    pictures = sorted((tmp_path / "png").iterdir())
    assert [one.name for one in pictures] == ["000001.png", "000002.png", "000003.png"]
    for picture, code in zip(pictures, codes, strict=True):
        with Image.open(picture) as image:
            assert [one.text for one in zxing.read_barcodes(image)] == [code]


@pytest.mark.parametrize(
    ("option", "noun"), [("--performance", "performance"), ("--product", "product")]
)
def test_unknown_names_say_how_to_create(run: Run, tmp_path: Path, option: str, noun: str) -> None:
    chosen = {"--performance": "Saturday", "--product": "Day"} | {option: "Nothing"}
    words = [word for pair in chosen.items() for word in pair]
    answer = run("ticket", "issue", *words, "--out", str(tmp_path / "codes"))
    assert answer.code == 1 and f"gatehouse central {noun} add" in answer.err
    assert not (tmp_path / "codes").exists()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--count", "0"), 2),
        (("--count", "1000001"), 2),
        (("--persons", "0"), 2),
        (("--persons", "256"), 2),
        (("--valid-from", "200", "--valid-until", "100"), 2),
        (("--prefix", "lower/"), 2),
    ],
)
def test_what_no_code_can_say_is_refused(
    run: Run, tmp_path: Path, more: tuple[str, ...], code: int
) -> None:
    words = ["--performance", "1", "--product", "1", "--out", str(tmp_path / "codes")]
    answer = run("ticket", "issue", *words, *more)
    assert answer.code == code, answer.err
    assert run("performance", "list").out["performances"][0]["issued"] == 0


def test_no_folder_to_write_to(run: Run, tmp_path: Path) -> None:
    words = ["--performance", "1", "--product", "1", "--out", str(tmp_path / "no" / "codes")]
    answer = run("ticket", "issue", *words)
    assert answer.code == 73 and "no folder" in answer.err


def test_denials_reach_the_bundle(run: Run, tmp_path: Path) -> None:
    codes = issue(run, tmp_path / "codes", "--count", "3")
    run("ticket", "revoke", codes[0])
    run("ticket", "cancel", codes[1], "--reason", "refund")
    identity = run("ticket", "block", codes[2]).out["tickets"][0]
    shown = run("bundle", "show").out
    assert shown["blocked"] == [identity] and len(shown["canceled"]) == 1
    issued = decode_untrusted(codes[0].encode()).ticket.issued_at
    assert shown["revoked"][0]["min_issued_at"] > issued
    run("ticket", "unblock", identity)
    assert run("bundle", "show").out["blocked"] == []


def test_what_names_no_ticket_is_refused(run: Run) -> None:
    answer = run("ticket", "block", "GH1NOPE")
    assert answer.code == 65 and "neither a code nor" in answer.err
