"""`bundle publish | show`."""

from __future__ import annotations

from pathlib import Path

import msgspec

from central.commands.errors import CommandFailed
from central.commands.session import Border, session, show, write_out
from central.store import bundles
from crypto import bundle as format_of
from crypto.cashless import Cashless
from crypto.claim import show_identity
from crypto.keys import VerifyKey


async def publish(config_file: Path, border: Border) -> int:
    """Publish the tables as they are, if they say something new."""
    async with session(config_file, border) as s:
        version = await s.publish()
    show({"bundle_version": version})
    return 0


async def show_one(config_file: Path, border: Border, version: int | None, out: Path | None) -> int:
    """Print a bundle's content as JSON; `out` also writes its bytes, for a USB stick."""
    async with session(config_file, border) as s:
        newest = await bundles.latest_version(s.connection, s.tenant)
        raw = await bundles.get(s.connection, s.tenant, newest if version is None else version)
    if raw is None:
        raise CommandFailed(f"no bundle has version {version}; the newest is {newest}")
    bundle = format_of.read_untrusted(raw, VerifyKey(s.keys.bundle.public))
    if out is not None:
        write_out(out, raw, "the bundle", 0o600)  # it holds secrets of rotating codes
    content = msgspec.to_builtins(bundle, builtin_types=(bytes,))
    for name in ("canceled", "blocked"):
        content[name] = [show_identity(one) for one in content[name]]
    content["revoked"] = [
        {"ticket": show_identity(one.ticket), "min_issued_at": one.min_issued_at}
        for one in bundle.revoked
    ]
    # The secrets of rotating codes go to gateways, not to a screen.
    content["holder_keys"] = [show_identity(one.ticket) for one in bundle.holder_keys]
    if isinstance(bundle.cashless, Cashless):
        # Nor do the keys of bands, by which anybody could write money onto one.
        for name in ("pseudonym_key", "chip_key"):
            content["cashless"].pop(name, None)
        for row in content["cashless"].get("debit_keys", ()):
            del row["key"]
    show(_hex({"hash": format_of.content_hash(raw), **content}))
    return 0


def _hex(value: object) -> object:
    """Bytes become hex, all the way down."""
    match value:
        case bytes():
            return value.hex()
        case dict():
            return {key: _hex(one) for key, one in value.items()}
        case list():
            return [_hex(one) for one in value]
        case _:
            return value
