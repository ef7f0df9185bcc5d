"""issuer add-pretix with the keys and codes of the field cases."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import msgspec
import pytest

from crypto.bundle import Bundle, read_untrusted
from crypto.claim import show_identity
from crypto.keys import SigningKey, VerifyKey
from tests.central.commands.conftest import Run
from tests.central.gate import told_at

KEY = SigningKey(b"p" * 32).public.hex()


def add(run: Run, *more: str, name: str = "shop", key: str = KEY) -> object:
    return run("issuer", "add-pretix", "--name", name, "--key", key, *more)


def test_a_shop_reaches_the_bundle(run: Run) -> None:
    answer = add(run, "--row", "item=5,product=Day", "--row", "item=5,variation=2,subevent=9,"
                 "product=1,performance=Saturday")  # fmt: skip
    assert answer.code == 0, answer.err
    shop = run("bundle", "show").out["foreign_issuers"][0]
    assert (shop["name"], shop["keys"]) == ("shop", [KEY])
    assert [
        (row["item"], row["variation"], row["subevent"], row["product"], row["performance"])
        for row in shop["rows"]
    ] == [(5, None, None, 1, 0), (5, 2, 9, 1, 1)]
    assert [one["issuer"] for one in run("issuer", "list").out["issuers"]] == ["open-air", "shop"]


def test_defaults_fill_the_rows_and_keys_come_from_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    row = ("--row", "item=5", "--product", "Day", "--performance", "1")
    assert add(run, *row, key=f"@{tmp_path}/key").code == 0
    assert run("issuer", "list").out["issuers"][1]["rows"][0]["performance"] == 1


@pytest.mark.parametrize(
    ("row", "code", "said"),
    [
        ("product=1", 2, "item=… is missing"),
        ("item=5", 2, "product=… is missing"),
        ("item=x,product=1", 2, "no number"),
        ("item=5,colour=red", 2, "is not one of"),
        ("item=5,item=6,product=1", 2, "is not one of"),
        ("item=5,product=Nothing", 1, "central product add"),
        ("item=5,product=1,performance=Nothing", 1, "central performance add"),
        ("item=99999999999999999999,product=1", 2, "no number"),
    ],
)
def test_rows_that_mean_nothing(run: Run, row: str, code: int, said: str) -> None:
    answer = add(run, "--row", row)
    assert answer.code == code and said in answer.err
    assert run("bundle", "show").out["foreign_issuers"] == []


def test_without_a_row_its_codes_would_be_of_nothing(run: Run) -> None:
    answer = add(run)
    assert answer.code == 2 and "--row" in answer.err


def test_names_and_keys_exist_once(run: Run) -> None:
    row = ("--row", "item=5,product=1")
    assert add(run, *row).code == 0
    assert "exists" in add(run, *row, key=SigningKey(b"q" * 32).public.hex()).err
    assert "recorded already" in add(run, *row, name="other").err
    assert "two rows" in add(
        run, *row, *row, name="third", key=SigningKey(b"r" * 32).public.hex()
    ).err  # fmt: skip
    assert "a-z" in add(run, *row, name="No Good", key=SigningKey(b"s" * 32).public.hex()).err


@pytest.mark.parametrize("key", ["zz", "", "@/no/such/file", "-----BEGIN NOTHING-----"])
def test_what_is_no_key(run: Run, key: str) -> None:
    answer = add(run, "--row", "item=5,product=1", key=key)
    assert answer.code in (1, 2, 66) and "key" in answer.err


def test_a_pretix_code_can_be_blocked(run: Run, tmp_path: Path) -> None:
    vectors = Path(__file__).parents[2] / "vectors" / "pretix-sig1.json"
    case = msgspec.json.decode(vectors.read_bytes())
    code, other = (case["tickets"][n]["secret"] for n in (0, 1))
    assert add(run, "--row", "item=1,product=Day", key=case["public_key_hex"]).code == 0
    run("gate", "add", "North")
    blob = base64.b64decode(code[::-1])
    payload = blob[5 : 5 + int.from_bytes(blob[1:3], "big")]
    identity = b"shop:" + hashlib.blake2b(payload, digest_size=32).digest()
    # some codes begin with '=', none with '-': they are words of a command line as they are
    answer = run("ticket", "block", code)
    assert answer.code == 0, answer.err
    assert answer.out["tickets"] == [show_identity(identity)]
    bundle = published(run, tmp_path)
    assert bundle.blocked == [identity]
    assert (told_at(bundle, code), told_at(bundle, other)) == ("blocked", "admitted")
    run("ticket", "unblock", show_identity(identity))
    assert told_at(published(run, tmp_path), code) == "admitted"


def published(run: Run, folder: Path) -> Bundle:
    """The newest bundle from the bytes that gateways get."""
    assert run("bundle", "show", "--out", str(folder / "bundle")).code == 0
    key = SigningKey(bytes.fromhex((folder / "central/keys/bundle.key").read_text()))
    return read_untrusted((folder / "bundle").read_bytes(), VerifyKey(key.public))
