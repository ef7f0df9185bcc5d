"""Files, conf.d and the environment; and where each value came from."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from config.faults import ConfigInvalid
from config.load import FILE_MAX_BYTES, check, load, read_tree


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    a: int = 1
    b: int = 2
    names: tuple[str, ...] = ()


class Small(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    inner: Inner = Inner()
    level: str = "info"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "conf.d").mkdir()
    path = tmp_path / "main.toml"
    path.write_text('name = "main"\n[inner]\na = 10\nb = 20\nnames = ["x", "y"]\n')
    return path


def test_later_layers_win_value_by_value(file: Path) -> None:
    (file.parent / "conf.d" / "10.toml").write_text('[inner]\nb = 21\nnames = ["z"]\n')
    (file.parent / "conf.d" / "20.toml").write_text("[inner]\nb = 22\n")
    (file.parent / "conf.d" / "30.toml.off").write_text("[inner]\nb = 23\n")
    environ = {"GATEHOUSE__LEVEL": "debug", "GATEHOUSE_OTHER": "1", "PATH": "x"}
    loaded = load(file, Small, environ)
    assert loaded == Small("main", Inner(10, 22, ("z",)), "debug")
    assert load(file, Small, {"GATEHOUSE__INNER__B": "7"}).inner.b == 7


def test_a_fault_names_the_file_of_its_value(file: Path) -> None:
    late = file.parent / "conf.d" / "late.toml"
    late.write_text('[inner]\nb = "x"\nc = 1\n')
    file.write_text(file.read_text().replace("a = 10", 'a = "y"'))
    found = check(file, Small, {"GATEHOUSE__INNER__D": "1"})
    assert [(fault.file, fault.path) for fault in found] == [
        (str(late), "inner.c"),
        ("environment GATEHOUSE__INNER__D", "inner.d"),
        (str(file), "inner.a"),
        (str(late), "inner.b"),
    ]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("GATEHOUSE__INNER", "single values only"),
        ("GATEHOUSE__INNER__NAMES", "single values only"),
        ("GATEHOUSE__NAME__X", "name is not a table"),
        ("GATEHOUSE____X", "is not a path"),
    ],
)
def test_the_environment_sets_single_values_only(file: Path, name: str, problem: str) -> None:
    (fault,) = check(file, Small, {name: "1"})
    assert problem in fault.problem
    assert fault.file == f"environment {name}"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"name = ", "is not TOML"),
        (b'name = "\xff"', "is not UTF-8"),
        (b"x = " + b"[" * 50_000, "nested too deeply"),
        (b"#" * (FILE_MAX_BYTES + 1), "is longer than"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_fault(file: Path, content: bytes, problem: str) -> None:
    file.write_bytes(content)
    (fault,) = check(file, Small, {})
    assert problem in fault.problem
    assert fault.file == str(file)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid) as raised:
        load(tmp_path / "none.toml", Small, {})
    assert raised.value.exit_code == 78
    assert "does not exist (say --config FILE where yours is; `gatehouse edge config ex" in str(
        raised.value
    )
    (fault,) = check(tmp_path, Small, {})
    assert "cannot be read" in fault.problem


def test_the_tree_knows_the_origin_of_what_stands_in_a_list(file: Path) -> None:
    tree = read_tree(file, {})
    assert tree.origin(("inner", "names", 1)) == str(file)
    assert tree.origin(("nothing",)) == str(file)
