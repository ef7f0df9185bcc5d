"""Each operation of a till says what it may answer."""

from edge.web.till_described import TILL_OPERATIONS


def test_every_operation_may_be_closed_and_names_its_errors() -> None:
    for operation in TILL_OPERATIONS:
        assert {200, 401, 403} <= set(operation.answers), operation.path
        if operation.method == "POST":
            assert {400, 404, 409, 413, 415} <= set(operation.answers), operation.path
            assert operation.body is not None
