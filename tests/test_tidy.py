"""The tree keeps its own rules; and each rule, shown a mistake, names the file and the line."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests import tidy_rules as tidy

ROOT = Path(__file__).parents[1]
Rule = Callable[[Path], list[str]]


@pytest.mark.parametrize("rule", tidy.RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_its_rules(rule: Rule) -> None:
    found = rule(ROOT)
    assert not found, "\n" + "\n".join(found)


def test_no_other_distribution_ships_our_names() -> None:
    assert tidy.shadowed(packages_distributions()) == []


def test_a_distribution_with_our_name_is_named() -> None:
    told = tidy.shadowed({"config": ["gatehouse", "python-config"], "yaml": ["PyYAML"]})
    assert told == ["python-config ships a package named config, as Gatehouse does"]


def plant(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


FLOORS = [
    ("crypto/keys.py", "import config", "crypto must not import config"),
    ("crypto/keys.py", "import trio", "crypto must not import trio"),
    ("crypto/keys.py", "from .. import edge", "crypto must not import edge"),
    ("config/load.py", "import starlette", "config must not import starlette"),
    ("config/load.py", "from nacl.signing import SigningKey", "config must not import nacl"),
    ("config/load.py", "from edge import cli", "config must not import edge"),
    ("drivers/link.py", "from config import devices", "drivers must not import config"),
    ("drivers/link.py", "from crypto.keys import key_id", "drivers must not import crypto.keys"),
    ("drivers/link.py", "import asyncio", "drivers must not import asyncio"),
    ("edge/lane.py", "import asyncio.subprocess", "edge must not import asyncio.subprocess"),
    ("edge/lane.py", "from central import store", "edge must not import central"),
    ("edge/lane.py", "import asyncpg", "edge must not import asyncpg"),
    ("edge/lane.py", "import anyio", "edge must not import anyio"),
    ("edge/lane.py", "import cryptography.x509", "edge must not import cryptography.x509"),
    ("edge/lane.py", "from starlette.routing import Route", "edge must not import starlette"),
    ("edge/web/app.py", "import hypercorn.trio", "edge.web must not import hypercorn.trio"),
    ("edge/lane.py", "from edge import demo", "edge must not import edge.demo"),
    ("edge/lane.py", "from tests.sim import venue", "edge must not import tests.sim"),
    ("edge/demo/run.py", "from edge.gateway import run", "edge.demo must not import edge.gateway"),
    ("edge/core/state.py", "from edge import clock", "edge.core must not import edge.clock"),
    ("edge/core/state.py", "from ..ledger import x", "edge.core must not import edge.ledger"),
    ("edge/core/state.py", "from config import load", "edge.core must not import config.load"),
    ("edge/printing/paper.py", "from edge import lane", "edge.printing must not import edge.lane"),
    ("edge/lane.py", "from PIL import Image", "edge must not import PIL"),
    ("central/app.py", "from edge.core import state", "central.app must not import edge.core"),
    ("central/ingest.py", "from drivers import link", "central must not import drivers"),
    ("central/ingest.py", "import trio", "central must not import trio"),
    ("central/books/postings.py", "import asyncpg", "central.books must not import asyncpg"),
    ("central/books/postings.py", "from central.store import facts", "must not import central.st"),
]


@pytest.mark.parametrize(("path", "line", "told"), FLOORS)
def test_an_import_that_points_up_is_found(tmp_path: Path, path: str, line: str, told: str) -> None:
    plant(tmp_path, path, f'"""A module."""\n\ndef late():\n    {line}\n')
    found = tidy.floors(tmp_path)
    assert len(found) == 1
    assert found[0].startswith(f"{path}:4: ")
    assert told in found[0]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("crypto/block.py", "from crypto.errors import BadBlock"),
        ("crypto/block.py", "from nacl.signing import VerifyKey"),
        ("crypto/block.py", "from . import errors"),
        ("config/runtime/listen.py", "import hypercorn.trio.tcp_server"),
        ("edge/lane.py", "from edge.core import state"),
        ("edge/core/rules.py", "from edge.core import state"),
        ("edge/web/app.py", "import starlette"),
        ("edge/demo/run.py", "from edge.demo.crowd import guests"),
        ("central/app.py", "import asyncio, starlette"),
        ("benchmarks/tap.py", "import edge, central, trio"),
        ("tests/test_x.py", "import edge, central, nacl, hypercorn"),
    ],
)
def test_an_import_that_points_down_passes(tmp_path: Path, path: str, line: str) -> None:
    plant(tmp_path, path, line + "\n")
    assert tidy.floors(tmp_path) == []


IMPURE = [
    "import time",
    "from time import monotonic",
    "import random",
    "from nacl.utils import random",
    "import secrets",
    "from os import urandom",
    "import logging",
    "import trio",
    "import asyncio",
    "x = os.urandom(8)",
    "x = datetime.now()",
    "x = date.today()",
    "x = SigningKey.generate()",
    "x = open('file')",
    "x = path.read_text()",
    "print('a')",
    "async def wait(): pass",
]
PURE_FILES = ["crypto/keys.py", "drivers/scanner/tcp/codec.py", "drivers/turnstile/m/machine.py"]
PURE_FILES += ["edge/core/rules.py", "central/books/postings.py"]


@pytest.mark.parametrize("line", IMPURE)
@pytest.mark.parametrize("path", PURE_FILES)
def test_impure_code_in_a_pure_file_is_found(tmp_path: Path, path: str, line: str) -> None:
    plant(tmp_path, path, f'"""Pure."""\n{line}\n')
    plant(tmp_path, "edge/clock.py", line)  # where it may be
    found = tidy.purity(tmp_path)
    assert found
    assert all(text.startswith(f"{path}:2: pure code ") for text in found)


def test_clocks_and_seeds_as_arguments_are_pure(tmp_path: Path) -> None:
    text = "import datetime\ndef f(now_ms: int, seed: bytes, opened: bool): return now_ms\n"
    plant(tmp_path, "crypto/keys.py", text)
    assert tidy.purity(tmp_path) == []


OTHERS: list[tuple[Rule, str, str, str]] = [
    (tidy.sizes, "edge/lane.py", "x = 1\n" * 401, "edge/lane.py:401: more than 400 lines"),
    (tidy.sizes, "gatehouse", "x = 1\n" * 401, "gatehouse:401: more than 400 lines"),
    (
        tidy.sizes,
        "edge/lane.py",
        "\n\nasync def f():\n" + "    x = 1\n" * 60,
        "edge/lane.py:3: f has 61 lines, more than 60",
    ),
    (tidy.sizes, "a.py", "\n#" + "-" * 100 + "\n", "a.py:2: wider than 100 columns"),
    (
        tidy.fakes,
        "drivers/scanner/tcp/fake.py",
        "import trio\nfrom .codec import encode\n",
        "drivers/scanner/tcp/fake.py:2: a fake imports drivers.scanner.tcp.codec.encode",
    ),
    (
        tidy.fakes,
        "drivers/turnstile/modbus/fake.py",
        "from drivers.turnstile.modbus import machine\n",
        "drivers/turnstile/modbus/fake.py:1: a fake imports drivers.turnstile.modbus.machine",
    ),
    (tidy.file_names, "edge/utils.py", "", "edge/utils.py:1: a name that says nothing"),
    (tidy.file_names, "edge/common/x.py", "", "edge/common/x.py:1: a name that says nothing"),
    (tidy.foreign_text, "uv.lock", "", "uv.lock:1: a lock file"),
    (tidy.foreign_text, "a.md", "x\nhttps://py" + "pi.org/", "a.md:2: a registry's host"),
    (tidy.foreign_text, "r.txt", "--index" + "-url x", "r.txt:1: an index of packages"),
    (tidy.foreign_text, "a.toml", 'd = "/ro' + 'ot/x"', "a.toml:1: a path of one machine"),
    (tidy.foreign_text, "a.py", "# ../sha" + "red/x", "a.py:1: a folder that does not ship"),
    (tidy.foreign_text, "a.py", "# see formats.m" + "d §4", "a.py:1: a page that does not ship"),
    (tidy.every_file_is_tested, "edge/lane.py", "", "edge/lane.py:1: no tests/edge/test_lane.py"),
]


@pytest.mark.parametrize(("rule", "path", "text", "told"), OTHERS)
def test_a_planted_mistake_is_found(
    tmp_path: Path, rule: Rule, path: str, text: str, told: str
) -> None:
    plant(tmp_path, path, text)
    assert rule(tmp_path) == [told]


def test_two_files_of_one_name_need_two_tests(tmp_path: Path) -> None:
    for path in ("edge/cli.py", "central/cli.py", "drivers/a/codec.py", "drivers/b/codec.py"):
        plant(tmp_path, path, "")
    plant(tmp_path, "tests/edge/test_cli.py", "")
    plant(tmp_path, "tests/drivers/test_codec.py", "")
    assert [text.split(":")[0] for text in tidy.every_file_is_tested(tmp_path)] == [
        "central/cli.py",
        "drivers/a/codec.py",
        "drivers/b/codec.py",
    ]
    plant(tmp_path, "tests/central/test_cli.py", "")
    plant(tmp_path, "tests/drivers/test_a_codec.py", "")
    plant(tmp_path, "tests/drivers/b/test_codec.py", "")
    assert tidy.every_file_is_tested(tmp_path) == []


def test_what_git_ignores_is_not_looked_at(tmp_path: Path) -> None:
    plant(tmp_path, ".venv/edge/utils.py", "")
    plant(tmp_path, "edge/__pycache__/utils.py", "")
    assert tidy.file_names(tmp_path) == []
