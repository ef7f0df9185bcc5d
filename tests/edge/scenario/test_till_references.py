"""Faults of money that only show when two places of a file are seen together."""

import copy
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.faults import ConfigInvalid
from edge.core.till_reasons import TillReason
from edge.core.wallet_reasons import WalletReason
from edge.scenario.reading import parse_untrusted
from edge.scenario.till_references import REASONS
from tests.edge.scenario import written
from tests.edge.scenario.selling import CASHLESS, TWO, faults, file, sale, tap

BAND = CASHLESS["bands"][0]
STEPS: list[tuple[dict[str, Any], str, str, str]] = [
    (sale(band="ana"), ".band", "no band 'ana'", "did you mean anna?"),
    (sale("Beeer"), ".items[0].article", "no article 'Beeer'", "did you mean Beer?"),
    (sale(torn=1, leaves="in"), "", "torn and leaves", "one mishap a step"),
    (sale(till=4), ".till", "has no till 4", "there: 1"),
    (sale(tip="1.001"), ".tip", "'1.001' is no amount", "as 4.50"),
    (sale(tip="1.00", tip_percent=5), ".tip", "given twice", "or tip_percent"),
    (sale(method="cash"), ".band", "does not go with", "leave it out"),
    (sale(band=None), ".band", "is missing", "held to the reader?"),
    (sale(band=None, method="cash", torn=1), ".torn", "needs a band", "while a band is written"),
    (sale(expect={"balance": "1.001"}), ".expect.balance", "is no amount", "4.50"),
    (sale(expect={"decision": "admitted"}), ".expect.decision", "said at a gate", "leave it out"),
    (sale(expect={"reason": "balanse"}), ".expect.reason", "is unknown", "did you mean balance?"),
    (sale(expect={"money_conflicts": ["forkk"]}), ".expect.money_conflicts[0]", "", "mean fork?"),
    (tap(bnad="anna"), ".bnad", "is unknown", "did you mean band?"),
    ({"do": "topup", "band": "anna"}, ".amount", "is missing", "amount = "),
    ({"do": "topup", "band": "anna", "method": "voucher"}, ".code", "is missing", "code"),
    ({"do": "topupp"}, ".do", "is unknown", "did you mean topup?"),
    ({"do": "issue", "band": "blank", "class": "Gest"}, ".class", "no class", "mean Guest?"),
    ({"do": "reissue", "band": "blank", "old": "ann"}, ".old", "no band 'ann'", "mean anna?"),
    ({"do": "reverse", "of": "x", "band": "anna"}, ".of", "no step before", "name it there"),
    ({"do": "clone", "band": "anna", "copy": "blank"}, ".copy", "a band already", "another name"),
    ({"do": "wait", "expect": {"state": "paid"}}, ".expect.state", "said at a till", "leave"),
    ({"do": "bundle", "bundle": {"cashless": {"bands": []}}}, ".bundle.cashless.bands",
     "cannot change", "first bundle"),
    ({"do": "bundle", "bundle": {"cashless": {"wallets": [{"band": "ann"}]}}},
     ".bundle.cashless.wallets[0].band", "no band 'ann'", "mean anna?"),
    ({"do": "bundle", "bundle": {"cashless": {"articles": [{"name": "Cups"}]}}},
     ".bundle.cashless", "no article 'Cup'", "mean Cups?"),
]  # fmt: skip
TABLES: list[tuple[dict[str, Any], str, str]] = [
    ({"articles": [{"name": "Beer", "deposit": "Cup"}]}, ".articles[0].deposit", "no article"),
    ({"articles": [{"name": "Beer", "tax": 7}]}, "", "article 1: there is no tax 7"),
    ({"articles": [{"name": "A"}, {"name": "A"}]}, ".articles", "'A' is used twice"),
    ({"articles": [{"name": "A", "number": 2}, {"name": "B"}]}, "", "number 2 stands there twice"),
    ({"articles": [{"name": "A", "price_minor": "1.005"}]}, ".articles[0].price_minor", "amount"),
    ({"phases": [{"name": "N", "from_ms": "late"}]}, ".phases[0].from_ms", "is no time"),
    ({"grids": [{"articles": ["Beer", "Bier"]}]}, ".grids[0].articles[1]", "no article 'Bier'"),
    ({"bands": [BAND | {"class": "Crew"}]}, ".bands[0].class", "no class 'Crew'"),
    ({"bands": [{"name": "x", "balance": 1}]}, ".bands[0].balance", "needs a class"),
    ({"bands": [BAND], "classes": [{"name": "Guest", "balance_max_minor": 100}]},
     ".bands[0].balance", "not allowed"),
    ({"exponent": 0}, ".bands[0].balance", "'20.00' is no amount"),
    ({"curency": "EUR"}, ".curency", "is unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("step", "where", "problem", "hint"), STEPS, ids=lambda v: str(v)[:40])
def test_a_fault_of_a_step(step: dict[str, Any], where: str, problem: str, hint: str) -> None:
    given = {name: value for name, value in step.items() if value is not None}
    night = {"name": "Night", "from_ms": "2026-07-03T22:00", "closed": ["Cup"]}
    told = faults(given, cashless={"phases": [night]})
    told = [fault for fault in told if fault.path == f"steps[0]{where}"]
    assert [problem in fault.problem and hint in fault.hint for fault in told] == [True], told


@pytest.mark.parametrize(("table", "where", "problem"), TABLES, ids=lambda v: str(v)[:40])
def test_a_fault_of_the_tables(table: dict[str, Any], where: str, problem: str) -> None:
    told = [one for one in faults(cashless=table) if one.path == f"bundle.cashless{where}"]
    assert told
    assert problem in told[0].problem


def test_a_till_without_money_and_bands_without_a_desk_are_told() -> None:
    (fault,) = faults(sale(), bundle=written.VENUE)
    assert "the venue has none" in fault.problem
    bars = [{"name": "a", "tills": [{"number": 1}, {"number": 1}]}]
    told = [fault.problem for fault in faults(gateways=bars)]
    assert told == ["till 1 is there twice", "nobody can issue it"]
    assert [one.path for one in faults(sale(), gateways=TWO)] == ["steps[0].gateway"]
    assert faults(sale(gateway="b"), gateways=TWO) == []


JUNK = [None, -1, 1.5, "", "anna", "5,20", [], {}, [1], ["x"], {"a": 1}, True, 10**30]


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    rows = value.items() if isinstance(value, dict) else ()
    rows = enumerate(value) if isinstance(value, list) else rows
    return [at, *(place for key, part in rows for place in _places(part, (*at, key)))]


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_whatever_stands_where_it_does_not_belong_is_told_and_raises_nothing_else(
    data: st.DataObject,
) -> None:
    made = file(sale(gateway="a", expect={"balance": "1.00"}),
                {"do": "bundle", "bundle": {"cashless": {}}},
                {"do": "reissue", "band": "blank", "old": "anna", "gateway": "a"},
                {"do": "cut", "between": ["a", "b"]}, gateways=TWO)  # fmt: skip
    made = copy.deepcopy(made)
    *way, last = data.draw(st.sampled_from(_places(made)[1:]))
    part = made
    for key in way:
        part = part[key]
    part[last] = data.draw(st.sampled_from(JUNK))
    with suppress(ConfigInvalid):
        parse_untrusted(json.dumps(made).encode(), "a.json")


def test_every_reason_that_a_till_may_give_is_known() -> None:
    assert {one.code for one in WalletReason} < set(REASONS)
    assert {one.name.lower() for one in TillReason} - {"none"} < set(REASONS)
    assert {"not_sure", "band_gone", "other_content"} < set(REASONS)
