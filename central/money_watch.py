"""Looks now and then at what of money needs somebody, and shows it as gauges.

Looking reads every hold there is: five seconds for a million sales. It is done by one task for
all who ask, and at most a thirtieth of the time.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from central.database import PASSING
from central.outlook import Outlook, look

if TYPE_CHECKING:
    from central.database import Database

log = logging.getLogger("gatehouse.central")
LOOK_S: Final = 30.0
#: So many times as long as it took to look, nobody looks again.
PATIENCE: Final = 30

Read = Callable[[Outlook], int]
#: Name without its prefix, what it says, and how it is read.
GAUGES: Final[tuple[tuple[str, str, Read], ...]] = (
    ("unexplained_steps", "steps of bands that no fact explains",
     lambda told: told.unexplained.steps),
    ("unexplained_given_proven_minor", "given back without a fact, and none can come: a loss",
     lambda told: told.unexplained.proven_given_minor),
    ("unexplained_given_awaited_minor", "given back, and a fact may still come",
     lambda told: told.unexplained.awaited_given_minor),
    ("unexplained_debited_proven_minor", "taken without a fact, and none can come",
     lambda told: told.unexplained.proven_debited_minor),
    ("unexplained_debited_awaited_minor", "taken, and a fact may still come",
     lambda told: told.unexplained.awaited_debited_minor),
    ("awaited_gateways", "gateways that bands or steps wait for",
     lambda told: len(told.awaited)),
    ("awaited_gateways_never_heard", "of them those that were approved and never came",
     lambda told: sum(one.silent for one in told.awaited)),
    ("lost_bands_waiting", "replaced bands of which something is held back",
     lambda told: told.waiting),
    ("lost_bands_held_minor", "what is held back of them", lambda told: told.held_minor),
    ("lost_bands_lost_minor", "spent of them too late: a loss", lambda told: told.lost_minor),
    ("debits_in_doubt", "debits that nobody knows the end of", lambda told: told.in_doubt),
    ("debits_in_doubt_minor", "what they would move", lambda told: told.in_doubt_minor),
    ("band_forks", "proven copies of bands", lambda told: told.forks),
    ("money_conflicts", "other clashes that gateways have found", lambda told: told.conflicts),
)  # fmt: skip


class Watch:
    """What was seen last (`outlook`, None before the first look), and when."""

    def __init__(
        self, database: Database, tenant: bytes, now_ms: Callable[[], int],
        registry: CollectorRegistry,
    ) -> None:  # fmt: skip
        self.database, self.tenant, self.now_ms = database, tenant, now_ms
        self.outlook: Outlook | None = None
        self.looked_ms: int | None = None
        self.trouble = ""
        self.failures = Counter(
            "gatehouse_central_money_looks_failed", "looks at money that broke", registry=registry
        )
        for name, text, read in GAUGES:
            gauge = Gauge(f"gatehouse_central_{name}", text, registry=registry)
            gauge.set_function(self._reader(read))
        Gauge(
            "gatehouse_central_money_looked_at_seconds", "unix time of these figures of money",
            registry=registry,
        ).set_function(lambda: (self.looked_ms or 0) / 1000)  # fmt: skip

    def _reader(self, read: Read) -> Callable[[], float]:
        return lambda: math.nan if self.outlook is None else float(read(self.outlook))

    async def look(self) -> None:
        """Look once."""
        now_ms = self.now_ms()
        async with self.database.connection() as connection:
            self.outlook = await look(connection, self.tenant)
        self.looked_ms = now_ms

    async def watch(self) -> None:
        """Look for ever. What stands in the way is logged once, and the old figures stay."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self.look()
                self.trouble = ""
            except PASSING as error:
                self._failed(f"the database does not answer: {type(error).__name__}", None)
            except Exception as error:  # noqa: BLE001 - the border: gauges end no service
                self._failed(f"{type(error).__name__}: {error}", error)
            await asyncio.sleep(max(LOOK_S, PATIENCE * (loop.time() - began)))

    def _failed(self, said: str, error: Exception | None) -> None:
        self.failures.inc()
        if said != self.trouble:
            log.warning("money cannot be looked at", extra={"why": said}, exc_info=error)
        self.trouble = said
