"""Bands in memory and the gateways that see them: what tests of wallets play with."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from crypto.cashless import (
    Cashless,
    CreditKey,
    DebitKey,
    TopUpCode,
    Wallet,
    WalletClass,
)
from crypto.keys import SigningKey
from crypto.medium import CHIPS, FIRST_PAGE, PAGE_BYTES
from crypto.medium_credit import signer
from crypto.money import KnownMoney
from edge.core.moments import Moment
from edge.core.state import State
from edge.core.wallet import (
    AlreadyPaid,
    Credit,
    Held,
    Issue,
    Look,
    NewBand,
    Order,
    Refused,
    Tap,
    TopUp,
    WalletRules,
    Who,
    hold,
    issue,
    judge,
    judge_credit,
    look,
    top_up,
)

A, B, C = (bytes([n]) * 16 for n in (0xA, 0xB, 0xC))
KEY, OTHER_KEY = SigningKey(b"\x21" * 32), SigningKey(b"\x22" * 32)
NOW_MS = 1_790_000_000_000
DAY = (20260921, 120)
WHO = Who(3, 7, 2, 1)
GUEST = WalletClass(1, "Guest", balance_max_minor=100_000, top_up_min_minor=500)
CREW = WalletClass(2, "Crew", single_max_minor=2000, postpaid_minor=500)
QUICK = WalletClass(3, "Quick", velocity_count=2, velocity_s=60)
ENDED = WalletClass(4, "Ended", expires_ms=NOW_MS)
CASHLESS = Cashless(
    event=7,
    pseudonym_key=b"\x31" * 32,
    chip_key=b"\x32" * 32,
    debit_keys=[DebitKey(1, b"\x33" * 16)],
    credit_keys=[CreditKey(1, KEY.public, A), CreditKey(2, OTHER_KEY.public, B, 10_000)],
    classes=[GUEST, CREW, QUICK, ENDED],
    link="https://g.hs/b",
    codes=[TopUpCode(b"\x44" * 16, 1000)],
    cash_out_unheard_max_minor=1000,
)
RULES = WalletRules(CASHLESS)
UID = bytes.fromhex("04112233445566")


def rules(**changes: object) -> WalletRules:
    """The usual rules, changed."""
    return WalletRules(msgspec.structs.replace(CASHLESS, **changes))


def told(medium: bytes, **says: object) -> WalletRules:
    """Rules of a bundle that says something about one medium."""
    return rules(wallets=[Wallet(medium, **says)])  # type: ignore[arg-type]


def txid(number: int) -> bytes:
    """An id for a transaction or a basket."""
    return number.to_bytes(16, "big")


@dataclass
class Band:
    """Memory of one band. `write` and `increment` are all that a reader can do."""

    uid: bytes = UID
    chip: str = "NTAG213"
    memory: bytearray = field(default_factory=bytearray)
    counter: int = 0

    def __post_init__(self) -> None:
        self.memory = self.memory or bytearray(4 * 256)

    def tap(self) -> Tap:
        """As a reader sees it, authenticated."""
        plan = CHIPS[self.chip]
        at = PAGE_BYTES * FIRST_PAGE
        image = bytes(self.memory[at : at + plan.image_bytes])
        return Tap(self.uid, self.chip, image, self.counter if plan.counts else 0, True)

    def write(self, page: int, data: bytes) -> None:
        """One page."""
        assert len(data) == PAGE_BYTES
        self.memory[PAGE_BYTES * page : PAGE_BYTES * (page + 1)] = data

    def write_all(self, writes: tuple[tuple[int, bytes], ...]) -> None:
        """All pages, in order."""
        for page, data in writes:
            self.write(page, data)

    def copy(self) -> Band:
        """A band that says the same, and the same UID: a clone."""
        return Band(self.uid, self.chip, bytearray(self.memory), self.counter)


class Gateway:
    """What a gateway does at its reader, with the facts it made and those it has heard."""

    def __init__(self, name: bytes = A, rules: WalletRules = RULES) -> None:
        self.name, self.rules = name, rules
        self.state = State()
        self.log: list[KnownMoney] = []
        self.now_ms = NOW_MS
        self.unheard = False

    @property
    def wallets(self):  # type: ignore[no-untyped-def]
        """The fold."""
        return self.state.wallets

    def record(self, make) -> KnownMoney:  # type: ignore[no-untyped-def]
        """A fact of our own, durable and folded."""
        self.now_ms += 1
        fact: KnownMoney = make(self.now_ms << 16, Moment(self.now_ms, *DAY))
        self.log.append(fact)
        self.state.apply(self.name, 1, len(self.log), fact)
        return fact

    def hear(self, other: Gateway) -> None:
        """Fold all that another one has."""
        for seq, fact in enumerate(other.log, 1):
            self.state.apply(other.name, 1, seq, fact)
        self.now_ms = max(self.now_ms, other.now_ms)

    def look(self, band: Band | Tap) -> Look:
        """Look, without making facts."""
        tap = band if isinstance(band, Tap) else band.tap()
        return look(self.wallets, self.rules, tap, unheard=self.unheard, now_ms=self.now_ms)

    def settled(self, band: Band) -> Look:
        """Look, record what it proves, mend what it asks for, and look again."""
        for _ in range(4):
            seen = self.look(band)
            for one in seen.resolutions:
                self.record(one.make(WHO))
            if not seen.resolutions and not seen.repair:
                return seen
            band.write_all(seen.repair)
        raise AssertionError("a band that is never well")

    def hold(self, band: Band, order: Order) -> Held | Refused | AlreadyPaid:
        """The hold, durable."""
        held = hold(self.settled(band), order)
        if isinstance(held, Held):
            self.record(held.fact)
        elif isinstance(held, AlreadyPaid) and held.posted is not None:
            self.record(held.posted)
        return held

    def pay(self, band: Band, order: Order) -> Held | Refused | AlreadyPaid:
        """A whole tap without accidents."""
        held = self.hold(band, order)
        if isinstance(held, Held):
            band.write_all(held.writes)
            band.counter += held.increments
            assert judge(held, band.tap()) == "posted"
            self.record(held.posted)
        return held

    def top_up(
        self, band: Band, amount: int, number: int = 900, **more: object
    ) -> Credit | Refused:
        """A whole top-up without accidents."""
        fields = {"method": "cash", "key_index": 1, "sign": signer(KEY)} | more
        order = TopUp(txid(number), WHO, amount, **fields)  # type: ignore[arg-type]
        credit = top_up(self.settled(band), order)
        if isinstance(credit, Credit):
            assert credit.fact is not None
            self.record(credit.fact)
            band.write_all(credit.writes)
            assert judge_credit(credit, band.tap()) == "posted"
            self.record(credit.applied)
        return credit

    def issue(self, band: Band, number: int = 800, wallet_class: int = 1) -> Issue | Refused:
        """A whole issue without accidents."""
        new = NewBand(txid(number), WHO, wallet_class, 1, signer(KEY))
        made = issue(self.wallets, self.rules, band.tap(), new, now_ms=self.now_ms)
        if isinstance(made, Issue):
            for fact in made.facts:
                self.record(fact)
            band.write_all(made.writes)
        return made


def order(number: int, debit: int = 450, **more: object) -> Order:
    """A sale under txid and basket `number`."""
    fields = {"txid": txid(number), "basket": txid(10_000 + number), "who": WHO} | more
    return Order(debit_minor=debit, **fields)  # type: ignore[arg-type]


def new_band(
    gateway: Gateway, amount: int = 5000, chip: str = "NTAG213", uid: bytes = UID, number: int = 1
) -> Band:
    """A band that was issued and topped up."""
    band = Band(uid, chip)
    assert isinstance(gateway.issue(band, 800 + number), Issue)
    if amount:
        assert isinstance(gateway.top_up(band, amount, 900 + number), Credit)
    return band


def torn(
    gateway: Gateway, band: Band, amount: int = 1000, whole: int = 5, number: int = 950
) -> Credit:
    """A top-up of which so many pages reached the band; the fact is durable."""
    made = top_up(gateway.look(band), TopUp(txid(number), WHO, amount, "cash", 1, signer(KEY)))
    assert isinstance(made, Credit)
    assert made.fact is not None
    gateway.record(made.fact)
    band.write_all(made.writes[:whole])
    return made
