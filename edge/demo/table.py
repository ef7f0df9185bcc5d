"""The live table in the terminal: who is where, and what is happening now."""

import shutil
import sys
import textwrap
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from edge.demo.tally import LaneTally, total

NEWS_MAX: Final = 6
#: Longer lines are hard to read.
WIDTH_MAX: Final = 100
#: More lanes than this leave less room for news.
FEW_LANES: Final = 4
COLUMNS: Final = (
    "lane", "shown", "let in", "again", "refused", "walked", "lapsed", "unknown", "queue"
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
    lanes: Mapping[int, LaneTally], names: Mapping[int, str], news: News,
    state: Mapping[str, str], served: int, guests: int,
) -> Group:  # fmt: skip
    """The table, the state of the venue, and the news; fits a terminal of 80 by 24.

    `names` of lanes, by number.
    """
    table = Table(
        title=f"Gatehouse demo: {served} of {guests} guests served",
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        collapse_padding=True,
    )
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "lane" else "right", no_wrap=True)
    for number, tally in lanes.items():
        table.add_row(names[number], *_cells(tally))
    table.add_row("together", *_cells(total(list(lanes.values()))), style="bold")
    told = list(news.lines)[-max(3, NEWS_MAX + FEW_LANES - len(lanes)) :]
    lines = [f"{name:>8}  {value}" for name, value in state.items()] + ["", *told]
    return Group(table, *(Text(line, no_wrap=True, overflow="ellipsis") for line in lines))


def _cells(tally: LaneTally) -> list[str]:
    counts = (
        tally.shown, tally.admitted, tally.repeated, tally.refused_count, tally.completed,
        tally.lapsed, tally.unknown, tally.waiting,
    )  # fmt: skip
    return [str(count) for count in counts]


def live(console: Console) -> Live:
    """A place in the terminal that is drawn again and again."""
    return Live(console=console, auto_refresh=False, transient=False)


def wrapped(sentences: Iterable[str]) -> list[str]:
    """Lines of whole words for a terminal; each sentence is a line where nobody looks."""
    if not sys.stdout.isatty():
        return list(sentences)
    columns = min(shutil.get_terminal_size().columns, WIDTH_MAX)
    return [line for text in sentences for line in textwrap.wrap(text, columns)]
