"""ticket issue, revoke, cancel, block; pictures are read back."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from central.keys import read_seed
from crypto.bundle import read_untrusted
from crypto.claim import Keyring
from crypto.errors import BadCode
from crypto.keys import SigningKey, VerifyKey
from crypto.ticket import FLAG_ROTATING, decode_untrusted, verify
from tests.central.commands.conftest import Run


def issue(run: Run, out: Path, *more: str) -> list[str]:
    words = ["ticket", "issue", "--performance", "Saturday", "--product", "1", "--out", str(out)]
    answer = run(*words, *more)
    assert answer.code == 0, answer.err
    return out.read_text().splitlines()


def test_a_file_of_codes_is_not_written_over_unless_one_says_so(run: Run, tmp_path: Path) -> None:
    out, pictures = tmp_path / "codes", tmp_path / "png"
    (first,) = issue(run, out, "--png", str(pictures))
    words = ["ticket", "issue", "--performance", "1", "--product", "1", "--out"]
    again = run(*words, str(out))
    assert again.code == 73 and "is there already: the codes in it would be gone" in again.err
    drawn = run(*words, str(tmp_path / "more"), "--png", str(pictures))
    assert drawn.code == 73 and "holds pictures already" in drawn.err
    renewed = run("ticket", "reissue", first, "--out", str(out))
    assert renewed.code == 73 and "--force" in renewed.err
    assert out.read_text().split() == [first]
    assert run("performance", "list").out["performances"][0]["issued"] == 1
    assert run("bundle", "show").out["revoked"] == []
    assert issue(run, out, "--force") != [first]


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


def test_codes_that_could_not_be_written_are_not_issued(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    good = str(tmp_path / "codes")
    for more in (["--out", str(tmp_path)], ["--out", "."],
                 ["--out", good, "--png", str(tmp_path / "file")]):  # fmt: skip
        words = ["--performance", "1", "--product", "1", "--count", "1", *more]
        answer = run("ticket", "issue", *words)
        assert (answer.code, len(answer.err.splitlines())) == (73, 1), answer.err
    assert run("performance", "list").out["performances"][0]["issued"] == 0


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


def test_a_code_is_issued_again(run: Run, tmp_path: Path) -> None:
    (code,) = issue(run, tmp_path / "codes", "--persons", "2")
    answer = run("ticket", "reissue", code, "--prefix", "HTTPS://T.EXAMPLE/")
    assert answer.code == 0 and answer.out["code"].startswith("HTTPS://T.EXAMPLE/GH1")
    old, new = (decode_untrusted(one.encode()).ticket for one in (code, answer.out["code"]))
    assert new.issued_at > old.issued_at
    assert msgspec.structs.replace(new, issued_at=old.issued_at) == old
    shown = run("bundle", "show").out
    assert shown["version"] == answer.out["bundle_version"]
    wanted = {"ticket": answer.out["ticket"], "min_issued_at": new.issued_at}
    assert shown["revoked"] == [wanted]
    out = tmp_path / "again"
    answer = run("ticket", "reissue", answer.out["ticket"], "--out", str(out))
    assert answer.out["out"] == str(out) and "code" not in answer.out
    newest = decode_untrusted(out.read_text().strip().encode()).ticket
    assert newest.issued_at > new.issued_at and out.stat().st_mode & 0o077 == 0
    # the same right under a newer code is no second ticket
    assert run("performance", "list").out["performances"][0]["issued"] == 1


def test_what_cannot_be_issued_again_says_why(run: Run, tmp_path: Path) -> None:
    (code,) = issue(run, tmp_path / "codes")
    assert run("ticket", "reissue", "open-air:" + "ab" * 8).code == 1
    assert run("ticket", "reissue", code, "--prefix", "lower/").code == 2
    answer = run("ticket", "reissue", code, "--out", str(tmp_path / "no" / "file"))
    assert answer.code == 73 and run("bundle", "show").out["revoked"] == []
    run("ticket", "cancel", code)
    answer = run("ticket", "reissue", code)
    assert answer.code == 1 and "canceled" in answer.err


def test_a_rotating_code_shows_its_suffix_and_no_secret(run: Run, tmp_path: Path) -> None:
    (code,) = issue(run, tmp_path / "codes", "--rotating")
    assert decode_untrusted(code.encode()).ticket.flags == FLAG_ROTATING
    answer = run("ticket", "rotate", code)
    assert answer.code == 0 and answer.out["code"].startswith(code + ".")
    assert run("bundle", "show", "--out", str(tmp_path / "bundle")).out["holder_keys"] == [
        run("ticket", "block", code).out["tickets"][0]
    ]
    key = VerifyKey(SigningKey(read_seed(tmp_path / "central/keys/bundle.key")).public)
    bundle = read_untrusted((tmp_path / "bundle").read_bytes(), key)
    now_s = answer.out["until_s"] - 1
    ring = Keyring(bundle)
    assert ring.read_untrusted(answer.out["code"].encode(), now_s).product == 1
    with pytest.raises(BadCode, match="replaced by a newer one"):
        ring.read_untrusted(answer.out["code"].encode(), now_s + 120)
    assert (tmp_path / "bundle").stat().st_mode & 0o077 == 0, "it holds the holders' secrets"


def test_what_does_not_rotate_says_so(run: Run, tmp_path: Path) -> None:
    (code,) = issue(run, tmp_path / "codes")
    answer = run("ticket", "rotate", code)
    assert answer.code == 1 and "counts as it is" in answer.err
    answer = run("ticket", "rotate", "open-air:" + "ab" * 8)
    assert answer.code == 65 and "the code itself" in answer.err
