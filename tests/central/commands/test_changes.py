"""product, performance, gate change: the newest row counts, and the bundle follows."""

from __future__ import annotations

import pytest

from tests.central.commands.conftest import Run


def shown(run: Run, noun: str) -> list[dict[str, object]]:
    return [dict(one) for one in run("bundle", "show").out[noun]]


def test_what_is_not_named_stays_as_it_was(run: Run) -> None:
    answer = run("product", "change", "Day", "--reentry", "after_exit")
    assert answer.code == 0 and answer.out["product"] == 1, answer.err
    run("product", "change", "1", "--reentry-after-s", "60")
    answer = run("product", "change", "Day", "--name", "Day ticket")
    assert answer.out["name"] == "Day ticket"
    wanted = {"number": 1, "name": "Day ticket", "reentry": "after_exit", "reentry_after_s": 60}
    assert shown(run, "products") == [wanted]
    assert run("bundle", "show").out["version"] == answer.out["bundle_version"]
    assert run("product", "list").out["products"][0]["name"] == "Day ticket"


def test_times_of_a_performance_move_and_open_again(run: Run) -> None:
    run("performance", "change", "Saturday", "--starts", "200", "--ends", "300")
    run("performance", "change", "Saturday", "--ends", "2026-07-04T23:00+02:00")
    one = shown(run, "performances")[0]
    assert (one["starts_at"], one["ends_at"]) == (200, 1783198800)
    run("performance", "change", "Saturday", "--ends", "0", "--name", "Sunday")
    one = shown(run, "performances")[0]
    assert (one["name"], one["starts_at"], one["ends_at"]) == ("Sunday", 200, 0)


def test_the_lists_of_a_gate_are_replaced(run: Run) -> None:
    run("product", "add", "Night")
    run("gate", "add", "North", "--product", "Day", "--performance", "Saturday")
    run("gate", "add", "South", "--product", "Day")
    assert run("gate", "change", "North", "--product", "Night").code == 0
    north, south = shown(run, "gates")
    assert (north["products"], north["performances"]) == ([2], [1])
    assert south["products"] == [1]
    run("gate", "change", "1", "--product", "any", "--performance", "any", "--name", "Top")
    north = shown(run, "gates")[0]
    assert (north["name"], north["products"], north["performances"]) == ("Top", [], [])


def test_a_name_stays_its_first_owners(run: Run) -> None:
    run("product", "change", "Day", "--name", "Week")
    for words in (["add", "Day"], ["add", "Week"]):
        answer = run("product", *words)
        assert answer.code == 1 and "choose another" in answer.err
    run("product", "add", "Night")
    for name in ("Day", "Week"):
        answer = run("product", "change", "Night", "--name", name)
        assert answer.code == 1 and "choose another" in answer.err
    assert run("product", "change", "Week", "--name", "Day").code == 0  # its own name again
    assert [one["name"] for one in shown(run, "products")] == ["Day", "Night"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["product", "change", "Day"], 2, "--reentry-after-s"),
        (["performance", "change", "Saturday"], 2, "--admission"),
        (["gate", "change", "North"], 2, "--product"),
        (["product", "change", "Nothing", "--name", "X"], 1, "there are: 1 Day"),
        (["gate", "change", "Nothing", "--name", "X"], 1, "there is none yet"),
        (["performance", "change", "any", "--name", "X"], 2, "name one"),
        (["product", "change", "Day", "--name", ""], 2, "product_versions_name_is_said"),
        (["product", "change", "Day", "--reentry-after-s", "-1"], 2, "in_a_day"),
        (["performance", "change", "1", "--starts", "9", "--ends", "5"], 2, "ends_after_it_starts"),
        (["performance", "change", "1", "--starts", "tomorrow"], 2, "--starts"),
    ],
)
def test_what_cannot_be_changed_says_why(run: Run, words: list[str], code: int, said: str) -> None:
    before = run("bundle", "show").out["version"]
    answer = run(*words)
    assert answer.code == code and said in answer.err, answer.err
    assert run("bundle", "publish").out["bundle_version"] == before


def test_any_stands_alone(run: Run) -> None:
    run("gate", "add", "North")
    answer = run("gate", "change", "North", "--performance", "any", "--performance", "Saturday")
    assert answer.code == 2 and "stands alone" in answer.err
