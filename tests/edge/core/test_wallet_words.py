"""The words between a till and the core are plain values."""

from edge.core.wallet_reasons import WalletReason
from edge.core.wallet_words import BASE, POSTED, UNKNOWN, AlreadyPaid, Order, Refused, Tap, Who


def test_what_is_left_out_means_the_least() -> None:
    order = Order(bytes(16), bytes(16), Who(1, 2, 3, 4))
    assert (order.movement, order.debit_minor, order.given_minor, order.part) == ("sale", 0, 0, 0)
    assert (order.lines, order.attempts, order.reverses) == ((), (), b"")
    tap = Tap(bytes(7), "NTAG213", b"")
    assert (tap.counter, tap.authenticated) == (0, False)
    assert Refused(WalletReason.REPAIR).amount_minor == 0
    assert AlreadyPaid(bytes(16), 5).posted is None


def test_three_verdicts() -> None:
    assert {POSTED, BASE, UNKNOWN} == {"posted", "base", "unknown"}
