"""What is wrong with a price list, whoever reads it. Files: tests/central/sales."""

import msgspec
import pytest

from config.prices import BadPrices, faults, minor_untrusted
from crypto.cashless import Article, Cashless, Grid, Phase, Tax

GOOD = Cashless(
    event=1,
    taxes=[Tax(1, "A", 2000, "VAT")],
    articles=[Article(1, "Cup", "Cup", 1, 200, "deposit"), Article(2, "Beer", "Beer", 1, 500)],
)


def test_a_good_list_has_no_faults() -> None:
    assert list(faults(GOOD)) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"taxes": []}, "there is no tax 1"),
        ({"grids": [Grid([3])]}, "grid of till 0: there is no article 3"),
        ({"phases": [Phase(1, "N", 1), Phase(1, "M", 2)]}, "number 1 stands there twice"),
        ({"phases": [Phase(1, "N", 1), Phase(2, "M", 1)]}, "from_ms 1 stands there twice"),
    ],
)
def test_what_is_named_and_not_there_is_told(change: dict[str, object], told: str) -> None:
    (fault, *_) = faults(msgspec.structs.replace(GOOD, **change))
    assert told in fault


def test_amounts_have_as_many_decimals_as_the_currency() -> None:
    assert [minor_untrusted("4.5", 2), minor_untrusted("4", 0)] == [450, 4]
    with pytest.raises(BadPrices, match="as 4$"):
        minor_untrusted("4.5", 0)
    assert minor_untrusted("1000000000.000", 3) == 10**12
    # No bundle that says more would be read by any gateway.
    with pytest.raises(BadPrices, match="more than any amount"):
        minor_untrusted("9999999999", 3)
