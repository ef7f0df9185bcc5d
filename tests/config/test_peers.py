"""The table of siblings: an address for all, and no sibling twice or oneself."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from config.binds import Bind
from config.check import check_tree
from config.gateway import Gateway
from config.load import load

EXAMPLE = Path(__file__).parents[2] / "config" / "gateway.example.toml"
TWICE = '[[peers.siblings]]\nname = "south-1"\nhost = "h"\nport = 1\n\n[[peers.siblings]]'


def faults(change: str, by: str) -> list[str]:
    text = EXAMPLE.read_text()
    assert change in text
    tree: dict[str, Any] = tomllib.loads(text.replace(change, by, 1))
    found = check_tree(tree, Gateway, lambda _: "f", Path("/")).faults
    return [f"{fault.path}: {fault.problem} ({fault.hint})" for fault in found]


def test_the_example_names_a_sibling_and_may_be_reached_by_it() -> None:
    peers = load(EXAMPLE, Gateway, {}).peers
    assert peers is not None
    assert [(s.name, s.port) for s in peers.siblings] == [("south-1", 8444)]
    assert peers.address == Bind(host="0.0.0.0", port=8444)


@pytest.mark.parametrize(
    ("change", "by", "told"),
    [
        ('# bind = "0.0.0.0:8444"', 'bind = "unix:/run/x"', "peers.bind: siblings cannot reach"),
        ('# bind = "0.0.0.0:8444"', 'bind = "here"', "peers.bind: 'here' cannot be listened on"),
        ("[[peers.siblings]]", TWICE, "peers.siblings[1].name: sibling 'south-1' is named twice"),
        ('name = "south-1" ', 'name = "north-1" ', "'north-1' is this gateway itself"),
        ('name = "south-1" ', 'name = "South" ', "peers.siblings[0].name"),
        ("# backoff_max_s = 5\n", "backoff_max_s = 0.1\n", "peers.backoff_max_s: 0.1 is below"),
    ],
)
def test_each_mistake_is_named(change: str, by: str, told: str) -> None:
    (fault,) = faults(change, by)
    assert told in fault


def test_without_the_table_a_gateway_has_no_siblings() -> None:
    text = EXAMPLE.read_text()
    cut = text[: text.index("# The other gateways")] + text[text.index("[local_api]") :]
    tree = tomllib.loads(cut)
    assert check_tree(tree, Gateway, lambda _: "f", Path("/")).value.peers is None
