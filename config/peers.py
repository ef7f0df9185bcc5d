"""`[peers]` of `gateway.toml`: the siblings of one venue (ARCHITECTURE.md, Several gateways)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from config.binds import Bind, parse_bind
from config.bounds import GIB, MIB, Host, Port, Slug
from config.check import Cross, known

#: Mirrors are written on these boundaries, as the ledger is.
PAGE_BYTES = 4096


class Sibling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where another gateway of the venue listens; `name` is the one the centre approved."""

    name: Slug
    host: Host
    port: Port


class Peers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who shares facts with this gateway. Mutual TLS guards `bind`, so any address may be used."""

    bind: str = "0.0.0.0:8444"
    siblings: Annotated[tuple[Sibling, ...], Meta(max_length=63)] = ()
    #: Look for siblings by mDNS, too, and tell where this gateway listens. The bundle says who they
    #: are and mutual TLS proves it; this finds addresses only.
    discover: bool = False
    #: A sibling that was not heard for so long is warned about.
    unheard_after_s: Annotated[float, Meta(ge=1, le=3600)] = 10.0
    #: After so long its blocks are brought to the centre for it.
    deliver_after_s: Annotated[float, Meta(ge=1, le=86_400)] = 60.0
    #: An empty ledger opens only after siblings or centre have answered; silence is waited out
    #: so long, then the process ends and is started again.
    rebuild_wait_s: Annotated[float, Meta(ge=1, le=3600)] = 60.0
    backoff_min_s: Annotated[float, Meta(ge=0.05, le=60)] = 0.25
    backoff_max_s: Annotated[float, Meta(ge=0.1, le=600)] = 5.0
    #: Siblings' blocks are kept in segments of this size, one folder per sibling.
    segment_bytes: Annotated[int, Meta(ge=MIB, le=GIB, multiple_of=PAGE_BYTES)] = 16 * MIB

    @property
    def address(self) -> Bind:
        return parse_bind(self.bind)


def peer_faults(value: object) -> Iterator[Cross]:
    """Faults of the table that only show when several values, also beside it, are seen together."""
    yield from _bind_faults(known(value, "peers", "bind"))
    rows: Any = known(value, "peers", "siblings") or ()
    seen: dict[str, int] = {}
    for i in range(len(rows)):
        name = known(rows, i, "name")
        path = ("peers", "siblings", i, "name")
        if name in seen:
            hint = f"siblings[{seen[name]}] has it already; name each once"
            yield path, f"sibling {name!r} is named twice", hint
        elif name is not None and name == known(value, "name"):
            yield path, f"{name!r} is this gateway itself", "name the other gateways only"
        elif name is not None:
            seen[name] = i
    least, most = (known(value, "peers", f"backoff_{end}_s") for end in ("min", "max"))
    if least is not None and most is not None and least > most:
        path_to = ("peers", "backoff_max_s")
        yield path_to, f"{most} is below backoff_min_s = {least}", "raise it"


def _bind_faults(bind: str | None) -> Iterator[Cross]:
    path = ("peers", "bind")
    try:
        if bind is not None and parse_bind(bind).path:
            hint = "an address and a port, as 0.0.0.0:8444"
            yield path, "siblings cannot reach a unix socket", hint
    except ValueError as error:
        yield path, f"{bind!r} cannot be listened on", str(error)
