"""The central service's example loads, and each mistake is named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from config.central import Central
from config.check import check_tree
from config.credentials import Credential
from config.faults import ConfigInvalid
from config.load import load

EXAMPLE = Path(__file__).parents[2] / "config" / "central.example.toml"


def test_the_example_loads() -> None:
    central = load(EXAMPLE, Central, {})
    assert central.database.embedded
    assert central.embedded_dir == "/var/lib/gatehouse/central/postgres"
    assert not central.listen.gateways_address.loopback
    assert central.listen.ops_address.loopback


@pytest.mark.parametrize(
    ("change", "by", "told"),
    [
        ("[limits]", "ops = '0.0.0.0:1'\n[limits]", "listen.ops: '0.0.0.0:1' can be reached"),
        ("0.0.0.0:8443", "here:1", "listen.gateways: 'here:1' cannot be listened on"),
        ("0.0.0.0:8443", "127.0.0.1:8082", "listen.ops: is the address of listen.gateways"),
        ("[listen]", "dsn = 'x'\n[listen]", "database.dsn: is not a DSN"),
        ("[listen]", "dsn = {credential = '../x'}\n[listen]", "database.dsn.credential: '../x'"),
        (
            "[listen]",
            "dsn = 'postgresql://a@b/c'\nembedded_dir = 'x'\n[listen]",
            "database.embedded_dir: is for our own server",
        ),
        ("[limits]", "[limits]\nraw_bytes_max = 65536", "above raw_bytes_max"),
        ('["central.example.org"]', "[]", "listen.server_names: has 0 entries"),
    ],
)
def test_a_mistake_is_named(change: str, by: str, told: str) -> None:
    text = EXAMPLE.read_text()
    assert change in text
    tree = tomllib.loads(text.replace(change, by, 1))
    (fault,) = check_tree(tree, Central, lambda _: "f", Path("/")).faults
    assert told in f"{fault.path}: {fault.problem}"


def test_a_dsn_may_be_kept_among_the_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = EXAMPLE.read_text().replace("[listen]", "dsn = {credential = 'db.dsn'}\n[listen]", 1)
    (tmp_path / "c.toml").write_text(text)
    database = load(tmp_path / "c.toml", Central, {}).database
    assert database.dsn == Credential("db.dsn")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(ConfigInvalid, match=r"database.dsn: there is no credential db.dsn"):
        database.resolved_dsn()
    (tmp_path / "db.dsn").write_text("postgresql://u:p@h/d\n")
    (tmp_path / "db.dsn").chmod(0o600)
    assert database.resolved_dsn() == "postgresql://u:p@h/d"
    assert not database.embedded
