"""Random baskets and the facts that tills make of them, for the tests of this folder."""

from __future__ import annotations

from hypothesis import strategies as st

from crypto.money import (
    CashMoved,
    CreditVoided,
    DebitHeld,
    DebitPosted,
    KnownMoney,
    Line,
    MediumReissued,
    Movement,
    ShiftClosed,
    ShiftOpened,
    Slot,
    Sold,
    ToppedUp,
)

RATES = {1: 2000, 2: 1000, 3: 0, 4: 1900}
BANDS = [bytes([n]) * 16 for n in (1, 2, 3)]
DAYS = [20260704, 20260705]
GATEWAYS = [b"gateway-number-1", b"gateway-number-2"]


def rates_of(_prices: int) -> dict[int, int]:
    return RATES


def line(kind: str, quantity: int, unit: int, tax: int, merchant: int, group: int) -> Line:
    return Line(kind, 7, quantity, unit, quantity * unit, tax, merchant, group)


_GOODS = st.builds(
    line, st.just("article"), st.integers(1, 9), st.integers(0, 2000),
    st.sampled_from(sorted(RATES)),
    st.integers(0, 3), st.integers(0, 2),
)  # fmt: skip
_DEPOSITS = st.builds(
    line, st.just("deposit"), st.sampled_from([-3, -1, 1, 2]), st.just(200), st.just(1),
    st.sampled_from([0, 0, 2]), st.just(0),
)  # fmt: skip
_TIPS = st.builds(
    line, st.just("tip"), st.just(1), st.integers(1, 500), st.just(0), st.just(0), st.just(0)
)
LINES = st.lists(st.one_of(_GOODS, _GOODS, _DEPOSITS, _TIPS), min_size=1, max_size=6)


class Story:
    """Facts in the order in which they were made: (gateway, fact)."""

    def __init__(self) -> None:
        self.facts: list[tuple[bytes, KnownMoney]] = []
        self.ids = 0

    def new_id(self) -> bytes:
        self.ids += 1
        return self.ids.to_bytes(16, "big")

    def head(self, day: int, till: int = 3, txid: bytes = b"") -> tuple[object, ...]:
        return (self.ids << 16, day, 120, txid or self.new_id(), till, 7, 2, 0)

    def add(self, gateway: bytes, fact: KnownMoney) -> None:
        self.facts.append((gateway, fact))

    def band(
        self, gateway: bytes, day: int, medium: bytes, net: int, lines: list[Line], *,
        basket: bytes, part: int = 0, movement: Movement = "sale", reverses: bytes = b"",
        ends: bool = True,
    ) -> bytes:  # fmt: skip
        total = sum(each.total_minor for each in lines)
        txid = self.new_id()
        hold = DebitHeld(
            *self.head(day, txid=txid), medium, 1, basket, part, movement, max(0, net),
            max(0, -net), 0, 0, abs(total - net), Slot(), Slot(), 0, 0, reverses, 1, lines,
        )  # fmt: skip
        self.add(gateway, hold)
        if ends:
            posted = DebitPosted(*self.head(day, txid=txid), medium, 1, basket, Slot(), "read_back")
            self.add(gateway, posted)
        return txid

    def sold(
        self, gateway: bytes, day: int, cash: int, card: int, lines: list[Line], *, basket: bytes,
        part: int = 0, movement: Movement = "sale", reverses: bytes = b"",
    ) -> bytes:  # fmt: skip
        txid = self.new_id()
        fact = Sold(
            *self.head(day, txid=txid), basket, part, movement, cash, card, b"", b"", 0, 0,
            reverses, 1, lines,
        )  # fmt: skip
        self.add(gateway, fact)
        return txid


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A few transactions of every kind, some taken back, some in parts on two days."""
    story = Story()
    for _ in range(draw(st.integers(1, 6))):
        gateway, day = draw(st.sampled_from(GATEWAYS)), draw(st.sampled_from(DAYS))
        medium, other = draw(st.permutations(BANDS))[:2]
        match draw(st.sampled_from(["sale", "sale", "split", "load", "moved", "drawer", "out"])):
            case "sale":
                _sale(draw, story, gateway, day, medium)
            case "split":
                _split(draw, story, gateway, medium, other)
            case "load":
                amount = draw(st.integers(1, 5000))
                txid = story.new_id()
                method = draw(st.sampled_from(["cash", "card", "voucher", "presale", "desk"]))
                loaded = ToppedUp(
                    *story.head(day, txid=txid), medium, 1, 1, method, amount, 0, amount, 0, b"",
                    bytes(80),
                )  # fmt: skip
                story.add(gateway, loaded)
                if draw(st.booleans()):
                    undone = CreditVoided(*story.head(day, 4, txid), medium, 0, "base_current")
                    story.add(draw(st.sampled_from(GATEWAYS)), undone)
            case "moved":
                story.add(gateway, MediumReissued(
                    *story.head(day), other, "NTAG213", 2, 1, bytes(80), medium, 1,
                    draw(st.integers(0, 900)), 300,
                ))  # fmt: skip
            case "drawer":
                story.add(gateway, ShiftOpened(*story.head(day), 10_000))
                story.add(gateway, CashMoved(*story.head(day), draw(st.integers(-500, 500)), "x"))
                counted, expected = draw(st.integers(0, 99_999)), draw(st.integers(-99, 99_999))
                story.add(gateway, ShiftClosed(*story.head(day), counted, expected))
            case "out":
                basket = story.new_id()
                story.band(gateway, day, medium, 700, [], basket=basket, movement="cash_out")
    return story


def _sale(draw: st.DrawFn, story: Story, gateway: bytes, day: int, medium: bytes) -> None:
    lines = draw(LINES)
    total, basket = sum(each.total_minor for each in lines), story.new_id()
    by = draw(st.sampled_from(["band", "cash", "card", "held"]))
    if by in ("band", "held"):
        txid = story.band(gateway, day, medium, total, lines, basket=basket, ends=by == "band")
    elif by == "cash" or total < 0:
        txid = story.sold(gateway, day, total, 0, lines, basket=basket)
    else:
        txid = story.sold(gateway, day, 0, total, lines, basket=basket)
    if by in ("band", "cash") and draw(st.booleans()):
        back = [_undone(each) for each in lines]
        again = {"basket": story.new_id(), "movement": "reversal", "reverses": txid}
        if by == "band":
            story.band(gateway, day, medium, -total, back, **again)  # type: ignore[arg-type]
        else:
            story.sold(gateway, day, -total, 0, back, **again)  # type: ignore[arg-type]


def _split(draw: st.DrawFn, story: Story, gateway: bytes, medium: bytes, other: bytes) -> None:
    """One basket by one band and the rest by another, in cash or by card, maybe the next day."""
    lines = [each for each in draw(LINES) if each.total_minor > 0]
    total, basket = sum(each.total_minor for each in lines), story.new_id()
    first = draw(st.integers(0, total))
    txid = story.band(gateway, DAYS[0], medium, first, lines, basket=basket)
    rest, day = total - first, draw(st.sampled_from(DAYS))
    match draw(st.sampled_from(["band", "cash", "card", "reversed"])):
        case "band":
            story.band(gateway, day, other, rest, [], basket=basket, part=1)
        case "cash":
            story.sold(gateway, day, rest, 0, [], basket=basket, part=1)
        case "card":
            story.sold(gateway, day, 0, rest, [], basket=basket, part=1)
        case _:
            back = [_undone(each) for each in lines]
            story.band(
                gateway, day, medium, -first, back, basket=story.new_id(), movement="reversal",
                reverses=txid,
            )  # fmt: skip


def _undone(one: Line) -> Line:
    return Line(
        one.kind, one.article, -one.quantity, one.unit_minor, -one.total_minor, one.tax,
        one.merchant, one.group,
    )  # fmt: skip
