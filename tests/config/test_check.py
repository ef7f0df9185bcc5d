"""Every fault is listed, whatever else is wrong beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from config.bounds import Folder
from config.check import Checked, Cross, check_tree, known, show


class Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    port: Annotated[int, Meta(ge=1, le=65535)]
    ratio: Annotated[float, Meta(ge=0, le=1)] = 0.5
    on: bool = False
    kind: Literal["red", "green"] = "red"


class A(msgspec.Struct, frozen=True, tag_field="kind", tag="a"):
    x: int


class B(msgspec.Struct, frozen=True, tag_field="kind", tag="b"):
    y: int


class Top(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    leaves: Annotated[tuple[Leaf, ...], Meta(min_length=1, max_length=3)]
    either: A | B | None = None
    folder: Folder = ""
    steps: Annotated[int, Meta(ge=0, le=90, multiple_of=30)] = 0

    @staticmethod
    def cross_faults(value: object) -> Iterator[Cross]:
        ports = [known(value, "leaves", i, "port") for i in range(3) if known(value, "leaves", i)]
        if len(set(ports)) < len(ports):
            yield ("leaves",), "two ports are equal", "change one"


def run(values: dict[str, Any], origin: str = "/etc/a.toml") -> Checked:
    return check_tree(values, Top, lambda _: origin, Path("/etc"))


def told(values: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(fault.path, fault.problem, fault.hint) for fault in run(values).faults]


GOOD: dict[str, Any] = {"name": "n", "leaves": [{"port": 1}]}


def test_a_good_tree_becomes_the_struct() -> None:
    checked = run(GOOD | {"either": {"kind": "b", "y": 2}, "folder": "var"})
    assert checked.faults == []
    assert checked.value == Top(name="n", leaves=(Leaf(port=1),), either=B(y=2), folder="/etc/var")


def test_each_kind_of_fault_has_its_sentence() -> None:
    rows: list[tuple[dict[str, Any], tuple[str, str, str]]] = [
        ({"nam": "n"}, ("nam", "is unknown", "did you mean name?")),
        ({"leaves": []}, ("leaves", "has 0 entries", "allowed: 1 to 3")),
        (
            {"leaves": 5},
            ("leaves", "is 5, but a list is needed", "begin each entry with [[leaves]]"),
        ),
        ({"leaves": [3]}, ("leaves[0]", "is 3, but a table is needed", "begin it with [[leaves]]")),
        ({"leaves": [{}]}, ("leaves[0].port", "is missing", "allowed: 1 to 65535")),
        (
            {"leaves": [{"port": 70000}]},
            ("leaves[0].port", "70000 is not allowed", "allowed: 1 to 65535"),
        ),
        (
            {"leaves": [{"port": "1"}]},
            ("leaves[0].port", "'1' is not a number", "allowed: 1 to 65535"),
        ),
        (
            {"leaves": [{"port": 1.5}]},
            ("leaves[0].port", "1.5 is not a whole number", "allowed: 1 to 65535"),
        ),
        (
            {"leaves": [{"port": True}]},
            ("leaves[0].port", "True is not a number", "allowed: 1 to 65535"),
        ),
        (
            {"leaves": [{"port": 1, "on": "yes"}]},
            ("leaves[0].on", "'yes' is neither true nor false", "without quotes"),
        ),
        (
            {"leaves": [{"port": 1, "kind": "gren"}]},
            ("leaves[0].kind", "'gren' is not allowed", "did you mean green?"),
        ),
        ({"either": {"x": 1}}, ("either.kind", "is missing", "one of: a, b")),
        ({"either": {"kind": "c"}}, ("either.kind", "'c' is unknown", "known here: a, b")),
        ({"name": 5}, ("name", "5 is not a text", "a text, in quotes")),
        ({"steps": 31}, ("steps", "31 is not allowed", "allowed: 0 to 90 in steps of 30")),
    ]
    for change, fault in rows:
        assert told(GOOD | change) == [fault], change


def test_what_is_missing_says_how_it_is_written() -> None:
    assert told({}) == [
        ("name", "is missing", "a text, in quotes"),
        ("leaves", "is missing", "begin each entry with [[leaves]]"),
    ]


def test_all_faults_are_listed_at_once() -> None:
    bad = {"leaves": [{"port": 0}, {"port": 2, "x": 1}, {"port": 2}], "either": {"kind": "a"}}
    assert [path for path, _, _ in told(bad)] == [
        "name",
        "leaves[0].port",
        "leaves[1].x",
        "either.x",
        "leaves",  # Also what only two values together show, beside all the others.
    ]


def test_only_the_environment_may_write_a_number_as_text() -> None:
    tree = GOOD | {"steps": "30"}
    assert check_tree(tree, Top, lambda _: "environment X", Path("/")).value.steps == 30
    assert run(tree).value is None


def test_a_folder_starts_at_the_file_that_names_it() -> None:
    tree = GOOD | {"folder": "../var"}
    assert run(tree, "/etc/gatehouse/conf.d/b.toml").value.folder == "/etc/gatehouse/var"
    environment = check_tree(tree, Top, lambda _: "environment X", Path("/etc")).value
    assert environment.folder == str(Path.cwd().parent / "var")


def test_paths_are_shown_as_a_technician_reads_them() -> None:
    assert show(("lanes", 2, "scanner", "port")) == "lanes[2].scanner.port"
