"""`rules test | lint`: a rule tried by a technician, with every mistake said in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from crypto import bundle as bundles
from crypto.bundle import Bundle, Gate, Performance, Product
from crypto.keys import SigningKey
from edge.commands import rules
from edge.commands.errors import ANSWER_IS_NO, BAD_DATA, NO_INPUT, OK, CommandFailed
from tests.edge.commands.calling import edge

OPEN = {"isAfter": [{"var": "now"}, {"buildTime": ["date_admission"]}, 10]}
NORTH = {"inList": [{"var": "gate"}, {"objectList": [{"lookup": ["gate", "2", "North"]}]}]}
RULE = {"and": [OPEN, NORTH, {"<": [{"var": "entries_today"}, 3]}]}
FINE = {
    "name": "fine", "now": "2026-03-14T12:30", "zone": "Europe/Berlin", "gate": 2, "product": 1,
    "date_admission": "2026-03-14T11:00:00Z", "expect": True, "history": [
        {"at": "2026-03-14T01:00"}, {"at": "2026-03-13T23:00:00Z"}, {"at": "2026-03-13T23:59"}
    ],
}  # fmt: skip
WRONG_GATE = {**FINE, "name": "gate", "gate": 1, "names": {"gate 2": "North"}, "expect": False}


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    return written(tmp_path / "rule.json", RULE)


def written(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def answers(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_as_people_call_it(rule_file: Path, tmp_path: Path) -> None:
    facts = written(tmp_path / "facts.json", "\n".join(map(json.dumps, (FINE, WRONG_GATE))))
    said = edge("rules", "test", rule_file, "--facts", facts)
    assert (said.code, said.err) == (OK, "")
    fine, gate = (json.loads(line) for line in said.out.splitlines())
    assert (fine["name"], fine["result"], fine["kind"]) == ("fine", True, "allowed")
    assert gate["explanation"] == {
        "de": "Nicht an diesem Eingang; bitte zu Eingang North",
        "en": "Not at this gate; use gate North",
        "fr": "Pas à cette entrée ; rendez-vous à l’entrée North",
    }
    assert [part["path"] for part in gate["parts"]] == ["/and/1"]
    assert {"path": "/and/2/</0", "part": {"var": "entries_today"}, "value": 2} in gate["values"]


def test_lint_as_people_call_it(rule_file: Path, tmp_path: Path) -> None:
    assert edge("rules", "lint", rule_file)[:2] == (OK, '{"findings":[]}\n')
    key = SigningKey(bytes(range(32)))
    signed = bundles.sign(Bundle(gates=[Gate(1, "South")], products=[Product(1, "Day")]), key)
    (tmp_path / "4.bundle").write_bytes(signed)
    said = edge(
        "rules", "lint", rule_file, "--bundle", tmp_path / "4.bundle",
        "--bundle-key", key.public.hex(),
    )  # fmt: skip
    kinds = [finding["kind"] for finding in json.loads(said.out)["findings"]]
    assert (said.code, kinds) == (ANSWER_IS_NO, ["unknown_gate", "never"])


def test_a_whole_bundle_is_looked_through(tmp_path: Path) -> None:
    key = SigningKey(bytes(range(32)))
    made = Bundle(
        products=[Product(1, "Day")], gates=[Gate(1, "N")], performances=[Performance(7, "Friday")]
    )
    (tmp_path / "4.bundle").write_bytes(bundles.sign(made, key))
    named = ("--bundle", tmp_path / "4.bundle", "--bundle-key", key.public.hex())
    said = edge("rules", "lint", *named, "--zone", "Europe/Berlin")
    kinds = [finding["kind"] for finding in json.loads(said.out)["findings"]]
    assert (said.code, kinds) == (ANSWER_IS_NO, ["no_window"])
    with pytest.raises(CommandFailed, match="unknown zone 'Berlin'"):
        rules.lint(None, tmp_path / "4.bundle", key.public.hex(), "Berlin")


def test_there_must_be_something_to_look_through() -> None:
    with pytest.raises(CommandFailed, match="--bundle"):
        rules.lint(None)


def test_an_expectation_that_fails(
    rule_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    facts = written(tmp_path / "facts.json", [FINE, {**WRONG_GATE, "expect": True}])
    assert rules.test(rule_file, [facts]) == ANSWER_IS_NO
    assert [answer["result"] for answer in answers(capfd)] == [True, False]


def test_facts_as_toml(rule_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    several = """
        [[facts]]
        now = 2026-03-14T12:30:00+01:00
        gate = 2
        date_admission = 2026-03-14T12:00:00+01:00
        [[facts]]
        now = "2026-03-14T12:30"
        history = [{at = 2026-03-14T09:00:00, exit = true}]
    """
    one = "now = 2026-03-14T12:30:00\ngate = 2\ndate_from = 2026-03-14T12:40:00\n"
    files = [written(tmp_path / "several.toml", several), written(tmp_path / "one.toml", one)]
    assert rules.test(rule_file, files) == OK
    assert [answer["kind"] for answer in answers(capfd)] == ["allowed", "missing", "after"]


def test_without_facts_somebody_comes_now(
    rule_file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert rules.test(rule_file) == OK
    (answer,) = answers(capfd)
    assert answer["kind"] == "missing"
    assert {"path": "/and/0", "part": OPEN, "known": False} in answer["values"]


def test_the_part_of_an_argument_without_a_list(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rules.test(written(tmp_path / "rule.json", {"!": {"var": "entries_number"}}))
    (answer,) = answers(capfd)
    assert answer["values"] == [
        {"path": "/", "part": {"!": {"var": "entries_number"}}, "value": True},
        {"path": "/!/0", "part": {"var": "entries_number"}, "value": 0},
    ]


@pytest.mark.parametrize(
    ("rule", "facts", "problem"),
    [
        ("{", {}, "is no JSON"),
        ('"\\ud800"', {}, "is no JSON"),
        ("[" * 5000, {}, "is no JSON"),
        ({"xor": [1]}, {}, "/: unknown operator 'xor'; known: and or"),
        (RULE, "{", "these are no facts"),
        (RULE, {"seat": 1}, "unknown field `seat`"),
        (RULE, {"zone": "Berlin"}, "unknown zone 'Berlin': write it as Europe/Berlin"),
        (RULE, {"zone": "/etc"}, "unknown zone '/etc'"),
        (RULE, {"now": "noon"}, "'noon' is no time: write it as 2026-03-14T12:30"),
        (RULE, {"date_to": "0001-01-01T00:00:00+14:00"}, None),
    ],
)
def test_mistakes_in_files(tmp_path: Path, rule: Any, facts: Any, problem: str | None) -> None:
    files = written(tmp_path / "rule.json", rule), [written(tmp_path / "facts.json", facts)]
    if problem is None:
        assert rules.test(*files) == OK
        return
    with pytest.raises(CommandFailed, match="^[^\n]*$") as caught:
        rules.test(*files)
    assert caught.value.exit_code == BAD_DATA
    assert problem in str(caught.value)


def test_bad_toml_and_no_file(rule_file: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="these are no facts"):
        rules.test(rule_file, [written(tmp_path / "facts.toml", "now = ")])
    with pytest.raises(CommandFailed, match="cannot read") as caught:
        rules.lint(tmp_path / "none.json")
    assert caught.value.exit_code == NO_INPUT


def test_nothing_is_answered_before_all_facts_are_read(
    rule_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    facts = written(tmp_path / "facts.json", [FINE, {"zone": "Nowhere"}])
    with pytest.raises(CommandFailed):
        rules.test(rule_file, [facts])
    assert answers(capfd) == []
