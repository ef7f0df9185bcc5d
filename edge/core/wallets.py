"""What is known of every band, as a function of the *set* of money facts (law 3). Pure.

Outcomes may arrive before what they settle, and several gateways may settle one hold: posted with
evidence beats voided, and both are kept. What was done in training is not folded. `State` gives
each fact once, with the log it stands in.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from crypto.money import (
    MARK_TRAINING,
    CreditApplied,
    CreditVoided,
    DebitHeld,
    DebitPosted,
    DebitVoided,
    MediumBlocked,
    MediumIssued,
    MediumReissued,
    MoneyConflictFound,
    PromoGranted,
    Sold,
    ToppedUp,
)
from edge.core.wallet_dump import FoundMoney, WalletsDump, dumped
from edge.core.wallet_packs import Baskets, Rows
from edge.core.wallet_records import Stamps
from edge.core.wallet_rows import (
    POSTED,
    VOIDED,
    ZERO,
    Account,
    Grant,
    Issued,
    Row,
    Spent,
    Topped,
    pack,
)

#: HLC, gateway, epoch of its log, seq: where a fact stands.
Where: TypeAlias = tuple[int, bytes, int, int]
#: Medium and transaction: an id that two gateways made by mistake is two.
Named: TypeAlias = tuple[bytes, bytes]


class Wallets:
    """The fold of facts of money, as far as they are about media.

    Holds that are over lie packed (`wallet_packs`). `baskets`: holds by what they pay; `undone`:
    what reverses a transaction; `sources`: who used a code, a grant or a card's money; `credited`:
    sum of top-ups by credit key. All follow from `accounts`. `suspects`: media to be looked at by
    `wallet_conflicts`, which empties it.
    """

    def __init__(self) -> None:
        self.accounts: dict[bytes, Account] = {}
        self.conflicts: dict[bytes, FoundMoney] = {}
        self.suspects: set[bytes] = set()
        self.stamps = Stamps()
        #: By number of the account.
        self.numbered: list[Rows] = []
        self.baskets = Baskets(self.numbered.__getitem__)
        self.undone: dict[bytes, tuple[Row | Spent, ...]] = {}
        self.sources: dict[bytes, set[Named]] = {}
        self.credited: dict[int, int] = {}
        self.unposted: dict[Named, Row] = {}
        #: By medium: the highest epoch of which there are two bands, with proof.
        self.forked: dict[bytes, int] = {}

    def account(self, medium: bytes) -> Account:
        """What is known of a medium; an empty account for one that no fact names."""
        return self.accounts.get(medium) or Account()

    def open_holds(self, gateway: bytes | None = None) -> Iterator[Row]:
        """Holds that nothing has settled, of one gateway or all: what finance lists as unknown."""
        for row in self.unposted.values():
            ours = row.gateway if gateway is None else row.gateway == gateway
            if ours and not self.accounts[row.medium].status(row):
                yield row

    def fold(self, gateway: bytes, log: int, seq: int, fact: Any) -> None:
        """Fold a fact of money, once; kinds that are about no medium change nothing."""
        fold = FOLDS.get(type(fact))
        if fold is not None and not getattr(fact, "marks", 0) & MARK_TRAINING:
            fold(self, (fact.hlc, gateway, log, seq), fact)

    def made(self, medium: bytes) -> Account:
        """The account of `medium`, made on first sight."""
        account = self.accounts.get(medium)
        if account is None:
            rows = Rows(medium, len(self.numbered), self.stamps)
            account = self.accounts[medium] = Account(rows=rows)
            self.numbered.append(rows)
        return account

    def dump(self) -> WalletsDump:
        """Canonical: equal for equal sets of facts, whatever lies packed just now."""
        return dumped(self.accounts, self.conflicts, self.stamps, self.forked)

    @classmethod
    def load(cls, told: WalletsDump) -> "Wallets":
        """What `dump` gave. Raises `ValueError` for packs that are no packs."""
        wallets = cls()
        wallets.stamps = Stamps(told.stamps)
        wallets.forked = dict(told.forked)
        wallets.conflicts = {found.fact.id: found for found in told.conflicts}
        for medium, one in told.accounts.items():
            account = wallets.made(medium)
            account.min_epoch, account.replaced = one.min_epoch, one.replaced
            account.issued, account.mark = one.issued, one.mark
            account.credits, account.grants = one.credits, one.grants
            account.spent = one.spent
            for row in one.rows:
                account.rows.hot[row.txid] = row
                wallets._index(account, row)
            account.rows.load(one.packed, wallets.baskets)
            for topped in account.credits.values():
                wallets._count(topped, 0)
                wallets._source(topped.source, topped.txid, medium)
            for grant in account.grants.values():
                wallets._source(grant.source, grant.txid, medium)
            for spent in account.spent.values():
                account.uses_promo |= bool(spent.promo or spent.vouchers)
                wallets._undo(spent)
        return wallets

    def _index(self, account: Account, row: Row) -> None:
        if not row.ended & POSTED:
            account.unposted[row.txid] = self.unposted[(row.medium, row.txid)] = row
        self.baskets.add(row)
        if row.gateway:
            account.uses_promo |= bool(row.promo or row.vouchers)
            if row.reverses:
                self._undo(row)

    def _taken(self, account: Account, txid: bytes) -> Row | None:
        """The hold, to be changed; None if it is not known. `_put` it back afterwards."""
        row = account.rows.hot.get(txid)
        if row is None:
            row = account.rows.take(txid)
            if row is not None:
                self.baskets.taken(row.basket, account.rows.number)
                self.baskets.add(row)
        return row

    def _put(self, account: Account, row: Row) -> None:
        """Pack it, if nothing more is expected of it."""
        if row.ended and account.rows.put(row):
            self.baskets.drop(row)
            self.baskets.packed(row.basket, account.rows.number)

    def _fork(self, account: Account, medium: bytes, proof: bytes) -> None:
        """Note a fork if anything else was shown of the epoch and seq of `proof`."""
        epoch = int.from_bytes(proof[:2], "big")
        for row in account.rows.of_seq(epoch, proof[2:4]):
            if any(one[:4] == proof[:4] and one != proof for one in row.proofs()):
                self.forked[medium] = max(epoch, self.forked.get(medium, 0))
                return

    def _split(self, account: Account, row: Row) -> None:
        """Note a fork if another posted hold stands on the slot that this one stood on."""
        for one in account.rows.values():
            beside = (one.epoch, one.base) == (row.epoch, row.base) and one.txid != row.txid
            if beside and one.gateway and one.ended & POSTED:
                self.forked[row.medium] = max(row.epoch, self.forked.get(row.medium, 0))
                return

    def _undo(self, one: Row | Spent, instead: Row | Spent | None = None) -> None:
        if instead is not None and instead.reverses:
            rest = self.undone[instead.reverses]
            self.undone[instead.reverses] = tuple(two for two in rest if two is not instead)
        if one.reverses:
            self.undone[one.reverses] = (*self.undone.get(one.reverses, ()), one)

    def _source(self, source: bytes, txid: bytes, medium: bytes) -> None:
        if source:
            users = self.sources.setdefault(source, set())
            users.add((medium, txid))
            if len(users) > 1:
                self.suspects.update(medium for medium, _ in users)

    def _count(self, topped: Topped, before: int) -> None:
        key = topped.key_index
        self.credited[key] = self.credited.get(key, 0) + topped.counted - before


def _held(wallets: Wallets, where: Where, fact: DebitHeld) -> None:
    account = wallets.made(fact.medium)
    base, target = pack(fact.base), pack(fact.target)
    account.mark.reach(fact.epoch, base)
    account.mark.aim(fact.epoch, fact.target.seq)
    row = wallets._taken(account, fact.txid)
    ended, shown = 0, b""
    if row is not None:
        if row.gateway and row.place <= where:  # one id, two holds: the first counts
            wallets._put(account, row)
            return
        ended, shown = row.ended, row.shown
        _forget(wallets, account, row)
    row = Row(
        fact.txid, fact.medium, fact.epoch, base, target, fact.basket, fact.part, ended, *where,
        fact.till, fact.shift, fact.marks, fact.movement, fact.debit_minor, fact.given_minor,
        fact.promo_minor, fact.vouchers, fact.credited, fact.absorbed, fact.reverses, shown,
    )  # fmt: skip
    account.rows.hot[fact.txid] = row
    wallets._index(account, row)
    if ended & POSTED:
        wallets._split(account, row)
    wallets._put(account, row)
    undone = len(wallets.undone.get(fact.reverses, ()))
    if fact.promo_minor or fact.vouchers or undone > 1 or ended & POSTED:
        wallets.suspects.add(fact.medium)


def _forget(wallets: Wallets, account: Account, row: Row) -> None:
    account.unposted.pop(row.txid, None)
    wallets.unposted.pop((row.medium, row.txid), None)
    wallets.baskets.drop(row)
    if row.reverses:
        by = wallets.undone[row.reverses]
        wallets.undone[row.reverses] = tuple(one for one in by if one is not row)


def _ended(
    wallets: Wallets, fact: DebitPosted | DebitVoided, target: bytes, how: int
) -> tuple[Account, Row]:  # fmt: skip
    account = wallets.made(fact.medium)
    row = wallets._taken(account, fact.txid)
    if row is None or not row.gateway:
        told = (fact.epoch, target, fact.basket)
        ended, shown = 0, b""
        if row is not None:
            told = max(told, (row.epoch, row.target, row.basket))
            ended, shown = row.ended, row.shown
            _forget(wallets, account, row)
        epoch, target, basket = told
        row = Row(fact.txid, fact.medium, epoch, ZERO, target, basket, 0, ended, shown=shown)
        account.rows.hot[fact.txid] = row
        wallets._index(account, row)
    row.ended |= how
    return account, row


def _posted(wallets: Wallets, where: Where, fact: DebitPosted) -> None:
    target = pack(fact.target)
    account, row = _ended(wallets, fact, target, POSTED)
    account.unposted.pop(fact.txid, None)
    wallets.unposted.pop((fact.medium, fact.txid), None)
    mark = account.mark
    proof = row.show(fact.epoch, target)
    if row.gateway and row.base != mark.top:  # somebody went on from there before
        wallets._split(account, row)
    if (fact.epoch, target[:2]) <= (mark.epoch, mark.top[:2]):
        wallets.suspects.add(fact.medium)  # somebody was there before: the same, or a copy
        wallets._fork(account, fact.medium, proof)
    mark.reach(fact.epoch, target)
    mark.aim(fact.epoch, fact.target.seq)
    wallets._put(account, row)


def _voided(wallets: Wallets, where: Where, fact: DebitVoided) -> None:
    account, row = _ended(wallets, fact, pack(fact.target), VOIDED)
    account.mark.aim(fact.epoch, fact.target.seq)
    wallets._put(account, row)


def _topped(wallets: Wallets, where: Where, fact: ToppedUp) -> None:
    account = wallets.made(fact.medium)
    known = account.credits.get(fact.txid)
    ended, before = 0, 0
    if known is not None:
        if known.gateway and known.place <= where:
            return
        ended = known.ended
        wallets.credited[known.key_index] = wallets.credited.get(known.key_index, 0) - known.counted
        wallets.sources.get(known.source, set()).discard((fact.medium, known.txid))
    topped = account.credits[fact.txid] = Topped(
        fact.txid, fact.medium, ended, *where, fact.epoch, fact.key_index, fact.method,
        fact.amount_minor, fact.from_credited, fact.to_credited, fact.absorbed, fact.source,
        fact.certificate,
    )  # fmt: skip
    wallets._count(topped, before)
    wallets._source(fact.source, fact.txid, fact.medium)


def _credit_ended(wallets: Wallets, fact: CreditApplied | CreditVoided, how: int) -> None:
    account = wallets.made(fact.medium)
    topped = account.credits.get(fact.txid)
    if topped is None:
        topped = account.credits[fact.txid] = Topped(fact.txid, fact.medium)
    before = topped.counted
    topped.ended |= how
    if topped.ended == POSTED | VOIDED:
        wallets.suspects.add(fact.medium)
    wallets._count(topped, before)


def _applied(wallets: Wallets, where: Where, fact: CreditApplied) -> None:
    _credit_ended(wallets, fact, POSTED)


def _credit_voided(wallets: Wallets, where: Where, fact: CreditVoided) -> None:
    _credit_ended(wallets, fact, VOIDED)


def _issued(wallets: Wallets, where: Where, fact: MediumIssued) -> None:
    account = wallets.made(fact.medium)
    issued = Issued(fact.epoch, *where, fact.chip, fact.wallet_class, fact.certificate)
    if issued.order > account.issued.order:
        account.issued = issued
    account.mark.reach(fact.epoch, bytes(14))


def _reissued(wallets: Wallets, where: Where, fact: MediumReissued) -> None:
    _issued(wallets, where, fact)
    old = wallets.made(fact.replaces)
    old.min_epoch = max(old.min_epoch, fact.replaces_epoch + 1)
    old.replaced = max(old.replaced, fact.replaces_epoch)


def _blocked(wallets: Wallets, where: Where, fact: MediumBlocked) -> None:
    account = wallets.made(fact.medium)
    account.min_epoch = max(account.min_epoch, fact.min_epoch)


def _granted(wallets: Wallets, where: Where, fact: PromoGranted) -> None:
    account = wallets.made(fact.medium)
    grant = Grant(fact.source, fact.txid, *where, fact.promo_minor, fact.vouchers)
    known = account.grants.get(fact.txid)
    if known is not None:
        if known.place <= grant.place:
            return
        wallets.sources.get(known.source, set()).discard((fact.medium, known.txid))
    account.grants[fact.txid] = grant
    wallets._source(fact.source, fact.txid, fact.medium)


def _sold(wallets: Wallets, where: Where, fact: Sold) -> None:
    if not (fact.reverses or (fact.medium and (fact.promo_minor or fact.vouchers))):
        return
    account = wallets.made(fact.medium)
    spent = Spent(
        fact.txid, *where, fact.movement, fact.promo_minor, fact.vouchers, fact.marks, fact.reverses
    )
    known = account.spent.get(fact.txid)
    if known is None or spent.place < known.place:
        account.spent[fact.txid] = spent
        account.uses_promo |= bool(spent.promo or spent.vouchers)
        wallets._undo(spent, instead=known)
    wallets.suspects.add(fact.medium)


def _conflict(wallets: Wallets, where: Where, fact: MoneyConflictFound) -> None:
    found = FoundMoney(*where, fact)
    known = wallets.conflicts.get(fact.id)
    if known is None or found.place < known.place:
        wallets.conflicts[fact.id] = found


FOLDS: Final[dict[type, Any]] = {
    MediumIssued: _issued,
    MediumReissued: _reissued,
    MediumBlocked: _blocked,
    DebitHeld: _held,
    DebitPosted: _posted,
    DebitVoided: _voided,
    Sold: _sold,
    ToppedUp: _topped,
    CreditApplied: _applied,
    CreditVoided: _credit_voided,
    PromoGranted: _granted,
    MoneyConflictFound: _conflict,
}
