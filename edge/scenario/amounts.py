"""Amounts as people write them, in minor units and back. No float ever."""

from config.prices import BadPrices, minor_untrusted


def minor(value: int | str, exponent: int) -> int:
    """`value` in minor units; text may be below zero. Raises `BadPrices`."""
    if isinstance(value, int):
        return value
    if value.startswith("-"):
        return -minor_untrusted(value[1:], exponent)
    return minor_untrusted(value, exponent)


def shown(amount_minor: int, exponent: int) -> str:
    """The amount with its decimal point, as files have it."""
    digits = str(abs(amount_minor)).rjust(exponent + 1, "0")
    at = len(digits) - exponent
    point = f".{digits[at:]}" if exponent else ""
    return ("-" if amount_minor < 0 else "") + digits[:at] + point


def is_amount(value: int | str, exponent: int) -> bool:
    """Whether it has no more decimals than the currency."""
    try:
        minor(value, exponent)
    except BadPrices:
        return False
    return True
