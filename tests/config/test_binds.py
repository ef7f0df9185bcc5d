"""Addresses, and which of them never leave this machine."""

from __future__ import annotations

import pytest

from config.binds import Bind, parse_bind


@pytest.mark.parametrize(
    ("text", "bind", "loopback"),
    [
        ("127.0.0.1:0", Bind(host="127.0.0.1", port=0), True),
        ("127.9.9.9:80", Bind(host="127.9.9.9", port=80), True),
        ("[::1]:80", Bind(host="::1", port=80), True),
        ("unix:/run/a.sock", Bind(path="/run/a.sock"), True),
        ("0.0.0.0:80", Bind(host="0.0.0.0", port=80), False),
        ("[::]:80", Bind(host="::", port=80), False),
        ("10.0.0.1:65535", Bind(host="10.0.0.1", port=65535), False),
    ],
)
def test_an_address_is_read_and_written(text: str, bind: Bind, loopback: bool) -> None:
    assert parse_bind(text) == bind
    assert str(bind) == text
    assert bind.loopback is loopback


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "needs address:port"),
        ("127.0.0.1", "needs address:port"),
        ("127.0.0.1:", "needs address:port"),
        ("127.0.0.1:65536", "needs address:port"),
        ("127.0.0.1:-1", "needs address:port"),
        ("127.0.0.1:\u0661", "needs address:port"),
        ("::1:80", "in brackets"),
        ("localhost:80", "write 127.0.0.1"),
        (":80", "not an IP address"),
        ("unix:run/a.sock", "absolute path"),
        ("unix:/" + "a" * 107, "at most 107 bytes"),
    ],
)
def test_what_is_no_address_says_why(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_bind(text)
