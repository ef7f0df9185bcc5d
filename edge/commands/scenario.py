"""`scenario run | check | schema | list | example`: rehearse a venue's policy before doors open."""

import builtins
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from config.faults import ConfigInvalid, Fault, nearest
from config.schema import schema_command
from edge.commands.errors import ANSWER_IS_NO, CONFIG_INVALID, OK, USAGE, CommandFailed
from edge.scenario import reading
from edge.scenario.running import run as run_steps
from edge.scenario.schema import Scenario


def run(*files: Path, json: bool = False) -> int:
    """Run scenarios; prints one JSON line for each step, and one for each scenario.

    Exit 1 when a step gave something else than it expects; 78 for a file with faults. All files
    are read before the first one runs.

    Parameters
    ----------
    files
        Scenario files (TOML or JSON), or names of examples that ship.
    json
        Everything as JSON on standard output; else what went wrong is told on standard error.
    """
    if not files:
        raise CommandFailed("scenario run needs a FILE; `scenario list` names the examples", USAGE)
    logging.disable(logging.CRITICAL)
    scenarios: builtins.list[tuple[Path, Scenario]] = []
    faults: builtins.list[Fault] = []
    for file in files:
        try:
            scenarios.append((file, _read(file)))
        except ConfigInvalid as invalid:
            faults += invalid.faults
    if faults:
        return _tell_faults(faults, as_json=json)
    code = OK
    for file, scenario in scenarios:
        failed = 0
        for line in run_steps(scenario):
            _print(line)
            if not line["ok"]:
                failed += 1
                if not json:
                    sys.stdout.flush()
                    print(f"{file}: {line['message']}", file=sys.stderr)
        steps = len(scenario.steps)
        _print({"scenario": scenario.name, "steps": steps, "failed": failed, "ok": not failed})
        if failed:
            code = ANSWER_IS_NO
    return code


def check(file: Path, /, *, json: bool = False) -> int:
    """Read a scenario and list every fault; exit 78 if there is one. Nothing is run.

    Parameters
    ----------
    file
        A scenario file (TOML or JSON).
    json
        Print the result as JSON on standard output.
    """
    try:
        scenario = _read(file)
    except ConfigInvalid as invalid:
        return _tell_faults(invalid.faults, as_json=json)
    if json:
        _print({"ok": True, "file": str(file), "faults": []})
    else:
        print(f"{file}: good, {len(scenario.steps)} steps")
    return OK


def schema() -> int:
    """Print the JSON Schema of scenario files, for editors."""
    return schema_command(Scenario)


def list() -> int:  # noqa: A001 - as the command is called
    """Name the examples that ship, each with its story."""
    for name in reading.example_names():
        print(f"{name:28} {reading.title_of(reading.example_bytes(name))}")
    return OK


def example(name: str, /) -> int:
    """Print one of the examples that ship.

    Parameters
    ----------
    name
        As `scenario list` names it.
    """
    known = reading.example_names()
    if name not in known:
        raise CommandFailed(f"there is no example {name!r}: {nearest(name, known)}", USAGE)
    sys.stdout.write(reading.example_bytes(name).decode("utf-8"))
    return OK


def _read(file: Path) -> Scenario:
    if not file.exists() and str(file) in reading.example_names():
        raw = reading.example_bytes(str(file))
    else:
        raw = reading.read_file(file)
    return reading.parse_untrusted(raw, str(file))


def _tell_faults(faults: Sequence[Fault], *, as_json: bool) -> int:
    if as_json:
        listed = [msgspec.structs.asdict(fault) for fault in faults]
        _print({"ok": False, "faults": listed})
    else:
        for fault in faults:
            print(fault, file=sys.stderr)
        count = f"{len(faults)} fault" + ("s" if len(faults) > 1 else "")
        print(f"{count}. Entries of lists are counted from 0.", file=sys.stderr)
    return CONFIG_INVALID


def _print(line: dict[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
