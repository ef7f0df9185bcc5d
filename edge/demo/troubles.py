"""What breaks during the rush, when, and for how long."""

from collections.abc import Sequence
from typing import Final

import trio

from edge.demo.bar import Bar
from edge.demo.crowd import Crowd
from edge.demo.guests import Guest
from edge.demo.processes import DemoFailed
from edge.demo.table import News
from edge.demo.venue import Venue
from edge.demo.watching import Watch

#: When things break, as shares of the rush.
CENTRAL_STOPS: Final = 0.20
CENTRAL_RETURNS: Final = 0.50
GATEWAY_DIES: Final = 0.65
DEAD_S: Final = 0.8
#: The LAN is cut at least so long, and the rest of the time that both sides need.
CUT_S: Final = 3.0
#: Lags are measured again when so much time has passed after the last trouble.
CALM_AFTER_S: Final = 1.5
HEALED_S: Final = 30.0


class Troubles:
    """The outages of one run. `copies` and `pairs` come while the centre is away."""

    def __init__(
        self, venue: Venue, crowd: Crowd, watch: Watch, news: News, seconds: float,
        copies: Sequence[Guest] = (), pairs: Sequence[Guest] = (), bar: Bar | None = None,
    ) -> None:  # fmt: skip
        self.phase = "doors are open"
        self.kills = 0
        self.outages = 0
        self.away_s = 0.0
        self.lan_cut_s = 0.0
        self._venue = venue
        self._crowd = crowd
        self._watch = watch
        self._news = news
        self._seconds = seconds
        self._copies = copies
        self._pairs = pairs
        self._bar = bar
        self._centre_back = trio.Event()

    async def cut_off(self) -> None:
        """Stop the centre for a while; gateways and guests must not notice."""
        await trio.sleep(self._seconds * CENTRAL_STOPS)
        began = trio.current_time()
        self.phase = "centre stopped"
        self._watch.cut_off = True
        self._news.say("The centre is stopped. Guests must not notice.")
        code = await self._venue.stop_central()
        if code:
            raise DemoFailed(f"the centre ended with exit code {code} when told to stop")
        await self._across_gateways()
        await trio.sleep_until(began + self._seconds * (CENTRAL_RETURNS - CENTRAL_STOPS))
        self._news.say("The centre comes back; what waited is delivered.")
        self._watch.cut_off = False
        await self._venue.start_central()
        self.outages += 1
        self.away_s = trio.current_time() - began
        self.phase = "doors are open"
        self._centre_back.set()

    async def kill(self) -> None:
        """kill -9 to the first gateway, in the middle of the rush; later it starts again."""
        await trio.sleep(self._seconds * GATEWAY_DIES)
        gateway = self._venue.gateways[0]
        if len(self._venue.gateways) > 1:
            await self._centre_back.wait()
        name = "The gateway" if len(self._venue.gateways) == 1 else f"Gateway {gateway.name}"
        if self._bar is not None:
            await self._bar.in_mid_tap(gateway)
        self.phase, self._watch.calm = "gateway killed", False
        self._news.say(f"{name} is killed (kill -9) in the middle of the rush.")
        await gateway.kill()
        await trio.sleep(DEAD_S)
        self._news.say(f"{name} starts again: who was in a passage is unknown.")
        page = gateway.api
        await self._venue.start_gateway(gateway)
        self.kills += 1
        if gateway.api != page:
            self._news.say(f"The gateway's page has moved: {gateway.api}/")
        self.phase = "doors are open"
        await trio.sleep(CALM_AFTER_S)
        self._watch.calm = True

    async def _across_gateways(self) -> None:
        lan = self._venue.lan
        if lan is None:
            return
        tickets = len(self._copies)
        self._news.say(f"{tickets} tickets are copied, and shown at one gateway after another.")
        await self._crowd.bring(self._copies)
        if self._bar is not None:
            await self._bar.forks_ready()
        began = trio.current_time()
        self.phase, self._watch.calm = "LAN cut", False
        lan.cut()
        self._news.say("The LAN is cut: gateways are alone. Copies are shown on both sides.")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._crowd.bring, self._pairs)
            if self._bar is not None:
                nursery.start_soon(self._bar.fork)
        await trio.sleep_until(began + CUT_S)
        lan.heal()
        self.lan_cut_s = trio.current_time() - began
        self.phase = "centre stopped"
        self._news.say("The LAN is whole again; gateways tell each other what they did.")
        with trio.move_on_after(HEALED_S) as late:
            while not (self._watch.joined and self._all_found()):  # noqa: ASYNC110
                await trio.sleep(0.05)
        if late.cancelled_caught:
            self._news.say("Not every copy was found as a conflict yet; the checks will tell.")
        else:
            found = len(self._pairs) // 2
            self._news.say(f"All gateways have found the {found} copies that were let in twice.")
        self._watch.calm = True

    def _all_found(self) -> bool:
        wanted = len(self._pairs) // 2
        return all(look.conflicts >= wanted for look in self._watch.looks.values())
