"""Which band somebody has lost, from what they still know of it.

What a gateway knows of bands are pseudonyms: a receipt shows how one begins, and the whole number
that is printed on a band leads to it. The beginning of a printed number leads nowhere, which is
what pseudonyms are for. Of several that fit all are told, the one that was used last first.
"""

from contextlib import suppress
from typing import Annotated, Final, Literal

import msgspec
import trio
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from crypto.claim import show_identity
from crypto.errors import BadCode
from edge.core.till import by_receipt
from edge.core.wallet_credit import owed
from edge.core.wallet_rules import WalletRules
from edge.till.till import Till
from edge.till.tills import Tills
from edge.web.bodies import read_json_untrusted
from edge.web.problems import reply
from edge.web.signin import Door
from edge.web.till_works import till_called

FOUND_MAX: Final = 8
#: Fewer digits fit too many.
DIGITS_MIN: Final = 4
_RECEIPT_MAX: Final = 999_999_999
_UID_DIGITS: Final = (8, 14, 20)
_BATCH: Final = 2000
_DIGITS: Final = frozenset("0123456789abcdef")
Why = Literal["number", "receipt", "ticket"]
#: By medium: why it fits, and the receipt or ticket that led to it.
Found = dict[bytes, tuple[Why, str]]


class Losing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a band: the number on it, the beginning of its name on a receipt, the
    number of a receipt of this shift, or the ticket it was linked to (its code, or how it begins).
    """

    like: Annotated[str, Meta(min_length=1, max_length=600)]


class LostBand(msgspec.Struct, frozen=True):
    """A band that fits, and why. `what`: the receipt or ticket that led to it. `owed_minor`: what
    a new band would get, by what is known here. `used_ms`: 0, nothing of it was seen here."""

    medium: str
    why: Why
    what: str
    class_name: str
    owed_minor: int
    used_ms: int
    replaced: bool


class LostBands(msgspec.Struct, frozen=True):
    """All that fit; `more`: there are others, and more has to be said."""

    bands: list[LostBand]
    more: bool


class TillLost:
    """For the tills of one gateway; None: it has none."""

    def __init__(self, tills: Tills | None, door: Door) -> None:
        self._tills = tills
        self._door = door

    async def post(self, request: Request) -> Response:
        """POST /v1/tills/{till}/lost-bands. A POST, so that no number stands in an address."""
        self._door.require(request, "bands")
        till = till_called(self._tills, request.path_params["till"])
        hints = {"like": "1 to 600 characters"}
        asked = read_json_untrusted(await request.body(), _DECODER, hints, '{"like": "04a1..."}')
        rules = till.tills.rules
        return reply(LostBands([], False) if rules is None else await _found(till, rules, asked))


async def _found(till: Till, rules: WalletRules, asked: Losing) -> LostBands:
    like = asked.like.strip()
    digits = "".join(each for each in like.lower() if each not in " :-")
    if len(digits) < DIGITS_MIN or not _DIGITS.issuperset(digits):
        digits = ""
    found: Found = {}
    _by_receipt(till, like, found)
    await _by_number(till, rules, digits, found)
    await _by_ticket(till, rules, like, digits, found)
    rows = [_row(till, rules, medium, *why) for medium, why in found.items()]
    rows.sort(key=lambda row: (row.replaced, -row.used_ms, row.medium))
    return LostBands(rows[:FOUND_MAX], len(found) > FOUND_MAX)


def _by_receipt(till: Till, like: str, found: Found) -> None:
    book = till.tills.book
    if like.isascii() and like.isdecimal() and int(like) <= _RECEIPT_MAX:
        deal = book.deals.get(by_receipt(book, till.shift_key, int(like)))
        if deal is not None and deal.medium:
            found[deal.medium] = ("receipt", like)


async def _by_number(till: Till, rules: WalletRules, digits: str, found: Found) -> None:
    if not digits:
        return
    accounts = till.tills.gateway.state.wallets.accounts
    if len(digits) in _UID_DIGITS:
        medium = rules.medium(bytes.fromhex(digits))
        if medium in accounts or medium in rules.wallets:
            found[medium] = ("number", "")
    for at, medium in enumerate([*accounts, *rules.wallets]):
        if at % _BATCH == 0:
            await trio.lowlevel.checkpoint()  # guests at the gates do not wait for it
        if medium.hex().startswith(digits):
            found.setdefault(medium, ("number", ""))
            if len(found) > FOUND_MAX:
                return


async def _by_ticket(
    till: Till, rules: WalletRules, like: str, digits: str, found: Found
) -> None:  # fmt: skip
    policy = till.tills.gateway.policy
    named, now_s = b"", till.tills.gateway.clock.now().ms // 1000
    with suppress(BadCode):
        named = policy.keyring.read_untrusted(like.encode(), now_s).identity
    for at, (code, band) in enumerate(list(policy.media.items())):
        if at % _BATCH == 0:
            await trio.lowlevel.checkpoint()
        for claim in band.claims:
            issuer, _, number = show_identity(claim.identity).partition(":")
            begins = (digits and number.startswith(digits)) or f"{issuer}:{number}" == like
            uid = _uid(till, code) if begins or claim.identity == named else b""
            if uid:
                found.setdefault(rules.medium(uid), ("ticket", f"{issuer}:{number}"))


def _uid(till: Till, code: bytes) -> bytes:
    """The UID that the text of a linked band is; empty if it is another text."""
    text = code.decode("ascii", "replace")
    for prefix in till.tills.gateway.policy.medium_prefixes:
        text = text.removeprefix(prefix.decode("ascii", "replace"))
    digits = "".join(each for each in text.lower() if each not in " :-")
    known = len(digits) in _UID_DIGITS and _DIGITS.issuperset(digits)
    return bytes.fromhex(digits) if known else b""


def _row(till: Till, rules: WalletRules, medium: bytes, why: Why, what: str) -> LostBand:
    wallets = till.tills.gateway.state.wallets
    account = wallets.account(medium)
    names = {each.number: each.name for each in rules.cashless.classes}
    seen = [account.issued.hlc, *(each.hlc for each in account.credits.values())]
    seen += (each.hlc for each in account.rows.values())
    worn = max(account.issued.epoch, account.mark.epoch)
    return LostBand(
        medium.hex(), why, what, names.get(account.issued.wallet_class, ""),
        owed(wallets, rules, medium), max(seen) >> 16, 0 < worn <= account.replaced,
    )  # fmt: skip


_DECODER: Final = msgspec.json.Decoder(Losing)
