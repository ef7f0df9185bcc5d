"""`config check | schema | example` for the gateway's configuration."""

import sys
from importlib import resources
from pathlib import Path

from config.gateway import Gateway
from config.schema import check_command, schema_command
from edge.venue_texts import phrase_faults


def check(file: Path, *, as_json: bool = False) -> int:
    """Every fault of `file`, each with file, path and hint. Exit code 0, or 78."""
    return check_command(file, Gateway, as_json=as_json, also=phrase_faults)


def schema() -> int:
    """The JSON Schema of a gateway's TOML on standard output."""
    return schema_command(Gateway)


def example() -> int:
    """The example that ships with Gatehouse on standard output."""
    text = resources.files("config").joinpath("gateway.example.toml").read_text("utf-8")
    sys.stdout.write(text)
    return 0
