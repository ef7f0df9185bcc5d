"""Rates in basis points of whole minor units, without a float."""

from typing import Final

WHOLE_BP: Final = 10_000


def half_even(numerator: int, denominator: int) -> int:
    """The nearest whole number; of two that are as near the even one. `denominator` > 0."""
    whole, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return whole + (twice > denominator or (twice == denominator and whole % 2 == 1))


def part_of(amount_minor: int, rate_bp: int) -> int:
    """So many basis points of an amount, half to even."""
    return half_even(amount_minor * rate_bp, WHOLE_BP)


def net_of(gross_minor: int, rate_bp: int) -> int:
    """The net within a gross amount as receipts say it: half away from zero."""
    whole = WHOLE_BP + rate_bp
    net = (2 * abs(gross_minor) * WHOLE_BP + whole) // (2 * whole)
    return net if gross_minor >= 0 else -net


def net_half_even(gross_minor: int, rate_bp: int) -> int:
    """The net within a gross amount, half to even: of sums that stand on no receipt."""
    return half_even(gross_minor * WHOLE_BP, WHOLE_BP + rate_bp)
