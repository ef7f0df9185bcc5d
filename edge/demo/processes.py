"""Children that die with us, whatever happens to us.

Each child asks the kernel for SIGTERM when its parent dies (`PR_SET_PDEATHSIG`), also when we are
killed, and leads a process group of its own, so that Ctrl-C reaches only us and we decide the order
in which the venue closes. The wish is bound to the *thread* that forks: children are started
from the main thread, never by a worker that may end earlier.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import trio

ROOT: Final = Path(__file__).resolve().parents[2]
#: Every process of a demo carries its folder here, for whoever looks for leftovers.
MARK: Final = "GATEHOUSE_DEMO"
#: Below the folder: what daemons are told by name.
CREDENTIALS: Final = "credentials"
PR_SET_PDEATHSIG: Final = 1
POLL_S: Final = 0.02
READY_S: Final = 60.0
COMMAND_S: Final = 120.0
STOP_S: Final = 10.0
NONE: Final[Mapping[str, str]] = {}


class DemoFailed(Exception):
    """A part of the venue did not do what it must. The text says which, and where to look."""


class Child:
    """A started process; its words on standard error are kept in `log`."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log
        self._input: trio.lowlevel.FdStream | None = None
        self._output: trio.lowlevel.FdStream | None = None
        self._rest = b""
        self._telling = trio.Lock()
        if process.stdin is not None:
            self._input = trio.lowlevel.FdStream(os.dup(process.stdin.fileno()))
            process.stdin.close()

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        while (code := self.process.poll()) is None:  # noqa: ASYNC110 - no event tells it
            await trio.sleep(POLL_S)
        return code

    async def tell(self, command: dict[str, Any]) -> None:
        """One JSON line on its standard input; a child that is gone hears nothing."""
        assert self._input is not None
        try:
            async with self._telling:
                await self._input.send_all(json.dumps(command).encode() + b"\n")
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass

    async def line(self) -> dict[str, Any] | None:
        """The next JSON line of its standard output; None when it has ended."""
        if self._output is None:
            assert self.process.stdout is not None
            self._output = trio.lowlevel.FdStream(os.dup(self.process.stdout.fileno()))
        while b"\n" not in self._rest:
            data = await self._output.receive_some(65536)
            if not data:
                return None
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    async def stop(self, grace_s: float = STOP_S) -> int:
        """Ask it to end, insist after `grace_s`; its exit code."""
        if self.running:
            self.process.terminate()
            with trio.move_on_after(grace_s):
                return await self.wait()
        self.kill()
        return await self.wait()

    def kill(self) -> None:
        """SIGKILL, also to whatever it has started in its group."""
        if self.running:
            self.process.kill()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def last_words(self) -> str:
        """The end of its log, in one line."""
        try:
            lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1][:300] if lines else "it said nothing"


class Processes:
    """Every process of one demo; `folder`/logs holds what they say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.logs.mkdir(exist_ok=True)
        self.children: list[Child] = []
        self._count = 0
        self._commands = trio.CapacityLimiter(max(2, os.cpu_count() or 2))

    def start(
        self, name: str, words: Sequence[str], *, talks: bool = False, keep: Sequence[int] = ()
    ) -> Child:
        """Start `python -m words`; `talks`: lines go in and come out. Not from a worker thread."""
        log = self.logs / f"{name}.log"
        with log.open("ab") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else sink,
                stderr=sink,
                cwd=self.folder,
                env=environment(self.folder),
                pass_fds=keep,
                start_new_session=True,
                preexec_fn=die_with(os.getpid()),
            )
        child = Child(name, process, log)
        self.children.append(child)
        return child

    async def start_ready(
        self, name: str, words: Sequence[str], wait_s: float = READY_S
    ) -> tuple[Child, dict[str, Any]]:
        """Start a daemon and wait for the one line on its ready pipe. Raises `DemoFailed`."""
        reading, writing = os.pipe()
        try:
            child = self.start(name, [*words, "--ready-fd", str(writing)], keep=[writing])
        finally:
            os.close(writing)
        said = b""
        async with trio.lowlevel.FdStream(reading) as stream:
            with trio.move_on_after(wait_s):
                while data := await stream.receive_some(65536):
                    said += data
        if not said.endswith(b"\n"):
            code = await child.stop(2)
            raise DemoFailed(
                f"{name} did not become ready (exit {code}): {child.last_words()}"
                f" (log: {child.log})"
            )
        return child, json.loads(said)

    async def command(
        self, words: Sequence[str], *, ok: Sequence[int] = (0,), secrets: Mapping[str, str] = NONE
    ) -> bytes:
        """Run one command to its end; its standard output. Raises `DemoFailed` unless exit in `ok`.

        `secrets` go into its environment: its words are seen by everybody on the machine.
        """
        async with self._commands:
            self._count += 1
            name = f"{self._count:03}-{'-'.join(w for w in words[:3] if w.isalpha())}"
            out = self.logs / f"{name}.out"
            with out.open("wb") as sink:
                errors = self.logs / f"{name}.err"
                child = self._command(words, sink.fileno(), errors, secrets)
            try:
                with trio.fail_after(COMMAND_S):
                    code = await child.wait()
            except trio.TooSlowError:
                raise DemoFailed(f"`{shown(words)}` takes more than {COMMAND_S:g} s") from None
            finally:
                child.kill()
                self.children.remove(child)
            if code not in ok:
                raise DemoFailed(f"`{shown(words)}` failed (exit {code}): {child.last_words()}")
            return out.read_bytes()

    def _command(
        self, words: Sequence[str], sink: int, errors: Path, secrets: Mapping[str, str]
    ) -> Child:
        program = [sys.executable, "-m", *words]
        if words[0].startswith("/"):
            program = list(words)
        with errors.open("wb") as error_sink:
            process = subprocess.Popen(
                program, stdin=subprocess.DEVNULL, stdout=sink, stderr=error_sink,
                cwd=self.folder, env={**environment(self.folder), **secrets},
                start_new_session=True, preexec_fn=die_with(os.getpid()),
            )  # fmt: skip
        child = Child(shown(words), process, errors)
        self.children.append(child)
        return child

    def kill_all(self) -> None:
        """The last resort: nothing of ours is left behind."""
        for child in self.children:
            child.kill()
            child.process.wait()


async def start_or_move(
    processes: Processes, name: str, words: Sequence[str], anywhere: Callable[[], None],
    say: Callable[[str], None],
) -> tuple[Child, dict[str, Any]]:  # fmt: skip
    """Start a daemon on the port it had; when that is taken, say so and let it move `anywhere`."""
    try:
        return await processes.start_ready(name, words)
    except DemoFailed as error:
        if "in use" not in str(error):
            raise
        say(f"The {name}'s port was taken by somebody else; it moves.")
        anywhere()
        return await processes.start_ready(name, words)


def shown(words: Sequence[str]) -> str:
    """A command as people would type it."""
    return " ".join(["gatehouse", *words]) if not words[0].startswith("/") else words[0]


def environment(folder: Path) -> dict[str, str]:
    """What children see: our imports, our assertions, nothing that would configure them."""
    chosen = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GATEHOUSE__", "PG", "PYTHONOPT")) and name != "NOTIFY_SOCKET"
    }
    # Not appended to: a folder of the user's named `config` must not be imported in place of ours.
    chosen |= {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", MARK: str(folder)}
    return chosen | {"CREDENTIALS_DIRECTORY": str(folder / CREDENTIALS)}


def die_with(parent: int) -> Callable[[], None]:
    """What a child does between fork and exec: it asks for SIGTERM when `parent` dies."""
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died before the wish was heard
            os._exit(1)

    return ask
