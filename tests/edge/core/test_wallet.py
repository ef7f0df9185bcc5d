"""The front door of wallets: all that a till needs, under one name."""

from edge.core import wallet


def test_all_that_is_promised_is_there() -> None:
    for name in wallet.__all__:
        assert getattr(wallet, name) is not None
    assert len(wallet.__all__) == len(set(wallet.__all__))


def test_the_way_of_a_tap_is_told() -> None:
    assert "1. `look(" in (wallet.__doc__ or "")
    assert "4. Read back" in (wallet.__doc__ or "")
