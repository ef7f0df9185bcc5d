"""The page about scenarios names every key and every step there is, and its example runs."""

import re
from pathlib import Path

import msgspec

from edge.scenario import cashless_table, happening, schema, till_steps, venue_table
from edge.scenario.reading import parse_untrusted
from edge.scenario.running import run

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "scenarios.md").read_text()
WORDS = set(re.findall(r"\w+", PAGE))


def test_every_key_of_a_file_is_on_the_page() -> None:
    tables = {
        value
        for module in (schema, happening, till_steps, venue_table, cashless_table)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, msgspec.Struct)
    }
    keys = {field.encode_name for table in tables for field in msgspec.structs.fields(table)}
    assert keys - WORDS == set()


def test_every_step_is_on_the_page() -> None:
    kinds = {str(kind.__struct_config__.tag) for kind in schema.Step.__args__}
    assert {kind for kind in kinds if f"`{kind}`" not in PAGE} == set()


def test_the_page_says_which_steps_a_scenario_has_and_who_plays_the_rest() -> None:
    (plays,) = re.findall(r"\*\*What a scenario plays\*\*.*?\n\n", PAGE, re.DOTALL)
    kinds = {str(kind.__struct_config__.tag) for kind in schema.Step.__args__}
    assert {kind for kind in kinds if f"`{kind}`" not in plays} == set()
    (not_played,) = re.findall(r"\*\*What it does not play\*\*.*?\n\n", PAGE, re.DOTALL)
    assert "`./gatehouse sim --wallet`" in not_played


def test_the_example_on_the_page_runs() -> None:
    lines = list(run(parse_untrusted(_examples()[0].encode(), "page")))
    assert [line["ok"] for line in lines] == [True, True]
    assert lines[1]["text"] == "Already used at 14:00, lane 1."


def _examples() -> list[str]:
    found: list[str] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert len(found) == 2
    return found


def test_the_example_about_money_runs_and_fails_as_the_page_says() -> None:
    *good, bad = run(parse_untrusted(_examples()[1].encode(), "page"))
    assert [line["ok"] for line in good] == [True, True]
    assert bad["message"] in " ".join(PAGE.split())


def test_architecture_leads_to_the_page() -> None:
    assert "docs/scenarios.md" in (ROOT / "ARCHITECTURE.md").read_text()
