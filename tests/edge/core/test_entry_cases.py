"""Cases from the test suites of other check-in systems, re-expressed; each keeps its name.

Here are those of plain tickets: uses, lists, windows, codes of shops. `test_entry_cases_more.py`
has the rest; rules, questions, bands and what staff do are beside the code that decides them.
`entry_cases.toml` lists all, and why a few cannot be played.
"""

from collections.abc import Callable

import pytest

from crypto.bundle import ForeignIssuer, ForeignRow, Gate, Performance, Product
from edge.core.state import State
from tests.crypto import pretix_codes, samples
from tests.edge.core.desk import (
    AFTER_EXIT,
    NOON_S,
    NORTH,
    ONCE,
    SHOP_SEED,
    TONIGHT,
    UNLIMITED,
    B,
    Desk,
    identity,
    make_code,
    shop_code,
    told,
)

V, USED = "admitted", "already_redeemed"
SHOP = ForeignIssuer(
    "shop",
    [pretix_codes.public(SHOP_SEED)],
    [ForeignRow(1, ONCE), ForeignRow(2, AFTER_EXIT), ForeignRow(3, UNLIMITED)],
)

# name, product, what is done one after the other, what is answered
SEQUENCES = [
    ("simple_success", ONCE, ["entry"], [V]),
    ("already_redeemed_synced", ONCE, ["entry", "entry"], [V, USED]),
    ("r_only_once", ONCE, ["entry", "entry"], [V, USED]),
    ("multi_exit", AFTER_EXIT, ["entry", "exit", "exit"], [V, V, V]),
    (
        "reentry_after_exit",
        AFTER_EXIT,
        ["entry", "exit", "entry", "entry"],
        [V, V, V, USED],
    ),
    ("multi_entry", UNLIMITED, ["entry", "entry", "entry"], [V, V, V]),
    ("no_reentry", ONCE, ["entry", "exit", "entry"], [V, V, USED]),
    ("e_second_after_reentry", AFTER_EXIT, ["entry", "exit", "entry", "entry"], [V, V, V, USED]),
]


@pytest.mark.parametrize("foreign", [False, True], ids=["GH1", "pretix"])
@pytest.mark.parametrize(("name", "product", "ways", "answers"), SEQUENCES)
def test_sequences(
    name: str, product: int, ways: list[str], answers: list[str], foreign: bool
) -> None:
    desk = Desk(foreign_issuers=[SHOP])
    code = shop_code(name, item=product) if foreign else make_code(product=product)
    said = [told(desk.scan(code, way="exit" if way == "exit" else "entry")) for way in ways]
    assert said == answers
    # One fact that lets somebody through for each admitted presentation: what is uploaded.
    let_through = [f for _, _, f in desk.facts if type(f).__name__ in ("Admitted", "ExitRecorded")]
    assert len(let_through) == answers.count(V)


def wrong_product(desk: Desk) -> list[str]:
    desk.publish(gates=[Gate(NORTH, "Product 1 only", [ONCE])])
    return [told(desk.scan(make_code(product=AFTER_EXIT)))]


def success_filtered_list(desk: Desk) -> list[str]:
    desk.publish(products=[Product(42, "42")], gates=[Gate(NORTH, "42 only", [42])])
    return [told(desk.scan(make_code(product=42)))]


def b_product_then_added(desk: Desk) -> list[str]:
    desk.publish(gates=[Gate(NORTH, "Nothing yet", [99])])
    before = told(desk.scan(make_code()))
    desk.publish(gates=[Gate(NORTH, "Now it is", [99, ONCE])])
    return [before, told(desk.scan(make_code()))]


def b_wrong_subevent(desk: Desk) -> list[str]:
    desk.publish(gates=[Gate(NORTH, "Session 71", [], [71])])
    return [told(desk.scan(make_code(performance=TONIGHT)))]


def blocked_position(desk: Desk) -> list[str]:
    desk.publish(blocked=[identity()])
    return [told(desk.scan(make_code()))]


def signed_blocked(desk: Desk) -> list[str]:
    claim = Desk(foreign_issuers=[SHOP]).scan(shop_code(item=1)).claim
    assert claim is not None
    desk.publish(blocked=[claim.identity])
    return [told(desk.scan(shop_code(item=1)))]


def canceled_order(desk: Desk) -> list[str]:
    desk.publish(canceled=[identity()])
    return [told(desk.scan(make_code()))]


def valid_until_past(desk: Desk) -> list[str]:
    code = make_code(valid_until=NOON_S)
    desk.now_s = NOON_S + 1
    return [told(desk.scan(code))]


def valid_from_passed(desk: Desk) -> list[str]:
    code = make_code(valid_from=NOON_S)
    desk.now_s = NOON_S + 1
    return [told(desk.scan(code))]


def l_before_and_after_window(desk: Desk) -> list[str]:
    desk.publish(
        performances=[
            Performance(1, "In an hour", admission_from=NOON_S + 3600),
            Performance(2, "A minute ago", ends_at=NOON_S - 60),
        ]
    )
    return [told(desk.scan(make_code(n, performance=n))) for n in (1, 2)]


def i_not_yet_valid_exit(desk: Desk) -> list[str]:
    return [told(desk.scan(make_code(valid_from=NOON_S + 60), way="exit"))]


def i_no_keys(desk: Desk) -> list[str]:
    desk.publish(issuers=[], foreign_issuers=[])
    return [told(desk.scan(make_code())), told(desk.scan(shop_code(item=1)))]


def signed_bad_signature(desk: Desk) -> list[str]:
    good = shop_code(item=1)
    return [told(desk.scan(b"EFAKE" + good[5:])), told(desk.scan(good[:-8]))]


def signed_unknown_product(desk: Desk) -> list[str]:
    return [told(desk.scan(shop_code(item=100)))]


def b_single_repeat_nonce(desk: Desk) -> list[str]:
    said = [told(desk.scan(make_code(), nonce=b"foo")) for _ in range(2)]
    assert len(desk.state.tickets[identity()].holds) == 1
    return said


def b_multi_repeat_nonce(desk: Desk) -> list[str]:
    said = [told(desk.scan(make_code(product=UNLIMITED), nonce=b"foo")) for _ in range(2)]
    assert len(desk.state.tickets[identity()].holds) == 1
    return said


def b_order_by_scan_time(desk: Desk) -> list[str]:
    # An exit five minutes ago is heard of before the entry ten minutes ago at another gateway.
    code = make_code(product=AFTER_EXIT)
    other = Desk()
    other.now_s = NOON_S - 600
    entry = other.hold(code, gateway=B).fact
    desk.now_s = NOON_S - 300
    left = desk.scan(code, way="exit")
    assert entry is not None
    desk.fold(entry, B)
    desk.now_s = NOON_S
    return [told(left), told(desk.scan(code))]


def e_clock_behind(desk: Desk) -> list[str]:
    # An exit of 2030 was heard of; our own clock says 2029, then 2028: our order beats the stamps.
    code = make_code(product=AFTER_EXIT)
    desk.now_s = 1_900_000_000
    desk.scan(code, way="exit", gateway=B)
    desk.now_s -= 31_536_000
    desk.scan(code)
    inside = told(desk.scan(code))
    desk.now_s -= 31_536_000
    desk.scan(code, way="exit")
    return [inside, told(desk.scan(code))]


def e_queue_other_secret(desk: Desk) -> list[str]:
    desk.scan(make_code(1, product=AFTER_EXIT))
    desk.scan(make_code(2, product=AFTER_EXIT), way="exit")
    return [told(desk.scan(make_code(1, product=AFTER_EXIT)))]


def x_replay_after_upload(desk: Desk) -> list[str]:
    desk.scan(shop_code(item=1))
    desk.state = State.load(desk.state.dump())  # whatever was uploaded, the state remains
    return [told(desk.scan(shop_code(item=1)))]


def x_two_threads_one_ticket(desk: Desk) -> list[str]:
    return sorted(told(desk.hold(make_code(), lane=lane)) for lane in (1, 2))


def signed_multi_list(desk: Desk) -> list[str]:
    elsewhere = Desk()
    return [told(elsewhere.scan(shop_code(item=1))), told(desk.scan(shop_code(item=1)))]


CASES = [
    (wrong_product, ["product"]),
    (success_filtered_list, [V]),
    (b_product_then_added, ["product", V]),
    (b_wrong_subevent, ["performance"]),
    (blocked_position, ["blocked"]),
    (signed_blocked, ["blocked"]),
    (canceled_order, ["canceled"]),
    (valid_until_past, ["invalid_time"]),
    (valid_from_passed, [V]),
    (l_before_and_after_window, ["invalid_time", "invalid_time"]),
    (i_not_yet_valid_exit, [V]),
    (i_no_keys, ["unknown_key", "invalid"]),
    (signed_bad_signature, ["invalid", "invalid"]),
    (signed_unknown_product, ["product"]),
    (b_single_repeat_nonce, [V, V]),
    (b_multi_repeat_nonce, [V, V]),
    (b_order_by_scan_time, [V, V]),
    (e_clock_behind, [USED, V]),
    (e_queue_other_secret, [USED]),
    (x_replay_after_upload, [USED]),
    (x_two_threads_one_ticket, [V, USED]),
    (signed_multi_list, ["invalid", V]),
]


@pytest.mark.parametrize(
    ("case", "answers"), CASES, ids=lambda value: getattr(value, "__name__", "")
)
def test_cases(case: Callable[[Desk], list[str]], answers: list[str]) -> None:
    assert case(Desk(foreign_issuers=[SHOP])) == answers


@pytest.mark.parametrize(("at_s", "answer"), [(-1, "invalid_time"), (0, V), (1, V)])
def test_l_badge_not_yet(at_s: int, answer: str) -> None:
    desk = Desk()
    desk.now_s = NOON_S + at_s
    assert told(desk.scan(make_code(valid_from=NOON_S))) == answer


def test_s_real_1000_tickets_of_a_real_shop_are_used_once() -> None:
    vectors = samples.load("pretix-sig1.json")
    rows = [ForeignRow(item, ONCE) for item in {t["item"] for t in vectors["tickets"]}]
    shop = ForeignIssuer("shop", [bytes.fromhex(vectors["public_key_hex"])], rows)
    desk = Desk(foreign_issuers=[shop])
    for shown in vectors["tickets"]:
        text, until = shown["secret"].encode(), shown["valid_until"]
        desk.now_s = max(shown["valid_from"], until - 1)
        assert [told(desk.scan(text)) for _ in range(2)] == [V, USED]
    assert len(desk.state.tickets) == len(vectors["tickets"]) == 100
