"""The OpenAPI document lists what there is, and only that."""

from __future__ import annotations

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from edge.web import page
from tests.edge.web.house import House


def routes(house: House) -> set[tuple[str, str]]:
    app = house.app.app
    assert isinstance(app, Starlette)
    found = set()
    for route in app.routes:
        assert isinstance(route, Route)
        if route.path not in page.FILES:
            methods = (route.methods or set()) - {"HEAD"}
            found |= {(method.lower(), route.path) for method in methods}
    return found


@pytest.mark.trio
async def test_every_route_is_described_and_every_description_has_a_route() -> None:
    house = House()
    _, told = await house.get("/openapi.json")
    described = {(method, path) for path, ops in told["paths"].items() for method in ops}
    assert described == routes(house)


@pytest.mark.trio
async def test_the_types_are_the_ones_that_read_and_write() -> None:
    _, told = await House().get("/openapi.json")
    assert told["openapi"] == "3.1.0"
    schemas = told["components"]["schemas"]
    presented = schemas["Presented"]
    assert presented["required"] == ["code"]
    assert presented["additionalProperties"] is False
    assert presented["properties"]["count"] == {
        "type": "integer", "minimum": 1, "maximum": 255, "default": 1,
    }  # fmt: skip
    assert "reason_number" in schemas["Answer"]["properties"]
    post = told["paths"]["/v1/lanes/{lane}/presentations"]["post"]
    assert {"200", "400", "404", "409", "413", "415", "503", "504"} <= set(post["responses"])
    raw = msgspec.json.encode(told).decode()
    for part in raw.split('"$ref":"')[1:]:
        assert part.split('"')[0].rpartition("/")[2] in schemas
