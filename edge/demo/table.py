"""The live table in the terminal: who is where, and what is happening now."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from edge.demo.settings import LANES
from edge.demo.tally import LaneTally, total

NEWS_MAX: Final = 6
COLUMNS: Final = (
    "lane", "shown", "admitted", "again", "refused", "walked", "lapsed", "unknown", "waiting"
)  # fmt: skip


class News:
    """What happened, newest last; printed line by line where no table is drawn."""

    def __init__(self, tell: Callable[[str], None] | None) -> None:
        self._tell = tell
        self._began = time.monotonic()
        self.lines: deque[str] = deque(maxlen=NEWS_MAX)

    def say(self, text: str) -> None:
        """One sentence."""
        line = f"{time.monotonic() - self._began:5.1f} s  {text}"
        self.lines.append(line)
        if self._tell is not None:
            self._tell(line)


def draw(
    lanes: Mapping[int, LaneTally], news: News, state: Mapping[str, str], served: int, guests: int
) -> Group:
    """The table, the state of the venue, and the news."""
    table = Table(title=f"Gatehouse demo: {served} of {guests} guests served", expand=True)
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "lane" else "right")
    for number, tally in lanes.items():
        table.add_row(LANES[number][0], *_cells(tally))
    table.add_section()
    table.add_row("together", *_cells(total(list(lanes.values()))), style="bold")
    places = Text("\n".join(f"{name}: {value}" for name, value in state.items()))
    return Group(table, Panel(places, title="venue"), Panel("\n".join(news.lines), title="now"))


def _cells(tally: LaneTally) -> list[str]:
    counts = (
        tally.shown, tally.admitted, tally.repeated, tally.refused_count, tally.completed,
        tally.lapsed, tally.unknown, tally.waiting,
    )  # fmt: skip
    return [str(count) for count in counts]


def live(console: Console) -> Live:
    """A place in the terminal that is drawn again and again."""
    return Live(console=console, auto_refresh=False, transient=False)
