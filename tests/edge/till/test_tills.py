"""What the tills of a gateway share."""

from typing import Any

import msgspec
import pytest

from crypto.cashless import CreditKey
from crypto.money import (
    MARK_SUPERVISED,
    MARK_UNHEARD,
    MoneyConflictFound,
    PromoGranted,
)
from edge.core.moments import Moment
from edge.core.state import State
from edge.ledger.errors import LedgerFull
from edge.till.tills import SECRETS_MAX, SUSPECTS_MAX, with_receipt
from tests.edge.core.test_till_book import posted
from tests.edge.till.counter import OTHER, Counter, bundle, cards

MEDIUM = b"m" * 16
HEAD = (1 << 40, 20260605, 120, bytes(range(16)), 3, 7, 2, 0)


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
    assert not await bar.tills.must(lambda hlc, now: posted(1, 1))
    bar.log.full = False
    assert not await bar.tills.must(lambda hlc, now: posted(1, 1)), "behind what waits"
    assert bar.gateway.unsaved_count == 2
    bar.gateway.tick()
    assert bar.story()[-2:] == ["DebitPosted", "DebitPosted"]
    assert await bar.tills.must(lambda hlc, now: posted(1, 1))


def test_what_contradicts_itself_is_recorded_once() -> None:
    bar = Counter()
    grant = PromoGranted(*HEAD, MEDIUM, 500, 0, b"g" * 16)
    other = msgspec.structs.replace(grant, txid=b"t" * 16, hlc=grant.hlc + 1)
    for seq, fact in enumerate((grant, other), 1):
        bar.gateway.state.apply(OTHER, 1, seq, fact)
    for _ in range(3):
        bar.gateway.tick()
    found = [fact for fact in bar.log.facts if isinstance(fact, MoneyConflictFound)]
    assert [(one.what, one.medium) for one in found] == [("voucher", MEDIUM)]


def test_bands_of_a_snapshot_are_looked_at_once_a_few_at_a_time() -> None:
    state = State()
    for number in range(SUSPECTS_MAX + 1):
        medium = number.to_bytes(16, "big")
        grant = PromoGranted(*HEAD, medium, 500, 0, b"g" * 12 + number.to_bytes(4, "big"))
        other = msgspec.structs.replace(grant, txid=medium, hlc=grant.hlc + 1)
        state.apply(OTHER, 1, 2 * number + 1, grant)
        state.apply(OTHER, 1, 2 * number + 2, other)
    state.wallets.suspects.clear()  # as after a snapshot
    bar = Counter(state=state)
    found = []
    for _ in range(3):
        bar.gateway.tick()
        found.append(bar.story().count("MoneyConflictFound"))
    assert found == [SUSPECTS_MAX, SUSPECTS_MAX + 1, SUSPECTS_MAX + 1]
