"""Every attack we know of, with the loss that it can make.

R is 30.00 for a band that can be copied. A venue's gateways are *islands* while they do not hear
each other. Whatever is lost on several islands is proven afterwards by two signed facts.
"""

import random

import pytest

from crypto.medium import CHIPS, pages, seal_slot
from crypto.medium_credit import signer
from crypto.money import Slot, ToppedUp
from edge.core.moments import Moment
from edge.core.wallet import Held, Refused, TopUp, WalletReason, top_up
from edge.core.wallet_conflicts import as_fact, unrecorded
from tests.edge.core.purse import (
    DAY,
    OTHER_KEY,
    RULES,
    WHO,
    A,
    B,
    Band,
    Gateway,
    new_band,
    order,
    rules,
    told,
    txid,
)

R = WalletReason
R_PLAIN = 3000


def test_d_edited_by_hand_is_seen() -> None:
    """Loss: nothing. The other slot counts where this one is not known, which is one step back."""
    gateway = Gateway()
    band = new_band(gateway)
    for number in (1, 2):
        assert isinstance(gateway.pay(band, order(number)), Held)
    at = 4 * 0x1C + 4
    band.memory[at : at + 3] = bytes(3)
    assert gateway.look(band).balance_minor == 4100  # put back, from what is known
    assert gateway.settled(band).balance_minor == 4100
    at = 4 * 0x22 + 4
    band.memory[at : at + 3] = bytes(3)
    assert gateway.look(band).balance_minor == 4100


def test_a_band_copied_to_another_uid_is_nobodys() -> None:
    """Loss: nothing."""
    gateway = Gateway()
    for chip in CHIPS:
        band = new_band(gateway, chip=chip, uid=bytes([4, CHIPS[chip].code] + [0] * 5))
        copy = Band(b"\x09" * 7, chip, bytearray(band.memory), band.counter)
        assert gateway.look(copy).refusal is R.NOT_OURS


def test_a_changeable_uid_does_not_help_without_the_slots() -> None:
    """Loss: nothing. The UID is right, the MACs are of what was on it when it was copied."""
    gateway = Gateway()
    band = new_band(gateway)
    copy = band.copy()
    assert isinstance(gateway.pay(band, order(1)), Held)
    assert isinstance(gateway.pay(band, order(2)), Held)
    assert gateway.look(copy).refusal is R.BEHIND


def spend(gateway: Gateway, band: Band, number: int) -> int:
    """As much as this gateway lets it, in steps of 5.00."""
    spent = 0
    while isinstance(gateway.pay(band, order(number, 500)), Held):
        spent, number = spent + 500, number + 1
        assert spent < 1_000_000
    return spent


def test_a_clone_on_one_island_is_refused_at_once() -> None:
    """Loss: nothing beyond the balance, however often it is turned back."""
    gateway = Gateway()
    gateway.unheard = True
    band = new_band(gateway, 5000)
    clone = band.copy()
    total = spend(gateway, band, 100)
    assert total == R_PLAIN
    for number in (200, 300):
        total += spend(gateway, clone.copy(), number)
    assert total == R_PLAIN


def test_a_clone_turned_back_on_two_islands_costs_two_r_and_is_proven() -> None:
    """Loss: at most R for each island, 2 R here; and never again once they hear each other."""
    a, b = Gateway(A), Gateway(B)
    a.unheard = b.unheard = True
    band = new_band(a, 3000)
    b.hear(a)
    clone = band.copy()
    total = sum(
        spend(gateway, one, 100 * number)
        for number, (gateway, one) in enumerate(
            [(a, band), (b, clone), (a, clone.copy()), (b, band.copy()), (b, clone.copy())], 1
        )
    )
    assert total == 2 * R_PLAIN
    assert total - 3000 <= R_PLAIN, "what was not paid for"
    a.hear(b)
    a.unheard = b.unheard = False
    medium = a.look(band).medium
    assert medium in a.wallets.suspects
    found = unrecorded(a.wallets, RULES, [medium])
    forks = [one for one in found if one.what == "fork"]
    assert len(forks) == 6, "one for each slot that two bands have"
    assert sum(one.amount_minor for one in forks) == R_PLAIN
    for one in found:
        a.record(lambda hlc, now, one=one: as_fact(one, hlc, now))
    assert unrecorded(a.wallets, RULES, [medium]) == []
    assert a.hold(band, order(900, 1)) == Refused(R.CLONED)
    assert a.hold(clone, order(901, 1)) == Refused(R.CLONED)
    assert as_fact(forks[0], 1, Moment(1, *DAY)).what == "fork"


def test_a_clone_pumped_with_small_debits_is_seen_by_d() -> None:
    """Loss: nothing at the gateway that knows the real band: seq alone would let it through."""
    a, b = Gateway(A), Gateway(B)
    band = new_band(a)
    b.hear(a)
    clone = band.copy()
    assert isinstance(a.pay(band, order(1, 4000)), Held)
    for number in range(2, 7):
        assert isinstance(b.pay(clone, order(number, 1)), Held)
    assert a.look(clone).base.seq > a.look(band).base.seq
    assert a.look(clone).refusal is R.BEHIND


def test_an_old_certificate_brings_back_less_not_more() -> None:
    """Loss: nothing; the guest has less, until the newer one is known from its fact."""
    gateway = Gateway()
    band = new_band(gateway, 2000)
    old = bytes(band.memory[32:112])
    assert isinstance(gateway.top_up(band, 3000, 950), tuple)
    band.memory[32:112] = old
    assert Gateway(B).look(band).balance_minor == 2000
    assert gateway.look(band).balance_minor == 5000


def test_the_certificate_of_a_richer_band_is_of_that_band() -> None:
    """Loss: nothing."""
    gateway = Gateway()
    poor, rich = new_band(gateway, 500), new_band(gateway, 90_000, uid=bytes(7), number=2)
    poor.memory[32:112] = rich.memory[32:112]
    assert gateway.look(poor).balance_minor == 500
    assert Gateway(B).look(poor).refusal is R.NOT_OURS


def test_a_stolen_gateway_undoes_spending_and_creates_nothing() -> None:
    """Loss: at most what was credited to the bands it meets, each time that it meets them (see
    `test_wallet_bounds`). It holds every debit key."""
    honest, thief = Gateway(A), Gateway(B)
    band = new_band(honest, 5000)
    assert isinstance(honest.pay(band, order(1, 4000)), Held)
    for slot in (Slot(9, 0, 0, 0, b"evil"), Slot(9, 4000, 4000, 0, b"evil")):
        raw = seal_slot(slot, uid=band.uid, epoch=1, counter=0, seals=RULES.seals, version=1)
        turned = band.copy()
        turned.write_all(pages(0x1C, raw))
        assert Gateway(b"\x0d" * 16).look(turned).balance_minor == 5000, "all there ever was"
    more = Slot(9, 4000, 4001, 0, b"evil")
    raw = seal_slot(more, uid=band.uid, epoch=1, counter=0, seals=RULES.seals, version=1)
    greedy = band.copy()
    greedy.write_all(pages(0x1C, raw))
    assert Gateway(b"\x0d" * 16).look(greedy).balance_minor == 1000, "G above D is no slot"
    assert honest.look(turned).refusal is None  # given back by the rules: reported, not refused
    lower = band.copy()
    low = Slot(9, 3999, 0, 0, b"evil")
    raw = seal_slot(low, uid=band.uid, epoch=1, counter=0, seals=RULES.seals, version=1)
    lower.write_all(pages(0x1C, raw))
    assert honest.look(lower).refusal is R.BEHIND
    top = TopUp(txid(999), WHO, 5000, "cash", 1, signer(OTHER_KEY))
    assert top_up(thief.look(band), top) == Refused(R.CREDIT_KEY)


def test_facts_of_a_gateway_without_a_credit_key_create_no_money() -> None:
    """Loss: nothing. A certificate counts by its signature, also out of a fact."""
    honest, thief = Gateway(A), Gateway(B)
    band = new_band(honest, 500)
    medium = honest.look(band).medium
    head = (1 << 58, *DAY, txid(99), 3, 7, 2, 0)
    forged = ToppedUp(*head, medium, 1, 1, "cash", 90_000, 500, 90_500, 0, b"", bytes(80))
    thief.record(lambda *_: forged)
    honest.hear(thief)
    band.write(0x10, b"\xff" * 4)
    assert honest.look(band).balance_minor == 500


def test_a_deny_list_that_is_rolled_back_does_not_open_what_was_heard() -> None:
    """Loss: nothing where the blocking was heard of. Older bundles are refused elsewhere."""
    gateway = Gateway()
    band = new_band(gateway)
    medium = gateway.look(band).medium
    gateway.rules = told(medium, min_epoch=2)
    assert gateway.look(band).refusal is R.BLOCKED
    from crypto.money import MediumBlocked

    head = (1 << 60, *DAY, txid(7), 3, 7, 2, 0)
    gateway.record(lambda *_: MediumBlocked(*head, medium, 2, "lost"))
    gateway.rules = RULES
    assert gateway.look(band).refusal is R.BLOCKED


def test_a_band_locked_by_a_phone_costs_the_house_nothing() -> None:
    """Loss: nothing. The hold is void, the sale did not happen, the desk issues a new band."""
    gateway = Gateway()
    band = new_band(gateway)
    assert isinstance(gateway.hold(band, order(1)), Held)  # and every write is refused
    seen = gateway.settled(band)
    assert (seen.balance_minor, seen.refusal) == (5000, None)
    assert gateway.wallets.open_holds() is not None
    assert list(gateway.wallets.open_holds()) == []


def test_a_slot_torn_on_purpose_takes_back_nothing_where_it_is_known() -> None:
    """Loss: one step where the band is not known: R at most, like a clone."""
    gateway = Gateway()
    band = new_band(gateway)
    held = gateway.pay(band, order(1, 4000))
    assert isinstance(held, Held)
    band.write(held.writes[5][0], b"torn")
    assert gateway.look(band).balance_minor == 1000
    stranger = Gateway(B)
    stranger.unheard = True
    assert spend(stranger, band, 100) <= R_PLAIN


@pytest.mark.parametrize("chip", CHIPS)
def test_random_bytes_for_a_band(chip: str) -> None:
    """Loss: nothing; and nothing is written to what says nothing."""
    dice, gateway = random.Random(chip), Gateway()
    new_band(gateway, chip=chip)
    band = Band(chip=chip)
    for _ in range(200):
        band.memory[:] = dice.randbytes(len(band.memory))
        band.counter = dice.randrange(1 << 24)
        seen = gateway.look(band)
        assert seen.refusal is R.SLOTS
        assert (seen.repair, seen.resolutions) == ((), ())


def test_an_exposure_limit_of_nothing_sells_nothing_alone() -> None:
    kind = RULES.cashless.classes[0]
    import msgspec

    gateway = Gateway(rules=rules(classes=[msgspec.structs.replace(kind, exposure_plain_minor=0)]))
    band = new_band(gateway)
    gateway.unheard = True
    assert gateway.hold(band, order(1, 1)) == Refused(R.EXPOSURE, 0)
