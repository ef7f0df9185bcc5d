"""One fact of money of every kind, and a bundle's part about tills with each table filled."""

from crypto import cashless, money

TXID = bytes(range(16))
BASKET = bytes(range(16, 32))
MEDIUM = bytes(range(32, 48))
_HEAD = (1 << 40, 20260605, 120, TXID, 3, 7, 2, 0)
LINE = money.Line("article", 1, 2, 450, 900, 1, 5, 2)
BASE, TARGET = money.Slot(), money.Slot(1, 900, 0, 0, b"\x01\x02\x03\x04")
CERTIFICATE = bytes(money.CERTIFICATE_BYTES)


def make_money_facts() -> list[money.KnownMoney]:
    issued = (MEDIUM, "NTAG213", 1, 1, CERTIFICATE)
    paid = (MEDIUM, 1, BASKET, TARGET)
    return [
        money.MediumIssued(*_HEAD, *issued),
        money.MediumReissued(*_HEAD, *issued, bytes(16), 1, 500, 3000),
        money.MediumBlocked(*_HEAD, MEDIUM, 2, "lost"),
        money.DebitHeld(
            *_HEAD, MEDIUM, 1, BASKET, 0, "sale", 900, 0, 0, 0, 0, BASE, TARGET, 5000, 0, b"", 4,
            [LINE],
        ),
        money.DebitPosted(*_HEAD, *paid, "read_back"),
        money.DebitVoided(*_HEAD, *paid, "base_current"),
        money.GoodsAnswered(*_HEAD, BASKET, True),
        money.Sold(*_HEAD, BASKET, 1, "sale", 900, 0, b"", b"", 0, 0, b"", 4, [LINE]),
        money.ToppedUp(*_HEAD, MEDIUM, 1, 1, "cash", 5000, 0, 5000, 0, b"", CERTIFICATE),
        money.CreditApplied(*_HEAD, MEDIUM, 5000),
        money.CreditVoided(*_HEAD, MEDIUM, 5000, "old_certificate"),
        money.PromoGranted(*_HEAD, MEDIUM, 250, 3, TXID),
        money.CardAuthorizationStarted(*_HEAD, "top_up", MEDIUM, b"", 1, 5000, "r1"),
        money.CardApproved(*_HEAD, 1, 5000, "r1", "000123", "girocard", "1234", "A1"),
        money.CardDeclined(*_HEAD, 1, 5000, "r1", "limit", True),
        money.CardUnknown(*_HEAD, 1, 5000, "r1", "silent"),
        money.CardReversed(*_HEAD, 1, 5000, "r1", "000124"),
        money.ShiftOpened(*_HEAD, 10000),
        money.CashMoved(*_HEAD, -5000, "drop"),
        money.ShiftClosed(*_HEAD, 5000, 5000),
        money.ClosingMade(*_HEAD, "Z", 1, [money.Total("method:cash", 1, 900)], 900),
        money.MoneyConflictFound(*_HEAD[:3], TXID, "fork", MEDIUM, TXID, BASKET, 900),
    ]  # fmt: skip


def make_cashless() -> cashless.Cashless:
    """A bar with one merchant, three classes of goods and two phases."""
    return cashless.Cashless(
        event=7,
        pseudonym_key=bytes(32),
        chip_key=bytes(range(32)),
        debit_keys=[cashless.DebitKey(1, bytes(16))],
        credit_keys=[cashless.CreditKey(1, bytes(32), bytes(16), 100_000)],
        classes=[cashless.WalletClass(1, "Guest", [16, 18], 10_000, 20_000)],
        prices=4,
        taxes=[cashless.Tax(1, "A", 1900, "VAT 19 %")],
        merchants=[cashless.Merchant(5, "Burger van")],
        articles=[
            cashless.Article(1, "Beer 0.5 l", "Beer", 1, 450, deposit=9, vouchers=1, age=16),
            cashless.Article(9, "Deposit", "Deposit", 1, 200, kind="deposit"),
        ],
        phases=[cashless.Phase(1, "Evening", 0, [cashless.Price(1, 500)])],
        grids=[cashless.Grid([1, 9])],
        tips_percent=[5, 10],
        wallets=[cashless.Wallet(MEDIUM, absorbed_minor=2000, bound=True)],
        codes=[cashless.TopUpCode(bytes(16), 1000)],
        badges=[cashless.Badge(MEDIUM, 7)],
        receipt_head=["Gatehouse Festival"],
    )
