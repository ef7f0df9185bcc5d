"""The words of the command; Ctrl-C; and a demo that is killed."""

from __future__ import annotations

import argparse
import os
import runpy
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import trio

from edge.demo import cli
from edge.demo.processes import DemoFailed
from tests.demo import demo_runs

ROOT = Path(__file__).parents[2]
RUN = ("--headless", "--guests", "200", "--seconds", "9")


@pytest.fixture
def place() -> Iterator[Path]:
    """Where the demo makes its folder; PostgreSQL's account may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-test-"))
    folder.chmod(0o755)
    yield folder
    demo_runs.remove(folder)


class Interrupted(ModuleType):
    """A module in the midst of whose reading Ctrl-C was pressed."""

    def __getattr__(self, name: str) -> object:
        raise KeyboardInterrupt


@pytest.mark.parametrize("package", ["edge.demo", "central"])
def test_ctrl_c_while_the_code_is_read_leaves_no_trace(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, f"{package}.cli", Interrupted("cli"))
    with pytest.raises(SystemExit, match="130"):
        runpy.run_path(str(ROOT / package.replace(".", "/") / "__main__.py"), run_name="__main__")


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("demo")
@pytest.mark.parametrize("when", ["Tickets are sold", "The centre is stopped"])
def test_ctrl_c_leaves_no_process_and_no_folder(place: Path, when: str) -> None:
    demo = demo_runs.start(place, *RUN)
    assert demo.stderr is not None
    try:
        for line in demo.stderr:
            if when in line:
                break
        assert demo_runs.left_over(place), "there was something to leave"
        demo.send_signal(signal.SIGINT)
        _, err = demo.communicate(timeout=120)
    finally:
        demo.kill()
    assert demo.returncode == 130
    assert "closing; once more to end at once" in err
    assert "Traceback" not in err
    assert demo_runs.gone(place) == []
    assert list(place.iterdir()) == []


@pytest.mark.timeout(300)
@pytest.mark.xdist_group("demo")
def test_a_killed_demo_takes_its_processes_with_it(place: Path) -> None:
    demo = demo_runs.start(place, *RUN)
    assert demo.stderr is not None
    try:
        for line in demo.stderr:
            if "Doors open" in line:
                break
        assert len(demo_runs.left_over(place)) >= 5
    finally:
        demo.kill()
        demo.communicate(timeout=60)
    assert demo_runs.gone(place) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--guests", "0"], "'0' is not a number from 1 to 20000"),
        (["--guests", "many"], "'many' is not a number from 1 to 20000"),
        (["--seconds", "1"], "'1' is not a time from 2 to 3600 seconds"),
        (["--seconds", "nan"], "'nan' is not a time from 2 to 3600 seconds"),
        (["--gateways", "4"], "'4' is not a number from 1 to 3"),
        (["--seed", "-1"], "argument --seed"),
        (["--gusts", "3"], "unrecognized arguments: --gusts 3"),
    ],
)
def test_wrong_words_are_told_and_nothing_is_started(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_check_wants_the_folder_of_a_demo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--check", str(tmp_path)]) == 2
    assert "is not the folder of a demo" in capsys.readouterr().err


async def fails(*_: object) -> int:
    async with trio.open_nursery():
        raise DemoFailed("the centre did not become ready: no disk")


async def breaks(*_: object) -> int:
    raise ZeroDivisionError


def test_a_venue_that_cannot_be_set_up_keeps_its_folder_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(cli, "_play", fails)
    assert cli.main(["--headless"]) == 69
    (folder,) = tmp_path.iterdir()
    said = capsys.readouterr().err
    assert "gatehouse demo: the centre did not become ready: no disk" in said
    assert f"The folder is kept: {folder}" in said


def test_our_own_mistake_is_not_hidden_and_keeps_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(cli, "_play", breaks)
    with pytest.raises(BaseExceptionGroup):
        cli.main(["--headless"])
    assert f"The folder is kept: {next(tmp_path.iterdir())}" in capsys.readouterr().err


def test_root_opens_the_folder_for_the_database_and_nobody_else_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []

    async def look(asked: argparse.Namespace, folder: Path, *_: object) -> int:
        modes.append(folder.stat().st_mode & 0o777)
        return 0

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(cli, "_play", look)
    for uid in (0, 1000):
        monkeypatch.setattr(os, "geteuid", lambda uid=uid: uid)
        assert cli.main(["--headless"]) == 0
    assert modes == [0o711, 0o700]
    assert list(tmp_path.iterdir()) == []


def test_a_demo_without_nfcpy_says_where_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = cli.parser().parse_args(["--reader", "nfcpy"])
    monkeypatch.setattr(cli, "nfc_python", lambda: "")
    with pytest.raises(DemoFailed, match="GATEHOUSE_NFC_PYTHON"):
        cli._python(asked)
    monkeypatch.setattr(cli, "nfc_python", lambda: "/nfcpy")
    assert cli._python(asked) == "/nfcpy"
    for words in (["--reader", "nfcpy", "--no-bar"], ["--reader", "emulated"]):
        assert cli._python(cli.parser().parse_args(words)) == ""
