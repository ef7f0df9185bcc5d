"""Who may do what; and nothing is offered that the gateway cannot do."""

from typing import get_args

from config.staff import Role
from edge.web.rights import NAMED, OFFERED, ROLES, Right, rights_of

SELLING = {"tills", "sell", "top_up", "reverse", "shift"}
DESK = {"annul", "override", "accept_unpaid", "search"}
TILLS = SELLING | {"undo", "cash_out", "bands", "training"}


def test_each_role_has_its_rights_and_no_other() -> None:
    assert {
        "scanner": {"watch", "scan", "simulate"},
        "seller": {"watch", *SELLING},
        "supervisor": {"watch", "scan", "simulate", *DESK, *TILLS},
        "technician": {"watch", "scan", "simulate", *DESK, *TILLS},
        "finance": {"watch", "tills"},
    } == ROLES
    assert set(ROLES) == set(get_args(Role))
    assert frozenset().union(*ROLES.values()) == set(get_args(Right))


def test_only_what_the_gateway_can_do_is_offered() -> None:
    assert {role: rights_of(role) - OFFERED for role in ROLES} == dict.fromkeys(ROLES, frozenset())
    assert rights_of("scanner") >= {"watch", "scan"}


def test_what_facts_name_somebody_for_stays_closed_where_nobody_signs_in() -> None:
    assert DESK <= NAMED
