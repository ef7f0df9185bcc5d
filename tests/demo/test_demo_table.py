from __future__ import annotations

import io

from rich.console import Console

from edge.demo.settings import LANES
from edge.demo.table import News, draw
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
