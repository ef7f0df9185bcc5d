"""What a role may do. A right is offered to pages only when the gateway can do what it names."""

from typing import Final, Literal

Right = Literal[
    "watch", "scan", "annul", "override", "accept_unpaid", "simulate", "search",
    "tills", "sell", "top_up", "reverse", "shift", "undo", "cash_out", "bands", "training",
]  # fmt: skip

_SCANNER: Final[frozenset[Right]] = frozenset({"watch", "scan", "simulate"})
_SELLER: Final[frozenset[Right]] = frozenset(
    {"watch", "tills", "sell", "top_up", "reverse", "shift"}
)
_SUPERVISOR: Final[frozenset[Right]] = (
    _SCANNER | _SELLER
    | {"annul", "override", "accept_unpaid", "search", "undo", "cash_out", "bands", "training"}
)  # fmt: skip
ROLES: Final[dict[str, frozenset[Right]]] = {
    "scanner": _SCANNER,
    "seller": _SELLER,
    "supervisor": _SUPERVISOR,
    "technician": _SUPERVISOR,
    "finance": frozenset({"watch", "tills"}),
}
#: The rights behind which an operation stands today (`edge.web.app` has a route for each).
OFFERED: Final[frozenset[Right]] = _SUPERVISOR
#: What stays closed where nobody signs in: a fact must say who did it, and names are not for all.
NAMED: Final[frozenset[Right]] = frozenset(
    {"annul", "override", "accept_unpaid", "search", "undo", "cash_out"}
)


def rights_of(role: str) -> frozenset[Right]:
    """What `role` may do here."""
    return ROLES[role] & OFFERED
