"""Every kind of work has a flow."""

from typing import get_args

from edge.till.flows import FLOWS
from edge.till.work import Kind


def test_every_kind_has_its_flow() -> None:
    assert set(FLOWS) == set(get_args(Kind))
