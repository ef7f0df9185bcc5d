"""TOML or JSON -> `Scenario`, or every fault in it with its path and a hint.

Faults are those of the configuration (`config.faults`), so that both read alike.
"""

import datetime as dt
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec

from config.check import check_tree
from config.faults import ConfigInvalid, Fault
from edge.scenario.references import faults as cross_faults
from edge.scenario.schema import Scenario

FILE_BYTES_MAX: Final = 4 << 20
DEPTH_MAX: Final = 200


def read_file(path: Path) -> bytes:
    """The bytes of a scenario file. Raises `ConfigInvalid`."""
    try:
        with open(path, "rb") as stream:
            raw = stream.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        hint = "`scenario list` names the examples"
        raise ConfigInvalid([Fault(str(path), "", f"cannot be read: {why}", hint)]) from None
    return raw


def parse_untrusted(raw: bytes, file: str) -> Scenario:
    """The scenario in `raw`: JSON when it begins with a brace, else TOML.

    Raises `ConfigInvalid` with every fault, and nothing else.
    """
    values = _tree(raw, file)
    checked = check_tree(values, Scenario, lambda path: file, Path(), cross_faults)
    if checked.faults:
        raise ConfigInvalid(checked.faults)
    assert isinstance(checked.value, Scenario)
    return checked.value


def _tree(raw: bytes, file: str) -> dict[str, Any]:
    try:
        if len(raw) > FILE_BYTES_MAX:
            raise ValueError(f"is longer than {FILE_BYTES_MAX} bytes")
        text = raw.decode("utf-8")
        is_json = text.lstrip().startswith("{")
        values = msgspec.json.decode(text) if is_json else tomllib.loads(text)
        plain = _plain(values, 1)
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 at byte {error.start}"
    except tomllib.TOMLDecodeError as error:
        problem = f"is not TOML: {error}"
    except msgspec.DecodeError as error:
        problem = f"is not JSON: {error}"
    except RecursionError:
        problem = f"is nested deeper than {DEPTH_MAX}"
    except ValueError as error:
        problem = str(error)
    else:
        if isinstance(plain, dict):
            return plain
        problem = "is no table"
    raise ConfigInvalid([Fault(file, "", problem)])


def _plain(value: Any, depth: int) -> Any:
    """Dates of TOML as the texts that JSON has for them."""
    if depth > DEPTH_MAX:
        raise RecursionError
    if isinstance(value, dict):
        return {key: _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value


def example_names() -> list[str]:
    """The examples that ship, by the name of their file without its ending."""
    folder = resources.files("edge.scenario").joinpath("examples")
    return sorted(
        each.name.rpartition(".")[0]
        for each in folder.iterdir()
        if each.name.endswith((".toml", ".json"))
    )


def example_bytes(name: str) -> bytes:
    """The file of an example that `example_names` names."""
    folder = resources.files("edge.scenario").joinpath("examples")
    for ending in (".toml", ".json"):
        file = folder.joinpath(name + ending)
        if file.is_file():
            return file.read_bytes()
    raise KeyError(name)


def title_of(raw: bytes) -> str:
    """The name and the story of a scenario that is good, in one line."""
    values = _tree(raw, "")
    about = " ".join(str(values.get("about", "")).split())
    return f"{values['name']}: {about}" if about else str(values["name"])
