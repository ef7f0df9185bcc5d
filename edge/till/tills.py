"""What all tills of a gateway share: the rules in force, ids, who is heard, and durability."""

import logging
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec
import trio

from crypto.keys import SigningKey
from crypto.medium_credit import signer
from crypto.medium_keys import ChipSecrets
from crypto.money import MARK_SUPERVISED, MARK_UNHEARD, KnownMoney
from edge.core.pricing import PriceList
from edge.core.till_book import TillBook
from edge.core.wallet_conflicts import as_fact, unrecorded
from edge.core.wallet_rules import WalletRules
from edge.core.wallet_words import Make, Who
from edge.gateway import Gateway
from edge.ledger.errors import LedgerFull
from edge.till.settling import Settling

if TYPE_CHECKING:
    from edge.till.till import Till
    from edge.till.work import Work

#: How long "who is heard" is believed before it is looked at again.
HEARD_MS: Final = 250
#: Bands whose keys are kept: working one out costs as much as reading the band.
SECRETS_MAX: Final = 8192
#: Bands that are looked at for conflicts in one tick: some ten milliseconds.
SUSPECTS_MAX: Final = 500
log = logging.getLogger(__name__)


class Tills:
    """The tills of `gateway`. `entropy(n)` gives n random bytes; `credit_key` signs top-ups."""

    def __init__(
        self, gateway: Gateway, *, entropy: Callable[[int], bytes],
        credit_key: SigningKey | None = None,
    ) -> None:  # fmt: skip
        self.gateway = gateway
        self.tills: dict[int, Till] = {}
        self.rules: WalletRules | None = None
        self.prices: PriceList | None = None
        self.credit_key = credit_key
        self.key_index: int | None = None
        self.sign: Callable[[bytes], bytes] | None = None
        self.gateway_index = 0
        self._entropy = entropy
        self._others: list[bytes] = []
        self._unheard = False
        self._heard_until_ms = 0
        self._count = 0
        #: By UID: the work that has the band on its reader now.
        self.serving: dict[bytes, Work] = {}
        self._secrets: dict[bytes, ChipSecrets] = {}
        # A snapshot keeps no suspects: at the start every band is looked at once, a few at a time.
        self._suspects = dict.fromkeys(gateway.state.wallets.accounts)
        gateway.on_bundle.append(self.take_bundle)
        gateway.on_tick += [self.look_for_conflicts, Settling(self).look]
        self.take_bundle()

    @property
    def book(self) -> TillBook:
        """What was sold, as the state knows it."""
        return self.gateway.state.tills

    def take_bundle(self) -> None:
        """Another bundle is in force. What is being sold keeps its quote."""
        bundle = self.gateway.policy.bundle
        cards = [card for card in bundle.gateways if not card.revoked]
        self._others = [card.gateway for card in cards if card.gateway != self.gateway.identity]
        own = [card.index for card in bundle.gateways if card.gateway == self.gateway.identity]
        self.gateway_index = own[0] if own else 0
        self._heard_until_ms = 0
        self._secrets.clear()
        cashless = bundle.cashless
        if cashless is msgspec.UNSET:
            self.rules = self.prices = self.sign = self.key_index = None
            return
        self.rules, self.prices = WalletRules(cashless), PriceList(cashless)
        self.key_index = self.sign = None
        if self.credit_key is not None:
            for row in cashless.credit_keys:
                if row.public == self.credit_key.public and not row.revoked:
                    self.key_index, self.sign = row.index, signer(self.credit_key)

    def unheard(self, now_ms: int) -> bool:
        """Whether an enrolled sibling is not heard: then what bands spend is limited."""
        if not self._others:
            return False
        if now_ms >= self._heard_until_ms or now_ms < self._heard_until_ms - HEARD_MS:
            links = self.gateway.siblings
            self._unheard = links is None or any(
                links.unheard_s(other) >= links.unheard_after_s for other in self._others
            )
            self._heard_until_ms = now_ms + HEARD_MS
        return self._unheard

    def look_for_conflicts(self) -> None:
        """Record what facts of money contradict each other, once. Bands that changed since the
        last look wait for the next: what explains it may be in the same delivery."""
        wallets = self.gateway.state.wallets
        if self.rules is None:
            return
        due = list(islice(self._suspects, SUSPECTS_MAX))
        for medium in due:
            del self._suspects[medium]
        for conflict in unrecorded(wallets, self.rules, due):
            self.gateway.must_record(partial(as_fact, conflict))
            log.error("money contradicts itself", extra={"what": conflict.what})
            told = {"what": conflict.what, "amount_minor": conflict.amount_minor}
            self.gateway.events.publish("money_conflict", id=conflict.id.hex(), **told)
        self._suspects.update(dict.fromkeys(sorted(wallets.suspects)))
        wallets.suspects.clear()

    def secrets(self, uid: bytes) -> ChipSecrets:
        """Password and key of a band; those of the last bands are kept."""
        known = self._secrets.get(uid)
        if known is None:
            assert self.rules is not None
            if len(self._secrets) >= SECRETS_MAX:
                self._secrets.clear()
            known = self._secrets[uid] = self.rules.keys.chip(uid)
        return known

    def new_id(self) -> bytes:
        """An id of 16 bytes: milliseconds, this gateway, a count and chance."""
        self._count = (self._count + 1) & 0xFFFF
        ms = self.gateway.clock.now().ms & 0xFFFF_FFFF_FFFF
        return (
            ms.to_bytes(6, "big") + self.gateway.identity[:3] + self._count.to_bytes(2, "big")
            + self._entropy(5)
        )  # fmt: skip

    def made(self, name: bytes) -> bool:
        """Whether `new_id` of this gateway gave it, in this process or an earlier one."""
        return name[6:9] == self.gateway.identity[:3]

    def who(self, till: int, shift: int, operator: int, supervised: bool, marks: int = 0) -> Who:
        """Who acts, as facts say it."""
        if supervised:
            marks |= MARK_SUPERVISED
        if self._unheard:
            marks |= MARK_UNHEARD
        return Who(till, operator, shift, self.gateway_index, marks)

    async def durable(self, seq: int) -> None:
        """Return when the fact is on disk (law 2)."""
        if seq > self.gateway.ledger.durable.seq:
            written = trio.Event()
            self.gateway.when_durable(seq, written.set)
            await written.wait()

    def record(self, make: Make) -> int:
        """Record a fact; its seq. Raises `LedgerFull` with nothing changed."""
        return self.gateway.record(make)

    async def must(self, make: Make) -> bool:
        """Record what has happened already, and wait until it is on disk. False: there is no room,
        and it waits for that in memory."""
        if self.gateway.unsaved_count:
            self.gateway.must_record(make)  # behind what waits for room: the last word stays last
            return False
        try:
            seq = self.gateway.record(make)
        except LedgerFull:
            self.gateway.must_record(make)
            return False
        await self.durable(seq)
        return True


def with_receipt(make: Make, number: Callable[[], int]) -> Make:
    """The same fact with the next number of a receipt, given when it is made."""
    return lambda hlc, now: _numbered(make(hlc, now), number())


def _numbered(fact: KnownMoney, number: int) -> KnownMoney:
    return msgspec.structs.replace(fact, receipt=number)
