"""Terms as people write them."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from central.sales.terms import BadTerms, faults, read_untrusted
from crypto.bundle import Bundle, Gate, Product
from crypto.terms import EntryPolicy, GatePolicy, RuleText, Terms, Unheard, Zone
from tests.crypto import samples


def test_nothing_written_is_nothing_said() -> None:
    assert read_untrusted("", toml=True) == read_untrusted("{}", toml=False) == Terms()


def test_json_and_toml_say_the_same() -> None:
    written = {"exit_all_at": "04:30", "unapproved": ["a:00ff"], "rules": [{"logic": True}]}
    assert read_untrusted(json.dumps(written), toml=False) == read_untrusted(
        'exit_all_at = "04:30"\nunapproved = ["a:00ff"]\n[[rules]]\nlogic = true', toml=True
    )


def test_a_rule_may_be_json_text() -> None:
    terms = read_untrusted("[[rules]]\nlogic = '{\"<\": [1, 2]}'", toml=True)
    assert terms.rules == [RuleText('{"<": [1, 2]}')]


@pytest.mark.parametrize(
    "text", ["=", "capacity = -1", "exit_all_at = '3:xx'", "exit_all_at = '03:61'", "unpaid = [1]"]
)
def test_what_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(BadTerms):
        read_untrusted(text, toml=True)


def test_all_terms_of_the_sample_are_known_to_their_bundle() -> None:
    assert faults(samples.make_terms(), samples.make_bundle()) == []


def test_the_example_can_be_set_as_it_is_and_with_all_that_it_shows() -> None:
    text = (Path(__file__).parents[3] / "config" / "terms.example.toml").read_text()
    ours = {"products": [Product(1, "Day")], "gates": [Gate(1, "North")]}
    bundle = msgspec.structs.replace(samples.make_bundle(), **ours)
    assert faults(read_untrusted(text, toml=True), bundle) == []
    shown = re.sub(r"(?m)^# (?=\[\[|\w+ = )", "", text)
    for twice in ('when_unheard = "refuse"', "limits = [{ count = 1, per_day"):
        shown = shown.replace(twice, f"#{twice}")
    assert read_untrusted(shown, toml=True).when_unheard == Unheard("staff", ["south"])


def test_exits_are_at_gateways_that_there_are() -> None:
    bundle = samples.make_bundle()
    (card,) = bundle.gateways
    there, nowhere = (Terms(when_unheard=Unheard("mark", [name])) for name in ("gate-a", "b"))
    assert faults(there, bundle) == []
    assert faults(nowhere, bundle) == ["exits_at: no gateway 'b'"]
    gone = msgspec.structs.replace(bundle, gateways=[msgspec.structs.replace(card, revoked=True)])
    assert faults(there, gone) == ["exits_at: no gateway 'gate-a'"]


def test_unheard_exits_are_a_word_or_a_table() -> None:
    assert read_untrusted('when_unheard = "staff"', toml=True).when_unheard == "staff"
    table = 'when_unheard = { then = "mark", exits_at = ["gate-a"] }'
    assert read_untrusted(table, toml=True).when_unheard == Unheard("mark", ["gate-a"])
    with pytest.raises(BadTerms, match="exit_at"):
        read_untrusted('when_unheard = { then = "mark", exits_at = ["a"], exit_at = 1 }', toml=True)


def test_what_the_bundle_does_not_have_is_named() -> None:
    bundle = Bundle(products=[Product(1, "A")], gates=[Gate(1, "N")])
    terms = Terms(
        policies=[EntryPolicy(2)], rules=[RuleText("true", 3, 4)],
        gates=[GatePolicy(1, [5])], zones=[Zone(6, "Z")],
    )  # fmt: skip
    assert faults(terms, bundle) == [
        "there is no product 2", "there is no product 4", "there is no gate 3",
        "there is no zone 5",
    ]  # fmt: skip
