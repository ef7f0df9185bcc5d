"""A band is named by its UID, its pseudonym, or the digits of it that stand on a receipt."""

from __future__ import annotations

from pathlib import Path

import msgspec

from central import cashless_keys
from tests.central.commands.conftest import Bring, Run
from tests.central.commands.test_commands_wallets import OTHER, UID
from tests.central.store.test_store_money import BAND, NEW_BAND, topped_up


def test_the_digits_of_a_receipt_are_enough(priced: Run, bring: Bring) -> None:
    other = msgspec.structs.replace(topped_up(2, 900), medium=NEW_BAND)
    bring("desk", [topped_up(1, 5000), other])
    shown = priced("wallet", "show", BAND.hex()[:18]).out
    assert (shown["medium"], shown["balance_minor"]) == (BAND.hex(), 5000)
    (fact,) = shown["history"]
    assert (fact["at"], fact["where"]) == ("2026-07-02T15:46:40+02:00", "desk, till 3")
    assert "hlc" not in fact
    both = priced("wallet", "show", BAND.hex()[:8].upper())
    assert both.code == 65 and "say more digits" in both.err
    assert f"{BAND.hex()} (balance_minor 5000)" in both.err and NEW_BAND.hex() in both.err
    assert priced("wallet", "block", BAND.hex()[:20]).out["medium"] == BAND.hex()


def test_a_uid_is_what_has_colons_or_what_nothing_else_is(priced: Run, tmp_path: Path) -> None:
    keys = cashless_keys.load(tmp_path / "central" / "keys")
    four = "04a1b2c3"
    medium = keys.medium(bytes.fromhex(four)).hex()
    assert priced("wallet", "block", four).out["medium"] == medium
    begins_so = four + medium[8:]
    priced("wallet", "hold", begins_so, "1.00")
    both = priced("wallet", "show", four)
    assert both.code == 65 and medium in both.err and begins_so in both.err
    assert priced("wallet", "show", "04:A1:b2:c3").out["medium"] == medium
    assert "nothing is known of medium" in priced("wallet", "show", OTHER).err
    assert "names no band" in priced("wallet", "show", "beer").err
    assert "4 or more first hex digits" in priced("wallet", "show", "04a").err
    assert "no band begins with '04a1b2c4d'" in priced("wallet", "show", "04a1b2c4d").err
    # A badge and an order are for a band in hand: a few digits of another are no name for it.
    assert "names no band" in priced("badge", "add", begins_so[:12], "7").err
    assert priced("wallet", "show", UID).code == 1
