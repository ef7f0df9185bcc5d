"""The words for what is sold reach the commands as they were typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from central.cli import run_command

CONFIG = ["--config", "x.toml"]
# The words, the function of `central.commands`, and what it is called with after the border.
WORDS: list[tuple[list[str], str, tuple[Any, ...], dict[str, Any]]] = [
    (["product", "add", "Day"], "catalogue.add_product", (None, "Day", "none", 0), {}),
    (
        ["product", "add", "Day", "--number", "7", "--reentry", "after_exit"]
        + ["--reentry-after-s", "60"],
        "catalogue.add_product",
        (7, "Day", "after_exit", 60),
        {},
    ),
    (
        ["product", "change", "Day", "--reentry", "none"],
        "changes.change_product",
        ("Day", None, "none", None),
        {},
    ),
    (
        ["performance", "add", "Sat", "--starts", "1", "--ends", "2", "--admission", "3"],
        "catalogue.add_performance",
        (None, "Sat", "1", "2", "3"),
        {},
    ),
    (
        ["performance", "change", "3", "--name", "Sun", "--ends", "2"],
        "changes.change_performance",
        ("3", "Sun", None, "2", None),
        {},
    ),
    (
        ["gate", "add", "N", "--product", "1", "--product", "Day", "--performance", "2"],
        "catalogue.add_gate",
        (None, "N", ("1", "Day"), ("2",)),
        {},
    ),
    (["gate", "change", "N", "--name", "S"], "changes.change_gate", ("N", "S", (), ()), {}),
    (["ticket", "reissue", "CODE"], "tickets.reissue", ("CODE", None, "", False), {}),
    (["ticket", "rotate", "CODE"], "tickets.rotate", ("CODE",), {}),
    (["ticket", "revoke", "A", "B"], "tickets.deny_all", (("A", "B"), "revoked", True, ""), {}),
    (
        ["ticket", "cancel", "=A", "--reason", "refund"],
        "tickets.deny_all",
        (("=A",), "canceled", True, "refund"),
        {},
    ),
    (["ticket", "block", "A"], "tickets.deny_all", (("A",), "blocked", True, ""), {}),
    (["ticket", "unblock", "A"], "tickets.deny_all", (("A",), "blocked", False, ""), {}),
    (
        ["ticket", "issue", "--performance", "Sat", "--product", "1", "--out", "o", "--rotating"],
        "tickets.issue",
        (),
        {
            "performance": "Sat", "product": "1", "count": 1, "out": Path("o"), "png": None,
            "persons": 1, "valid_from": None, "valid_until": None, "prefix": "",
            "rotating": True, "force": False,
        },
    ),
    (
        ["issuer", "add-pretix", "--name", "shop", "--key", "-----BEGIN", "--row", "item=1"],
        "issuers.add_pretix",
        (),
        {
            "name": "shop", "keys": ("-----BEGIN",), "product": None, "performance": "any",
            "rows": ("item=1",),
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "command", "args", "kwargs"), WORDS, ids=[" ".join(one[0][:3]) for one in WORDS]
)
def test_words_reach_the_command(
    monkeypatch: pytest.MonkeyPatch, words: list[str], command: str,
    args: tuple[Any, ...], kwargs: dict[str, Any],
) -> None:  # fmt: skip
    heard: list[Any] = []

    async def hears(*given: Any, **named: Any) -> int:
        heard.append((given[0], given[2:], named))
        return 0

    monkeypatch.setattr(f"central.commands.{command}", hears)
    assert run_command([*words, *CONFIG]) == 0
    assert heard == [(Path("x.toml"), args, kwargs)]


@pytest.mark.parametrize("noun", ["product", "performance", "gate", "issuer"])
def test_every_noun_has_a_list(monkeypatch: pytest.MonkeyPatch, noun: str) -> None:
    where = "issuers.list_all" if noun == "issuer" else f"catalogue.list_{noun}s"

    async def lists(*_: object) -> int:
        return 0

    monkeypatch.setattr(f"central.commands.{where}", lists)
    assert run_command([noun, "list", *CONFIG]) == 0


@pytest.mark.parametrize(
    "words",
    [
        ["product", "add", "Day", "--reentry", "sometimes"],
        ["product", "add", "Day", "--number", "x"],
        ["gate", "add", "N", "--no-product"],
        ["ticket", "issue", "--performance", "1", "--product", "1"],
        ["ticket", "issue", "--performance", "1", "--product", "1", "--out", "o", "--no-rotating"],
        ["ticket", "revoke"],
        ["issuer", "add-pretix", "--name", "shop"],
    ],
)
def test_words_that_mean_nothing(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([*words, *CONFIG]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
