"""Tills as a technician describes them: number, reader, card terminal, drawer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from config.bounds import File, Host, Name, Number, Port
from config.check import Cross, known
from config.credentials import Credential


class NfcpyReader(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="nfcpy"
):
    """A reader that nfcpy knows, in a process of its own. `path` as nfcpy names it; `python`: an
    interpreter that has nfcpy, absent: the gateway's own."""

    path: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9:/_.-]{1,200}$(?!\n)",
            description='as nfcpy names it: "usb", "usb:001:004", "tty:USB0:pn532"',
        ),
    ]
    python: File = ""


class UdpEmulator(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="udp-emulator"
):
    """Emulated bands over UDP (rehearsals and the demo); nothing but Gatehouse is needed."""

    port: Port
    host: Host = "127.0.0.1"
    python: File = ""


class NoReader(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="none"
):
    """This till takes cash and cards only."""


class PlugTerminal(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="plug"
):
    """A card terminal that speaks our own protocol (the double, a phone's SoftPOS app)."""

    host: Host
    port: Port


Reader = NfcpyReader | UdpEmulator | NoReader
Terminal = PlugTerminal


class Till(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One till. Facts carry `number`, so it stays this till's for ever."""

    number: Number
    name: Name
    reader: Reader = NoReader()
    terminal: Terminal | None = None
    #: There is a cash drawer here.
    drawer: bool = False
    #: Bands may be topped up here; that also needs [cashless] credit_key.
    can_top_up: bool = False
    #: Only bands pay here, neither cash nor cards.
    only_bands: bool = False
    #: The same band that stays on the reader is the same tap for so long.
    debounce_ms: Annotated[int, Meta(ge=0, le=10_000)] = 3000


class CashlessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What this gateway is trusted with beyond spending."""

    #: 32-byte seed in hex, as `edge wallet credit-key new` makes it: with it, bands are topped up.
    credit_key: Credential | None = None


def till_faults(value: object) -> Iterator[Cross]:
    """Numbers and readers are one till's; a till that tops up needs the key."""
    rows: Any = known(value, "tills") or ()
    seen: dict[tuple[object, ...], int] = {}
    for i in range(len(rows)):
        places: list[tuple[tuple[object, ...], tuple[str, ...], str]] = []
        number = known(rows, i, "number")
        if number is not None:
            places.append((("number", number), ("number",), "every till needs its own"))
        for what in ("reader", "terminal"):
            device = known(rows, i, what)
            if device is None or isinstance(device, NoReader):
                continue
            wire = tuple(known(device, key) for key in ("host", "port", "path"))
            if any(wire):
                places.append(((what, *wire), (what,), "give each till its own"))
        for mark, path, hint in places:
            if mark in seen:
                problem = f"is that of tills[{seen[mark]}]"
                yield ("tills", i, *path), problem, hint
            seen.setdefault(mark, i)
        if known(rows, i, "can_top_up") and known(value, "cashless", "credit_key") is None:
            hint = 'add [cashless] credit_key = { credential = "credit.key" }'
            yield ("tills", i, "can_top_up"), "needs a credit key", hint
