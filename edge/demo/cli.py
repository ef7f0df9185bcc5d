"""The words of `./gatehouse demo`, its folder, and its exit code."""

import argparse
import importlib.util
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import trio
from rich.console import Console, Group

from edge.demo.checks import Finding
from edge.demo.foreign import NAMED_BY, nfc_python
from edge.demo.play import PLAN_FILE, Play, check_again
from edge.demo.processes import DemoFailed, Processes
from edge.demo.settings import GATEWAYS_MAX
from edge.demo.summary import Summary, sentences
from edge.demo.table import News, draw, live, wrapped

EPILOGUE: Final = """\
Exit codes: 0 gateways and centre agree, nobody was admitted twice unnoticed or charged twice, and
the money is right on every wristband; 1 a check failed;
2 wrong words; 69 the venue could not be set up; 130 interrupted. A failed run keeps its folder.
"""
GUESTS_MAX: Final = 20_000
SEED_MAX: Final = 1 << 63
DRAW_S: Final = 0.2
UNAVAILABLE: Final = 69
INTERRUPTED: Final = 130
#: (guests, seconds) of a run that says nothing else: watched, and headless.
WATCHED: Final = (260, 45.0)
HEADLESS: Final = (80, 10.0)
EMULATED, NFCPY = "emulated", "nfcpy"
#: With several gateways more has to happen in it.
HEADLESS_SEVERAL: Final = (90, 14.0)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="gatehouse demo",
        description="A venue on this machine: a centre with its own PostgreSQL, a gateway with four"
        " lanes, scanners, turnstiles, and a crowd with real signed tickets. The centre is stopped"
        " for a while, the gateway is killed once; in the end every fact is compared. With several"
        " gateways, tickets are copied from one to another, and the LAN between them is cut. At"
        " the bar, guests pay with emulated wristbands; some are torn while they are written, some"
        " are copied.",
        epilog=EPILOGUE,
    )
    made.add_argument("--headless", action="store_true", help="no table; one line per event")
    made.add_argument(
        "--gateways", type=_within(1, GATEWAYS_MAX), default=1, metavar="N",
        help=f"1 with four lanes, or up to {GATEWAYS_MAX} with two lanes each",
    )  # fmt: skip
    made.add_argument("--guests", type=_within(1, GUESTS_MAX), metavar="N", help="how many come")
    made.add_argument(
        "--seconds", type=_seconds, metavar="S", help="how long they keep coming, 2 to 3600"
    )
    made.add_argument(
        "--seed", type=_within(0, SEED_MAX), default=1, metavar="N", help="another crowd"
    )
    made.add_argument("--no-bar", action="store_true", help="gates only: no tills, no wristbands")
    made.add_argument(
        "--reader", choices=(EMULATED, NFCPY),
        default=EMULATED if importlib.util.find_spec("nfc") is None else NFCPY,
        help="how tills read wristbands: over the emulator's own wire, or through nfcpy, which is"
        f" foreign and need not be here ({NAMED_BY} names an interpreter that has it)",
    )  # fmt: skip
    made.add_argument("--json", action="store_true", help="the summary as JSON on standard output")
    made.add_argument("--keep", action="store_true", help="keep the folder of a good run, too")
    made.add_argument(
        "--check", type=Path, metavar="FOLDER", help="only compare what a kept folder holds"
    )
    return made


def _within(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return int(text)

    return number


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 2 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time from 2 to 3600 seconds")
    return value


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    asked = parser().parse_args(words)
    if asked.check is not None:
        return _check(asked)
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-demo-"))
    if os.geteuid() == 0:
        # PostgreSQL does not run as root: its account must be able to pass through.
        folder.chmod(0o711)
    code = 1
    try:
        code = _guarded(asked, folder, lambda processes: _play(asked, folder, processes))
    finally:
        if asked.keep or code in (1, UNAVAILABLE):
            _say(f"The folder is kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return code


def _check(asked: argparse.Namespace) -> int:
    folder = asked.check.resolve()
    if not (folder / PLAN_FILE).is_file():
        _say(f"gatehouse demo: {folder} is not the folder of a demo (kept with --keep)")
        return 2

    async def again(processes: Processes) -> int:
        findings = await check_again(folder, News(_say), processes)
        _report(findings)
        if not findings:
            print(_agreed(folder))
        return 1 if findings else 0

    return _guarded(asked, folder, again)


def _agreed(folder: Path) -> str:
    if json.loads((folder / PLAN_FILE).read_text())["planned"]:
        return (
            "All gateways and the centre agree to the row, and no ticket was admitted twice"
            " but those of the cut."
        )
    return "Gateway and centre agree to the row, and no ticket was admitted twice."


def _guarded(
    asked: argparse.Namespace, folder: Path, work: Callable[[Processes], Awaitable[int]]
) -> int:
    """Run `work`; whatever becomes of it, no process of ours outlives it."""
    processes = Processes(folder)
    try:
        return trio.run(_until_signal, processes, work)
    except (DemoFailed, BaseExceptionGroup) as error:
        failed = _leaves(error)
        if not all(isinstance(one, DemoFailed) for one in failed):
            raise
        for one in failed:
            _say(f"gatehouse demo: {one}")
        return UNAVAILABLE
    finally:
        processes.kill_all()


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]


async def _until_signal(processes: Processes, work: Callable[[Processes], Awaitable[int]]) -> int:
    """Ctrl-C closes the venue in order; the second one kills it."""
    code = INTERRUPTED

    async def listen(scope: trio.CancelScope, task_status: trio.TaskStatus[None]) -> None:
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
            task_status.started()
            async for _ in signals:
                if scope.cancel_called:
                    processes.kill_all()
                else:
                    _say("gatehouse demo: closing; once more to end at once")
                    scope.cancel()

    async with trio.open_nursery() as nursery:
        scope = trio.CancelScope()

        async def start(task_status: trio.TaskStatus[None]) -> None:
            await listen(scope, task_status)

        await nursery.start(start)
        with scope:
            code = await work(processes)
        nursery.cancel_scope.cancel()
    return code


def _python(asked: argparse.Namespace) -> str:
    python = nfc_python() if asked.reader == NFCPY and not asked.no_bar else ""
    if asked.reader == NFCPY and not asked.no_bar and not python:
        raise DemoFailed(
            "no interpreter has nfcpy; install gatehouse[nfc] somewhere and name its python in"
            f" {NAMED_BY}, or leave --reader away"
        )
    return python


async def _play(asked: argparse.Namespace, folder: Path, processes: Processes) -> int:
    console = Console()
    watched = not asked.headless and not asked.json and console.is_terminal
    guests, seconds = WATCHED
    if asked.headless:
        guests, seconds = HEADLESS if asked.gateways == 1 else HEADLESS_SEVERAL
    news = News(None if watched else _say)
    play = Play(
        folder, guests=asked.guests or guests, seconds=asked.seconds or seconds, seed=asked.seed,
        news=news, processes=processes, gateways=asked.gateways, bar=not asked.no_bar,
        nfc_python=_python(asked),
    )  # fmt: skip
    if not watched:
        return _tell(asked, folder, *await play.run())
    with live(console) as screen:
        async with trio.open_nursery() as nursery:

            async def keep_drawing() -> None:
                while True:
                    screen.update(_picture(play), refresh=True)
                    await trio.sleep(DRAW_S)

            nursery.start_soon(keep_drawing)
            told = await play.run()
            screen.update(_picture(play), refresh=True)
            nursery.cancel_scope.cancel()
    return _tell(asked, folder, *told)


def _picture(play: Play) -> Group:
    venue, watch = play.venue, play.watch
    looks = watch.looks.values()
    answers = [each.name for each in venue.gateways if watch.looks[each.name].answers]
    connected = sum(look.connected for look in looks)
    waiting = sum(look.waiting for look in looks)
    state = {"now": play.phase}
    names = {number: name for number, (name, _) in venue.lanes.items()}
    if venue.lan is None:
        api = venue.gateways[0].api or "not yet"
        state["gateway"] = f"{api}   {'answers' if answers else 'does not answer'}"
        state["uplink"] = f"{'connected' if connected else 'cut off'}, {waiting} facts wait"
    else:
        places = {each.name: n for n, each in enumerate(venue.gateways, 1)}
        names = {n: f"{places[venue.gateway_of(n).name]}: {s}" for n, s in names.items()}
        joined = sum(look.siblings for look in looks)
        pairs = len(watch.looks) * (len(watch.looks) - 1)
        found = max(look.conflicts for look in looks)
        state["gateways"] = f"{len(answers)} of {len(watch.looks)} answer"
        state["LAN"] = f"{'up' if venue.lan.up else 'CUT'}, {joined} of {pairs} links,"
        state["LAN"] += f" {found} conflicts found"
        state["uplink"] = f"{connected} of {len(watch.looks)} connected, {waiting} facts wait"
    if play.bar is not None:
        state["bar"] = play.bar.line()
    state["centre"] = venue.central_page or "not yet"
    served = play.crowd.served if play.crowd else 0
    return draw(play.lanes, names, play.news, state, served, play.guests)


def _tell(
    asked: argparse.Namespace, folder: Path, summary: Summary, findings: list[Finding]
) -> int:
    (folder / "summary.json").write_text(json.dumps(summary.json(), indent=1) + "\n")
    _report(findings)
    if asked.json:
        print(json.dumps(summary.json()))
    else:
        print("\n".join(wrapped(sentences(summary))))
    return 0 if summary.ok else 1


def _report(findings: list[Finding]) -> None:
    for finding in findings:
        _say(f"FAILED {finding}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
