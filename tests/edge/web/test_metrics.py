"""The figures for Prometheus, read by its own parser."""

from __future__ import annotations

from unittest.mock import Mock

import msgspec
import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families

from config.runtime.listen import Connections
from crypto.terms import Terms, Zone
from drivers.supervisor import Health, Report
from edge.core.occupancy import places
from edge.core.policy import Policy
from edge.web import metrics
from edge.wiring import Device
from tests.edge.web.house import House, code, rules
from tests.edge.web.test_status import UPLINK


async def figures(house: House) -> dict[str, float]:
    """`name{label values}` -> value."""
    async with house.client() as client:
        text = (await client.get("/metrics")).text
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


@pytest.mark.trio
async def test_the_figures_follow_the_gateway() -> None:
    counts = Connections(8)
    counts.refused = 2
    report = Report(Health.GONE, 0.0, "", 4, 0, 1)
    gone = Device(1, "turnstile", trio.sleep_forever, lambda: report)
    house = House(uplink=lambda: UPLINK, devices=[gone], connections=counts)
    await house.post({"code": code()}, lane=2)
    await house.post({"code": "nonsense"}, lane=2)
    found = await figures(house)
    expected = {
        "gatehouse_answers_total{answer=admitted,lane=2}": 1,
        "gatehouse_answers_total{answer=invalid,lane=2}": 1,
        "gatehouse_facts_total{kind=Admitted}": 1,
        "gatehouse_ledger_durable_seq{}": 2,
        "gatehouse_ledger_spare_segments{}": 4,
        "gatehouse_ledger_room{}": 0,
        "gatehouse_ready{}": 1,
        "gatehouse_bundle_version{}": 3,
        "gatehouse_bundle_age_seconds{}": 90,
        "gatehouse_uplink_connected{}": 0,
        "gatehouse_uplink_waiting_facts{}": 5,
        "gatehouse_lane_in_service{lane=1}": 1,
        "gatehouse_lane_busy{lane=1}": 0,
        "gatehouse_device_well{device=turnstile,lane=1}": 0,
        "gatehouse_device_lost_total{device=turnstile,lane=1}": 4,
        "gatehouse_device_crashed_total{device=turnstile,lane=1}": 1,
        "gatehouse_lanes_crashed_total{}": 0,
        "gatehouse_http_handlers_crashed_total{}": 0,
        "gatehouse_http_connections_refused_local{}": 2,
        "gatehouse_inside{name=venue,place=0}": 1,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert "gatehouse_clock_offset_seconds{}" not in found


@pytest.mark.trio
async def test_without_a_centre_there_are_no_figures_of_one() -> None:
    found = await figures(House())
    assert not any("uplink" in name for name in found)


@pytest.mark.trio
async def test_who_is_inside_is_counted_every_ten_seconds_however_often_it_is_asked(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, counted = House(), Mock(wraps=places)
    monkeypatch.setattr(metrics, "places", counted)
    venue = "gatehouse_inside{name=venue,place=0}"
    assert (await figures(house))[venue] == 0
    await house.post({"code": code()}, lane=2)
    assert (await figures(house))[venue] == 0
    await trio.sleep(9.9)
    assert (await figures(house))[venue] == 0
    assert counted.call_count == 1
    await trio.sleep(0.2)
    assert (await figures(house))[venue] == 1
    assert counted.call_count == 2


@pytest.mark.trio
async def test_zones_of_one_name_are_told_apart() -> None:
    house = House()
    terms = Terms(zones=[Zone(1, "Hall"), Zone(2, "Hall")])
    house.gateway.policy = Policy(msgspec.structs.replace(rules(), terms=terms))
    found = await figures(house)
    assert {name for name in found if name.startswith("gatehouse_inside")} == {
        "gatehouse_inside{name=venue,place=0}",
        "gatehouse_inside{name=Hall,place=1}",
        "gatehouse_inside{name=Hall,place=2}",
    }
