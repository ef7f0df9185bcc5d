"""A bundle's part about tills, made ready to decide by."""

import hashlib
import hmac

import pytest

from crypto.cashless import Badge, Cashless, CreditKey, Wallet
from crypto.medium_credit import Certificate
from edge.core import wallet_rules
from edge.core.wallet_rules import WalletRules
from tests.edge.core.purse import CASHLESS, KEY, RULES, UID, A, rules, told


def test_a_medium_is_a_keyed_hash_of_its_uid() -> None:
    expected = hmac.new(CASHLESS.pseudonym_key, UID, hashlib.sha256).digest()[:16]
    assert RULES.medium(UID) == expected
    assert rules(pseudonym_key=b"other").medium(UID) != expected


def test_pseudonyms_of_so_many_bands_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wallet_rules, "MEDIA_MAX", 3)
    known, uids = rules(), [bytes([n]) * 7 for n in range(8)]
    first = [known.medium(uid) for uid in uids]
    assert len(known._media) <= 3
    assert [known.medium(uid) for uid in reversed(uids)] == first[::-1]
    assert len(set(first)) == len(uids)


def test_tables_are_found_by_what_is_asked_for() -> None:
    assert RULES.classes[2].name == "Crew"
    assert RULES.codes == {b"\x44" * 16: 1000}
    assert RULES.credit_keys[1].public == KEY.public
    medium = RULES.medium(UID)
    assert told(medium, hold_minor=5).wallet(medium) == Wallet(medium, hold_minor=5)
    assert RULES.wallet(medium).hold_minor == 0


def test_staff_is_known_by_band() -> None:
    assert rules(badges=[Badge(RULES.medium(UID), 7)]).operator(UID) == 7
    assert RULES.operator(UID) is None


def test_what_is_needed_to_serve_bands() -> None:
    assert RULES.complete
    assert not rules(debit_keys=[]).complete
    assert not rules(pseudonym_key=b"").complete
    assert not rules(chip_key=b"").complete
    assert not WalletRules(Cashless(event=1)).complete


def test_a_certificate_of_a_revoked_key_counts_as_far_as_it_was_settled() -> None:
    medium = RULES.medium(UID)
    made = Certificate(1, 7, 1, 1, 0, 5000, 0)
    assert RULES.counts(made, medium) == 5000
    gone = [CreditKey(1, KEY.public, A, revoked=True)]
    assert rules(credit_keys=gone).counts(made, medium) == 0
    settled = rules(credit_keys=gone, wallets=[Wallet(medium, credited_minor=3000)])
    assert settled.counts(made, medium) == 3000
    more = rules(credit_keys=gone, wallets=[Wallet(medium, credited_minor=9000)])
    assert more.counts(made, medium) == 5000
