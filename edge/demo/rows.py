"""The row that each fact of a ledger must be at the centre: a second opinion on the booking.

Written from the comments of the centre's schema, not from the code that fills it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

KINDS: Final = {
    "EpochBegun": 1, "Started": 2, "Stopped": 3, "BundleApplied": 4, "SnapshotTaken": 5,
    "ClockStepped": 6, "DeviceLost": 7, "DeviceBack": 8, "Admitted": 10, "AdmissionRefused": 11,
    "PassageCompleted": 12, "PassageLapsed": 13, "PassageUnknown": 14, "ExitRecorded": 15,
    "ClockMeasured": 9, "ConflictFound": 18,
}  # fmt: skip
#: Facts of money: their rows here say no more than that they are; `money` has what they say.
MONEY_KINDS: Final = {
    "MediumIssued": 30, "MediumReissued": 31, "MediumBlocked": 32, "DebitHeld": 33,
    "DebitPosted": 34, "DebitVoided": 35, "GoodsAnswered": 36, "Sold": 37, "ToppedUp": 38,
    "CreditApplied": 39, "CreditVoided": 40, "PromoGranted": 41, "CardAuthorizationStarted": 45,
    "CardApproved": 46, "CardDeclined": 47, "CardUnknown": 48, "CardReversed": 49,
    "ShiftOpened": 50, "CashMoved": 51, "ShiftClosed": 52, "ClosingMade": 53,
    "MoneyConflictFound": 54,
}  # fmt: skip
NAMES: Final = {number: name for name, number in (KINDS | MONEY_KINDS).items()}


class Row(NamedTuple):
    """One fact: (gateway, epoch, seq) names it, the rest is what it says. `ticket` in hex."""

    gateway: str
    epoch: int
    seq: int
    kind: int
    hlc: int
    day: int
    offset_min: int
    lane: int | None = None
    gate: int | None = None
    ticket: str | None = None
    product: int | None = None
    performance: int | None = None
    persons: int | None = None
    ticket_persons: int | None = None
    of_epoch: int | None = None
    of_seq: int | None = None
    code: int | None = None
    cause: str | None = None

    @property
    def place(self) -> tuple[str, int, int]:
        """Gateway, epoch and seq."""
        return self[:3]

    def __str__(self) -> str:
        name = NAMES.get(self.kind, f"kind {self.kind}")
        where = f" on lane {self.lane}" if self.lane else ""
        return f"epoch {self.epoch} seq {self.seq} {name}{where}"


COLUMNS: Final = Row._fields


@dataclass
class Log:
    """What one gateway's folder holds: its ledger, and its siblings' blocks in `mirrors`.

    `head`: (epoch, seq, hash in hex) of the newest block. `broken`: why it cannot be read, or "".
    """

    gateway: str
    name: str = ""
    broken: str = ""
    blocks: int = 0
    head: tuple[int, int, str] = (0, 0, "")
    rows: list[Row] = field(default_factory=list)
    mirrors: dict[str, list[Row]] = field(default_factory=dict)
    #: Facts of money, as `edge ledger show` prints them: our own, and siblings'.
    money: list[dict[str, Any]] = field(default_factory=list)
    mirrored_money: list[dict[str, Any]] = field(default_factory=list)

    @property
    def everything(self) -> list[Row]:
        """All that this gateway's state is made of."""
        return [*self.rows, *(row for rows in self.mirrors.values() for row in rows)]


def row_of(gateway: str, shown: Mapping[str, Any]) -> Row:
    """The row of one line of `edge ledger show`; `gateway` in hex."""
    kind = shown["kind"]
    said: dict[str, Any] = {name: shown.get(name) for name in ("lane", "gate", "ticket")}
    match kind:
        case "Admitted":
            said |= {name: shown[name] for name in ("product", "performance")}
            said |= {"persons": shown["granted"], "ticket_persons": shown["persons"]}
            said["code"] = shown.get("marks", 0)
        case "AdmissionRefused":
            said["ticket"] = shown["ticket_hash"] or None
            said |= {"persons": shown["count"], "code": shown["reason"]}
        case "PassageCompleted" | "PassageLapsed" | "PassageUnknown":
            said |= {"of_epoch": shown["of_epoch"], "of_seq": shown["of_seq"]}
            said["persons"] = shown["passed"]
            said["cause"] = shown.get("cause") or ("assumed" if shown.get("assumed") else None)
        case "ExitRecorded":
            said["persons"] = 1
        case "DeviceLost":
            said["cause"] = f"{shown['device']}: {shown['cause']}"
        case "DeviceBack":
            said["cause"] = shown["device"]
        case "ConflictFound":
            earlier, later = shown["earlier"], shown["later"]
            said |= {"of_epoch": later["epoch"], "of_seq": later["seq"]}
            uses = (f"{use['gateway']}:{use['epoch']}:{use['seq']}" for use in (earlier, later))
            said["cause"] = " ".join(uses)
        case "ClockMeasured":
            state = "beyond" if shown["beyond"] else "within"
            said["cause"] = f"{shown['sibling']}: {shown['lead_ms']} ms ahead, {state} limits"
        case "Started":
            said["cause"] = shown["version"]
        case "EpochBegun":
            said["cause"] = shown["because"]
    number = KINDS.get(kind) or MONEY_KINDS.get(kind) or shown.get("number", 0)
    first = (shown["hlc"], shown["day"], shown["offset_min"]) if "hlc" in shown else (0, 0, 0)
    return Row(gateway, shown["epoch"], shown["seq"], number, *first, **said)
