"""Balances by account, from facts in any order and by whichever gateway brought them. Pure.

Written beside the statements that book on wallets at the centre, and sharing nothing with them:
that both say the same of every wallet is checked by `central wallet totals`.
"""

from collections import defaultdict
from collections.abc import Sequence

from central.books.postings import (
    OFFLINE_LOSS,
    SPLIT,
    WALLET,
    Known,
    Posting,
    RatesOf,
    postings,
)
from crypto.money import (
    CreditVoided,
    DebitHeld,
    DebitPosted,
    KnownMoney,
    MoneyConflictFound,
    Sold,
    ToppedUp,
)


class Books:
    """Each transaction books once; who stands on another waits for it."""

    def __init__(self, rates_of: RatesOf) -> None:
        self.balances: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.days: defaultdict[tuple[int, str], int] = defaultdict(int)
        self._rates_of = rates_of
        self._done: set[tuple[type, bytes]] = set()
        self._holds: dict[bytes, DebitHeld] = {}
        self._loaded: dict[bytes, ToppedUp] = {}
        #: (top-up, transaction by which its money went back).
        self._backs: set[tuple[bytes, bytes]] = set()
        self._waiting: dict[tuple[type, bytes], list[tuple[bytes, KnownMoney]]] = {}
        #: Basket of each sale: what takes it back names the sale.
        self._baskets: dict[bytes, bytes] = {}

    def take(self, gateway: bytes, fact: KnownMoney) -> None:
        """Fold one fact of a gateway's log."""
        match fact:
            case MoneyConflictFound():
                return
            case DebitHeld():
                if fact.txid not in self._holds:
                    self._holds[fact.txid] = fact
                    self._baskets[fact.txid] = fact.basket
                    self._again((DebitPosted, fact.txid))
            case Sold():
                self._baskets.setdefault(fact.txid, fact.basket)
                self._book(gateway, fact)
            case ToppedUp():
                self._loaded.setdefault(fact.txid, fact)
                self._book(gateway, fact)
                self._again((CreditVoided, fact.txid))
            case _:
                self._book(gateway, fact)

    def post(self, found: Sequence[Posting], day: int) -> None:
        """Add postings of one transaction."""
        assert sum(one.amount_minor for one in found) == 0, "a transaction that does not balance"
        for account, sub, amount in found:
            self.balances[account, sub] += amount
            self.days[day, account] += amount

    def wallets(self) -> dict[str, int]:
        """What each wallet is worth, by medium in hex."""
        return {sub: -amount for (account, sub), amount in self.balances.items()
                if account == WALLET}  # fmt: skip

    def open_splits(self) -> dict[str, int]:
        """Baskets of which a part is not paid, or more than all is."""
        sums: dict[str, int] = {}
        for (account, sub), amount in self.balances.items():
            if account == SPLIT:
                basket = self._baskets.get(bytes.fromhex(sub))
                key = sub if basket is None else basket.hex()
                sums[key] = sums.get(key, 0) + amount
        return {key: amount for key, amount in sorted(sums.items()) if amount}

    def accounts(self) -> dict[str, int]:
        """The trial balance: debits positive, adds up to nothing."""
        sums: dict[str, int] = {}
        for (account, _), amount in sorted(self.balances.items()):
            sums[account] = sums.get(account, 0) + amount
        return sums

    def _again(self, mark: tuple[type, bytes]) -> None:
        for gateway, fact in self._waiting.pop(mark, []):
            self._book(gateway, fact)

    def _book(self, gateway: bytes, fact: KnownMoney) -> None:
        assert not isinstance(fact, MoneyConflictFound)
        mark = (type(fact), fact.txid)
        if mark in self._done:
            if isinstance(fact, CreditVoided):
                self._paid_again(gateway, fact)
            return
        needs = self._missing(fact)
        if needs is not None:
            self._waiting.setdefault(needs, []).append((gateway, fact))
            return
        hold = self._holds.get(fact.txid) if isinstance(fact, DebitPosted) else None
        known = Known(hold, self._loaded.get(fact.txid))
        found = postings(fact, gateway, self._rates_of, known)
        if found or not isinstance(fact, CreditVoided):
            self._done.add(mark)
        if isinstance(fact, CreditVoided):
            self._backs.add((fact.txid, fact.back))
        self.post(found, fact.day)

    def _paid_again(self, gateway: bytes, fact: CreditVoided) -> None:
        """Two points that did not hear each other gave the money of one top-up back: a loss."""
        loaded = self._loaded[fact.txid]
        paid = fact.back and loaded.method in ("cash", "card")
        if not paid or (fact.txid, fact.back) in self._backs:
            return
        self._backs.add((fact.txid, fact.back))
        found = postings(fact, gateway, self._rates_of, Known(loaded=loaded))
        lost = [
            Posting(OFFLINE_LOSS, "", amount)
            if account == WALLET
            else Posting(account, sub, amount)
            for account, sub, amount in found
        ]
        self.post(lost, fact.day)

    def _missing(self, fact: KnownMoney) -> tuple[type, bytes] | None:
        """What must be known before it books."""
        match fact:
            case DebitPosted() if fact.txid not in self._holds:
                return (DebitPosted, fact.txid)
            case CreditVoided() if fact.txid not in self._loaded:
                return (CreditVoided, fact.txid)
        return None
