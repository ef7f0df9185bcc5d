"""cashless set | show | rotate-key, credit-key add | list | revoke, codes make."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from central.commands.cashless import hash_code, spell
from tests.central.commands.conftest import EXAMPLE, Run
from tests.central.commands.test_gateways import approve


def test_prices_are_published_and_the_same_file_changes_nothing(priced: Run) -> None:
    first = priced("cashless", "show").out["cashless"]
    again = priced("cashless", "set", str(EXAMPLE))
    assert again.out["articles"] == 6
    assert priced("cashless", "show").out["cashless"] == first
    assert first["prices"] == 1


def test_no_key_is_shown(priced: Run, tmp_path: Path) -> None:
    shown = priced("cashless", "show").out
    assert shown["debit_keys"] == 1
    secret = (tmp_path / "central" / "keys" / "cashless.json").read_text()
    key = secret.partition('"chip_key":"')[2][:64]
    assert len(key) == 64 and key not in str(shown)
    assert not shown["cashless"].get("chip_key")


def test_a_mistake_in_the_file_changes_nothing(priced: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(EXAMPLE.read_text().replace('price_minor = "5.20"', "price_minor = 5.2"))
    answer = priced("cashless", "set", str(bad))
    assert answer.code == 65
    assert 'write amounts as text, "5.20"' in answer.err
    assert priced("cashless", "show").out["cashless"]["prices"] == 1


def test_before_prices_there_is_a_hint(run: Run, tmp_path: Path) -> None:
    out = str(tmp_path / "codes")
    for words in (
        ("cashless", "show"), ("wallet", "block", "04a1b2c3d4e5f6"),
        ("codes", "make", "--count", "1", "--amount", "5", "--out", out),
    ):  # fmt: skip
        answer = run(*words)
        assert answer.code == 1
        assert "cashless set FILE" in answer.err


def test_a_new_debit_key_has_the_next_version(priced: Run) -> None:
    assert priced("cashless", "rotate-key").out["debit_key_version"] == 2
    assert priced("cashless", "show").out["debit_keys"] == 2


def test_a_top_up_point_has_a_key_until_it_is_revoked(priced: Run, tmp_path: Path) -> None:
    approve(priced, tmp_path)
    public = "ab" * 32
    added = priced("credit-key", "add", "north", public, "--limit", "500.00")
    assert (added.out["index"], added.out["limit_minor"]) == (1, 50000)
    assert "known already" in priced("credit-key", "add", "north", public).err
    assert priced("credit-key", "revoke", "1", "--reason", "stolen").out["revoked"]
    assert "revoked already" in priced("credit-key", "revoke", "1").err
    assert priced("credit-key", "list").out["credit_keys"][0]["revoked"]
    assert "there are: 1" in priced("credit-key", "revoke", "2").err


@pytest.mark.parametrize("public", ["", "zz" * 32, "ab" * 31])
def test_what_is_no_key_is_refused(priced: Run, public: str) -> None:
    answer = priced("credit-key", "add", "north", public)
    assert answer.code == 2 and "edge wallet credit-key new" in answer.err


def test_codes_are_written_once_and_kept_as_hashes(priced: Run, tmp_path: Path) -> None:
    out = tmp_path / "codes.txt"
    answer = priced("codes", "make", "--count", "3", "--amount", "20.00", "--out", str(out))
    assert answer.out["amount_minor"] == 2000
    codes = out.read_text().split()
    assert len(set(codes)) == 3 and all(len(code) == 19 for code in codes)
    assert out.stat().st_mode & 0o077 == 0
    assert priced("cashless", "show").out["codes"] == 3
    again = priced("codes", "make", "--count", "1", "--amount", "5", "--out", str(out))
    assert again.code == 73 and "the codes in it would be gone" in again.err
    assert out.read_text().split() == codes
    words = ("codes", "make", "--count", "1", "--amount", "5", "--out", str(out), "--force")
    assert priced(*words).code == 0 and len(out.read_text().split()) == 1


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--count", "0", "--amount", "1"), "--count must be"),
        (("--count", "1", "--amount", "0"), "--amount must be more"),
        (("--count", "1", "--amount", "1,5"), "is no amount"),
    ],
)
def test_bad_orders_for_codes(
    priced: Run, tmp_path: Path, more: tuple[str, ...], told: str
) -> None:
    answer = priced("codes", "make", *more, "--out", str(tmp_path / "codes"))
    assert answer.code == 2 and told in answer.err
    assert not (tmp_path / "codes").exists()


def test_a_code_is_known_however_it_is_typed() -> None:
    assert spell(bytes(10)) == "0000-0000-0000-0000"
    assert spell(b"\xff" * 10) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
    code = spell(bytes(range(10)))
    assert hash_code(code.lower().replace("-", " ")) == hash_code(code)
    plain = code.replace("-", "").encode()
    assert hash_code(code) == hashlib.sha256(plain).digest()[:16]
