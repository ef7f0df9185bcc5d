"""Devices as a technician writes them."""

from __future__ import annotations

from config.devices import ModbusTcpTurnstile


def test_the_time_to_pass_follows_the_profile_unless_it_is_said() -> None:
    assert ModbusTcpTurnstile(host="h", relay=1).timeout_s == 5.0
    assert ModbusTcpTurnstile(host="h", relay=1, profile="speed_gate").timeout_s == 8.0
    assert ModbusTcpTurnstile(host="h", relay=1, timeout_s=3.0).timeout_s == 3.0
