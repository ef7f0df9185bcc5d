"""Faults of money that only show when two places of a file are seen together.

Prices are checked by what checks them at the centre (`config.prices`), once each part for itself
is good.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

import msgspec

from config.check import Cross, Where, known
from config.faults import nearest
from config.prices import BadPrices, faults
from edge.core.till_phrases import BAND_WORDS
from edge.core.till_reasons import TillReason
from edge.core.wallet_conflicts import What
from edge.core.wallet_reasons import WalletReason
from edge.scenario import cashless, cashless_table, moment, schema, till_steps
from edge.scenario.amounts import is_amount, minor
from edge.scenario.happening import Expect
from edge.scenario.lanes import till_for, tills_of

#: What a till may name as its reason.
REASONS: Final = (
    *(reason.name.lower() for reason in TillReason if reason),
    *(reason.code for reason in WalletReason),
    *BAND_WORDS,
)
#: What is expected at a till, and nowhere else.
AT_TILL: Final = (
    "state", "question", "total", "paid", "left", "balance", "spendable", "exposure", "promo",
    "vouchers",
)  # fmt: skip
AT_GATE: Final = ("decision", "granted", "guest", "marks", "product", "performance", "persons")
CONFLICTS: Final = get_args(What)
AMOUNTS: Final = ("amount", "tip", "price", "total", "paid", "left", "balance", "spendable",
                  "exposure", "promo", "presale", "held")  # fmt: skip
#: What a newer bundle cannot change.
_FIXED: Final = ("bands", "event", "currency", "exponent")
_STEPS: Final = (*get_args(till_steps.TillStep), till_steps.LateDecline)
_SAME: Final = "write it as 4.50, with no more decimals than the currency has"


def money_faults(scenario: object, zone: ZoneInfo) -> Iterator[Cross]:
    """(path, problem, hint) of each."""
    told = known(scenario, "bundle", "cashless")
    gateways = _gateways(scenario)
    yield from _till_faults(scenario)
    if told is not None:
        yield from _band_faults(told, gateways)
        yield from _told_faults(("bundle", "cashless"), told, told, zone)
    bands = _names(known(told, "bands"))
    ids: set[str] = set()
    now = told
    for i in range(len(known(scenario, "steps") or ())):
        step, at = known(scenario, "steps", i), ("steps", i)
        newer = known(step, "bundle", "cashless")
        if newer is not None:
            now = _newer(now, newer)
            yield from _newer_faults((*at, "bundle", "cashless"), told, newer, now, zone)
        yield from _expect_faults((*at, "expect"), step, _exponent(told))
        if not at_till(step):
            continue
        if told is None:
            if not hasattr(known(scenario, "bundle"), "cashless"):
                continue  # it has a fault of its own
            hint = "say what it sells: begin it with [bundle.cashless]"
            yield at, "is about money, and the venue has none", hint
            continue
        yield from _step_faults(at, step, gateways, bands, ids, now)
        if (copy := known(step, "copy")) is not None:
            if copy in bands:
                yield (*at, "copy"), f"{copy!r} is a band already", "give it another name"
            bands.append(copy)
        if (id := known(step, "id")) is not None:
            ids.add(id)


def at_till(step: object) -> bool:
    """Whether it is a step of money, and whole."""
    return isinstance(step, (*_STEPS, till_steps.Clone))


def _gateways(scenario: object) -> list[Any]:
    rows = known(scenario, "gateways") or ()
    return [row for i in range(len(rows)) if (row := known(rows, i)) is not None]


def _names(rows: Any) -> list[str]:
    return [name for i in range(len(rows or ())) if (name := known(rows, i, "name"))]


def _exponent(told: object) -> int:
    exponent = known(told, "exponent")
    return cashless.EXPONENT if exponent is None else exponent


def _newer(old: Any, newer: Any) -> Any:
    """Both merged, if both are whole; else the old one."""
    whole = isinstance(old, cashless_table.Cashless) and isinstance(newer, cashless_table.Cashless)
    return cashless.merged(old, newer) if whole else old


def _till_faults(scenario: object) -> Iterator[Cross]:
    rows = known(scenario, "gateways") or ()
    for i in range(len(rows)):
        numbers: set[int] = set()
        tills = known(rows, i, "tills") or ()
        for j in range(len(tills)):
            number = known(tills, j, "number")
            if number in numbers:
                at: Where = ("gateways", i, "tills", j, "number")
                yield at, f"till {number} is there twice", "number each once"
            numbers.add(number)


def _told_faults(at: Where, told: object, whole: Any, zone: ZoneInfo) -> Iterator[Cross]:
    """Faults of one cashless table, `whole` with what stood there before."""
    exponent, found = _exponent(whole), False
    for path, name, value in _fields(told, ()):
        if (name in AMOUNTS or name.endswith("_minor")) and not is_amount(value, exponent):
            yield (*at, *path), f"{value!r} is no amount", _SAME
            found = True
        if name.endswith("_ms") and not _is_time(value, zone):
            yield (*at, *path), f"{value!r} is no time", moment.HINT
            found = True
    for kind in (*cashless.NUMBERED, "bands"):
        names = _names(known(told, kind))
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield (*at, kind), f"{name!r} is used twice", "name each differently"
            found = True
    if not isinstance(told, cashless_table.Cashless) or found:
        return
    articles = cashless.numbers_of(whole)["articles"]
    for path, name, value in _fields(told, ()):
        names_one = isinstance(value, str) and name in ("article", "deposit", "closed", "grid")
        if names_one and value not in articles:
            hint = nearest(value, list(articles))
            yield (*at, *path), f"there is no article {value!r}", hint
            found = True
    bands = _names(whole.bands)
    for j, row in enumerate(told.wallets or ()):
        if row.band not in bands:
            where = (*at, "wallets", j, "band")
            yield where, f"there is no band {row.band!r}", nearest(row.band, bands)
    if not found:
        try:
            yield from ((at, fault, "") for fault in faults(cashless.compiled(whole, (), zone, 1)))
        except KeyError as error:  # another table names it, maybe one of the first bundle
            name = error.args[0]
            yield at, f"there is no article {name!r}", nearest(name, list(articles))
        except (BadPrices, msgspec.ValidationError, ValueError) as error:
            yield at, str(error), ""


def _fields(value: object, at: Where, name: str = "") -> Iterator[tuple[Where, str, Any]]:
    """(path, name, value) of everything below that is there and whole."""
    fields: Mapping[str, Any] = {}
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
    elif hasattr(value, "__dict__"):
        fields = vars(value)
    elif isinstance(value, list):
        for i in range(len(value)):
            if (each := known(value, i)) is not None:
                yield from _fields(each, (*at, i), "grid" if name == "articles" else name)
        return
    elif value is not None:
        yield at, name, value
    for field in fields:
        if (part := known(value, field)) is not None:
            yield from _fields(part, (*at, field), field)


def _is_time(text: str, zone: ZoneInfo) -> bool:
    try:
        moment.at_ms(text, zone)
    except (ValueError, OverflowError):
        return False
    return True


def _newer_faults(
    at: Where, told: object, newer: object, now: Any, zone: ZoneInfo
) -> Iterator[Cross]:
    if told is None:
        yield at, "cannot begin later", "say in the first bundle what is sold"
        return
    for fixed in _FIXED:
        if known(newer, fixed) is not None:
            yield (*at, fixed), "cannot change", "it stands in the first bundle"
            return
    if isinstance(now, cashless_table.Cashless):
        yield from _told_faults(at, newer, now, zone)


def _band_faults(told: Any, gateways: list[Any]) -> Iterator[Cross]:
    """Bands that could not be issued and loaded before the first step."""
    rows = known(told, "bands") or ()
    exponent = _exponent(told)
    tops_up = not gateways or any(
        known(till, "can_top_up") for gateway in gateways for till in _tills(gateway)
    )
    for i in range(len(rows)):
        at: Where = ("bundle", "cashless", "bands", i)
        kind, balance = known(rows, i, "wallet_class"), known(rows, i, "balance")
        if kind is None:
            if balance:
                yield (*at, "balance"), "needs a class", 'give the band one, as class = "Guest"'
            continue
        if not tops_up:
            yield (*at, "class"), "nobody can issue it", "give a till can_top_up = true"
        if not isinstance(told, cashless_table.Cashless):
            continue
        found = _class_of(told, kind)
        if found is None:
            names = list(cashless.numbers_of(told)["classes"])
            yield (*at, "class"), f"there is no class {kind!r}", nearest(str(kind), names)
            continue
        try:
            amount = minor(balance or 0, exponent)
            least = minor(found.top_up_min_minor, exponent)
            most = minor(found.balance_max_minor, exponent) or amount
        except BadPrices:
            continue
        if amount and not least <= amount <= most:
            hint = f"top-ups and balances of class {found.name!r} have limits"
            yield (*at, "balance"), "is not allowed", hint


def _class_of(told: cashless_table.Cashless, ref: int | str) -> cashless_table.WalletClass | None:
    for at, each in enumerate(told.classes or [cashless.ONLY_CLASS], 1):
        if ref in (each.name, each.number or at):
            return each
    return None


def _tills(gateway: Any) -> list[Any]:
    if isinstance(gateway, schema.Gateway):
        return list(tills_of(gateway))
    rows = known(gateway, "tills") or ()
    return [row for i in range(len(rows)) if (row := known(rows, i)) is not None]


def _step_faults(
    at: Where, step: Any, gateways: list[Any], bands: list[str], ids: set[str], told: Any
) -> Iterator[Cross]:
    for field in ("band", "old"):
        name = known(step, field)
        if name is not None and name not in bands:
            yield (*at, field), f"there is no band {name!r}", nearest(name, bands)
    of = known(step, "of")
    if of is not None and of not in ids:
        hint = nearest(of, sorted(ids)) if ids else 'name it there, as id = "round one"'
        yield (*at, "of"), f"no step before is called {of!r}", hint
    yield from _needs(at, step)
    yield from _till_of(at, step, gateways)
    for path, name, value in _fields(step, ()):
        own = path and path[0] != "expect" and name in AMOUNTS
        if own and not is_amount(value, _exponent(told)):
            yield (*at, *path), f"{value!r} is no amount", _SAME
    if not isinstance(told, cashless_table.Cashless):
        return
    named = cashless.numbers_of(told)
    for j, item in enumerate(known(step, "items") or ()):
        name = known(item, "article")
        if isinstance(name, str) and name not in named["articles"]:
            hint = nearest(name, list(named["articles"]))
            yield (*at, "items", j, "article"), f"there is no article {name!r}", hint
    kind = known(step, "wallet_class")
    if kind is not None and _class_of(told, kind) is None:
        hint = nearest(str(kind), list(named["classes"]))
        yield (*at, "class"), f"there is no class {kind!r}", hint


def _needs(at: Where, step: Any) -> Iterator[Cross]:
    """What goes together, and what does not."""
    if isinstance(step, till_steps.Writes):
        given = [n for n in ("torn", "leaves", "crash") if getattr(step, n) is not None]
        if len(given) > 1:
            yield at, "says " + " and ".join(given), "one mishap a step"
        if given and step.band is None:
            yield (*at, given[0]), "needs a band", "it happens while a band is written"
    if isinstance(step, till_steps.Taps) and not isinstance(step, till_steps.Reverse):
        method = getattr(step, "method", "band")
        by_band = method == "band" or isinstance(step, till_steps.TopUp)
        if by_band and step.band is None:
            yield (*at, "band"), "is missing", "whose band is held to the reader?"
        if not by_band and step.band is not None:
            yield (*at, "band"), f"does not go with method {method!r}", "leave it out"
    if isinstance(step, till_steps.Sale) and step.tip and step.tip_percent:
        yield (*at, "tip"), "is given twice", "give tip, or tip_percent"
    if isinstance(step, till_steps.TopUp):
        by_code = step.method == "voucher"
        if by_code and not step.code:
            yield (*at, "code"), "is missing", "the voucher's code"
        if not by_code and step.amount is None:
            yield (*at, "amount"), "is missing", 'as amount = "20.00"'


def _till_of(at: Where, step: Any, gateways: list[Any]) -> Iterator[Cross]:
    name = known(step, "gateway")
    rows = [one for one in gateways if name is None or known(one, "name") == name]
    if len(rows) > 1 or not isinstance(step, _STEPS) or (gateways and not rows):
        return
    gateway = rows[0] if rows else schema.Gateway(name="gateway")
    if not isinstance(gateway, schema.Gateway):
        return
    tills = tills_of(gateway)
    if till_for(tills, step.till, top_up=False) is None:
        there = ", ".join(str(till.number) for till in tills)
        yield (*at, "till"), f"gateway {gateway.name!r} has no till {step.till}", f"there: {there}"


def _expect_faults(at: Where, step: Any, exponent: int) -> Iterator[Cross]:
    expect = known(step, "expect")
    if not isinstance(expect, Expect) or step is None:
        return
    wrong = AT_GATE if at_till(step) else AT_TILL
    where = "a gate" if at_till(step) else "a till"
    for field in wrong:
        if getattr(expect, field) is not None:
            yield (*at, field), f"is only said at {where}", "leave it out"
    for path, name, value in _fields(expect, ()):
        if name in AMOUNTS and not is_amount(value, exponent):
            yield (*at, *path), f"{value!r} is no amount", _SAME
    for j, word in enumerate(expect.money_conflicts or ()):
        if word not in CONFLICTS:
            yield (*at, "money_conflicts", j), f"{word!r} is unknown", nearest(word, CONFLICTS)
