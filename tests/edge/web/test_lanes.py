"""A lane is called by its number, and by nothing that only looks like one."""

from __future__ import annotations

import pytest

from edge.web.lanes import lane_called
from edge.web.problems import ApiError
from tests.edge.web.house import House


def test_a_lane_is_found_by_its_number() -> None:
    house = House()
    assert lane_called(house.gateway, "2") is house.two


@pytest.mark.parametrize("number", ["3", "", "-1", "1.0", "\u0661", "000001", "x" * 50])
def test_no_such_lane_lists_those_there_are(number: str) -> None:
    with pytest.raises(ApiError) as raised:
        lane_called(House().gateway, number, "lane")
    problem = raised.value.problem
    assert (raised.value.status, problem.field, problem.lanes) == (404, "lane", [1, 2])
    assert len(problem.detail) < 60
