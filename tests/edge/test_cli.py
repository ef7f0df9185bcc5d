"""The command line: help everywhere, one line for every mistake, and a daemon that starts fast."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from edge import cli
from edge.__main__ import run_command
from edge.commands import errors
from tests.edge.commands.calling import edge, environment

COMMANDS = [
    [],
    ["ticket"],
    ["ticket", "verify"],
    ["init"],
    ["ledger"],
    ["ledger", "verify"],
    ["ledger", "show"],
    ["ledger", "repair"],
    ["ledger", "set-aside"],
    ["config"],
    ["config", "check"],
    ["config", "schema"],
    ["config", "example"],
    ["scenario"],
    ["scenario", "run"],
    ["scenario", "check"],
    ["receipt"],
    ["receipt", "render"],
    ["receipt", "example"],
    ["run"],
    ["status"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_that_names_its_exit_codes(words: list[str]) -> None:
    said = edge(*words, "--help")
    assert (said.code, said.err) == (0, "")
    assert "Exit codes: 0" in said.out
    assert "78" in said.out
    # Neither opposites that nobody asked for, nor that nothing is nothing.
    assert not re.search(r"--no-|--empty-|default: (\(\)|\"\"|False)", said.out)


def test_a_program_without_its_packages_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "cyclopts", None)
    monkeypatch.delitem(sys.modules, "edge.cli")
    assert run_command(["status"]) == errors.UNAVAILABLE
    said = capsys.readouterr().err
    assert said.startswith("gatehouse-edge: cyclopts is not installed; install gatehouse[edge]")


def test_the_help_names_every_exit_code_there_is() -> None:
    codes = {value for name, value in vars(errors).items() if name.isupper()}
    assert all(f" {code} " in f" {cli.EXIT_CODES} " for code in codes)
    assert len(codes) == 10


def test_commands_that_are_imported_late_explain_themselves_as_all_others_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run_tool(["ledger"]) == 0
    listed = capsys.readouterr().out
    assert "Keep a damaged ledger" in listed and "Check every block" in listed
    assert cli.run_tool(["ledger", "set-aside", "--help"]) == 0
    assert "Nothing is deleted" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "words",
    [
        ["nosuch"], ["ticket", "nosuch"], ["ledger", "nosuch"], ["init"], ["run"], ["status"],
        ["run", "--nosuch"], ["config", "check"], ["--nosuch"], ["ticket", "verify", "--keys"],
        ["run", "--config", "a", "--ready-fd", "x"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_mistake_is_told_and_ends_with_2(words: list[str]) -> None:
    said = edge(*words)
    assert (said.code, said.out) == (errors.USAGE, "")
    assert said.err.splitlines()[-1].startswith("gatehouse-edge")


def test_no_words_show_the_commands() -> None:
    said = edge()
    assert said.code == errors.USAGE
    assert "ticket" in said.out


@pytest.mark.parametrize("words", [["run", "{}"], ["run", "--config", "{}"]], ids=" ".join)
def test_run_refuses_a_broken_configuration_with_every_fault(
    words: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text("name = 5\ncolour = 'green'\n")
    said = edge(*(word.format(file) for word in words))
    assert (said.code, said.out) == (78, "")
    assert "name: 5 is not a text" in said.err
    assert "colour: is unknown" in said.err
    assert "lanes: is missing" in said.err


IMPORTED = """
import sys
from edge.__main__ import run_command
try:
    code = run_command(sys.argv[1:])
except SystemExit as ended:
    code = ended.code
heavy = [n for n in ("cyclopts", "rich", "trio", "hypercorn", "starlette") if n in sys.modules]
print(code, *heavy)
"""


@pytest.mark.parametrize(
    ("words", "heavy"),
    [(["run", "--config", "/nonexistent"], "78"), (["config", "schema"], "0 cyclopts rich")],
    ids=["run", "a tool"],
)
def test_run_imports_nothing_that_draws(words: list[str], heavy: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *words],
        capture_output=True, text=True, timeout=60, env=environment(), check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] in (heavy, heavy.removesuffix(" rich"))


def test_an_interrupted_command_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("edge.commands.config.schema", interrupted)
    assert cli.run_tool(["config", "schema"]) == errors.INTERRUPTED
