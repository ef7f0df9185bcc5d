"""Whole gateways on loopback: what one admits, the others refuse, whatever way it took."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edge.core.desk import make_code
from tests.edge.peers.site import Node, site, until


def said(answers: list) -> str:  # type: ignore[type-arg]
    (answer,) = answers
    return answer.reason or answer.decision


def settled(*nodes: Node) -> bool:
    return all(one.knows(two) for one in nodes for two in nodes if one is not two)


@pytest.mark.trio
async def test_what_one_admits_the_other_refuses(tmp_path: Path) -> None:
    async with site(tmp_path, "a", "b") as (a, b):
        a.join(b)
        await until(lambda: settled(a, b))
        first = a.scan(make_code(1))
        await until(lambda: bool(first) and settled(a, b))
        again = b.scan(make_code(1))
        await until(lambda: bool(again))
        assert (said(first), said(again)) == ("admitted", "already_redeemed")
