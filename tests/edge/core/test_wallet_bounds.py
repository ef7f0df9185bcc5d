"""How much can be lost at most, counted by what was handed over the counter and not by any slot.

R is what a class may spend at a gateway that hears nobody. The numbers here are typed, none is
asked of the code.
"""

import random

import msgspec
import pytest

from crypto.medium import pages, seal_slot
from crypto.money import DebitHeld, Slot
from edge.core.wallet import Held, Refused, WalletReason, WalletRules
from tests.edge.core.purse import CASHLESS, GUEST, Band, Gateway, new_band, order

R = 1230
MOST_OF_A_BAND = 16_777_215
LIMITED = WalletRules(
    msgspec.structs.replace(
        CASHLESS,
        classes=[
            msgspec.structs.replace(
                GUEST, exposure_plain_minor=R, exposure_authenticated_minor=2 * R
            )
        ],
        cash_out_unheard_max_minor=400,
    )
)


class Counter:
    """What guests walked away with: goods and cash, less cups that they brought."""

    def __init__(self) -> None:
        self.out = self.number = 0

    def ask(self, at: Gateway, band: Band, debit: int, given: int = 0, how: str = "sale") -> bool:
        self.number += 1
        wanted = order(self.number, debit, given_minor=given, movement=how)
        if not isinstance(at.pay(band, wanted), Held):
            return False
        self.out += debit - given
        return True


def islands(count: int, chip: str) -> tuple[list[Gateway], Band]:
    """A band that was loaded while all were heard; then nobody hears anybody."""
    made = [Gateway(bytes([number]) * 16, LIMITED) for number in range(0xA, 0xA + count)]
    band = new_band(made[0], 50_000, chip)
    for each in made[1:]:
        each.hear(made[0])
    for each in made:
        each.unheard = True
    return made, band


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_band_and_its_copies_on_so_many_islands(count: int, seed: int) -> None:
    """The thief keeps every state there ever was, shows any of them anywhere, buys, brings cups
    back, asks for cash, in any order."""
    dice, shop = random.Random(f"{count}/{seed}"), Counter()
    venue, band = islands(count, "NTAG213")
    states = [band.copy()]
    for _ in range(60):
        at, shown = dice.choice(venue), dice.choice(states).copy()
        debit, given = dice.choice(((500, 0), (1, 0), (333, 0), (80, 50), (0, 100), (0, 7)))
        how = dice.choice(("sale", "sale", "sale", "cash_out", "refund")) if debit else "refund"
        if shop.ask(at, shown, debit if how != "refund" else 0, given, how):
            states.append(shown)
    for at in venue:  # and now what is left, greedily, down to the last cent
        for step in (100, 10, 1):
            for shown in states:
                while shop.ask(at, shown.copy(), step):
                    assert shop.out <= 1_000_000
    assert shop.out <= count * R


@pytest.mark.parametrize(("chip", "most"), [("NTAG213", R), ("UL_C", 2 * R), ("UL_AES", 2 * R)])
def test_the_limit_is_reached_and_no_cent_more(chip: str, most: int) -> None:
    for count in (1, 2, 3):
        venue, band = islands(count, chip)
        shop = Counter()
        for at in venue:
            shown = band.copy()
            while shop.ask(at, shown, 30):
                pass
            assert at.hold(shown, order(9999, 1)) == Refused(WalletReason.EXPOSURE, 0)
        assert shop.out == count * most


def test_cents_count_as_tens_so_that_many_small_ones_are_not_more() -> None:
    (at,), band = islands(1, "NTAG213")
    shop = Counter()
    while shop.ask(at, band, 1):
        pass
    assert shop.out == R // 10


def test_whoever_holds_every_debit_key_turns_bands_round_and_creates_nothing() -> None:
    """A stolen gateway that nobody has revoked yet: it writes "all given back" onto a band, as
    often as it likes. Each round costs what was credited; a band ends at the most that a slot can
    say; and every cent of it is to be read in the facts of whoever serves the band next."""
    honest, shop, rounds = Gateway(), Counter(), 0
    band = new_band(honest, 100_000)
    while shop.ask(honest, band, 100_000):
        rounds += 1
        _give_all_back(band, honest)
        assert honest.look(band).balance_minor <= 100_000, "never more than was credited"
    assert (rounds, shop.out) == (MOST_OF_A_BAND // 100_000, rounds * 100_000)
    known = unexplained = 0
    for fact in honest.log:
        if isinstance(fact, DebitHeld):
            unexplained += fact.base.given - known
            known = fact.target.given
    assert unexplained == shop.out - 100_000


def _give_all_back(band: Band, honest: Gateway) -> None:
    """With the keys of a gateway, and no fact."""
    reading = honest.look(band).reading
    assert reading is not None and reading.current is not None
    now = honest.look(band).base
    free = Slot(now.seq + 1, now.debited, now.debited, 0, b"evil")
    raw = seal_slot(free, uid=band.uid, epoch=1, counter=0, seals=honest.rules.seals, version=1)
    band.write_all(pages(reading.layout.slot_pages[1 - reading.current], raw))
