"""More cases of other check-in systems, and where we decide otherwise; each keeps its name.

`entry_cases.toml` says for every case which test or scenario plays it, or why none can.
"""

from collections.abc import Callable, Sequence

import pytest

from crypto.bundle import ForeignIssuer, ForeignRow, Gate
from crypto.entry import MARK_ATTENTION, MARK_CLOCK_UNSURE
from crypto.terms import (
    EntryPolicy,
    GatePolicy,
    Limit,
    Medium,
    MediumTicket,
    Note,
    RuleText,
    Terms,
)
from edge.core import staff
from edge.core.decision import Presentation
from edge.core.moments import Moment
from tests.crypto import pretix_codes
from tests.edge.core.desk import (
    AFTER_EXIT,
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
    A,
    Desk,
    identity,
    make_code,
    shop_code,
    told,
)

V, USED = "admitted", "already_redeemed"
MINE = identity()
DAY_S = 86_400


def shop(*rows: ForeignRow) -> list[ForeignIssuer]:
    return [ForeignIssuer("shop", [pretix_codes.public(SHOP_SEED)], list(rows))]


def asking(product: int = ONCE) -> Terms:
    return Terms(policies=[EntryPolicy(product, questions=["age"])])


# -- answers one after the other -------------------------------------------------------------------


def simple_success_flags() -> list[str]:
    desk = Desk(terms=Terms(notes=[Note(MINE, attention=True)]))
    decision = desk.scan(make_code())
    assert decision.marks & MARK_ATTENTION
    return [told(decision)]


def signed_valid() -> list[str]:
    desk = Desk(foreign_issuers=shop(ForeignRow(1, ONCE)))
    said = [told(desk.scan(shop_code(item=1)))]
    assert [type(fact).__name__ for _, _, fact in desk.facts] == ["Admitted", "PassageCompleted"]
    return said


def signed_valid_list_filter_by_server_id() -> list[str]:
    # The number is the shop's; what the gate has on its list is ours. The text begins with "=".
    rows = shop(ForeignRow(1, ONCE), ForeignRow(42, AFTER_EXIT))
    desk = Desk(foreign_issuers=rows, gates=[Gate(NORTH, "42 only", [AFTER_EXIT])])
    seeds = ("a" * n for n in range(1, 4))
    code = next(c for c in (shop_code(s, item=42) for s in seeds) if c.startswith(b"=="))
    return [told(desk.scan(code)), told(desk.scan(shop_code(item=1)))]


def multi_list() -> list[str]:
    desk = Desk(gates=[Gate(NORTH, "Both", [ONCE, UNLIMITED])])
    codes = [make_code(1), make_code(2, product=UNLIMITED)]
    return [told(desk.scan(code)) for code in codes * 2]


def question_already_answered() -> list[str]:
    # Staff confirm what they see, so it is asked at each entry, whatever was answered before.
    desk, code = Desk(terms=asking(UNLIMITED)), make_code(product=UNLIMITED)
    return [told(desk.scan(code, answers=given)) for given in (("age",), (), ("age",))]


def i_missing_answers() -> list[str]:
    desk = Desk(foreign_issuers=shop(ForeignRow(1, ONCE)), terms=asking())
    return [told(desk.scan(shop_code(item=1)))]


def i_subevent_mismatch() -> list[str]:
    rows = [ForeignRow(1, ONCE, TONIGHT, subevent=7), ForeignRow(1, ONCE, TOMORROW, subevent=8)]
    desk = Desk(foreign_issuers=shop(*rows), gates=[Gate(NORTH, "Tonight", [], [TONIGHT])])
    return [told(desk.scan(shop_code(item=1, subevent=n))) for n in (8, 7)]


def i_expired_order() -> list[str]:
    desk = Desk(foreign_issuers=shop(ForeignRow(1, ONCE)))
    claim = Desk(foreign_issuers=desk.policy.bundle.foreign_issuers).scan(shop_code(item=1)).claim
    assert claim is not None
    desk.publish(canceled=[claim.identity])
    return [told(desk.scan(shop_code(item=1)))]


def r_by_pk_forbidden() -> list[str]:
    # What names a ticket inside is no code: not as bytes, not as it is shown.
    shown = b"venue:" + MINE.partition(b":")[2].hex().encode()
    return [told(Desk().scan(text)) for text in (MINE, shown, MINE[6:].hex().encode(), b"1")]


def r_special_chars() -> list[str]:
    band = Medium(b"abc+-/==", [MediumTicket(MINE, ONCE)])
    return [told(Desk(terms=Terms(media=[band])).scan(b"abc+-/=="))]


def e_settings_missing() -> list[str]:
    # Entry, exit; then the bundle knows neither product nor gate any more: nobody comes in again.
    desk, code = Desk(), make_code(product=AFTER_EXIT)
    said = [told(desk.scan(code)), told(desk.scan(code, way="exit"))]
    before = desk.policy.bundle.products
    desk.publish(products=[])
    said.append(told(desk.scan(code)))
    desk.publish(products=before)
    return [*said, told(desk.scan(code, gate=NOWHERE)), told(desk.scan(code))]


def e_other_list_setting() -> list[str]:
    desk = Desk(gates=[Gate(NORTH, "Once", [ONCE]), Gate(SOUTH, "Crew", [UNLIMITED])])
    return [told(desk.scan(make_code())), told(desk.scan(make_code()))]


def e_restricted_list_per_day() -> list[str]:
    policy = EntryPolicy(UNLIMITED, limits=[Limit(1, per_day=True)])
    desk, code = Desk(terms=Terms(policies=[policy])), make_code(product=UNLIMITED)
    said = [told(desk.scan(code)) for _ in range(2)]
    desk.now_s += DAY_S
    return [*said, told(desk.scan(code))]


def e_restricted_list_rule() -> list[str]:
    # A rule that this gateway cannot read might have refused: so it does.
    desk = Desk(terms=Terms(rules=[RuleText('{"limit_one_per_gate": [1]}')]))
    return [told(desk.scan(make_code()))]


def l_badge_expired() -> list[str]:
    desk = Desk()
    said = []
    for number, at_s in enumerate((NOON_S - 1, NOON_S, NOON_S + 1)):
        desk.now_s = at_s
        said.append(told(desk.scan(make_code(number, valid_until=NOON_S))))
    return said


def l_badge_unknown() -> list[str]:
    desk = Desk(terms=Terms(medium_prefixes=[b"BADGE-"]))
    said = [told(desk.scan(make_code(key=STRANGER))), told(desk.scan(b"BADGE-7"))]
    assert not any(hasattr(fact, "granted") for _, _, fact in desk.facts)
    return said


def x_clock_2099() -> list[str]:
    # Nobody has confirmed the clock: what has no window is let in, marked for the centre to see.
    desk = Desk()
    desk.now_s, desk.unsure = 4_070_908_800, True
    decision = desk.scan(make_code())
    assert decision.fact is not None and decision.marks & MARK_CLOCK_UNSURE
    return [told(decision), told(desk.scan(make_code(2, valid_until=NOON_S + DAY_S)))]


CASES: Sequence[tuple[Callable[[], list[str]], list[str]]] = [
    (simple_success_flags, [V]),
    (signed_valid, [V]),
    (signed_valid_list_filter_by_server_id, [V, "product"]),
    (multi_list, [V, V, USED, V]),
    (question_already_answered, [V, "questions", V]),
    (i_missing_answers, ["questions"]),
    (i_subevent_mismatch, ["performance", V]),
    (i_expired_order, ["canceled"]),
    (r_by_pk_forbidden, ["invalid"] * 4),
    (r_special_chars, [V]),
    (e_settings_missing, [V, V, "product", "device", V]),
    (e_other_list_setting, [V, USED]),
    (e_restricted_list_per_day, [V, USED, V]),
    (e_restricted_list_rule, ["rules"]),
    (l_badge_expired, [V, "invalid_time", "invalid_time"]),
    (l_badge_unknown, ["unknown_key", "medium_unknown"]),
    (x_clock_2099, [V, "invalid_time"]),
]


@pytest.mark.parametrize(
    ("case", "answers"), CASES, ids=lambda value: getattr(value, "__name__", "")
)
def test_more_cases(case: Callable[[], list[str]], answers: list[str]) -> None:
    assert case() == answers


# canceled, listed as unpaid, the gate accepts unpaid orders, staff took this one on; the answer
PAID = [
    (True, True, True, True, "canceled"),
    (False, True, False, False, "unpaid"),
    (False, True, False, True, "unpaid"),
    (False, True, True, False, "unpaid"),
    (False, True, True, True, V),
]


@pytest.mark.parametrize(("canceled", "owes", "accepts", "taken", "answer"), PAID)
def test_r_require_paid(
    canceled: bool, owes: bool, accepts: bool, taken: bool, answer: str
) -> None:
    terms = Terms(unpaid=[MINE] if owes else [], gates=[GatePolicy(NORTH, accepts_unpaid=accepts)])
    desk = Desk(terms=terms, canceled=[MINE] if canceled else [])
    assert told(desk.scan(make_code(), accept_unpaid=taken)) == answer


def test_r_multi_reupload() -> None:
    desk = Desk()
    then = Moment((NOON_S - 60) * 1000, 20260101, 60)
    shown = Presentation(make_code(product=UNLIMITED), A, 1, NORTH, nonce=b"1")
    for repeated in (False, True):
        decision = staff.upload(desk.state, desk.policy, shown, then, then.ms << 16)
        assert (decision.admitted, decision.repeated) == (True, repeated)
        if decision.fact is not None:
            desk.fold(decision.fact)
    assert len(desk.state.tickets[MINE].holds) == 1
