"""Who may sign in at a gateway, and what configuration demands before others may reach it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from config.binds import parse_bind
from config.bounds import Name, Number
from config.check import BROKEN, Cross, known

Role = Literal["scanner", "seller", "supervisor", "technician", "finance"]
PinHash = Annotated[
    str,
    Meta(
        pattern=r"^\$argon2id\$v=19\$[!-~]{20,200}$(?!\n)",
        description="made by: gatehouse edge staff hash",
    ),
]
#: Everybody's address: a browser never calls it by this.
_ANY_HOST = ("0.0.0.0", "::")


class Staff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person. Facts carry `number`, so it stays the person's for ever."""

    number: Number
    name: Name
    role: Role
    pin_hash: PinHash
    #: The lanes where this person may scan; none named: all.
    lanes: Annotated[tuple[Number, ...], Meta(max_length=256)] = ()


def staff_faults(value: object) -> Iterator[Cross]:
    """Names and numbers are one person's, lanes exist, hashes can be checked in time."""
    rows: Any = known(value, "staff") or ()
    lanes = known(value, "lanes") or ()
    there = [known(lanes, i, "number") for i in range(len(lanes))]
    seen: dict[tuple[str, object], int] = {}
    for i in range(len(rows)):
        for key in ("number", "name"):
            mark = known(rows, i, key)
            if mark is None:
                continue
            mark = mark.casefold() if key == "name" else mark
            if (key, mark) in seen:
                hint = f"staff[{seen[key, mark]}] has it already"
                yield ("staff", i, key), f"{key} {mark!r} is used twice", hint
            seen.setdefault((key, mark), i)
        for j, lane in enumerate(known(rows, i, "lanes") or ()):
            if None not in there and lane not in (*there, BROKEN):
                hint = "known lanes: " + ", ".join(map(str, there))
                yield ("staff", i, "lanes", j), f"there is no lane {lane}", hint
        yield from _hash_faults(known(rows, i, "pin_hash"), i)


def _hash_faults(pin_hash: str | None, i: int) -> Iterator[Cross]:
    if pin_hash is None:
        return
    # libsodium is loaded only where somebody has a PIN.
    from crypto.errors import BadPinHash
    from crypto.pins import read_hash_untrusted

    try:
        read_hash_untrusted(pin_hash)
    except BadPinHash as error:
        yield ("staff", i, "pin_hash"), str(error), "make it with: gatehouse edge staff hash"


def reach_faults(value: object) -> Iterator[Cross]:
    """Faults of the local API's address. Others may reach it only where they have to sign in and
    nobody can listen (ARCHITECTURE.md, Listening)."""
    bind = known(value, "local_api", "bind")
    path = ("local_api", "bind")
    if bind is None:
        return
    try:
        address = parse_bind(bind)
    except ValueError as error:
        yield path, f"{bind!r} cannot be listened on", str(error)
        return
    # What is there but broken has faults of its own.
    tls = getattr(getattr(value, "local_api", None), "tls", None)
    if address.path and tls is not None:
        yield ("local_api", "tls"), "a unix socket speaks no TLS", "leave this table out"
    if address.loopback:
        return
    lacking = [
        what
        for what, there in (
            ("[[staff]], so that people sign in", getattr(value, "staff", None)),
            ("[local_api.tls], so that nobody listens", tls),
        )
        if not there
    ]
    if lacking:
        hint = f"add {' and '.join(lacking)}; or 127.0.0.1:PORT, [::1]:PORT or unix:/PATH"
        yield path, f"{bind!r} can be reached from other machines", hint
    elif address.host in _ANY_HOST and not known(value, "local_api", "names"):
        hint = 'as names = ["gate-north.lan", "192.168.10.5"]'
        yield ("local_api", "names"), "is needed: by what names do browsers call us?", hint
