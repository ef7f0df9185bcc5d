"""Addresses to listen on (ARCHITECTURE.md, Listening).

Until sign-in exists, what answers without a client certificate listens on a loopback address or
on a unix socket only.
"""

from __future__ import annotations

import ipaddress

import msgspec

#: `sun_path` holds 108 bytes with its closing NUL.
UNIX_PATH_MAX_BYTES = 107


class Bind(msgspec.Struct, frozen=True):
    """Either a TCP address (`host`, `port`; port 0 = any free one) or a unix socket (`path`)."""

    host: str = ""
    port: int = 0
    path: str = ""

    @property
    def loopback(self) -> bool:
        """Only this machine can reach it."""
        return bool(self.path) or ipaddress.ip_address(self.host).is_loopback

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_bind(text: str) -> Bind:
    """Read `127.0.0.1:8081`, `[::1]:8081` or `unix:/run/gatehouse/api.sock`.

    Raises ValueError with a sentence for the technician. Host names are refused: what a name
    stands for is decided elsewhere and may change.
    """
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path.startswith("/"):
            raise ValueError("a unix socket needs an absolute path, as unix:/run/gatehouse/a.sock")
        if len(path.encode()) > UNIX_PATH_MAX_BYTES:
            raise ValueError(f"the path of a unix socket has at most {UNIX_PATH_MAX_BYTES} bytes")
        return Bind(path=path)
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise ValueError("needs address:port with a port from 0 to 65535, as 127.0.0.1:8081")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError("an IPv6 address stands in brackets, as [::1]:8081")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise ValueError(f"{host!r} is not an IP address; write 127.0.0.1 for localhost") from None
    return Bind(host=str(address), port=int(port))
