"""`cashless set | show | rotate-key`, `credit-key add | list | revoke`, `codes make`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import asyncpg
import msgspec

from central import cashless_keys, wallets
from central.commands.entry import read_text
from central.commands.errors import BAD_DATA, USAGE, CommandFailed
from central.commands.gateways import find
from central.commands.session import (
    Border,
    Session,
    may_be_written,
    reason_of,
    session,
    show,
    write_out,
)
from central.keys import KeysMissing
from central.sales.cashless import BadPrices, minor_untrusted, read_untrusted
from central.sheets import decimal
from central.store import wallets as stored
from central.wallets import BAND_MAX_MINOR
from crypto.cashless import MEDIA_MAX, Cashless
from crypto.keys import PUBLIC_BYTES

CODES_MAX = 100_000
CODE_BYTES = 10
#: Crockford's base 32: nothing that is read aloud wrongly.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


async def set_prices(config_file: Path, border: Border, file: Path) -> int:
    """From now on tills decide by `file`; publish it."""
    try:
        told = read_untrusted(read_text(file))
    except BadPrices as error:
        raise CommandFailed(f"{file}: {error}", BAD_DATA) from error
    taxes = {0} | {tax.code for tax in told.taxes}
    for one in told.merchants:
        if one.commission_tax not in taxes:
            where = f"{file}: merchant {one.number}"
            raise CommandFailed(f"{where}: there is no tax {one.commission_tax}", BAD_DATA)
    async with session(config_file, border) as s:
        async with s.alone():
            cashless_keys.load_or_make(s.keys.folder, border.entropy)
            content = msgspec.msgpack.encode(told)
            held = await stored.newest_terms(s.connection, s.tenant)
            if held is None or held[1] != content:
                await stored.set_terms(s.connection, s.tenant, content, border.now_ms())
        version = await s.publish()
    show({"articles": len(told.articles), "phases": len(told.phases), "bundle_version": version})
    return 0


async def current(s: Session) -> Cashless:
    """What the next bundle says about tills. Raises CommandFailed before prices were set."""
    told = await wallets.build(s.connection, s.tenant, cashless_keys.held(s.keys.folder))
    if isinstance(told, msgspec.UnsetType):
        raise CommandFailed("no prices yet: run `gatehouse central cashless set FILE` first")
    return told


async def show_prices(config_file: Path, border: Border) -> int:
    """What tills decide by, without its keys."""
    async with session(config_file, border) as s:
        told = await current(s)
        held = await stored.newest_terms(s.connection, s.tenant)
    assert held is not None, "prices were set"
    # With what no bundle says: the commission of merchants.
    own = msgspec.msgpack.decode(held[1], type=Cashless)
    open_part = msgspec.structs.replace(
        told,
        merchants=own.merchants,
        pseudonym_key=b"",
        chip_key=b"",
        debit_keys=[],
        wallets=[],
        codes=[],
        badges=[],
    )
    counts = {"wallets": len(told.wallets), "codes": len(told.codes)}
    show({"cashless": open_part, "debit_keys": len(told.debit_keys), **counts})
    return 0


async def rotate_key(config_file: Path, border: Border) -> int:
    """Gateways write with a new debit key from the next bundle on."""
    async with session(config_file, border) as s:
        async with s.alone():
            try:
                keys = cashless_keys.rotate(s.keys.folder, border.entropy)
            except ValueError as error:
                raise CommandFailed(str(error)) from error
        version = await s.publish()
    show({"debit_key_version": keys.debit_keys[-1].version, "bundle_version": version})
    return 0


async def add_key(
    config_file: Path, border: Border, wanted: str, public_hex: str, limit: str
) -> int:
    """Let a gateway credit bands: it holds the private half of the key."""
    try:
        public = bytes.fromhex(public_hex)
    except ValueError:
        public = b""
    if len(public) != PUBLIC_BYTES:
        hint = "64 hex digits, as `gatehouse edge wallet credit-key new` prints them"
        raise CommandFailed(f"{public_hex!r} is no public key: {hint}", USAGE)
    async with session(config_file, border) as s:
        told = await current(s)
        most = amount(limit, told.exponent)
        gateway = await find(s, wanted)
        try:
            async with s.alone():
                index = await stored.add_key(
                    s.connection, s.tenant, gateway.gateway, public, most, border.now_ms()
                )
        except asyncpg.UniqueViolationError as error:
            raise CommandFailed("this key is known already: see `credit-key list`") from error
        version = await s.publish()
    show({"index": index, "gateway": gateway.name, "limit_minor": most, "bundle_version": version})
    return 0


async def list_keys(config_file: Path, border: Border) -> int:
    """Keys of top-up points."""
    async with session(config_file, border) as s:
        keys = await stored.list_keys(s.connection, s.tenant)
    rows = [
        {
            "index": key.index, "gateway": key.gateway.hex(), "public": key.public.hex(),
            "limit_minor": key.limit_minor, "revoked": key.revoked,
        }
        for key in keys
    ]  # fmt: skip
    show({"credit_keys": rows})
    return 0


async def revoke_key(config_file: Path, border: Border, index: int, reason: str) -> int:
    """Take no certificate of this key beyond what is settled already."""
    reason_of(reason)
    async with session(config_file, border) as s:
        async with s.alone():
            known = {key.index: key for key in await stored.list_keys(s.connection, s.tenant)}
            if index not in known:
                numbers = ", ".join(map(str, known)) or "none yet"
                raise CommandFailed(f"no credit key {index} (there are: {numbers})")
            if known[index].revoked:
                raise CommandFailed(f"credit key {index} is revoked already")
            await stored.revoke_key(s.connection, s.tenant, index, reason, border.now_ms())
        version = await s.publish()
    show({"index": index, "revoked": True, "bundle_version": version})
    return 0


async def make_codes(
    config_file: Path, border: Border, count: int, worth: str, out: Path, force: bool = False
) -> int:
    """Voucher codes worth money, one a line; the database keeps their hashes alone."""
    if not 1 <= count <= CODES_MAX:
        raise CommandFailed(f"--count must be 1 to {CODES_MAX}", USAGE)
    may_be_written(out, "the codes", force)
    async with session(config_file, border) as s:
        told = await current(s)
        minor = amount(worth, told.exponent)
        if not 1 <= minor <= BAND_MAX_MINOR:
            most = decimal(BAND_MAX_MINOR, told.exponent)
            hint = f"--amount must be more than nothing, and {most} at most: a band holds no more"
            raise CommandFailed(hint, USAGE)
        if len(told.codes) + count > MEDIA_MAX:
            hint = f"gateways can be told of {MEDIA_MAX} in all"
            raise CommandFailed(f"{len(told.codes)} codes are not redeemed yet: {hint}", USAGE)
        codes = [spell(border.entropy(CODE_BYTES)) for _ in range(count)]
        # The file first: a code that the centre knows and nobody holds would be worth nothing.
        write_out(out, "".join(f"{code}\n" for code in codes).encode(), "the codes", 0o600)
        hashes = [hash_code(code) for code in codes]
        await stored.add_codes(s.connection, s.tenant, hashes, minor, border.now_ms())
        version = await s.publish()
    show({"codes": count, "amount_minor": minor, "out": str(out), "bundle_version": version})
    return 0


def spell(raw: bytes) -> str:
    """10 random bytes as four groups of four letters and digits."""
    number = int.from_bytes(raw, "big")
    text = "".join(_LETTERS[number >> shift & 31] for shift in range(75, -1, -5))
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def hash_code(code: str) -> bytes:
    """By what a code is known: first 16 bytes of SHA-256 of its letters and digits."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(plain.encode()).digest()[:16]


def amount(text: str, exponent: int) -> int:
    """An amount as typed, in minor units. Raises CommandFailed."""
    try:
        return minor_untrusted(text, exponent)
    except BadPrices as error:
        raise CommandFailed(str(error), USAGE) from error


def keys_of(s: Session) -> cashless_keys.CashlessKeys:
    """The keys of the event. Raises CommandFailed."""
    try:
        return cashless_keys.load(s.keys.folder)
    except KeysMissing as error:
        raise CommandFailed(str(error)) from error
