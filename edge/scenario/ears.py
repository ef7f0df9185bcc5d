"""Which gateways of a scenario are heard, and since when not (`edge.gateway.Siblings`)."""

from typing import Any, Final, Protocol

#: As `[peers] unheard_after_s` is unless somebody sets it.
UNHEARD_AFTER_S: Final = 10.0


class Clock(Protocol):
    """What time it is in the scenario."""

    ms: int


class Ears:
    """Those of one gateway. Whoever was never heard counts as heard when it started."""

    def __init__(self, time: Clock) -> None:
        self.unheard_after_s = UNHEARD_AFTER_S
        self._time = time
        self._started_ms = time.ms
        self._heard_ms: dict[bytes, int] = {}

    def started(self) -> None:
        """The gateway starts anew, and remembers nothing."""
        self._started_ms = self._time.ms
        self._heard_ms.clear()

    def hear(self, gateway: bytes) -> None:
        """It is heard just now."""
        self._heard_ms[gateway] = self._time.ms

    def unheard_s(self, gateway: bytes) -> float:
        """How long it was not heard, itself or through others."""
        return (self._time.ms - self._heard_ms.get(gateway, self._started_ms)) / 1000

    def rows(self) -> list[Any]:
        """Nobody looks at a status page in a scenario."""
        return []

    def warnings(self) -> list[str]:
        """Nor at warnings."""
        return []
