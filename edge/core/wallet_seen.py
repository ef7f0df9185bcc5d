"""What one tap shows, as a value: `wallet_look` fills it in, everybody else reads it. Pure."""

from typing import Final, Literal, TypeAlias

import msgspec

from crypto.cashless import WalletClass
from crypto.medium import Reading, Written
from crypto.medium_credit import Certificate
from crypto.money import Slot
from edge.core.wallet_reasons import WalletReason
from edge.core.wallet_rows import POSTED, VOIDED, Account
from edge.core.wallet_rules import WalletRules
from edge.core.wallet_words import Moved, Outcome, Tap, Writes
from edge.core.wallets import Wallets

LAST_COUNT: Final = 5
Ended: TypeAlias = Literal["posted", "voided", "open"]


class Look(msgspec.Struct):
    """What one tap shows, and what is known beside it.

    `spendable_minor`: the balance less what the centre holds back, plus overdraft; never below 0,
    and 0 for a band that is refused.
    `promo_minor` and `vouchers` are the ledger's. `resolutions`: facts that this look proves.
    `repair`: to be written after they are durable, before anything else; then read and look again.
    `unfinished`: a top-up that was paid and is not on the band; `finish` it before the next one.
    `in_doubt`: holds of this band that stay open. `credited` and `absorbed`: Ct and Cc_eff.
    `wallet_class`: that of the certificate; None for one that the bundle does not name.
    """

    wallets: Wallets
    rules: WalletRules
    tap: Tap
    unheard: bool
    now_ms: int
    medium: bytes
    account: Account
    refusal: WalletReason | None = None
    reading: Reading | None = None
    certificate: Certificate | None = None
    wallet_class: WalletClass | None = None
    current: Written | None = None
    base: Slot = Slot()
    epoch: int = 0
    credited: int = 0
    absorbed: int = 0
    balance_minor: int = 0
    spendable_minor: int = 0
    promo_minor: int = 0
    vouchers: int = 0
    resolutions: tuple[Outcome, ...] = ()
    repair: Writes = ()
    unfinished: bytes = b""
    in_doubt: tuple[bytes, ...] = ()

    @property
    def chip(self) -> str:
        """Name of the chip, as the reader said."""
        return self.tap.chip

    @property
    def exposure_max_minor(self) -> int:
        """R: what may be spent while nobody is heard."""
        kind = self.wallet_class
        if kind is None or self.certificate is None:
            return 0
        proven = self.certificate.r_class and self.tap.authenticated
        return kind.exposure_authenticated_minor if proven else kind.exposure_plain_minor

    @property
    def last(self) -> tuple[Moved, ...]:
        """The last five movements of this medium that are known here, newest last."""
        names: dict[int, Ended] = {POSTED: "posted", VOIDED: "voided"}
        moved = [
            Moved(
                row.hlc >> 16, row.movement, row.given - row.debit, row.till,
                names.get(self.account.status(row), "open"),
            )
            for row in self.account.rows.values()
            if row.gateway
        ]  # fmt: skip
        moved += [
            Moved(one.hlc >> 16, "top_up", one.amount, 0, names.get(one.ended, "open"))
            for one in self.account.credits.values()
            if one.gateway
        ]
        return tuple(sorted(moved)[-LAST_COUNT:])
