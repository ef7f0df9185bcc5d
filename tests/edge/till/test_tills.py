"""What the tills of a gateway share."""

from typing import Any

import pytest

from crypto.cashless import CreditKey
from crypto.money import MARK_SUPERVISED, MARK_UNHEARD
from edge.core.moments import Moment
from edge.ledger.errors import LedgerFull
from edge.till.tills import SECRETS_MAX, with_receipt
from tests.edge.core.test_till_book import posted
from tests.edge.till.counter import OTHER, Counter, bundle, cards


class Links:
    """Siblings that are heard, or not."""

    unheard_after_s = 10.0

    def __init__(self) -> None:
        self.silent_s = 0.0

    def unheard_s(self, gateway: bytes) -> float:
        return self.silent_s


def test_a_gateway_alone_counts_no_exposure() -> None:
    assert not Counter().tills.unheard(0)


def test_unheard_as_soon_as_one_sibling_is() -> None:
    bar, links = Counter(gateways=cards(OTHER)), Links()
    assert bar.tills.unheard(0)  # enrolled, and nobody to hear it by
    bar.gateway.siblings = links  # type: ignore[assignment]
    assert not bar.tills.unheard(1000)
    links.silent_s = 11
    assert not bar.tills.unheard(1100)
    assert bar.tills.unheard(1300)
    assert bar.tills.who(1, 2, 3, True).marks == MARK_UNHEARD | MARK_SUPERVISED
    assert bar.tills.gateway_index == 1


def test_ids_are_ordered_by_time_and_never_the_same() -> None:
    bar = Counter()
    made = [bar.tills.new_id() for _ in range(1000)]
    assert len(set(made)) == 1000 and made == sorted(made)
    bar.clock.ms += 1
    assert bar.tills.new_id() > made[-1]
    assert all(len(each) == 16 for each in made)


def test_another_bundle_brings_other_prices_and_keys() -> None:
    bar = Counter()
    assert bar.tills.sign is not None and bar.tills.prices is not None
    other = bundle(version=2, prices=99, credit_keys=[CreditKey(1, b"x" * 32, OTHER)])
    bar.gateway.apply_bundle(other, b"another")
    assert bar.tills.prices.version == 99
    assert bar.tills.sign is None
    from crypto.bundle import Bundle

    bar.gateway.apply_bundle(Bundle(version=3), b"third")
    assert bar.tills.rules is None and bar.tills.prices is None


def test_secrets_of_bands_are_kept_and_bounded() -> None:
    bar = Counter()
    assert bar.tills.secrets(b"\x04abcdef") is bar.tills.secrets(b"\x04abcdef")
    for number in range(SECRETS_MAX + 1):
        bar.tills._secrets[number.to_bytes(7, "big")] = bar.tills.secrets(b"\x04abcdef")
    bar.tills.secrets(b"\x04ghijkl")
    assert len(bar.tills._secrets) == 1


def test_a_receipt_gets_its_number_when_it_is_made() -> None:
    numbers = iter([7])
    make = with_receipt(lambda hlc, now: posted(1, 1), lambda: next(numbers))
    fact: Any = make(0, Moment(0, 0))
    assert fact.receipt == 7


@pytest.mark.trio
async def test_what_has_happened_is_kept_also_without_room() -> None:
    bar = Counter()
    bar.log.full = True
    with pytest.raises(LedgerFull):
        bar.tills.record(lambda hlc, now: posted(1, 1))
    await bar.tills.must(lambda hlc, now: posted(1, 1))
    assert bar.gateway.unsaved_count == 1
    bar.log.full = False
    bar.gateway.tick()
    assert bar.story()[-1] == "DebitPosted"
