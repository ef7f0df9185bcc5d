"""Devices as a technician writes them."""

from __future__ import annotations

import pytest

from config.devices import ModbusTcpTurnstile, TcpScanner


def test_the_time_to_pass_follows_the_profile_unless_it_is_said() -> None:
    assert ModbusTcpTurnstile(host="h", relay=1).timeout_s == 5.0
    assert ModbusTcpTurnstile(host="h", relay=1, profile="speed_gate").timeout_s == 8.0
    assert ModbusTcpTurnstile(host="h", relay=1, timeout_s=3.0).timeout_s == 3.0


@pytest.mark.parametrize(
    ("suffix", "raw"),
    [("cr", b"\r"), ("lf", b"\n"), ("crlf", b"\r\n"), ("etx", b"\x03"), ("none", b"")],
)
def test_suffixes_are_named(suffix: str, raw: bytes) -> None:
    assert TcpScanner(host="h", port=1, suffix=suffix).suffix_bytes == raw  # type: ignore[arg-type]
