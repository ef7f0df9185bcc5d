"""What a band says when it is held to a reader, one refusal after the other."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.medium import CHIPS, pages, seal_slot
from crypto.money import MediumBlocked, MediumIssued, Slot
from edge.core.wallet import Held, Refused, Tap, WalletReason, look
from edge.core.wallets import Wallets
from tests.edge.core.purse import (
    CASHLESS,
    DAY,
    NOW_MS,
    RULES,
    UID,
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


def refused(gateway: Gateway, band: Band | Tap) -> WalletReason | None:
    return gateway.look(band).refusal


def test_a_good_band_says_what_it_is_worth() -> None:
    gateway = Gateway()
    seen = gateway.look(new_band(gateway, 5000))
    assert (seen.refusal, seen.balance_minor, seen.spendable_minor) == (None, 5000, 5000)
    assert (seen.chip, seen.epoch, seen.base) == ("NTAG213", 1, Slot())
    assert seen.wallet_class is CASHLESS.classes[0]
    assert (seen.resolutions, seen.repair, seen.unfinished, seen.in_doubt) == ((), (), b"", ())


def test_any_gateway_with_the_keys_reads_it_without_a_single_fact() -> None:
    band = new_band(Gateway(), 5000)
    assert Gateway(B).look(band).balance_minor == 5000


@pytest.mark.parametrize(
    "tap",
    [
        Tap(UID, "NTAG999", bytes(144)),
        Tap(UID, "NTAG213", b""),
        Tap(b"", "NTAG213", bytes(144)),
        Tap(UID, "UL_C", bytes(144), -1),
    ],
)
def test_what_is_no_reading_of_a_band(tap: Tap) -> None:
    seen = Gateway().look(tap)
    assert seen.refusal is R.CHIP_UNKNOWN
    assert (seen.wallet_class, seen.exposure_max_minor, seen.last) == (None, 0, ())


def test_a_blank_band_is_not_ours() -> None:
    for chip in ("NTAG213", "UL_EV1_48"):
        assert refused(Gateway(), Band(chip=chip)) is R.NOT_OURS


def test_a_chip_that_should_prove_itself_must() -> None:
    gateway = Gateway()
    for chip, reason in (("UL_C", R.NOT_GENUINE), ("UL_AES", R.NOT_GENUINE), ("NTAG213", None)):
        band = new_band(gateway, uid=bytes([4, len(chip), 0, 0, 0, 0, 1]), chip=chip, number=1)
        assert refused(gateway, band.tap()._replace(authenticated=False)) is reason


def test_an_unreadable_certificate_counts_as_last_known_or_goes_back_to_a_top_up_point() -> None:
    gateway, stranger = Gateway(), Gateway(B)
    band = new_band(gateway, 5000)
    assert isinstance(gateway.pay(band, order(1)), Held)
    band.write(0x10, b"\xff" * 4)
    assert (refused(gateway, band), gateway.look(band).balance_minor) == (None, 4550)
    assert refused(stranger, band) is R.NOT_OURS
    head = (1 << 60, *DAY, txid(7), 3, 7, 2, 0)
    issued = MediumIssued(*head, gateway.look(band).medium, "NTAG213", 1, 1, b"")
    stranger.record(lambda *_: issued)
    assert refused(stranger, band) is R.CERTIFICATE


def blocked(gateway: Gateway, band: Band, min_epoch: int) -> None:
    head = (1 << 60, *DAY, txid(7), 3, 7, 2, 0)
    medium = gateway.look(band).medium
    gateway.record(lambda *_: MediumBlocked(*head, medium, min_epoch, "lost"))


def test_a_blocked_band_by_fact_or_by_bundle_and_an_older_bundle_forgets_nothing() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    medium = gateway.look(band).medium
    blocked(gateway, band, 1)
    assert refused(gateway, band) is None
    gateway.rules = told(medium, min_epoch=2)
    assert refused(gateway, band) is R.BLOCKED
    blocked(gateway, band, 2)
    gateway.rules = RULES
    assert refused(gateway, band) is R.BLOCKED


def test_a_band_of_an_older_epoch() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    head = (1 << 60, *DAY, txid(7), 3, 7, 2, 0)
    medium = gateway.look(band).medium
    gateway.record(lambda *_: MediumIssued(*head, medium, "NTAG213", 2, 1, b""))
    assert refused(gateway, band) is R.EPOCH
    assert R.EPOCH.locks


def test_classes_that_ended_or_are_not_known() -> None:
    gateway = Gateway()
    band = Band()
    gateway.issue(band, wallet_class=4)
    assert refused(gateway, band) is R.EXPIRED
    gateway.now_ms = NOW_MS - 1
    assert refused(gateway, band) is None
    gateway.rules = rules(classes=[])
    assert refused(gateway, band) is R.CLASS_UNKNOWN


def test_a_band_with_no_slot_left_is_for_the_desk_and_shows_what_is_owed() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    assert isinstance(gateway.pay(band, order(1)), Held)
    for page in range(0x1C, 0x28):
        band.write(page, b"\xee" * 4)
    seen = gateway.look(band)
    assert (seen.refusal, seen.balance_minor) == (R.SLOTS, 4550)


@pytest.mark.parametrize("chip", ["NTAG213", "UL_C"])
def test_no_slot_is_left_and_nobody_knows(chip: str) -> None:
    gateway = Gateway()
    band = new_band(gateway, 5000, chip)
    held = gateway.pay(band, order(1))
    assert isinstance(held, Held)
    band.write(held.writes[0][0], b"\xee" * 4)
    if chip == "NTAG213":
        band.write(0x1C, b"\xee" * 4)
    seen = Gateway(B).look(band)
    assert (seen.refusal, seen.spendable_minor, seen.repair) == (R.SLOTS, 0, ())


def test_a_pumped_copy_does_not_become_the_truth_by_being_the_newest() -> None:
    a, b = Gateway(A), Gateway(B)
    band = new_band(a)
    b.hear(a)
    clone = band.copy()
    assert isinstance(a.pay(band, order(1, 4000)), Held)
    for number in range(2, 7):
        assert isinstance(b.pay(clone, order(number, 1)), Held)
    a.hear(b)
    a.wallets.forked.clear()  # were there no fork
    assert refused(a, clone) is R.BEHIND
    clone.write(0x22, b"\xee" * 4)
    clone.write(0x1C, b"\xee" * 4)
    assert refused(a, clone) is R.SLOTS


def test_a_step_of_a_pumped_copy_is_not_put_back() -> None:
    a, b = Gateway(A), Gateway(B)
    band = new_band(a)
    b.hear(a)
    clone = band.copy()
    assert isinstance(a.pay(band, order(1, 4000)), Held)
    for number in (2, 3):
        held = b.pay(clone, order(number, 1))
        assert isinstance(held, Held)
    a.hear(b)
    a.wallets.forked.clear()
    clone.write(held.writes[0][0], b"\xee" * 4)
    assert refused(a, clone) is R.BEHIND


def test_a_band_that_was_turned_back() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    old = band.copy()
    for number in (1, 2):
        assert isinstance(gateway.pay(band, order(number)), Held)
    assert refused(gateway, old) is R.BEHIND
    assert gateway.hold(old, order(3)) == Refused(R.BEHIND)
    assert gateway.look(old).resolutions == ()


def test_one_step_back_is_turned_back_too_while_the_other_slot_is_whole() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    assert isinstance(gateway.pay(band, order(1)), Held)
    old = band.copy()
    assert isinstance(gateway.pay(band, order(2)), Held)
    assert refused(gateway, old) is R.BEHIND


def sealed(band: Band, slot: Slot, at: int = 1) -> None:
    raw = seal_slot(slot, uid=band.uid, epoch=1, counter=0, seals=RULES.seals, version=1)
    band.write_all(pages(CHIPS[band.chip].slot_pages[at], raw))


@pytest.mark.parametrize(
    ("slot", "reason"),
    [
        (Slot(2, 900, 100, 0, b"abcd"), R.CLONED),
        (Slot(1, 900, 100, 0, b"abcd"), R.BEHIND),
        (Slot(9, 899, 100, 0, b"abcd"), R.BEHIND),
        (Slot(9, 900, 99, 0, b"abcd"), R.BEHIND),
        (Slot(9, 900, 100, 0, b"abcd"), None),
        (Slot(3, 901, 101, 0, b"abcd"), None),
    ],
)
def test_seq_and_d_and_g_must_not_fall(slot: Slot, reason: WalletReason | None) -> None:
    gateway = Gateway()
    band = new_band(gateway)
    assert isinstance(gateway.pay(band, order(1)), Held)
    assert isinstance(gateway.pay(band, order(2, given_minor=100)), Held)
    sealed(band, slot)
    sealed(band, Slot(), 0)
    assert refused(gateway, band) is reason


def test_two_bands_of_one_uid_with_proof_are_both_closed() -> None:
    a, b = Gateway(A), Gateway(B)
    band = new_band(a)
    b.hear(a)
    clone = band.copy()
    assert isinstance(a.pay(band, order(1)), Held)
    assert isinstance(b.pay(clone, order(2)), Held)
    a.hear(b)
    assert refused(a, clone) is R.CLONED
    assert refused(a, band) is R.CLONED


def test_nothing_is_configured() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    gateway.rules = rules(debit_keys=[])
    assert refused(gateway, band) is R.NOT_CONFIGURED


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(st.sampled_from(list(CHIPS)), st.text(max_size=9)),
    st.one_of(st.just(UID), st.binary(max_size=8)),
    st.randoms(use_true_random=False),
    st.integers(0, 300),
    st.integers(-1, 1 << 24),
    st.booleans(),
)
def test_no_bytes_whatever_raise(
    chip: str, uid: bytes, dice: random.Random, size: int, counter: int, proven: bool
) -> None:
    gateway = Gateway()
    new_band(gateway)
    size = CHIPS[chip].image_bytes if chip in CHIPS and size % 4 else size
    tap = Tap(uid, chip, dice.randbytes(size), counter, proven)
    for wallets in (Wallets(), gateway.wallets):
        seen = look(wallets, RULES, tap, unheard=proven, now_ms=NOW_MS)
        assert seen.refusal is not None
        assert seen.repair == ()


def test_any_flipped_bit_of_a_used_band_raises_nothing_and_gives_nothing() -> None:
    gateway = Gateway()
    band = new_band(gateway)
    for number in (1, 2):
        assert isinstance(gateway.pay(band, order(number)), Held)
    image = band.tap().image
    for bit in range(8 * len(image)):
        flipped = bytearray(image)
        flipped[bit // 8] ^= 1 << bit % 8
        for where in (gateway, Gateway(B)):
            seen = where.look(band.tap()._replace(image=bytes(flipped)))
            assert seen.refusal is not None or seen.balance_minor == 4100 or where is not gateway
            assert seen.balance_minor <= 4550
