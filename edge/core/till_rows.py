"""What the book of tills keeps: movements, shifts, tills and card payments."""

from typing import Final, TypeAlias

import msgspec

from crypto.money import Line

#: By key: how many, and how much in minor units (`edge.core.till_totals`).
Totals: TypeAlias = dict[str, list[int]]
OPEN, VOIDED, POSTED = 0, 1, 2
#: Gateway, till and number of a shift.
ShiftKey: TypeAlias = tuple[bytes, int, int]
TillKey: TypeAlias = tuple[bytes, int]
_LINES: Final = msgspec.msgpack.Decoder(list[Line])


class Deal(msgspec.Struct, array_like=True, gc=False):
    """One movement. `band_minor` = debited less given. `hlc` 0: only its outcome is known yet.

    `movement` as in facts, or "top_up". `status`: OPEN, VOIDED or POSTED, which beats VOIDED.
    """

    hlc: int = 0
    gateway: bytes = b""
    till: int = 0
    shift: int = 0
    operator: int = 0
    marks: int = 0
    basket: bytes = b""
    part: int = 0
    movement: str = ""
    method: str = ""
    medium: bytes = b""
    band_minor: int = 0
    cash_minor: int = 0
    card_minor: int = 0
    otherwise_minor: int = 0
    promo_minor: int = 0
    vouchers: int = 0
    card: bytes = b""
    reverses: bytes = b""
    prices: int = 0
    packed: bytes = b""
    status: int = OPEN
    settled_hlc: int = 0
    receipt: int = 0
    given: int = 0

    @property
    def lines(self) -> list[Line]:
        """The lines of the basket; only the first part of a basket has them."""
        return _LINES.decode(self.packed) if self.packed else []

    @property
    def net_minor(self) -> int:
        """What this movement brought in, by whatever means; negative: paid out."""
        return self.band_minor + self.cash_minor + self.card_minor

    @property
    def rest_minor(self) -> int:
        """What other parts of the basket have to pay: by its lines, which the first part has."""
        if not self.packed:
            return 0
        return sum(line.total_minor for line in self.lines) - self.net_minor


class Shift(msgspec.Struct, array_like=True, gc=False):
    """One shift of one till. `z`: the number of its closing, 0 = none yet."""

    opened_hlc: int = 0
    float_minor: int = 0
    operator: int = 0
    moved_minor: int = 0
    moved_count: int = 0
    closed_hlc: int = 0
    counted_minor: int = 0
    expected_minor: int = 0
    z: int = 0
    totals: Totals = {}
    training: Totals = {}


class TillSum(msgspec.Struct, array_like=True, gc=False):
    """What never begins anew at one till: highest shift, receipt and Z, and the grand total."""

    shift: int = 0
    receipt: int = 0
    z: int = 0
    perpetual_minor: int = 0
    z_perpetual_minor: int = 0


class CardPayment(msgspec.Struct, array_like=True, gc=False):
    """One authorization by its transaction. `used`: the deal that was booked with it."""

    hlc: int = 0
    gateway: bytes = b""
    till: int = 0
    shift: int = 0
    purpose: str = ""
    basket: bytes = b""
    medium: bytes = b""
    terminal: int = 0
    amount_minor: int = 0
    reference: str = ""
    status: str = ""
    said_hlc: int = 0
    used: bytes = b""
    trace: str = ""
    scheme: str = ""
    last4: str = ""
    device: str = ""


class ShelfDump(msgspec.Struct, array_like=True, frozen=True):
    """Packed movements of one shift (`till_packs`): ids and baskets end to end, and records."""

    gateway: bytes
    till: int
    shift: int
    ids: bytes
    baskets: bytes
    records: list[bytes]


class Dumped(msgspec.Struct, array_like=True, frozen=True):
    """What a snapshot keeps, in canonical order. `deals`: those that cannot be packed."""

    deals: list[tuple[bytes, Deal]]
    shifts: list[tuple[bytes, int, int, Shift]]
    tills: list[tuple[bytes, int, TillSum]]
    cards: list[tuple[bytes, CardPayment]]
    done: bytes
    answers: list[tuple[bytes, int, bool]]
    shelves: list[ShelfDump]


NO_TILLS: Final = Dumped([], [], [], [], b"", [], [])
