"""TOML files and the environment become one tree, which remembers where each value came from.

Order, the later wins: defaults in the structs, the file, `conf.d/*.toml` beside it by name, then
variables as `GATEHOUSE__LEDGER__SPARE_SEGMENTS=6`. Tables are merged key by key; any other value,
lists included, is replaced whole. The environment overrides scalars only.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from config.check import Checked, Cross, Step, check_tree
from config.faults import ConfigInvalid, Fault

ENVIRONMENT_PREFIX = "GATEHOUSE__"
#: A configuration is a page or two; more is a wrong file, and parsing it would only take time.
FILE_MAX_BYTES = 1024 * 1024

T = TypeVar("T", bound=msgspec.Struct)
Also = Callable[[object], Iterable[Cross]]


class Tree:
    """The merged values, and for each path the file that set it last."""

    def __init__(self, main: Path) -> None:
        self.main = main
        self.values: dict[str, Any] = {}
        self.faults: list[Fault] = []
        self._origins: dict[tuple[Step, ...], str] = {}

    def origin(self, path: tuple[Step, ...]) -> str:
        """The file (or `environment NAME`) that set the value at `path`, or what it stands in."""
        for length in range(len(path), 0, -1):
            found = self._origins.get(path[:length])
            if found is not None:
                return found
        return str(self.main)

    def merge(self, layer: Mapping[str, Any], file: str) -> None:
        """Lay the values of one more file over what is there."""
        self._merge(self.values, layer, file, ())

    def _merge(
        self, into: dict[str, Any], layer: Mapping[str, Any], file: str, at: tuple[Step, ...]
    ) -> None:
        for key, value in layer.items():
            path = (*at, key)
            if isinstance(value, dict):
                self._origins.setdefault(path, file)
                below = into.get(key)
                if not isinstance(below, dict):
                    below = into[key] = {}
                    self._origins[path] = file
                self._merge(below, value, file, path)
            else:
                into[key] = value
                self._origins[path] = file

    def override(self, name: str, text: str) -> None:
        """Lay one variable of the environment over the tree."""
        path = tuple(name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"))
        source = f"environment {name}"
        *tables, last = path
        if not all(path):
            self.faults.append(Fault(source, "", "is not a path", "as GATEHOUSE__LOG__LEVEL"))
            return
        into = self.values
        for depth, key in enumerate(tables, 1):
            below = into.setdefault(key, {})
            if not isinstance(below, dict):
                dotted = ".".join(path[:depth])
                self.faults.append(
                    Fault(source, ".".join(path), f"{dotted} is not a table", "set it in a file")
                )
                return
            self._origins.setdefault(path[:depth], source)
            into = below
        if isinstance(into.get(last), dict | list):
            self.faults.append(
                Fault(
                    source,
                    ".".join(path),
                    "the environment overrides single values only",
                    "put tables and lists into a file in conf.d",
                )
            )
            return
        into[last] = text
        self._origins[path] = source


def read_tree(path: str | Path, environ: Mapping[str, str]) -> Tree:
    """Read the file, its `conf.d` and the environment. Faults are collected, not raised."""
    main = Path(path).absolute()
    tree = Tree(main)
    layers = [main, *sorted((main.parent / "conf.d").glob("*.toml"))]
    for file in layers:
        try:
            with open(file, "rb") as stream:
                raw = stream.read(FILE_MAX_BYTES + 1)
            if len(raw) > FILE_MAX_BYTES:
                raise ValueError(f"is longer than {FILE_MAX_BYTES} bytes")
            tree.merge(tomllib.loads(raw.decode("utf-8")), str(file))
        except FileNotFoundError:
            hint = (
                "say --config FILE where yours is; `gatehouse edge config example` and `gatehouse"
                " central config example` print one to begin with"
            )
            tree.faults.append(Fault(str(file), "", "does not exist", hint))
        except OSError as error:
            tree.faults.append(Fault(str(file), "", f"cannot be read: {error.strerror}"))
        except UnicodeDecodeError as error:
            problem = f"is not UTF-8 at byte {error.start}"
            tree.faults.append(Fault(str(file), "", problem, "save it as UTF-8"))
        except tomllib.TOMLDecodeError as error:
            tree.faults.append(Fault(str(file), "", f"is not TOML: {error}"))
        except RecursionError:
            tree.faults.append(Fault(str(file), "", "is not TOML: nested too deeply"))
        except ValueError as error:
            tree.faults.append(Fault(str(file), "", str(error)))
    for name in sorted(environ):
        if name.startswith(ENVIRONMENT_PREFIX):
            tree.override(name, environ[name])
    return tree


def _checked(
    path: str | Path, kind: type[T], environ: Mapping[str, str] | None, also: Also | None
) -> Checked:
    tree = read_tree(path, os.environ if environ is None else environ)
    # Without the files' content every required key would be reported as missing.
    if tree.faults and not tree.values:
        return Checked(None, tree.faults)
    checked = check_tree(tree.values, kind, tree.origin, tree.main.parent, also)
    return Checked(checked.value, tree.faults + checked.faults)


def check(
    path: str | Path, kind: type[T], environ: Mapping[str, str] | None = None,
    also: Also | None = None,
) -> list[Fault]:  # fmt: skip
    """Every fault of the configuration in `path` read as a `kind`; an empty list if it is good."""
    return _checked(path, kind, environ, also).faults


def load(
    path: str | Path, kind: type[T], environ: Mapping[str, str] | None = None,
    also: Also | None = None,
) -> T:  # fmt: skip
    """The configuration in `path` as a frozen `kind` (`Gateway` or `Central`).

    Raises ConfigInvalid (exit 78) with all faults.
    """
    checked = _checked(path, kind, environ, also)
    if checked.faults:
        raise ConfigInvalid(checked.faults)
    assert isinstance(checked.value, kind)
    return checked.value
