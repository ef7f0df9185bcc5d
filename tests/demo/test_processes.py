"""Children die with us, also when we are killed; and what goes wrong with one is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from edge.demo.processes import MARK, ROOT, DemoFailed, Processes, environment, shown
from tests.demo import demo_runs

#: Stands for a daemon: says that it is ready, and stays.
DAEMON = """\
import os, sys, time
fd = int(sys.argv[sys.argv.index("--ready-fd") + 1])
os.write(fd, b'{"port": 7}\\n'); os.close(fd)
time.sleep(600)
"""
ECHO = """\
import sys
for line in sys.stdin:
    sys.stdout.write(line); sys.stdout.flush()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A demo's folder whose modules can be run like ours."""
    (tmp_path / "daemon_of_the_test.py").write_text(DAEMON)
    (tmp_path / "echo_of_the_test.py").write_text(ECHO)
    (tmp_path / "failing.py").write_text(
        "import sys; print('it rains', file=sys.stderr); sys.exit(3)"
    )
    (tmp_path / "printing.py").write_text("print('{\"a\": 1}')")
    monkeypatch.setattr("edge.demo.processes.ROOT", tmp_path)
    return tmp_path


@pytest.mark.trio
async def test_a_daemon_says_that_it_is_ready_and_stops_when_asked(folder: Path) -> None:
    processes = Processes(folder)
    child, ready = await processes.start_ready("daemon", ["daemon_of_the_test"])
    assert ready == {"port": 7}
    assert child.running
    assert await child.stop() == -signal.SIGTERM
    assert not child.running


@pytest.mark.trio
async def test_a_daemon_that_ends_before_it_is_ready_is_reported_with_its_last_words(
    folder: Path,
) -> None:
    with pytest.raises(DemoFailed, match=r"rain did not become ready \(exit 3\): it rains \(log: "):
        await Processes(folder).start_ready("rain", ["failing"])


@pytest.mark.trio
async def test_lines_go_in_and_come_out(folder: Path) -> None:
    child = Processes(folder).start("echo", ["echo_of_the_test"], talks=True)
    async with trio.open_nursery() as nursery:
        for number in range(50):  # at once: none may be torn by another
            nursery.start_soon(child.tell, {"n": number, "long": "x" * 5000})
        told = [await child.line() for _ in range(50)]
    assert sorted(line["n"] for line in told if line) == list(range(50))
    child.kill()
    assert await child.line() is None
    assert await child.wait() == -signal.SIGKILL
    await child.tell({"to": "nobody"})


@pytest.mark.trio
async def test_a_command_gives_its_output_and_its_failure_is_one_sentence(folder: Path) -> None:
    processes = Processes(folder)
    assert await processes.command(["printing"]) == b'{"a": 1}\n'
    with pytest.raises(DemoFailed, match=r"^`gatehouse failing` failed \(exit 3\): it rains$"):
        await processes.command(["failing"])
    assert await processes.command(["failing"], ok=(3,)) == b""
    assert processes.children == []


@pytest.mark.trio
async def test_nothing_is_left_when_all_are_killed(folder: Path) -> None:
    processes = Processes(folder)
    for number in range(3):
        processes.start(f"echo-{number}", ["echo_of_the_test"], talks=True)
    assert len(demo_runs.left_over(folder)) == 3
    processes.kill_all()
    assert demo_runs.gone(folder) == []


PARENT = """\
import sys, time, trio
from pathlib import Path
from edge.demo import processes
sys.path.insert(0, sys.argv[1])
async def main():
    processes.ROOT = Path(sys.argv[1])
    made = processes.Processes(Path(sys.argv[1]))
    await made.start_ready("daemon", ["daemon_of_the_test"])
    made.start("echo", ["echo_of_the_test"], talks=True)
    print("both", flush=True)
    await trio.sleep(600)
trio.run(main)
"""


def test_children_die_with_a_parent_that_is_killed(folder: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(demo_runs.ROOT)}, cwd="/",
    )  # fmt: skip
    assert parent.stdout is not None
    assert parent.stdout.readline() == "both\n"
    assert len(demo_runs.left_over(folder)) >= 2
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert demo_runs.gone(folder) == []


def test_children_see_our_imports_and_nothing_that_configures_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GATEHOUSE__LOG__LEVEL", "PGHOST", "PYTHONOPTIMIZE", "NOTIFY_SOCKET"):
        monkeypatch.setenv(name, "1")
    seen = environment(tmp_path)
    assert not {"GATEHOUSE__LOG__LEVEL", "PGHOST", "PYTHONOPTIMIZE", "NOTIFY_SOCKET"} & set(seen)
    assert seen["PYTHONPATH"] == str(ROOT)
    assert seen[MARK] == str(tmp_path)


def test_commands_are_shown_as_people_type_them() -> None:
    assert shown(["central", "init", "--config", "x"]) == "gatehouse central init --config x"
    assert shown(["/usr/bin/psql", "--command", "SELECT 1"]) == "/usr/bin/psql"
