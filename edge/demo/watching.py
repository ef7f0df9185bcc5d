"""Looking at the status of each gateway, again and again, as a technician's screen does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import trio

LOOK_S: Final = 0.25
#: What a sibling has not heard of after this time it may never hear of: nobody waits any longer.
LAG_S: Final = 10.0
_SOON_S: Final = 0.05


@dataclass
class Look:
    """The last look at one gateway. `behind`: facts of its own that some sibling lacks."""

    answers: bool = False
    connected: bool = False
    durable: int = 0
    receipted: int = 0
    waiting: int = 0
    siblings: int = 0
    behind: int = 0
    conflicts: int = 0
    #: How often it has answered.
    seen: int = 0
    #: Sibling -> facts of it that are held there.
    held: dict[str, int] = field(default_factory=dict)

    @property
    def delivered(self) -> bool:
        """The centre has everything."""
        return self.connected and not self.waiting and self.receipted == self.durable > 0


class Watch:
    """Looks at the gateways of `urls` (by name, where each is now)."""

    def __init__(self, urls: Mapping[str, Callable[[], str]]) -> None:
        self._urls = urls
        self.looks = {name: Look() for name in urls}
        self.waiting_max = 0
        #: The centre is away: what waits is counted. After a start all facts seem to wait.
        self.cut_off = False
        #: From sealing at one gateway to folding at another, ms, while nothing is broken.
        self.lags_ms: list[int] = []
        self.calm = False

    async def run(self, client: httpx2.AsyncClient) -> None:
        """Look for ever."""
        async with trio.open_nursery() as nursery:
            for name in self._urls:
                nursery.start_soon(self._watch, client, name)

    async def _watch(self, client: httpx2.AsyncClient, name: str) -> None:
        while True:
            calm = self.calm
            try:
                told = (await client.get(self._urls[name]() + "/v1/status")).json()
                self.saw(name, told, calm and self.calm)
            except (httpx2.HTTPError, ValueError, KeyError):
                look = self.looks[name]
                look.answers = look.connected = False
                look.siblings = 0
            await trio.sleep(LOOK_S)

    def saw(self, name: str, told: Mapping[str, Any], calm: bool) -> None:
        """One status. Raises `KeyError` for what is none."""
        look, uplink = self.looks[name], told["uplink"]
        look.answers, look.connected = True, uplink["connected"]
        look.durable, look.receipted = uplink["durable_seq"], uplink["receipted_seq"]
        look.waiting = uplink["waiting"]
        look.conflicts = told["conflicts"]
        look.seen += 1
        rows = told["siblings"]
        look.siblings = sum(row["connected"] for row in rows)
        look.behind = sum(row["waiting"] for row in rows)
        for row in rows:
            news = row["held"] != look.held.get(row["name"])
            look.held[row["name"]] = row["held"]
            if news and calm and row["connected"] and row["lag_ms"] is not None:
                self.lags_ms.append(max(0, row["lag_ms"]))
        if self.cut_off:
            waiting = sum(one.waiting for one in self.looks.values())
            self.waiting_max = max(self.waiting_max, waiting)

    async def until_heard(self, of: str, by: str) -> None:
        """Until gateway `by` holds all that is durable at gateway `of` now; `LAG_S` at most."""
        look = self.looks[of]
        asked = look.seen + 2  # the next answer may have been under way already
        with trio.move_on_after(LAG_S):
            while look.seen < asked:  # noqa: ASYNC110 - it is seen by looking
                await trio.sleep(_SOON_S)
            durable = look.durable
            while self.looks[by].held.get(of, 0) < durable:  # noqa: ASYNC110
                await trio.sleep(_SOON_S)

    def forget(self) -> None:
        """The gateways start again: what was seen of them is over."""
        for look in self.looks.values():
            look.answers = look.connected = False
            look.siblings = 0

    @property
    def connected(self) -> bool:
        """Each gateway reaches the centre and its siblings."""
        return all(look.connected for look in self.looks.values()) and self.joined

    @property
    def joined(self) -> bool:
        """Each gateway reaches its siblings."""
        return all(look.siblings == len(self.looks) - 1 for look in self.looks.values())

    @property
    def delivered(self) -> bool:
        """The centre and all siblings have everything."""
        return all(look.delivered and not look.behind for look in self.looks.values()) and (
            self.joined
        )


def percentile(values: Sequence[int], percent: int) -> int:
    """The value below or at which `percent` of `values` lie (nearest rank); 0 of none."""
    if not values:
        return 0
    rank = -(-len(values) * percent // 100)
    return sorted(values)[max(rank, 1) - 1]


def lag_of(values: Sequence[int]) -> dict[str, int]:
    """The figures of the summary."""
    return {
        "p50": percentile(values, 50), "p99": percentile(values, 99), "observed": len(values)
    }  # fmt: skip
