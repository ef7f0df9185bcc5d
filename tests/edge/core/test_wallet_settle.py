"""What a band's slots prove about open holds, and what is mended."""

import msgspec
import pytest

from crypto.medium import CHIPS, pages
from crypto.money import DebitHeld, DebitPosted, DebitVoided, Slot
from edge.core.wallet import Held, Tap, WalletReason, written
from tests.edge.core.purse import (
    RULES,
    WHO,
    A,
    B,
    Band,
    Gateway,
    new_band,
    order,
    told,
    txid,
)

R = WalletReason


def refused(gateway: Gateway, band: Band | Tap) -> WalletReason | None:
    return gateway.look(band).refusal


def test_a_hold_ends_by_what_the_slots_say() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    held = gateway.hold(band, order(1))
    assert isinstance(held, Held)
    seen = gateway.look(band)
    assert [(one.kind, one.evidence) for one in seen.resolutions] == [("voided", "base_current")]
    assert seen.repair == ()
    band.write_all(held.writes)
    seen = gateway.look(band)
    assert [(one.kind, one.evidence) for one in seen.resolutions] == [("posted", "in_slot")]
    kept = pages(CHIPS[band.chip].slot_pages[0], held.place[2])
    assert seen.repair == kept + held.writes, "once more, it may have been written weakly"
    fact = gateway.record(seen.resolutions[0].make(WHO))
    assert isinstance(fact, DebitPosted)
    assert (fact.txid, fact.target, fact.till) == (txid(1), held.target, WHO.till)
    assert gateway.look(band).repair == ()


@pytest.mark.parametrize("chip", CHIPS)
def test_a_step_that_is_mended_is_on_the_band_throughout(chip: str) -> None:
    """Whoever hears nobody would go on from the slot below, and the band would be called a copy."""
    gateway = Gateway()
    band = new_band(gateway, 5000, chip)
    held = gateway.hold(band, order(1))
    assert isinstance(held, Held)
    band.write_all(held.writes)
    band.counter += held.increments
    for page, data in gateway.look(band).repair:
        for torn in (b"\xff" * 4, data):
            band.write(page, torn)
            assert gateway.look(band).base == held.target, f"page {page:#x} is torn"


def test_half_a_slot_that_was_given_up_is_erased() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    held = gateway.hold(band, order(1))
    assert isinstance(held, Held)
    band.write_all(held.writes[:5])
    seen = gateway.look(band)
    assert seen.repair == pages(0x22, bytes(24))
    fact = gateway.record(seen.resolutions[0].make(WHO))
    assert isinstance(fact, DebitVoided)


def test_a_committed_slot_beside_ours_proves_that_ours_is_not() -> None:
    a, b = Gateway(A), Gateway(B)
    band = new_band(a)
    b.hear(a)
    held = a.hold(band, order(1))
    assert isinstance(held, Held)
    assert isinstance(b.pay(band, order(2)), Held)
    seen = a.look(band)
    assert [(one.kind, one.evidence) for one in seen.resolutions] == [("voided", "successor")]
    assert isinstance(b.pay(band, order(3)), Held)
    seen = a.look(band)  # both slots were written since: nobody can know but who wrote them
    assert (seen.resolutions, seen.in_doubt, seen.refusal) == ((), (txid(1),), None)
    a.hear(b)
    seen = a.look(band)
    assert [(one.kind, one.evidence) for one in seen.resolutions] == [("voided", "successor")]


def test_what_was_voided_and_is_there_all_the_same_is_posted() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    held = gateway.hold(band, order(1))
    assert isinstance(held, Held)
    gateway.settled(band)
    band.write_all(held.writes)
    assert [one.kind for one in gateway.look(band).resolutions] == ["posted"]
    assert gateway.settled(band).balance_minor == 4550


def test_a_successor_that_was_heard_of_ends_a_hold() -> None:
    a, b = Gateway(A), Gateway(B)
    band = new_band(a)
    b.hear(a)
    held = a.hold(band, order(1))
    assert isinstance(held, Held)
    band.write_all(held.writes)
    for number in (2, 3):
        assert isinstance(b.pay(band, order(number)), Held)
    a.hear(b)
    seen = a.look(band)
    assert [(one.kind, one.evidence) for one in seen.resolutions] == [("posted", "successor")]


def test_holds_of_another_epoch_are_none_of_this_bands_business() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    assert isinstance(gateway.hold(band, order(1)), Held)
    fact = msgspec.structs.replace(gateway.log[-1], epoch=9, txid=txid(77))
    gateway.record(lambda *_: fact)
    assert refused(gateway, band) is R.EPOCH


@pytest.mark.parametrize("chip", CHIPS)
def test_a_faded_step_is_put_back(chip: str) -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000, chip)
    for number in (1, 2):
        held = gateway.pay(band, order(number))
        assert isinstance(held, Held)
    band.write(held.writes[2][0], b"\xff" * 4)
    seen = gateway.look(band)
    assert seen.refusal is None
    assert seen.balance_minor == 4100
    assert [page for page, _ in seen.repair] == [page for page, _ in held.writes]
    band.write_all(seen.repair)
    again = gateway.look(band)
    assert (again.repair, again.refusal, again.balance_minor) == ((), None, 4100)


def test_a_faded_step_is_not_put_back_where_it_is_not_known() -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000, "UL_C")
    stranger = Gateway(B)
    stranger.hear(gateway)
    held = gateway.pay(band, order(1))
    assert isinstance(held, Held)
    band.write(held.writes[0][0], b"\xff" * 4)
    assert refused(stranger, band) is R.SLOTS
    later = Gateway(B)
    later.hear(gateway)
    later.record(held.voided)  # another gateway's mistake takes nothing away
    assert refused(later, band) is None


def test_a_lock_that_fades_is_put_back_as_a_lock() -> None:
    from edge.core.wallet import lock

    gateway = Gateway()
    band = new_band(gateway)
    gateway.rules = told(gateway.look(band).medium, min_epoch=2)
    held = lock(gateway.look(band), txid(8), WHO)
    assert isinstance(held, Held)
    gateway.record(held.fact)
    band.write_all(held.writes)
    assert written(held, band.tap())
    gateway.record(held.posted)
    band.write(0x22, b"\xff" * 4)
    gateway.rules = RULES
    seen = gateway.look(band)
    band.write_all(seen.repair)
    assert refused(gateway, band) is R.LOCKED


def test_a_band_that_was_turned_back_ends_no_hold() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    assert isinstance(gateway.hold(band, order(1)), Held)
    fact = gateway.log[-1]
    assert isinstance(fact, DebitHeld)
    # Somebody has read much more from it since: what shows our base now is a copy.
    read = Slot(9, 4000, 0, 0, b"real")
    later = msgspec.structs.replace(fact, txid=txid(77), base=read, target=Slot(10, 4100))
    gateway.state.apply(B, 1, 1, later)
    seen = gateway.look(band)
    assert (seen.refusal, seen.resolutions) == (R.BEHIND, ())
    assert seen.in_doubt == (txid(1), txid(77))
