"""What a look says of what was before."""

from edge.core.wallet import Held, Moved
from edge.core.wallet_records import pack
from tests.edge.core.purse import Gateway, new_band, order


def test_the_last_five_movements() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    for number in range(1, 6):
        assert isinstance(gateway.pay(band, order(number, number)), Held)
    assert isinstance(gateway.hold(band, order(9, 99)), Held)
    last = gateway.look(band).last
    assert [(one.movement, one.amount_minor, one.status) for one in last] == [
        ("sale", -2, "posted"),
        ("sale", -3, "posted"),
        ("sale", -4, "posted"),
        ("sale", -5, "posted"),
        ("sale", -99, "open"),
    ]
    assert isinstance(last[0], Moved)
    gateway.settled(band)
    assert gateway.look(band).last[-1].status == "voided"
    assert gateway.look(new_band(gateway, uid=bytes(7), number=5)).last[0].movement == "top_up"


def test_a_slot_on_a_band_is_packed_as_the_core_packs_it() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    assert isinstance(gateway.pay(band, order(1, 450)), Held)
    reading = gateway.look(band).reading
    assert reading is not None
    slots = [one for one in reading.slots if one is not None]
    assert [one.packed for one in slots] == [pack(one.slot) for one in slots]
    assert len({one.packed for one in slots}) == 2
