"""The command line as a whole: exit codes, one line per error."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from central import cli
from central.__main__ import main
from central.commands.errors import CommandFailed

ROOT = Path(__file__).resolve().parents[2]
NOUNS = ("config", "gateway", "bundle", "admissions", "product", "performance", "gate", "ticket")


def test_no_word_prints_the_help_and_is_a_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run_command([]) == 2
    said = capsys.readouterr().out
    assert all(word in said for word in (*NOUNS, "issuer", "init", "serve", "migrate", "redrive"))
    assert "78 the configuration is invalid" in " ".join(said.split())


def test_a_program_without_its_packages_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "cyclopts", None)
    monkeypatch.delitem(sys.modules, "central.cli")
    with pytest.raises(SystemExit, match="69"):
        main()
    said = capsys.readouterr().err
    assert said.startswith("gatehouse-central: cyclopts is not installed; install gatehouse[cent")


def test_each_noun_says_what_it_is_about_before_its_file_is_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cli.run_command([])
    said = " ".join(capsys.readouterr().out.split())
    for noun, (_, text) in cli._LATER.items():
        assert f"│ {noun} {text} │" in said, noun


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "nonsense"),
        (["gateway", "approve"], "REQUEST"),
        (["serve", "--ready-fd", "x"], "--ready-fd"),
        (["bundle", "show", "--version", "x"], "--version"),
        (["config", "check"], "FILE"),
        (["gateway", "list", "a"], "more than the command takes: a"),
    ],
)
def test_wrong_words_are_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run_command(words) == 2
    told = capsys.readouterr()
    assert told.out == "" and len(told.err.splitlines()) == 1
    assert told.err.startswith("gatehouse-central: ") and said in told.err


@pytest.mark.parametrize(
    ("error", "code"),
    [(CommandFailed("no", 73), 73), (CommandFailed("no"), 1), (KeyboardInterrupt(), 130)],
)
def test_what_a_command_raises_is_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, tmp_path: Path
) -> None:
    async def fails(*_: object) -> int:
        raise error

    monkeypatch.setattr("central.commands.bundles.publish", fails)
    assert cli.run_command(["bundle", "publish", "--config", str(tmp_path)]) == code


def test_every_fault_of_the_configuration_is_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "central.toml"
    file.write_text('tenant = 7\nunknown = 1\n[listen]\nops = "0.0.0.0:80"\n')
    assert cli.run_command(["gateway", "list", "--config", str(file)]) == 78
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) >= 3 and all(line.startswith("gatehouse-central: ") for line in lines)


def test_the_example_and_the_schema_are_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run_command(["config", "schema"]) == 0
    said = capsys.readouterr().out
    assert json.loads(said) and '"data_dir"' in said
    assert cli.run_command(["config", "example"]) == 0
    assert "[database]" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["example"], ["check", "config/central.example.toml"]])
def test_a_reader_that_has_gone_is_said_by_the_exit_code_alone(words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "central", "config", *words],
        cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, timeout=60,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (74, b"")


def test_entropy_and_clock_are_the_systems() -> None:
    first, second = cli.BORDER.entropy(32), cli.BORDER.entropy(32)
    assert len(first) == 32 and first != second
    assert cli.BORDER.now_ms() > 1_700_000_000_000


def test_the_loop_is_uvloop_and_asyncio_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def loop_module() -> int:
        return len(type(asyncio.get_running_loop()).__module__.split(".")[0])

    assert cli.run_loop(loop_module()) == len("uvloop")
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert cli.run_loop(loop_module()) == len("asyncio")
