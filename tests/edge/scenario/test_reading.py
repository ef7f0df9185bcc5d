"""TOML and JSON read alike; every fault is told at once; nothing else is ever raised."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.faults import ConfigInvalid, Fault
from edge.scenario.reading import example_names, parse_untrusted, read_file
from tests.edge.scenario.written import file, scan


def faults(raw: bytes) -> list[Fault]:
    try:
        parse_untrusted(raw, "a.toml")
    except ConfigInvalid as invalid:
        return list(invalid.faults)
    return []


TOML = """
name = "A test"
timezone = "Europe/Berlin"
[bundle]
products = [{ name = "Day" }]
gates = [{ name = "North" }]
tickets = [{ name = "Anna", product = "Day" }]
[[steps]]
at = 2026-07-03T12:00:00
do = "scan"
ticket = "Anna"
"""


def test_toml_and_json_say_the_same() -> None:
    tables = {
        "name": "A test", "timezone": "Europe/Berlin",
        "bundle": {
            "products": [{"name": "Day"}], "gates": [{"name": "North"}],
            "tickets": [{"name": "Anna", "product": "Day"}],
        },
        "steps": [{"at": "2026-07-03T12:00:00", "do": "scan", "ticket": "Anna"}],
    }  # fmt: skip
    assert parse_untrusted(TOML.encode(), "a") == parse_untrusted(json.dumps(tables).encode(), "a")


TEN = b"""
nam = "Typo"
timezone = "Europe/Berln"
[bundle]
products = [{ name = "Day", reentry = "after-exit" }, { name = "Day" }]
gates = [{ name = "North", products = ["Dya"] }]
tickets = [{ name = "Anna", product = "Dai", valid_from = "tomorrow" }]
[[steps]]
at = 2026-07-03T12:00:00
do = "scna"
[[steps]]
at = 2026-07-03T11:00:00
do = "scan"
gate = "Nort"
tikcet = "Anna"
expect = { reason = "already_reedemed" }
"""


def test_a_file_with_many_faults_lists_them_all_with_path_and_hint() -> None:
    told = {fault.path: fault for fault in faults(TEN)}
    assert set(told) == {
        "nam", "name", "timezone", "bundle.products[0].reentry", "bundle.products[1].name",
        "bundle.gates[0].products[0]", "bundle.tickets[0].product", "bundle.tickets[0].valid_from",
        "steps[0].do", "steps[1]", "steps[1].tikcet", "steps[1].expect.reason", "steps[1].gate",
    }  # fmt: skip
    assert told["timezone"].hint == "did you mean Europe/Berlin?"
    assert told["steps[0].do"].hint == "did you mean scan?"
    assert told["steps[1].tikcet"].hint == "did you mean ticket?"
    assert told["steps[1].gate"].hint == "did you mean North?"
    assert told["bundle.gates[0].products[0]"].hint == "did you mean Day?"
    assert "already_redeemed" in told["steps[1].expect.reason"].hint
    assert "2026-12-31T22:00" in told["bundle.tickets[0].valid_from"].hint
    assert all(fault.file == "a.toml" for fault in told.values())


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "steps: is missing"),
        (b"\xff", "is not UTF-8 at byte 0"),
        (b"a = ", "is not TOML"),
        (b"{", "is not JSON"),
        (b"{" * 5000, "is n"),
        (b"[[" * 3000, "is not TOML"),
        (b'{"a":' + b"[" * 900 + b"]" * 900 + b"}", "nested deeper"),
        (b"x" * (5 << 20), "is longer than"),
    ],
    ids=range(8),
)
def test_what_is_no_file_at_all(raw: bytes, told: str) -> None:
    assert any(told in str(fault) for fault in faults(raw))


def test_a_file_that_is_not_there(tmp_path: object) -> None:
    from pathlib import Path

    with pytest.raises(ConfigInvalid, match="cannot be read"):
        read_file(Path(str(tmp_path)) / "none.toml")
    with pytest.raises(ConfigInvalid, match="cannot be read"):
        read_file(Path("a\0b"))


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["Anna", "North", "Day", "scan", "+1s", "2026-07-03T12:00:00", "gateway"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["name", "do", "at", "ticket", "bundle", "gates", "steps", "expect"])
        | st.text(max_size=5),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*file(), "gateways", "language", "x"]), PLAIN))
def test_only_faults_are_raised_for_any_json(changes: dict[str, object]) -> None:
    raw = json.dumps(file(scan()) | changes).encode()
    for fault in faults(raw):
        assert fault.problem


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_only_faults_are_raised_for_any_bytes(raw: bytes) -> None:
    assert faults(raw)


def test_the_examples_are_found() -> None:
    assert "new-year" in example_names()
