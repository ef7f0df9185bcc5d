"""What the documents name is there: files, folders and commands with their options."""

from __future__ import annotations

import ast
import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

import benchmarks.__main__
import central.cli
import edge.__main__
import edge.cli
import edge.demo.cli
import tests.sim.__main__

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "benchmarks" / "README.md"]
EVERY = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
#: Names of files that a gateway writes, and of files that people would write.
NOT_OURS = {"guests.list", "lists.delta", "device.key", "trust.json", "uv.lock"}
FOLDERS = [
    "crypto",
    "config",
    "drivers",
    "edge",
    "central",
    "tests",
    "benchmarks",
    "systemd",
    "docs",
    "requirements",
]
FILE = re.compile(r"[\w.-]+\.(?:py|toml|md|sql|txt|in|service|conf|js|png|html|css)\Z")
#: A shell would end the command here.
END = re.compile(r"\s(?:#|\||>|<|&|;)|[;)]|\s*$|, ")


def quoted(text: str) -> list[str]:
    """What stands in back-ticks, on one line."""
    return re.findall(r"`([^`\n]+)`", text)


@cache
def names() -> set[str]:
    """Every file of ours by its name, and every folder."""
    found = {path.name for path in ROOT.iterdir()}
    for folder in FOLDERS:
        for _, folders, files in os.walk(ROOT / folder):
            found.update(folders, files)
    return found


def is_there(name: str) -> bool:
    """Whether a name of a document is a path of ours, or a file by that name is somewhere."""
    if name.split("/")[0] in FOLDERS:
        return any(ROOT.glob(name.rstrip("/"))) if "*" in name else (ROOT / name).exists()
    return name in names()


def named_paths(text: str) -> Iterator[str]:
    for word in quoted(text):
        if re.search(r"[<>{} ]|NNNN", word) or word in NOT_OURS:
            continue
        if FILE.match(word) or (word.split("/")[0] in FOLDERS and "/" in word):
            yield word
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if not target.startswith("http"):
            yield target


@EVERY
def test_every_file_that_a_document_names_exists(document: Path) -> None:
    named = set(named_paths(document.read_text()))
    missing = [n for n in named if not is_there(n) and not (document.parent / n).exists()]
    assert sorted(missing) == []


def commands(text: str) -> Iterator[list[str]]:
    """Each `./gatehouse …` of a document, as words, without what a shell adds."""
    joined = re.sub(r"\\\n\s*", " ", text)
    for line in joined.splitlines():
        for found in re.finditer(r"\./gatehouse ([^`]*)", line):
            yield from words_of(found[1])
    for word in quoted(text):
        if re.match(r"(edge|central|bench|sim) [a-z-]", word) and "|" not in word:
            yield from words_of(word)


def words_of(said: str) -> Iterator[list[str]]:
    words = shlex.split(END.split(said, maxsplit=1)[0].replace("'", "").replace('"', ""))
    if words:
        yield words


def commands_of_texts() -> Iterator[list[str]]:
    """Commands that examples, units and our own errors tell people to run."""
    for folder in FOLDERS[:5]:
        for path in (ROOT / folder).rglob("*.py"):
            told = path.read_text()
            if "gatehouse " not in told:
                continue
            for found in re.finditer(r"gatehouse ((?:edge|central) [a-z][^`\"'\n]*)", told):
                yield from words_of(found[1])
    for path in [*(ROOT / "config").glob("*.toml"), *(ROOT / "systemd").iterdir()]:
        for found in re.finditer(r"gatehouse[ -]((?:edge|central) [a-z].*)", path.read_text()):
            yield from words_of(re.split(r" {2,}|`", found[1])[0])


Help = pytest.CaptureFixture[str]


def plain_help(main: Callable[[list[str]], object], capsys: Help, *words: str) -> str:
    """The help of an argparse program; it exits by itself."""
    try:
        main([*words, "--help"])
    except SystemExit as ended:
        assert ended.code == 0
    return capsys.readouterr().out


def help_of(words: list[str], capsys: Help) -> str:
    """What `--help` says of the command that `words` begin with. Fails where there is none."""
    room, *rest = words
    match room:
        case "demo":
            return plain_help(edge.demo.cli.main, capsys)
        case "sim":
            return plain_help(tests.sim.__main__.main, capsys)
        case "bench":
            text = plain_help(benchmarks.__main__.main, capsys)
            assert not rest or rest[0] in text, f"there is no benchmark {rest[0]}"
            return text
        case "test":
            return (ROOT / "tests" / "conftest.py").read_text() + " -x -k -q"
        case "edge" | "central":
            if rest[:1] == ["run"] and room == "edge":
                return plain_help(edge.__main__.run_daemon, capsys)
    apps = {
        "edge": (edge.cli.app, edge.cli.run_tool),
        "central": (central.cli.app, central.cli.run_command),
    }
    assert room in apps, f"./gatehouse knows no word {room!r}"
    app, run = apps[room]
    named: list[str] = []
    for word in rest:
        if word not in app or word.startswith("-"):
            break
        app, named = app[word], [*named, word]
    takes_more = app.default_command is not None
    assert takes_more or len(named) == len(rest), f"there is no command {' '.join(words)}"
    assert run([*named, "--help"]) == 0
    return capsys.readouterr().out


#: Of each command its help, which takes a tenth of a second to make.
SEEN: dict[tuple[str, ...], str] = {}


def check(told: Iterable[list[str]], capsys: Help) -> None:
    """Every command is there, and has each option that is used with it."""
    for words in told:
        bare = tuple(word for word in words if not word.startswith("-"))
        text = SEEN[bare] = SEEN.get(bare) or help_of(list(bare), capsys)
        for option in (word.split("=")[0] for word in words if word.startswith("-")):
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", text), f"{option} of {words}"


@EVERY
def test_every_command_that_a_document_names_exists(document: Path, capsys: Help) -> None:
    check(commands(document.read_text()), capsys)


def test_every_command_that_an_error_or_an_example_names_exists(capsys: Help) -> None:
    told = list(commands_of_texts())
    assert ["edge", "ledger", "repair", "DIR"] in told
    assert ["central", "cashless", "set", "FILE"] in told
    check(told, capsys)


def packages() -> list[Path]:
    found = [path for folder in FOLDERS[:5] for path in (ROOT / folder).rglob("__init__.py")]
    return sorted(path.parent for path in found)


def test_the_map_of_a_package_names_all_its_rooms_and_no_other() -> None:
    wrong = []
    for package in packages():
        told = ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""
        rooms = {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}
        rooms |= {path.parent.name for path in package.glob("*/__init__.py")}
        shown = package.relative_to(ROOT)
        for room in sorted(rooms):
            if not re.search(rf"(?<![a-z_]){room}(?![a-z_])", told):
                wrong.append(f"{shown}/__init__.py says nothing of {room}")
        for name in re.findall(r"`(?:[a-z_*]+/)*(\w+\.py)`", told):
            if not is_there(name):
                wrong.append(f"{shown}/__init__.py names {name}, which is not there")
    assert wrong == []


def test_a_mistake_in_a_document_is_seen(capsys: Help) -> None:
    assert not is_there("edge/core/walet.py") and not is_there("walet.py")
    assert is_there("edge/core/wallet.py") and is_there("wallet.py") and is_there("tests/sim")
    text = "`./gatehouse edge ledger verify DIR` and\n\n    ./gatehouse demo --headless  # runs"
    assert list(commands(text)) == [["edge", "ledger", "verify", "DIR"], ["demo", "--headless"]]
    for words in (["edge", "leger"], ["central", "walet", "list"], ["edge", "ledger", "verfy"]):
        with pytest.raises(AssertionError):
            check([words], capsys)
    with pytest.raises(AssertionError, match="--lmit of"):
        check([["edge", "ledger", "show", "DIR", "--lmit"]], capsys)
