"""Facts of money that cannot both be right, found in the facts themselves. Pure.

Whoever knows the same facts finds the same conflicts; only what the centre granted of promo and
vouchers comes from the bundle. Each is recorded once as `MoneyConflictFound`, loses nothing and
blocks nothing; a fork also closes the band (`Wallets.forked`).
"""

import hashlib
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from crypto.money import MoneyConflictFound
from edge.core.moments import Moment
from edge.core.wallet_rows import GIVES_BACK, POSTED, VOIDED, Account, Row, Spent
from edge.core.wallet_rules import WalletRules
from edge.core.wallets import Wallets

ID_BYTES = 16
What: TypeAlias = Literal["fork", "voucher", "overdrawn", "reversed_twice"]


class Conflict(NamedTuple):
    """`first` and `second`: transactions; `amount_minor`: what may have been lost by it."""

    what: What
    medium: bytes
    first: bytes
    second: bytes
    amount_minor: int

    @property
    def id(self) -> bytes:
        """The same for whoever finds it."""
        both = b"".join(sorted((self.first, self.second)))
        return hashlib.sha256(self.what.encode() + both).digest()[:ID_BYTES]


def conflicts(wallets: Wallets, rules: WalletRules, medium: bytes) -> list[Conflict]:
    """All that is wrong about one medium, by what is known here."""
    account = wallets.account(medium)
    forks = () if account.rows.apart else (*account.forks(), *_splits(account))
    pairs = dict.fromkeys(
        (first.txid, later.txid, max(0, later.debit - later.given)) for first, later in forks
    )
    found = [Conflict("fork", medium, *pair) for pair in pairs]
    found += _sources(wallets, account, medium)
    found += _promo(rules, account, medium)
    found += _undone(wallets, account, medium)
    found += _loaded_and_back(account, medium)
    return found


def _splits(account: Account) -> list[tuple[Row, Row]]:
    """(first, later) of each posted hold that stands on the slot of an earlier one: both were
    paid with the same money, also where a known hold had one of them skip a seq."""
    firsts: dict[tuple[int, bytes], Row] = {}
    found = []
    for row in sorted(account.rows.values(), key=lambda row: (row.place, row.txid)):
        if row.ended & POSTED and row.gateway:
            first = firsts.setdefault((row.epoch, row.base), row)
            if first is not row:
                found.append((first, row))
    return found


def _sources(wallets: Wallets, account: Account, medium: bytes) -> list[Conflict]:
    """One code or grant that was used by several transactions, none of them given back."""
    own = [one.source for part in (account.credits, account.grants) for one in part.values()]
    found = []
    for source in dict.fromkeys(sorted(own)):
        users = []
        for where, txid in sorted(wallets.sources.get(source, ()), key=lambda one: one[::-1]):
            topped = wallets.account(where).credits.get(txid)
            if topped is None or topped.ended != VOIDED:
                users.append((topped.amount if topped is not None else 0, txid))
        found += [
            Conflict("voucher", medium, users[0][1], txid, amount) for amount, txid in users[1:]
        ]
    return found


def _promo(rules: WalletRules, account: Account, medium: bytes) -> list[Conflict]:
    """More promo or more vouchers were taken than there were: the one that was too much."""
    told = rules.wallet(medium)
    promo, vouchers = account.promo()
    promo, vouchers = promo + told.promo_minor, vouchers + told.vouchers
    if promo >= 0 and vouchers >= 0:
        return []
    takers = [one for one in account.counting() if one.movement not in GIVES_BACK]
    takers.sort(key=lambda one: (one.place, one.txid))
    last = takers[-1].txid
    before = takers[-2].txid if len(takers) > 1 else last
    return [Conflict("overdrawn", medium, before, last, max(0, -promo))]


def _undone(wallets: Wallets, account: Account, medium: bytes) -> list[Conflict]:
    """A transaction that was reversed by several, or by a reversal and a refund."""
    found = []
    # What undoes another is never packed.
    names = [one.reverses for part in (account.rows.hot, account.spent) for one in part.values()]
    for original in dict.fromkeys(sorted(name for name in names if name)):
        by = [one for one in wallets.undone[original] if not _void(wallets, one)]
        by.sort(key=lambda one: (one.place, one.txid))
        if all(one.movement == "refund" for one in by) and _fits(account, original, by):
            continue
        found += [
            Conflict("reversed_twice", medium, by[0].txid, one.txid, _given(one)) for one in by[1:]
        ]
    return found


def _loaded_and_back(account: Account, medium: bytes) -> list[Conflict]:
    """A top-up whose money went back, for a copy has shown that it was not there; and it was."""
    return [
        Conflict("overdrawn", medium, one.txid, one.txid, one.amount)
        for one in sorted(account.credits.values(), key=lambda one: one.txid)
        if one.gateway and one.ended == POSTED | VOIDED
    ]


def _void(wallets: Wallets, one: Row | Spent) -> bool:
    return isinstance(one, Row) and wallets.account(one.medium).status(one) == VOIDED


def _fits(account: Account, original: bytes, by: list[Row | Spent]) -> bool:
    """Refunds of parts are fine, as far as they are not more than the whole."""
    row = account.rows.get(original)
    return row is not None and sum(_given(one) for one in by) <= row.debit


def _given(one: Row | Spent) -> int:
    return one.given if isinstance(one, Row) else 0


def unrecorded(wallets: Wallets, rules: WalletRules, media: Iterable[bytes]) -> list[Conflict]:
    """Conflicts of `media` that nobody has recorded yet. The caller empties `Wallets.suspects`."""
    found = {one.id: one for medium in sorted(media) for one in conflicts(wallets, rules, medium)}
    return [one for id, one in found.items() if id not in wallets.conflicts]


def as_fact(conflict: Conflict, hlc: int, now: Moment) -> MoneyConflictFound:
    """The fact that records it."""
    one = conflict
    return MoneyConflictFound(
        hlc, now.day, now.offset_min, one.id, one.what, one.medium, one.first, one.second,
        one.amount_minor,
    )  # fmt: skip
