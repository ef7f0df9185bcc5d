"""Our clock against the centre's: measured now and then, shown, never obeyed.

Beyond `clock.central_max_ms` it is a fact, and again when it is within half of it, so that whoever
reads the times of this gateway later knows how far they may be off.
"""

import logging
from typing import Final

import trio

from crypto.entry import ClockMeasured
from edge.clock import SystemClock
from edge.gateway import Gateway
from edge.peers.clocks import ClockWatch
from edge.transport import Transport, Turned, UplinkLost

log = logging.getLogger(__name__)
CLOCK_EVERY_S: Final = 60.0
#: Stands for the centre where a fact names whose clock was compared.
CENTRE: Final = bytes(16)


async def compare_clocks(
    clock: SystemClock, transport: Transport, gateway: Gateway | None = None, limit_ms: int = 2000
) -> None:
    """Measure our lead for ever. Without a `gateway` it is shown and logged alone."""
    # Once a minute: eight measurements would be eight minutes old. What is unsure by its round trip
    # is left out by the watch itself.
    watch, told_off = ClockWatch(limit_ms, samples=1), False
    while True:
        asked = trio.current_time()
        try:
            theirs = await transport.clock_ms()
        except (UplinkLost, Turned):
            pass
        else:
            took_s = trio.current_time() - asked
            lead = clock.confirm(theirs, int(took_s * 1000))
            if clock.unsure is not told_off:
                told_off = clock.unsure
                tell = log.error if told_off else log.warning
                told = "this gateway's clock is off" if told_off else "the clock is right again"
                tell(told, extra={"lead_ms": lead})
            if watch.add(clock.now().ms, theirs, took_s) and gateway is not None:
                _record(gateway, watch)
        await trio.sleep(CLOCK_EVERY_S)


def _record(gateway: Gateway, watch: ClockWatch) -> None:
    measured, beyond = watch.measured, watch.beyond
    assert measured is not None
    tell = log.error if beyond else log.warning
    told = "our clock and the centre's are too far apart" if beyond else "both clocks agree again"
    tell(told, extra={"lead_ms": measured.lead_ms})
    gateway.must_record(
        lambda hlc, moment: ClockMeasured(
            hlc,
            moment.day,
            moment.offset_min,
            CENTRE,
            measured.lead_ms,
            measured.round_trip_ms,
            beyond,
        )
    )
