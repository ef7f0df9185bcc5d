"""What every test shares: the two marks of this project, and Hypothesis without a stop-watch.

`needs(program)` skips a test where a system program is missing and says so once more at the end of
the run, so that nobody takes a green line for a full check; `--require all` (or `--require NAME`)
turns the missing program into a failure. `long` keeps minutes-long tests out unless `--long`.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Program -> Debian package, where the two names differ.
PACKAGES = {
    "systemd-analyze": "systemd",
    "systemd-sysusers": "systemd",
    "initdb": "postgresql",
    "psql": "postgresql-client",
}
NOT_CHECKED = "not_checked"

# No test asserts a time, and the machine may be busy with something else. CI judges a change, so
# there the examples are the same each time; new ones are looked for everywhere else.
settings.register_profile(
    "gatehouse",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("gatehouse")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gatehouse")
    group.addoption(
        "--require",
        action="append",
        default=[],
        metavar="PROGRAM|all",
        help="fail, instead of skip, tests whose system program is missing (may be repeated)",
    )
    group.addoption("--long", action="store_true", help="also run the tests marked long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long tests unless asked for; loud, as deselected in the closing line."""
    if config.getoption("--long"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    if left_out:
        items[:] = [item for item in items if not item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)


def pytest_runtest_setup(item: pytest.Item) -> None:
    required = item.config.getoption("--require")
    missing = [
        program
        for mark in item.iter_markers("needs")
        for program in mark.args
        if shutil.which(program) is None
    ]
    if not missing:
        return
    names = ", ".join(missing)
    if "all" in required or any(program in required for program in missing):
        pytest.fail(f"needs {names}: install {packages(missing)}", pytrace=False)
    # user_properties travel with the report from an xdist worker to the controller.
    item.user_properties.append((NOT_CHECKED, missing))
    pytest.skip(f"needs {names}")


def pytest_sessionfinish() -> None:
    """The browser that the tests of this process shared, if any did."""
    if "tests.chromium" in sys.modules:
        sys.modules["tests.chromium"].end()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Files with an `xdist_group` stay with one worker.

    xdist 3.8 writes the group into the name of each item, which pytest 9 does not read any more:
    all groups were torn apart without a word. So the mark is read from the file.
    """
    from xdist.scheduler import LoadGroupScheduling

    class Grouped(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(config.rootpath / nodeid.partition("::")[0]) or nodeid

    return Grouped(config, log) if config.getvalue("dist") == "loadgroup" else None


@functools.cache
def group_of(file: Path) -> str:
    """The group that is named in a mark of `file`, if any is."""
    found = re.search(r'^(?:@|pytestmark = ).*\.xdist_group\("(\w+)"\)', file.read_text(), re.M)
    return found[1] if found else ""


def packages(programs: list[str]) -> str:
    """The Debian packages that hold `programs`, for a line a person can act on."""
    return " ".join(sorted({PACKAGES.get(program, program) for program in programs}))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name what this run did not check. Reports of all workers end up in this one process."""
    missing: dict[str, set[str]] = defaultdict(set)
    for report in terminalreporter.stats.get("skipped", []):
        for key, programs in getattr(report, "user_properties", ()):
            if key == NOT_CHECKED:
                for program in programs:
                    missing[program].add(report.nodeid)
    if not missing:
        return
    terminalreporter.section("NOT CHECKED")
    for program, tests in sorted(missing.items()):
        terminalreporter.line(
            f"{program}: {len(tests)} tests skipped (install {packages([program])})"
        )
