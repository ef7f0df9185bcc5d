"""The figures of a gateway for Prometheus, read when they are asked for."""

from collections.abc import Callable, Iterator
from typing import Final

import trio
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from edge.core.occupancy import PlaceRow, places
from edge.gateway import Gateway
from edge.ledger.spares import Room
from edge.web.status import LaneRow, Sources, Status, lane_rows, status

#: Counting who is inside may walk over all quarter hours, so scrapes share one count this long.
INSIDE_KEPT_S: Final = 10.0


class GatewayMetrics(Collector):
    """`crashed` counts crashed handlers of the local API. Read on the gateway's loop."""

    def __init__(self, sources: Sources, crashed: Callable[[], int]) -> None:
        self._sources = sources
        self._crashed = crashed
        self._inside = Inside(sources.gateway)

    def describe(self) -> list[Metric]:
        """Nothing: the registry need not ask before the first scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All families, each complete."""
        now = status(self._sources)
        yield from _gateway(now)
        yield from _lanes(lane_rows(self._sources))
        yield _inside(self._inside.places())
        yield _counted("event_listeners_dropped", "Listeners that read too slowly",
                       self._sources.gateway.events.dropped)  # fmt: skip
        yield _counted("lanes_crashed", "Crashes while letting somebody go", now.counts.crashed)
        yield _counted("http_handlers_crashed", "Crashed requests", self._crashed())


class Inside:
    """Persons inside by place, counted anew every `INSIDE_KEPT_S` at most."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._found: list[PlaceRow] = []
        self._old_at_s = float("-inf")

    def places(self) -> list[PlaceRow]:
        """As they were at most `INSIDE_KEPT_S` ago."""
        now_s, gateway = trio.current_time(), self._gateway
        if now_s >= self._old_at_s:
            self._found = places(gateway.state, gateway.policy, gateway.clock.now().ms)
            self._old_at_s = now_s + INSIDE_KEPT_S
        return self._found


def _inside(rows: list[PlaceRow]) -> Metric:
    # Names may be the same; the number of a zone is its own, and 0 is the venue.
    text = "Persons inside by what was heard, 0 is the venue"
    inside = GaugeMetricFamily("gatehouse_inside", text, labels=["place", "name"])
    for row in rows:
        inside.add_metric([str(row.zone), row.name], row.inside)
    return inside


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"gatehouse_{name}", text, value=value)


def _counted(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"gatehouse_{name}", text, value=value)


def _gateway(now: Status) -> Iterator[Metric]:
    facts = CounterMetricFamily("gatehouse_facts", "Facts of this process", labels=["kind"])
    for kind, count in sorted(now.counts.facts.items()):
        facts.add_metric([kind], count)
    yield facts
    yield _gauge("ready", "1 if guests can be admitted", now.ready)
    yield _gauge("ledger_epoch", "The epoch that is written", now.ledger.epoch)
    yield _gauge("ledger_durable_seq", "The last fact on disk", now.ledger.durable_seq)
    yield _gauge("ledger_spare_segments", "Spare segments that are ready", now.ledger.spares)
    room = Room[now.ledger.room.upper()]
    yield _gauge("ledger_room", "0 plenty, 1 alarm, 2 not ready, 3 none", room)
    yield _gauge("facts_unsaved", "Facts that wait in memory for room", now.ledger.unsaved)
    yield _gauge("bundle_version", "The bundle in force, 0 is none", now.bundle.version)
    if now.bundle.age_s is not None:
        yield _gauge("bundle_age_seconds", "Since the centre issued it", now.bundle.age_s)
    if now.clock.offset_ms is not None:
        offset_s = now.clock.offset_ms / 1000
        yield _gauge("clock_offset_seconds", "Our lead over the centre's clock", offset_s)
    if now.uplink is not None:
        yield _gauge("uplink_connected", "1 if the centre takes our blocks", now.uplink.connected)
        yield _gauge("uplink_waiting_facts", "Facts without a receipt", now.uplink.waiting)
        yield _gauge("uplink_receipted_seq", "The centre holds up to", now.uplink.receipted_seq)


def _lanes(rows: list[LaneRow]) -> Iterator[Metric]:
    answers = CounterMetricFamily("gatehouse_answers", "What lanes said", labels=["lane", "answer"])
    service = GaugeMetricFamily("gatehouse_lane_in_service", "1 if it is", labels=["lane"])
    busy = GaugeMetricFamily("gatehouse_lane_busy", "1 while somebody may pass", labels=["lane"])
    labels = ["lane", "device"]
    well = GaugeMetricFamily("gatehouse_device_well", "1 if it is", labels=labels)
    lost = CounterMetricFamily("gatehouse_device_lost", "How often it went", labels=labels)
    crashed = CounterMetricFamily("gatehouse_device_crashed", "Driver crashes", labels=labels)
    for row in rows:
        lane = str(row.lane)
        for kind, count in sorted(row.said.items()):
            answers.add_metric([lane, kind], count)
        service.add_metric([lane], row.in_service)
        busy.add_metric([lane], row.busy)
        for device in row.devices:
            well.add_metric([lane, device.device], device.well)
            lost.add_metric([lane, device.device], device.lost_count)
            crashed.add_metric([lane, device.device], device.crash_count)
    yield from (answers, service, busy, well, lost, crashed)
