"""`ticket verify`: every line is answered, none is repeated, and nothing runs out of bounds."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto import bundle, ticket, trust
from crypto.claim import Keyring
from edge.commands.errors import BAD_DATA, NO_INPUT, USAGE
from edge.commands.ticket import CHUNK_BYTES, LINE_BYTES_MAX, answer, read_lines
from tests.crypto import pretix_codes, samples
from tests.edge.commands.calling import Said, edge, environment

CASES = samples.load("pretix-sig1.json")
SETTING = CASES["public_key_setting_b64pem"]
PEM = base64.b64decode(SETTING).decode()
CODE = ticket.issue(samples.make_ticket(), samples.ISSUER_KEY).encode()
PRETIX = CASES["tickets"][3]["secret"].encode()
KEYS = {
    "ok", "scheme", "identity", "product", "item", "variation", "performance", "subevent",
    "valid_from", "valid_until", "persons", "reason", "message",
}  # fmt: skip


def answers(said: Said) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.out.splitlines()]


@pytest.fixture
def bundle_file(tmp_path: Path) -> Path:
    file = tmp_path / "bundle" / "4.bundle"
    file.parent.mkdir()
    file.write_bytes(bundle.sign(samples.make_bundle(), samples.BUNDLE_KEY))
    return file


def test_codes_of_both_schemes(bundle_file: Path) -> None:
    key = samples.BUNDLE_KEY.public.hex()
    lines = b"\r\n".join((CODE, PRETIX, b"HTTPS://T.EXAMPLE/" + CODE))
    said = edge("ticket", "verify", "--keys", bundle_file, "--bundle-key", key, stdin=lines)
    own, foreign, again = answers(said)
    assert (said.code, said.err) == (0, "")
    assert own == again
    assert own == {
        "ok": True, "scheme": "GH1", "identity": "gatehouse:0102030405060708", "product": 3,
        "performance": 7, "valid_from": 1_700_000_000, "valid_until": 1_800_000_000,
        "persons": 2, "reason": None,
    }  # fmt: skip
    identity = foreign.pop("identity")
    assert identity.startswith("shop:")
    assert len(identity) == 5 + 64
    assert foreign == {
        "ok": True, "scheme": "pretix_sig1", "item": 2, "variation": 1, "subevent": 0,
        "valid_from": 1596319200, "valid_until": 1820030400, "persons": 1, "reason": None,
    }  # fmt: skip


def test_every_case_of_pretix() -> None:
    texts = [case["secret"] for case in CASES["tickets"]]
    lines = "\n".join(texts + [case["secret"].strip() for case in CASES["hostile"]])
    said = edge("ticket", "verify", "--pretix-key", SETTING, stdin=lines.encode())
    found = answers(said)
    assert len(found) == len(texts) + len(CASES["hostile"])
    for case, got in zip(CASES["tickets"], found, strict=False):
        for name in ("item", "variation", "subevent", "valid_from", "valid_until"):
            assert got[name] == case[name]
    for case, got in zip(CASES["hostile"], found[len(texts) :], strict=True):
        assert got["ok"] is (case["expect"] == "accept_same_identity")
        if got["ok"]:
            assert got["identity"] == found[0]["identity"]


@pytest.mark.parametrize(
    "spelling", [SETTING, PEM, CASES["public_key_hex"], "@key.pem"], ids=["b64", "PEM", "hex", "@"]
)
def test_a_pretix_key_is_taken_in_every_spelling(spelling: str, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(PEM)
    for words in (["--pretix-key", spelling], [f"--pretix-key={spelling}"]):
        said = edge("ticket", "verify", *words, stdin=PRETIX, cwd=tmp_path)
        assert answers(said)[0]["identity"].startswith("pretix:"), said.err


def test_several_pretix_keys() -> None:
    other = pretix_codes.public(b"\x09" * 32).hex()
    code = pretix_codes.code(b"\x09" * 32, pretix_codes.message("s", item=1))
    words = ["--pretix-key", SETTING, "--pretix-key", other]
    said = edge("ticket", "verify", *words, stdin=PRETIX + b"\n" + code + b"\n")
    assert [each["ok"] for each in answers(said)] == [True, True]


def test_the_trust_file_beside_the_bundle_or_above_says_who_signs(bundle_file: Path) -> None:
    said = edge("ticket", "verify", "--keys", bundle_file, stdin=CODE)
    assert said.code == USAGE
    assert "give --bundle-key KEY, or put trust.json beside it" in said.err
    for folder in (bundle_file.parent.parent, bundle_file.parent):
        (folder / "trust.json").write_bytes(trust.encode_trust(samples.make_trust()))
        said = edge("ticket", "verify", "--keys", bundle_file, stdin=CODE)
        assert answers(said)[0]["ok"] is True
    (bundle_file.parent / "trust.json").write_text("{}")
    said = edge("ticket", "verify", "--keys", bundle_file, stdin=CODE)
    assert (said.code, said.out) == (BAD_DATA, "")
    assert "no trust file" in said.err


def test_keys_written_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    issuers = [{"name": "house", "keys": [samples.ISSUER_KEY.public.hex()]}]
    file.write_text(json.dumps({"issuers": issuers}))
    said = edge(
        "ticket", "verify", "--keys", file, "--pretix-key", SETTING, stdin=CODE + b"\n" + PRETIX
    )
    assert [each["identity"].split(":")[0] for each in answers(said)] == ["house", "pretix"]


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (None, NO_INPUT, "cannot read"),
        (b"", BAD_DATA, "neither a bundle nor JSON of the form"),
        (b"\xff\x00", BAD_DATA, "neither a bundle nor JSON"),
        (b'{"issuers": [{"name": "a:b", "keys": []}]}', BAD_DATA, "without a colon"),
        (b'{"issuers": [{"name": "a", "keys": ["zz"]}]}', BAD_DATA, "issuer a: expected a public"),
        (b"GHU1" + bytes(200), BAD_DATA, "bundle format 0 needs a newer Gatehouse"),
    ],
)
def test_keys_that_cannot_be_used(
    content: bytes | None, code: int, told: str, tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    (tmp_path / "trust.json").write_bytes(trust.encode_trust(samples.make_trust()))
    said = edge("ticket", "verify", "--keys", file, stdin=CODE)
    assert (said.code, said.out) == (code, "")
    assert told in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--pretix-key", "zz"], "--pretix-key: expected a public key"),
        (["--bundle-key", "00" * 32], "give both"),
        (["--pretix-key"], "requires an argument"),
        (["--nonsense"], "--nonsense"),
        (["word"], "word"),
    ],
)
def test_wrong_words(words: list[str], told: str) -> None:
    said = edge("ticket", "verify", *words, stdin=CODE)
    assert (said.code, said.out) == (USAGE, "")
    assert told in said.err
    assert len(said.err.splitlines()) == 1


def test_without_keys_every_line_is_answered_all_the_same() -> None:
    said = edge("ticket", "verify", stdin=CODE + b"\n" + PRETIX + b"\n\n")
    assert said.code == 0
    assert [each["reason"] for each in answers(said)] == ["unknown_key", "invalid", "invalid"]
    assert [each["scheme"] for each in answers(said)] == ["GH1", "pretix_sig1", None]
    assert "every code will be refused" in said.err


@pytest.mark.parametrize(
    ("stdin", "count"),
    [
        (b"", 0), (b"\n", 1), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"\r\n\r\n", 2),
        (b"\x00" * 100 + b"\n\xff\xfe\n\xc3\xa4\n\xe4", 4), (b"x" * 3_000_000, 1),
        (b"x" * 3_000_000 + b"\na\n", 2), ((b"y" * 9000 + b"\n") * 20, 20),
    ],
    ids=lambda value: repr(value[:12]) if isinstance(value, bytes) else "",
)  # fmt: skip
def test_as_many_answers_as_lines(stdin: bytes, count: int) -> None:
    said = edge("ticket", "verify", "--pretix-key", SETTING, stdin=stdin)
    found = answers(said)
    assert (said.code, len(found)) == (0, count)
    for each in found:
        assert each["ok"] is False
        assert set(each) == KEYS


def test_a_line_is_answered_before_the_next_one_is_read() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "ticket", "verify", "--pretix-key", SETTING],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        for text, ok in ((PRETIX, True), (b"no code", False), (b"z" * (LINE_BYTES_MAX + 1), False)):
            process.stdin.write(text if len(text) > LINE_BYTES_MAX else text + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["ok"] is ok
        process.stdin.close()
        assert process.stdout.read() == b""
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_reader_that_goes_away_is_no_crash() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "ticket", "verify", "--pretix-key", SETTING],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate((PRETIX + b"\n") * 2000, timeout=30)
    assert process.returncode == 74
    assert err == b""


def test_an_input_that_cannot_be_read_is_one_line() -> None:
    closed = os.open(os.devnull, os.O_WRONLY)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "edge", "ticket", "verify", "--pretix-key", SETTING],
            stdin=closed, capture_output=True, env=environment(), timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.close(closed)
    assert done.returncode == 74
    assert done.stderr.decode() == "gatehouse-edge: reading codes failed: Bad file descriptor\n"


RING = Keyring(samples.make_bundle())


@given(st.binary(max_size=300))
def test_any_line_has_an_answer(line: bytes) -> None:
    got = json.loads(answer(RING, line, 0))
    assert got["ok"] is False
    assert set(got) == KEYS


def test_no_answer_repeats_the_code() -> None:
    for text in (CODE, CODE[:-1] + b"!", PRETIX, PRETIX[:-1]):
        said = answer(RING, text, 0)
        assert text[20:60] not in said


def chunked(raw: bytes, cuts: list[int]) -> list[bytes | None]:
    """What `read_lines` makes of `raw` when it arrives in pieces."""
    pieces, begun = [], 0
    for cut in sorted(cuts):
        pieces.append(raw[begun:cut])
        begun = cut
    pieces = [each for each in [*pieces, raw[begun:]] if each]
    feed = iter([*pieces, b""])
    return [line for batch in read_lines(lambda _size: next(feed)) for line in batch]


LINES = st.lists(st.sampled_from([b"", b"a", b"bc\r", b"x" * LINE_BYTES_MAX, b"y" * 20_000]))


@given(LINES, st.booleans(), st.lists(st.integers(0, 60_000), max_size=8))
def test_chunking_never_matters(lines: list[bytes], ended: bool, cuts: list[int]) -> None:
    raw = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    expected = [each if len(each) <= LINE_BYTES_MAX else None for each in lines]
    if lines and not ended and not lines[-1]:
        expected.pop()  # nothing stands after the last line end
    assert chunked(raw, [min(cut, len(raw)) for cut in cuts]) == expected


def test_an_endless_line_is_not_kept() -> None:
    sizes = []
    left = [200]

    def read(size: int) -> bytes:
        sizes.append(size)
        left[0] -= 1
        return b"z" * size if left[0] else b""

    assert [line for batch in read_lines(read) for line in batch] == [None]
    assert set(sizes) == {CHUNK_BYTES}
