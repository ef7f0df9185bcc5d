"""Nobody reaches a gateway from outside without TLS and sign-in, and staff are told apart."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from config.check import check_tree
from config.gateway import Gateway
from crypto.pins import hash_pin

BASE = """
name = "north"
identity_dir = "/x"
timezone = "UTC"
[[gates]]
number = 1
name = "North"
[[lanes]]
number = 4
name = "Left"
gate = 1
"""
HASH = hash_pin("471100", bytes(16))
ANNA = f"[[staff]]\nnumber = 1\nname = 'Anna'\nrole = 'scanner'\npin_hash = '{HASH}'\n"
TLS = "[local_api.tls]\ncertificate = 'c.pem'\nkey = 'c.key'\n"


def faults(*parts: str) -> list[str]:
    tree: dict[str, Any] = tomllib.loads(BASE + "".join(parts))
    found = check_tree(tree, Gateway, lambda _: "f", Path("/")).faults
    return [f"{fault.path}: {fault.problem} ({fault.hint})" for fault in found]


def bind(address: str, more: str = "") -> str:
    return f"[local_api]\nbind = '{address}'\n{more}"


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ((bind("127.0.0.1:80"),), None),
        ((bind("[::1]:80"), ANNA), None),
        ((bind("127.0.0.1:80"), TLS), None),
        ((bind("unix:/run/a.sock"), ANNA), None),
        ((bind("10.0.0.1:443"), ANNA, TLS), None),
        ((bind("0.0.0.0:443", "names = ['gate.lan']\n"), ANNA, TLS), None),
        ((bind("10.0.0.1:443"),), "(add [[staff]], so that people sign in and [local_api.tls]"),
        ((bind("10.0.0.1:443"), ANNA), "(add [local_api.tls], so that nobody listens; or"),
        ((bind("10.0.0.1:443"), TLS), "(add [[staff]], so that people sign in; or"),
        ((bind("0.0.0.0:443"),), "can be reached from other machines"),
        ((bind("0.0.0.0:443"), ANNA, TLS), "local_api.names: is needed: by what names"),
        ((bind("[::]:443"), ANNA, TLS), "local_api.names: is needed: by what names"),
        ((bind("unix:/run/a.sock"), TLS), "a unix socket speaks no TLS"),
        ((bind("gate:80"),), "local_api.bind: 'gate:80' cannot be listened on"),
    ],
)  # fmt: skip
def test_others_reach_it_only_with_tls_and_sign_in(
    parts: tuple[str, ...], told: str | None
) -> None:
    found = faults(*parts)
    assert len(found) == (0 if told is None else 1), found
    assert told is None or told in found[0]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (ANNA + ANNA.replace("Anna", "Ben"), "staff[1].number: number 1 is used twice"),
        (ANNA + ANNA.replace("= 1", "= 2").replace("Anna", "anna"), "name 'anna' is used twice"),
        (ANNA + "lanes = [4]\n", None),
        (ANNA + "lanes = [4, 5]\n", "staff[0].lanes[1]: there is no lane 5 (known lanes: 4)"),
        (ANNA.replace("scanner", "scaner"), "did you mean scanner?"),
        (ANNA.replace(HASH, "471100"), "staff[0].pin_hash: '471100' is not allowed (made by"),
        (ANNA.replace("m=19456", "m=99999"), "staff[0].pin_hash: costs more than"),
        (ANNA.replace("number = 1\n", ""), "staff[0].number: is missing"),
    ],
)
def test_a_mistake_about_staff_is_named(rows: str, told: str | None) -> None:
    found = faults(rows)
    assert len(found) == (0 if told is None else 1), found
    assert told is None or told in found[0]
