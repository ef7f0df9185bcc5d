from __future__ import annotations

import io

import pytest
from rich.console import Console

from edge.demo.settings import LANES, sites
from edge.demo.table import News, draw, wrapped
from edge.demo.tally import LaneTally


def drawn(news: News) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    lanes = {number: LaneTally(shown=number, refused={"invalid": 2}) for number in range(1, 5)}
    state = {"now": "centre stopped", "uplink": "cut off, 7 facts wait"}
    console.print(draw(lanes, {n: name for n, (name, _) in LANES.items()}, news, state, 3, 40))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_table_shows_lanes_sums_state_and_news() -> None:
    news = News(None)
    news.say("The centre is stopped. Guests must not notice.")
    text = drawn(news)
    for wanted in ("3 of 40 guests served", "North 1", "South 2", "together", "centre stopped",
                   "cut off, 7 facts wait", "Guests must not notice."):  # fmt: skip
        assert wanted in text
    (together,) = [line for line in text.splitlines() if "together" in line]
    assert together.split()[1:] and "10" in together and "8" in together


def test_news_are_told_line_by_line_where_no_table_is_drawn() -> None:
    heard: list[str] = []
    news = News(heard.append)
    for n in range(20):
        news.say(f"thing {n}")
    assert len(heard) == 20
    assert heard[-1].endswith("  thing 19")
    assert len(news.lines) < 20


def test_the_table_of_three_gateways_fits_80_by_24() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=False)
    lanes = {number: LaneTally(shown=1000 + number, admitted=999) for number in range(1, 7)}
    names = {
        number: f"{at}: {name}"
        for at, site in enumerate(sites(3), 1)
        for number, (name, _) in site.lanes.items()
    }
    state = dict.fromkeys(("now", "gateways", "LAN", "uplink", "centre"), "x" * 60)
    news = News(None)
    for n in range(20):
        news.say(f"thing {n}")
    console.print(draw(lanes, names, news, state, 3, 40))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().rstrip("\n").splitlines()
    assert len(lines) <= 23
    text = "\n".join(lines)
    for wanted in ("1: North 1", "3: West 2", "unknown", "queue", "together", "LAN", "thing 19"):
        assert wanted in text


def test_sentences_are_broken_between_words_where_somebody_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = ["A fact was known to its siblings after 9 milliseconds, and in 99 of 100 cases"
            " within 44.", "Short."]  # fmt: skip
    assert wrapped(told) == told
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    lines = wrapped(told)
    assert max(map(len, lines)) <= 40 and len(lines) == 4
    assert " ".join(lines) == " ".join(told)


def test_the_line_of_the_bar_fits_a_terminal_of_80() -> None:
    console = Console(file=io.StringIO(), width=80, height=24)
    line = "1234 taps (12.3/s), 1100 paid, 3 in doubt, 12345.67 on bands"
    tallies = {number: LaneTally(shown=1000) for number in range(1, 7)}
    names = {number: f"{number}: West {number}" for number in tallies}
    state = dict.fromkeys(("now", "gateways", "LAN", "uplink", "centre"), "x") | {"bar": line}
    news = News(None)
    for number in range(20):
        news.say(f"thing {number} " * 20)
    with console.capture() as drawn:
        console.print(draw(tallies, names, news, state, 1, 2))
    lines = drawn.get().rstrip("\n").split("\n")
    assert max(map(len, lines)) <= 80 and len(lines) <= 24
    assert any(line in drawn_line for drawn_line in lines)
