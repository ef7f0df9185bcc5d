"""./gatehouse: old Pythons are told, the environment is built once, words and exit codes pass.

The launcher is copied into a checkout of its own whose only requirement is a wheel made here, so
that no test needs a network. Each environment is a real one (venv and pip).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

# The environment that most of them start from is built once, by one worker.
pytestmark = pytest.mark.xdist_group("launcher")
ROOT = Path(__file__).parents[1]
OLD_PYTHONS = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10")
ECHO = """import json, os, sys
json.dump({"argv": sys.argv[1:], "cwd": os.getcwd(), "optimize": sys.flags.optimize,
           "forgets": sys.dont_write_bytecode, "module": __spec__.name, "file": __file__},
          sys.stdout)
sys.exit(int(os.environ.get("EXIT", "0")))
"""


def make_wheel(folder: Path, name: str) -> str:
    """A wheel with one empty module; returns its hash-pinned requirements line."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Checkout:
    """A checkout with the real launcher, echoing modules and wheels from a folder."""

    def __init__(self, folder: Path) -> None:
        self.home, self.wheels = folder / "checkout", folder / "wheels"
        self.wheels.mkdir()
        for name in ("edge", "central", "benchmarks", "pytest"):
            (self.home / name).mkdir(parents=True)
            (self.home / name / "__init__.py").write_text("")
            (self.home / name / "__main__.py").write_text(ECHO)
        (self.home / "edge" / "demo.py").write_text(ECHO)
        (self.home / "tests").mkdir()
        (self.home / "tests" / "sim.py").write_text(ECHO)
        (self.home / "requirements").mkdir()
        shutil.copy(ROOT / "gatehouse", self.home / "gatehouse")
        shutil.copy(ROOT / "pyproject.toml", self.home / "pyproject.toml")
        self.run_pin = make_wheel(self.wheels, "wheel_for_run")
        self.test_pin = make_wheel(self.wheels, "wheel_for_test")
        self.pin("run", self.run_pin)
        self.pin("test", self.run_pin + self.test_pin)

    def pin(self, level: str, text: str) -> None:
        (self.home / "requirements" / f"{level}.txt").write_text(text)

    def environ(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "GATEHOUSE_"))}
        return kept | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)} | more

    def start(
        self, *words: str, python: str = sys.executable, cwd: Path | None = None, **more: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, str(self.home / "gatehouse"), *words],
            env=self.environ(**more),
            cwd=cwd or self.home.parent,
            capture_output=True,
            text=True,
            timeout=100,
        )

    @property
    def stamp(self) -> Path:
        return self.home / ".venv" / "gatehouse-stamp.json"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """One whose environment is there already; tests must not change its pins."""
    checkout = Checkout(tmp_path_factory.mktemp("built"))
    done = checkout.start("test")
    assert done.returncode == 0, done.stderr
    return checkout


@pytest.fixture
def older(checkout: Checkout, built: Checkout) -> Checkout:
    """One whose environment is of other pins: the next start installs into it, as it is there."""
    venv = checkout.home / ".venv"
    shutil.copytree(built.home / ".venv", venv, symlinks=True)
    for path in venv.glob("lib/*/site-packages/wheel_for_*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    python = json.loads(checkout.stamp.read_text())["python"]
    checkout.stamp.write_text(json.dumps({"python": python, "run": "others"}))
    return checkout


def old_python(version: str) -> str | None:
    """An old Python that really runs; a version manager's stand-in on PATH may not."""
    folders = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin"))
    for name in [*(str(f / f"python{version}") for f in folders), f"python{version}"]:
        found = shutil.which(name)
        if found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0:
            return found
    return None


@pytest.mark.parametrize("version", OLD_PYTHONS)
def test_an_old_python_says_what_is_needed_and_how_in_one_line(
    checkout: Checkout, version: str
) -> None:
    python = old_python(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    done = checkout.start("demo", python=python, PATH="/nonexistent")
    assert done.returncode == 69
    assert re.fullmatch(
        rf"gatehouse: Gatehouse needs Python 3\.11 or newer, found {re.escape(version)}\.\d+; "
        r"run it with e\.g\. python3\.11 \./gatehouse .*\n",
        done.stderr,
    )


def test_an_old_python_hands_over_to_a_newer_one_on_the_path(
    checkout: Checkout, tmp_path: Path
) -> None:
    python = next(filter(None, map(old_python, OLD_PYTHONS)), None)
    if python is None:
        pytest.skip("no old Python here")
    broken, good = tmp_path / "broken", tmp_path / "good"
    broken.mkdir()
    good.mkdir()
    (broken / "python3.13").write_text(
        "#!/bin/sh\necho 'python3.13: command not found' >&2\nexit 127\n"
    )
    (broken / "python3.13").chmod(0o755)
    (good / "python3.11").symlink_to(sys.executable)
    done = checkout.start("--version", python=python, PATH=f"{broken}:{good}:/usr/bin:/bin")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"gatehouse 0.1.0 (Python {sys.version.split()[0]})\n"


def test_help_and_mistakes_build_nothing(checkout: Checkout) -> None:
    shown = checkout.start("--help")
    assert shown.returncode == 0
    for word in ("demo", "test", "edge", "central", "bench", "sim"):
        assert f"./gatehouse {word} " in shown.stdout
    assert checkout.start().returncode == 2
    wrong = checkout.start("demmo")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "unknown command 'demmo'; there are: bench, central, demo" in wrong.stderr
    assert not (checkout.home / ".venv").exists()


@pytest.mark.parametrize(
    ("word", "module"),
    [
        ("edge", "edge.__main__"),
        ("central", "central.__main__"),
        ("demo", "edge.demo"),
        ("bench", "benchmarks.__main__"),
        ("sim", "tests.sim"),
    ],
)
def test_each_word_runs_its_module_where_the_user_stands(
    built: Checkout, tmp_path: Path, word: str, module: str
) -> None:
    (tmp_path / "edge").mkdir()  # must not be imported in place of the checkout's
    (tmp_path / "edge" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    asked = {"PYTHONOPTIMIZE": "1", "PYTHONDONTWRITEBYTECODE": "1", "EXIT": "78"}
    done = built.start(word, "a", "--b", cwd=tmp_path, **asked)
    assert (done.returncode, done.stderr) == (78, "")
    told = json.loads(done.stdout)
    assert told["module"] == module
    assert told["argv"] == ["a", "--b"]
    assert told["cwd"] == str(tmp_path)
    assert told["file"].startswith(str(built.home))
    assert (told["optimize"], told["forgets"]) == (0, True)


def test_tests_run_in_the_checkout_on_all_cores_unless_told_otherwise(
    built: Checkout, tmp_path: Path
) -> None:
    started = built.start("test", "--long", cwd=tmp_path, PYTHONDONTWRITEBYTECODE="1")
    told = json.loads(started.stdout)
    assert not told["forgets"], "hundreds of Pythons would each compile everything again"
    assert told["cwd"] == str(built.home)
    assert told["argv"][-1] == "--long"
    if len(os.sched_getaffinity(0)) > 1:
        assert told["argv"][0] == "-n"
    for words in (["-n0"], ["--numprocesses=3"], ["--pdb"], ["--collect-only", "-q"]):
        assert json.loads(built.start("test", *words).stdout)["argv"] == words


def test_the_environment_is_built_once_and_again_when_pins_change(checkout: Checkout) -> None:
    first = checkout.start("edge")
    assert first.returncode == 0, first.stderr
    assert "installing 1 packages into" in first.stderr
    assert json.loads(first.stdout)["module"] == "edge.__main__"  # progress went to stderr
    assert checkout.start("edge").stderr == ""
    library = next((checkout.home / ".venv" / "lib").iterdir()) / "site-packages"
    assert (library / "wheel_for_run.py").exists()

    assert "installing 2 packages" in checkout.start("test").stderr
    assert (library / "wheel_for_test.py").exists()
    assert checkout.start("edge").stderr == ""  # what tests need holds what a run needs

    checkout.pin("run", "# changed\n" + checkout.run_pin)
    changed = checkout.start("edge")
    assert "installing 2 packages" in changed.stderr, "and tests still have what they need"
    assert checkout.start("test").stderr == ""


def test_a_half_built_environment_is_built_again(older: Checkout) -> None:
    assert older.start("edge").returncode == 0
    older.stamp.unlink()
    remains = older.home / ".venv" / "bin" / "left-over"
    remains.write_text("")
    done = older.start("edge")
    assert (done.returncode, remains.exists(), older.stamp.exists()) == (0, False, True)


def test_a_vanished_interpreter_means_building_again(older: Checkout) -> None:
    assert older.start("edge").returncode == 0
    for program in (older.home / ".venv" / "bin").glob("python*"):
        program.unlink()
    assert older.start("edge").returncode == 0


def test_two_starts_at_once_install_once(checkout: Checkout) -> None:
    command = [sys.executable, str(checkout.home / "gatehouse"), "edge"]
    both = [
        subprocess.Popen(command, env=checkout.environ(), stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=100)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("installing 1 packages" in text for text in said) == 1
    assert sum("ready after" in text for text in said) == 1


def test_a_second_start_says_that_it_waits(older: Checkout) -> None:
    with (older.home / ".venv" / "gatehouse.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = subprocess.Popen(
            [sys.executable, str(older.home / "gatehouse"), "edge"],
            env=older.environ(),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert waiting.stderr is not None
        assert "another start is installing" in waiting.stderr.readline()
    assert waiting.communicate(timeout=100) is not None
    assert waiting.returncode == 0


def fails_with(checkout: Checkout, pattern: str, **more: str) -> None:
    """One line, exit 69, a log by name, and no environment that a later start would trust."""
    done = checkout.start("edge", **more)
    assert (done.returncode, done.stdout) == (69, "")
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert re.search(pattern, last), done.stderr
    log = re.search(r"Log: (.+)$", last)
    assert log and Path(log.group(1)).stat().st_size > 0
    assert not checkout.stamp.exists()


def test_without_a_network_one_line_says_so(older: Checkout) -> None:
    fails_with(
        older,
        "the package index cannot be reached; connect",
        PIP_NO_INDEX="0",
        PIP_FIND_LINKS="",
        PIP_INDEX_URL="http://127.0.0.1:9/",  # the discard port: nobody listens
    )


def test_an_altered_package_is_refused(older: Checkout) -> None:
    with zipfile.ZipFile(next(older.wheels.glob("wheel_for_run*")), "a") as wheel:
        wheel.writestr("planted.py", "")
    fails_with(older, "not the one that was pinned; do not install it")


def test_a_pin_without_a_hash_is_refused(older: Checkout) -> None:
    older.pin("run", "wheel_for_run==1.0\n")
    fails_with(older, "could not install the packages")


def test_a_package_without_a_build_for_this_python_is_named_as_that(older: Checkout) -> None:
    next(older.wheels.glob("wheel_for_run*")).unlink()
    fails_with(older, "no build for this system and Python")


def test_a_python_without_venv_names_the_package_to_install(
    checkout: Checkout, tmp_path: Path
) -> None:
    # A stand-in Python: the launcher's own interpreter whose `-m venv` fails as Debian's does.
    fake = tmp_path / "python-without-venv"
    fake.write_text("#!/bin/sh\necho 'ensurepip is not available. On Debian ...'\nexit 1\n")
    fake.chmod(0o755)
    script = (
        f"import runpy, sys; sys.executable = {str(fake)!r}; "
        f"sys.argv = ['gatehouse', 'edge']; "
        f"runpy.run_path({str(checkout.home / 'gatehouse')!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=checkout.environ(), capture_output=True, text=True
    )
    assert done.returncode == 69
    short = "{}.{}".format(*sys.version_info[:2])
    assert f"apt install python{short}-venv" in done.stderr.splitlines()[-1]


def test_a_folder_it_did_not_make_is_left_alone(checkout: Checkout) -> None:
    (checkout.home / ".venv").mkdir()
    mine = checkout.home / ".venv" / "thesis.txt"
    mine.write_text("three years of work")
    done = checkout.start("edge")
    assert done.returncode == 69
    assert "was not made by ./gatehouse" in done.stderr
    assert mine.exists()


def test_the_environment_can_be_elsewhere(built: Checkout, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    done = built.start("edge", GATEHOUSE_VENV=str(place))
    assert done.returncode == 0
    assert (place / "gatehouse-stamp.json").exists()
    taken = tmp_path / "a file"
    taken.write_text("")
    refused = built.start("edge", GATEHOUSE_VENV=str(taken / "venv"))
    assert refused.returncode == 69
    assert "set GATEHOUSE_VENV to a folder of yours" in refused.stderr


@pytest.mark.needs("setpriv")
def test_someone_elses_checkout_uses_their_own_cache(checkout: Checkout, tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    folder = Path("/tmp") / f"gatehouse-launcher-{os.getpid()}"  # tmp_path is private to root
    folder.mkdir(mode=0o755)
    try:
        shared = Checkout(folder)
        cache = folder / "cache"
        cache.mkdir()
        os.chown(cache, 65534, 65534)
        python = next(
            (p for p in ("/usr/bin/python3", "/usr/local/bin/python3") if runs_gatehouse(p)), None
        )
        if python is None:
            pytest.skip("no Python 3.11 that another user may run")
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            + [python, str(shared.home / "gatehouse"), "edge"],
            env=shared.environ(XDG_CACHE_HOME=str(cache), HOME=str(cache), PATH="/usr/bin:/bin"),
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert list(cache.glob("gatehouse/venv-*/gatehouse-stamp.json"))
        assert not (shared.home / ".venv").exists()
    finally:
        shutil.rmtree(folder)


def runs_gatehouse(python: str) -> bool:
    question = "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"
    return (
        shutil.which(python) is not None
        and subprocess.run([python, "-c", question], capture_output=True).returncode == 0
    )
