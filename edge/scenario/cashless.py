"""The money of a scenario as gateways get it: `cashless` of the file -> `crypto.cashless`.

All keys are made from names, as those of tickets are. Who has a till that tops up holds a credit
key; the centre says of bands what the file says, and works nothing out by itself.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from crypto import cashless as made
from edge.scenario import cashless_table as table
from edge.scenario.amounts import minor
from edge.scenario.codes import key_of
from edge.scenario.moment import at_ms
from edge.till.credit import code_hash

#: The part of a bundle, where there is one.
Bundled: TypeAlias = made.Cashless | msgspec.UnsetType
#: Lists whose rows have a name, and a number that is that of the place unless it is given.
NUMBERED: Final = ("classes", "articles", "phases")
#: What a price list that says nothing of it has.
EVENT: Final = 1
EXPONENT: Final = 2
ONLY_CLASS: Final = table.WalletClass(name="Guest")
NO_TAX: Final = table.Tax(code=1, letter="A", rate_bp=0, name="no tax")
#: Above every epoch that a band is issued with for the first time.
DENIED_EPOCH: Final = 2
_NAMED_ARTICLES: Final = ("article", "deposit")
_OWN: Final = frozenset({"wallets", "codes", "bands"})


def _secret(what: str, count: int) -> bytes:
    return hashlib.sha256(f"gatehouse scenario {what}".encode()).digest()[:count]


PSEUDONYM_KEY: Final = _secret("pseudonyms", 32)


def uid_of(band: str) -> bytes:
    """The UID of a band by its name in the file."""
    return b"\x04" + _secret(f"band {band}", 6)


def medium(uid: bytes) -> bytes:
    """The pseudonym of a UID, as gateways work it out."""
    return hmac.digest(PSEUDONYM_KEY, uid, hashlib.sha256)[:16]


def medium_of(band: str) -> bytes:
    """The pseudonym of a band."""
    return medium(uid_of(band))


def merged(old: table.Cashless | None, newer: table.Cashless | None) -> table.Cashless | None:
    """`old` with what `newer` says."""
    if old is None or newer is None:
        return newer or old
    says = {name: getattr(newer, name) for name in newer.__struct_fields__}
    return msgspec.structs.replace(old, **{k: v for k, v in says.items() if v is not None})


def numbers_of(told: table.Cashless) -> Mapping[str, Mapping[str, int]]:
    """name -> number of classes, articles (by both their names) and phases."""
    found: dict[str, dict[str, int]] = {}
    for kind in NUMBERED:
        rows: Sequence[Any] = getattr(told, kind) or ([ONLY_CLASS] if kind == "classes" else [])
        found[kind] = {}
        for at, row in enumerate(rows, 1):
            for name in (row.name, getattr(row, "short", None)):
                if name:
                    found[kind].setdefault(name, row.number or at)
    return found


def number(named: Mapping[str, int], ref: int | str) -> int:
    """What a name or a number means. Raises KeyError for a name that is not there."""
    return named[ref] if isinstance(ref, str) else ref


def compiled(
    told: table.Cashless, top_up_at: Sequence[tuple[str, bytes]], zone: ZoneInfo, price_list: int
) -> made.Cashless:
    """The bundle's part, of the price list of that version. `top_up_at`: name and identity of each
    gateway that tops up.

    Raises `BadPrices`, `msgspec.ValidationError`, KeyError and ValueError for what
    `till_references` finds.
    """
    exponent = EXPONENT if told.exponent is None else told.exponent
    named = numbers_of(told)
    plain: dict[str, Any] = {
        name: _plain(value, name, exponent, named, zone)
        for name in told.__struct_fields__
        if name not in _OWN and (value := getattr(told, name)) is not None
    }
    plain.setdefault("event", EVENT)
    for name, only in (("classes", ONLY_CLASS), ("taxes", NO_TAX)):
        if not plain.get(name):
            plain[name] = [_plain(only, name, exponent, named, zone)]
    for kind in NUMBERED:
        for at, row in enumerate(plain.get(kind, ()), 1):
            row.setdefault("number", at)
    for row in plain.get("articles", ()):
        row.setdefault("short", row["name"][:40])
    base = msgspec.convert(plain, made.Cashless)
    return msgspec.structs.replace(
        base, prices=price_list, wallets=_wallets(told, exponent), codes=_codes(told, exponent),
        pseudonym_key=PSEUDONYM_KEY, chip_key=_secret("chips", 32),
        debit_keys=[made.DebitKey(1, _secret("debits", 16))],
        credit_keys=[
            made.CreditKey(at, key_of("credit", name).public, identity)
            for at, (name, identity) in enumerate(top_up_at, 1)
        ],
    )  # fmt: skip


def _plain(
    value: Any, name: str, exponent: int, named: Mapping[str, Mapping[str, int]], zone: ZoneInfo
) -> Any:
    """As the format has it: minor units, milliseconds, numbers for names; nothing for None."""
    if isinstance(value, msgspec.Struct):
        return {
            field: _plain(part, field, exponent, named, zone)
            for field in value.__struct_fields__
            if (part := getattr(value, field)) is not None
        }
    if isinstance(value, list):
        return [_plain(each, name, exponent, named, zone) for each in value]
    if name.endswith("_minor"):
        return minor(value, exponent)
    if name.endswith("_ms"):
        return at_ms(value, zone)
    if name in _NAMED_ARTICLES or name in ("articles", "closed"):
        return number(named["articles"], value)
    return value


def _wallets(told: table.Cashless, exponent: int) -> list[made.Wallet]:
    rows = [
        made.Wallet(
            medium_of(each.band), minor(each.presale, exponent), 0, minor(each.held, exponent),
            DENIED_EPOCH if each.denied else 0, "lost" if each.denied else "",
            minor(each.promo, exponent), each.vouchers, bool(each.presale),
        )
        for each in told.wallets or ()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: row.medium)


def _codes(told: table.Cashless, exponent: int) -> list[made.TopUpCode]:
    return [
        made.TopUpCode(code_hash(each.code), minor(each.amount, exponent))
        for each in told.codes or ()
    ]
