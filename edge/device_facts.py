"""Which devices of a lane are well, as facts; one that flaps does not fill the ledger."""

from collections.abc import Callable
from typing import Final

import msgspec

from crypto.entry import DeviceBack, DeviceLost, KnownFact
from edge.core.moments import Moment
from edge.gateway import Gateway

# Facts about a flapping device: at most one pair per this time and device.
DEVICE_FACT_GAP_MS: Final = 10_000
Make = Callable[[int, Moment], KnownFact]


class _Device(msgspec.Struct):
    """A device as it is now, and what the last fact said about it, when (unix ms)."""

    told_ms: int
    well: bool = True
    cause: str = ""
    told_well: bool = True


class DeviceFacts:
    """The devices of lane `lane`."""

    def __init__(self, gateway: Gateway, lane: int) -> None:
        self._gateway = gateway
        self._lane = lane
        self._since_ms = gateway.clock.now().ms
        self._devices: dict[str, _Device] = {}

    def changed(self, device: str, well: bool, cause: str) -> None:
        """A device went away or came back; `cause` is a code."""
        known = self._devices.get(device)
        if known is None:
            # A start is no loss: a device that is not there soon is told then (`tick`).
            known = self._devices[device] = _Device(self._since_ms)
        elif known.well == well:
            return
        known.well, known.cause = well, cause
        self._gateway.events.publish("device", lane=self._lane, device=device, well=well)
        self._tell(device, known)

    def tick(self) -> None:
        """About once a second: what could not be told before."""
        for device, known in self._devices.items():
            self._tell(device, known)

    def _tell(self, device: str, known: _Device) -> None:
        now = self._gateway.clock.now()
        recent = 0 <= now.ms - known.told_ms < DEVICE_FACT_GAP_MS
        if known.well == known.told_well or (not known.well and recent):
            return
        if self._gateway.unsaved_count:
            return  # no room: told by a later tick, if it still holds
        known.told_well, known.told_ms = known.well, now.ms
        where, well, cause = (self._lane, device), known.well, known.cause
        make: Make = lambda hlc, now: (  # noqa: E731
            DeviceBack(hlc, now.day, now.offset_min, *where)
            if well
            else DeviceLost(hlc, now.day, now.offset_min, *where, cause)
        )
        self._gateway.must_record(make)
