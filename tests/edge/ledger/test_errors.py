"""What a technician reads when the ledger will not open."""

from __future__ import annotations

from edge.ledger.errors import LedgerDamaged, LedgerError


def test_damage_names_the_place_and_the_way_out() -> None:
    error = LedgerDamaged("the hash is wrong", epoch=7, seq=12, segment="a.segment", at_bytes=8192)
    text = str(error)
    assert isinstance(error, LedgerError)
    assert "epoch 7 seq 12, in a.segment at byte 8192" in text
    assert "ledger repair DIR --centre" in text and "ledger set-aside DIR --reason" in text
    assert "Nothing was changed" in text
