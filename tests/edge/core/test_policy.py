"""A bundle, made ready to decide by."""

from crypto.bundle import Gate, Revocation
from edge.core.policy import Policy
from tests.edge.core.desk import AFTER_EXIT, NORTH, SOUTH, TONIGHT, make_bundle


def test_an_empty_list_of_a_gate_means_all_and_not_none() -> None:
    policy = Policy(make_bundle())
    assert policy.gates[NORTH].products is None
    assert policy.gates[NORTH].performances is None
    assert policy.gates[SOUTH].products == {AFTER_EXIT}
    assert policy.gates[SOUTH].performances == {TONIGHT}


def test_lists_become_look_ups() -> None:
    policy = Policy(
        make_bundle(
            gates=[Gate(5, "West")],
            revoked=[Revocation(b"a:1", 7)],
            canceled=[b"a:2"],
            blocked=[b"a:3"],
        )
    )
    assert policy.revoked == {b"a:1": 7}
    assert policy.canceled == {b"a:2"}
    assert policy.blocked == {b"a:3"}
    assert policy.gates[5].name == "West"
    assert policy.version == 1
