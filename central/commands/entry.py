"""`terms set | show` and `guests import | list | erase | export`."""

from __future__ import annotations

from pathlib import Path

import msgspec

from central.cashless_keys import held
from central.commands.errors import BAD_DATA, CANNOT_CREATE, NO_INPUT, CommandFailed
from central.commands.session import Border, session, show
from central.commands.tables import csv_rows
from central.commands.tickets import named
from central.publish import build, guest_list
from central.sales import terms as reading
from central.store import entry
from crypto import guests as guest_format
from crypto.guests import Guest

COLUMNS = ("key", "name", "ticket", "product", "birthday", "note")


def read_text(file: Path) -> str:
    """A file as text. Raises CommandFailed."""
    try:
        return file.read_text("utf-8-sig")
    except OSError as error:
        raise CommandFailed(f"{file} cannot be read: {error.strerror}", NO_INPUT) from error
    except UnicodeDecodeError as error:
        problem = f"{file} is not UTF-8 at byte {error.start}: save it as UTF-8 (in a spreadsheet"
        raise CommandFailed(f"{problem}: CSV UTF-8)", BAD_DATA) from error


async def set_terms(config_file: Path, border: Border, file: Path) -> int:
    """From now on the terms in `file` count; publish them."""
    try:
        terms = reading.read_untrusted(read_text(file), toml=file.suffix == ".toml")
    except reading.BadTerms as error:
        raise CommandFailed(f"{file}: {error}", BAD_DATA) from error
    async with session(config_file, border) as s:
        faults = reading.faults(terms, await build(s.connection, s.tenant, held(s.keys.folder)))
        if faults:
            raise CommandFailed(f"{file}: {'; '.join(faults)}", BAD_DATA)
        content = msgspec.msgpack.encode(terms)
        await entry.set_terms(s.connection, s.tenant, content, border.now_ms())
        version = await s.publish()
    show({"bundle_version": version})
    return 0


async def show_terms(config_file: Path, border: Border) -> int:
    """The terms of the next bundle."""
    async with session(config_file, border) as s:
        bundle = await build(s.connection, s.tenant, held(s.keys.folder))
    show({"terms": {} if bundle.terms is msgspec.UNSET else bundle.terms})
    return 0


async def import_guests(config_file: Path, border: Border, file: Path, replace: bool) -> int:
    """Read a CSV; the same file again changes nothing."""
    hint = f"columns are {', '.join(COLUMNS)}; only name is needed"
    rows = list(csv_rows(read_text(file), COLUMNS, ("name",), hint))
    async with session(config_file, border) as s:
        found: dict[str, Guest] = {}
        for line, row in rows:
            ticket = await named(s, row["ticket"]) if row.get("ticket") else b""
            guest = _guest(line, row, ticket)
            if guest.key in found and found[guest.key] != guest:
                twice = f"line {line}: the key {guest.key!r} stands there twice"
                raise CommandFailed(twice, BAD_DATA)
            found[guest.key] = guest
        known = {one.key: one for one in await entry.list_guests(s.connection, s.tenant)}
        put = [guest for key, guest in found.items() if known.get(key) != guest]
        gone = sorted(known.keys() - found.keys()) if replace else []
        if put or gone:
            await entry.put_guests(s.connection, s.tenant, put, gone, border.now_ms())
        version, _ = await entry.newest_list(s.connection, s.tenant)
    show({"read": len(rows), "changed": len(put), "erased": len(gone), "list_version": version})
    return 0


def _guest(line: int, row: dict[str, str], ticket: bytes) -> Guest:
    # Without a key of its own a guest is who has this name and ticket: so twice is once.
    # Of a whole date only month and day are kept.
    birthday = row.get("birthday", "").replace("-", "")[-4:].lstrip("0") or "0"
    key = row.get("key") or f"{row['name'][:40]}|{ticket.hex()[-20:]}"
    plain = {
        "key": key, "name": row["name"], "ticket": ticket, "note": row.get("note", ""),
        "product": row.get("product") or "0", "birthday": birthday,
    }  # fmt: skip
    try:
        return msgspec.convert(plain, Guest, strict=False)
    except msgspec.ValidationError as error:
        raise CommandFailed(f"line {line}: {error}", BAD_DATA) from None


async def list_guests(config_file: Path, border: Border) -> int:
    """Every guest."""
    async with session(config_file, border) as s:
        rows = await entry.list_guests(s.connection, s.tenant)
    show({"guests": rows})
    return 0


async def erase_guests(config_file: Path, border: Border, keys: tuple[str, ...]) -> int:
    """Forget these guests; gateways forget them with the next list."""
    async with session(config_file, border) as s:
        known = {one.key for one in await entry.list_guests(s.connection, s.tenant)}
        missing = [key for key in keys if key not in known]
        if missing:
            raise CommandFailed(f"there is no guest {missing[0]!r}: see `guests list`")
        await entry.put_guests(s.connection, s.tenant, [], keys, border.now_ms())
        version, _ = await entry.newest_list(s.connection, s.tenant)
    show({"erased": len(keys), "list_version": version})
    return 0


async def export_guests(config_file: Path, border: Border, out: Path) -> int:
    """Write the signed list as gateways take it."""
    async with session(config_file, border) as s:
        guests = await guest_list(s.connection, s.tenant)
        raw = guest_format.sign(guests, s.keys.bundle)
    try:
        out.touch(0o600)
        out.write_bytes(raw)
    except OSError as error:
        raise CommandFailed(f"{out} cannot be written: {error.strerror}", CANNOT_CREATE) from error
    show({"guests": len(guests.guests), "list_version": guests.version})
    return 0
