"""The ladder of refusals, row by row, and what is read from codes, lists and windows."""

from typing import Any

import msgspec
import pytest

from crypto import ticket
from crypto.bundle import ForeignIssuer, ForeignRow, HolderKey, Performance, Product, Revocation
from crypto.entry import (
    MARK_ATTENTION,
    MARK_CHECK,
    MARK_CLOCK_UNSURE,
    MARK_NO_WINDOW,
    AdmissionRefused,
    Admitted,
    ExitRecorded,
)
from edge.core.admission import ticket_hash
from tests.crypto import pretix_codes
from tests.edge.core.desk import (
    AFTER_EXIT,
    FOREIGN_ISSUER,
    HOLDER_KEY,
    NOON_S,
    NORTH,
    NOWHERE,
    ONCE,
    SHOP_SEED,
    SOUTH,
    STRANGER,
    TOMORROW,
    TONIGHT,
    UNLIMITED,
    Desk,
    identity,
    make_bundle,
    make_code,
    shop_code,
    told,
)

# From the first check to the last: what makes a presentation fail it. A code that fails one check
# and all behind it must be told the first. The first four exclude each other.
FIRST = ["invalid", "unknown_key", "wrong_issuer", "code_expired"]
LADDER = [
    "revoked", "canceled", "blocked", "product", "performance", "invalid_time",
    "already_redeemed", "device",
]  # fmt: skip


def violate(desk: Desk, reasons: list[str]) -> tuple[bytes, int]:
    """A code and a gate at which all of `reasons` hold."""
    issuer = "other" if "wrong_issuer" in reasons else "venue"
    mine = identity(1, issuer)
    fields: dict[str, Any] = {"performance": TONIGHT}
    if "already_redeemed" in reasons:
        desk.scan(make_code(performance=TONIGHT, issued_at=1))
    lists: dict[str, list[Any]] = {
        "revoked": [Revocation(mine, NOON_S)] if "revoked" in reasons else [],
        "canceled": [mine] if "canceled" in reasons else [],
        "blocked": [mine] if "blocked" in reasons else [],
    }
    desk.publish(**lists)
    if "product" in reasons:
        fields["product"] = 99
    if "performance" in reasons:
        fields["performance"] = 99
    if "invalid_time" in reasons:
        fields["valid_from"] = NOON_S + 1
    if "wrong_issuer" in reasons:
        fields["key"] = FOREIGN_ISSUER
    if "unknown_key" in reasons:
        fields["key"] = STRANGER
    if "code_expired" in reasons:
        fields["flags"] = ticket.FLAG_ROTATING
    code = make_code(**fields)
    if "invalid" in reasons:
        code = code[:40] + (b"A" if code[40:41] != b"A" else b"B") + code[41:]
    return code, NOWHERE if "device" in reasons else NORTH


@pytest.mark.parametrize("reason", FIRST)
def test_a_text_is_read_before_anything_is_looked_up(reason: str) -> None:
    desk = Desk()
    code, gate = violate(desk, [reason, *LADDER])
    assert told(desk.scan(code, gate=gate)) == reason


@pytest.mark.parametrize("at", range(len(LADDER)))
def test_of_several_reasons_the_earliest_is_told(at: int) -> None:
    desk = Desk()
    code, gate = violate(desk, LADDER[at:])
    assert told(desk.scan(code, gate=gate)) == LADDER[at]


@pytest.mark.parametrize("reason", [*FIRST, *LADDER])
def test_each_reason_alone_refuses(reason: str) -> None:
    desk = Desk()
    code, gate = violate(desk, [reason])
    decision = desk.scan(code, gate=gate)
    assert told(decision) == reason
    assert not decision.admitted
    assert decision.granted == 0


def test_without_any_of_them_the_guest_is_let_in() -> None:
    desk = Desk()
    code, gate = violate(desk, [])
    decision = desk.scan(code, gate=gate)
    assert decision.admitted
    assert decision.granted == 1


# -- lists ---------------------------------------------------------------------------------------


def test_a_code_issued_at_the_least_time_is_not_revoked() -> None:
    desk = Desk(revoked=[Revocation(identity(), NOON_S)])
    assert told(desk.scan(make_code(issued_at=NOON_S - 1))) == "revoked"
    assert told(desk.scan(make_code(issued_at=NOON_S))) == "admitted"


def test_a_newer_code_that_was_admitted_revokes_the_older_one_and_keeps_its_uses() -> None:
    desk = Desk()
    desk.scan(make_code(issued_at=NOON_S - 5, product=UNLIMITED))
    assert told(desk.scan(make_code(issued_at=NOON_S - 4, product=UNLIMITED))) == "admitted"
    assert told(desk.scan(make_code(issued_at=NOON_S - 5, product=UNLIMITED))) == "revoked"
    assert told(desk.scan(make_code(issued_at=NOON_S - 3))) == "already_redeemed"


def test_lists_name_one_ticket_and_no_other() -> None:
    desk = Desk(canceled=[identity(2)], blocked=[identity(3)])
    assert [told(desk.scan(make_code(n))) for n in (1, 2, 3)] == ["admitted", "canceled", "blocked"]


@pytest.mark.parametrize(
    ("product", "performance", "answer"),
    [
        (AFTER_EXIT, TONIGHT, "admitted"),
        (ONCE, TONIGHT, "product"),
        (AFTER_EXIT, TOMORROW, "performance"),
        (AFTER_EXIT, 0, "admitted"),
    ],
)
def test_a_gate_lets_in_what_is_on_its_lists(product: int, performance: int, answer: str) -> None:
    code = make_code(product=product, performance=performance)
    assert told(Desk().scan(code, gate=SOUTH)) == answer


# -- windows -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at_s", "answer"),
    [(-1, "invalid_time"), (0, "admitted"), (99, "admitted"), (100, "invalid_time")],
)
def test_a_code_is_valid_from_inclusive_until_exclusive(at_s: int, answer: str) -> None:
    desk = Desk()
    desk.now_s = NOON_S + at_s
    assert told(desk.scan(make_code(valid_from=NOON_S, valid_until=NOON_S + 100))) == answer


@pytest.mark.parametrize(
    ("at_s", "answer"),
    [(-3601, "invalid_time"), (-3600, "admitted"), (7199, "admitted"), (7200, "invalid_time")],
)
def test_a_performance_lets_in_from_admission_until_its_end(at_s: int, answer: str) -> None:
    desk = Desk()
    desk.now_s = NOON_S + at_s
    assert told(desk.scan(make_code(performance=TONIGHT))) == answer


def test_a_performance_without_times_is_open() -> None:
    desk = Desk(performances=[Performance(TONIGHT, "Some time")])
    assert desk.scan(make_code(performance=TONIGHT)).admitted


def test_the_code_and_the_performance_must_both_be_in_time() -> None:
    code = make_code(performance=TONIGHT, valid_from=NOON_S + 10)
    assert told(Desk().scan(code)) == "invalid_time"


def test_leaving_ignores_windows_but_not_lists() -> None:
    desk = Desk(blocked=[identity(2)], revoked=[Revocation(identity(3), NOON_S)])
    late = {"valid_until": NOON_S - 10, "performance": TOMORROW}
    assert told(desk.scan(make_code(1, **late), way="exit")) == "admitted"
    assert told(desk.scan(make_code(2), way="exit")) == "blocked"
    assert told(desk.scan(make_code(3), way="exit")) == "revoked"
    assert told(desk.scan(make_code(4), way="exit", gate=NOWHERE)) == "device"


# -- what the fact says --------------------------------------------------------------------------


def test_an_admission_says_all_that_state_and_centre_need() -> None:
    desk = Desk()
    code = make_code(performance=TONIGHT, persons=3, valid_until=NOON_S + 5)
    decision = desk.scan(code, lane=4, nonce=b"n1", count=2)
    fact = decision.fact
    assert isinstance(fact, Admitted)
    assert fact == Admitted(
        fact.hlc, 20260101, 60, 4, NORTH, identity(), NOON_S - 86_400, ONCE, TONIGHT, 2, 3, b"n1", 0
    )
    assert fact.wall_ms == NOON_S * 1000


def test_an_exit_says_who_and_where() -> None:
    fact = Desk().scan(make_code(), lane=4, nonce=b"n1", way="exit").fact
    assert isinstance(fact, ExitRecorded)
    assert (fact.lane, fact.gate, fact.ticket, fact.nonce) == (4, NORTH, identity(), b"n1")


def test_a_refusal_stores_a_hash_and_never_the_text() -> None:
    desk = Desk(blocked=[identity()])
    fact = desk.scan(make_code(), lane=4).fact
    assert isinstance(fact, AdmissionRefused)
    assert (fact.lane, fact.gate, fact.reason, fact.count) == (4, NORTH, 40, 1)
    assert fact.ticket_hash == ticket_hash(identity())
    assert len(fact.ticket_hash) == 8


@pytest.mark.parametrize("text", [b"", b"hello", b"\x00" * 5000, "ü".encode("latin-1")])
def test_garbage_is_no_fact_but_only_counted(text: bytes) -> None:
    decision = Desk().scan(text)
    assert told(decision) == "invalid"
    assert decision.fact is None
    assert decision.claim is None


def test_a_ticket_of_another_issuer_is_a_fact_without_a_hash() -> None:
    fact = Desk().scan(make_code(key=FOREIGN_ISSUER)).fact
    assert isinstance(fact, AdmissionRefused)
    assert (fact.reason, fact.ticket_hash) == (11, b"")


@pytest.mark.parametrize(
    ("changes", "unsure", "marks"),
    [
        ({}, False, MARK_NO_WINDOW),
        ({"valid_from": 1}, False, 0),
        ({"valid_until": NOON_S + 1}, True, MARK_CLOCK_UNSURE),
        ({"performance": TONIGHT}, False, 0),
        ({"performance": TOMORROW + 1}, False, MARK_NO_WINDOW),
        ({"flags": ticket.FLAG_CHECK}, False, MARK_NO_WINDOW | MARK_CHECK),
        ({"flags": ticket.FLAG_ATTENTION}, False, MARK_NO_WINDOW | MARK_ATTENTION),
    ],
)  # fmt: skip
def test_marks_tell_the_staff_what_to_look_at(
    changes: dict[str, int], unsure: bool, marks: int
) -> None:
    timeless = Performance(TOMORROW + 1, "Timeless")
    desk = Desk(performances=[*make_bundle().performances, timeless])
    desk.unsure = unsure
    first = desk.hold(make_code(**changes))
    again = desk.hold(make_code(**changes))
    assert isinstance(first.fact, Admitted)
    assert first.fact.marks == first.marks == marks
    assert (again.repeated, again.marks) == (True, marks)


def test_a_rotating_code_is_admitted_while_it_is_fresh() -> None:
    desk = Desk(holder_keys=[HolderKey(identity(), HOLDER_KEY)])
    code = make_code(flags=ticket.FLAG_ROTATING)
    payload = ticket.decode_untrusted(code).payload
    old = ticket.rotation_suffix(payload, HOLDER_KEY, NOON_S // 30 - 2).encode()
    live = ticket.rotation_suffix(payload, HOLDER_KEY, NOON_S // 30).encode()
    assert told(desk.scan(code)) == "code_expired"
    assert told(desk.scan(code + old)) == "code_expired"
    assert told(desk.scan(code + live)) == "admitted"


# -- a foreign shop ------------------------------------------------------------------------------

ROWS = [
    ForeignRow(item=1, product=ONCE),
    ForeignRow(item=1, product=UNLIMITED, variation=5),
    ForeignRow(item=1, product=AFTER_EXIT, subevent=6, performance=TONIGHT),
    ForeignRow(item=1, product=AFTER_EXIT, variation=5, subevent=6, performance=TOMORROW),
    ForeignRow(item=2, product=77),
]
SHOP = ForeignIssuer("shop", [pretix_codes.public(SHOP_SEED)], ROWS)


@pytest.mark.parametrize(
    ("numbers", "answer", "product"),
    [
        ({"item": 1}, "admitted", ONCE),
        ({"item": 1, "variation": 4}, "admitted", ONCE),
        ({"item": 1, "variation": 5}, "admitted", UNLIMITED),
        ({"item": 1, "variation": 5, "subevent": 7}, "admitted", UNLIMITED),
        ({"item": 1, "subevent": 6}, "admitted", AFTER_EXIT),
        ({"item": 1, "variation": 5, "subevent": 6}, "invalid_time", AFTER_EXIT),
        ({"item": 2}, "product", 77),
        ({"item": 3}, "product", 0),
    ],
)
def test_a_shops_ticket_becomes_the_product_of_the_most_specific_row(
    numbers: dict[str, int], answer: str, product: int
) -> None:
    decision = Desk(foreign_issuers=[SHOP]).scan(shop_code(**numbers))
    assert told(decision) == answer
    assert decision.claim is not None
    assert decision.claim.product == product


def test_a_shops_ticket_is_used_once_revoked_and_blocked_by_its_payload() -> None:
    desk = Desk(foreign_issuers=[SHOP])
    claims = [desk.scan(shop_code(seed, item=1)).claim for seed in "abc"]
    assert told(desk.scan(shop_code("a", item=1))) == "already_redeemed"
    blocked, revoked = (claim.identity for claim in claims[1:] if claim)
    desk.publish(blocked=[blocked], revoked=[Revocation(revoked, 1)])
    assert told(desk.scan(shop_code("b", item=1))) == "blocked"
    assert told(desk.scan(shop_code("c", item=1))) == "revoked"


def test_a_shop_whose_keys_we_do_not_have_is_no_shop() -> None:
    other = msgspec.structs.replace(SHOP, keys=[STRANGER.public])
    assert told(Desk(foreign_issuers=[other]).scan(shop_code(item=1))) == "invalid"


def test_nobody_is_admitted_before_the_first_bundle() -> None:
    desk = Desk(issuers=[], products=[], performances=[], gates=[])
    assert told(desk.scan(make_code())) == "unknown_key"


def test_a_product_that_was_taken_out_of_the_bundle_admits_nobody() -> None:
    desk = Desk(products=[Product(UNLIMITED, "Crew", "unlimited")])
    assert told(desk.scan(make_code())) == "product"
