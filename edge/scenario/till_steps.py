"""The steps at a till: somebody holds a band to a reader, and what goes wrong while it is there."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from config.bounds import Name
from edge.scenario.happening import Happens
from edge.scenario.kinds import Money, Number, Ref, Table

Method = Literal["band", "cash", "card"]
#: What a card terminal says.
Card = Literal["approved", "declined", "unknown"]
Id = Annotated[str, Meta(min_length=1, max_length=64)]
Question = Literal["age", "same_amount", "money_back"]


class Item(Table, frozen=True, kw_only=True):
    """An article and how many; a negative quantity gives deposit back. `price` where it is typed
    in, and then without a quantity."""

    article: Ref
    quantity: Annotated[int, Meta(ge=-9999, le=9999)] | None = None
    price: Money | None = None


class AtTill(Happens, frozen=True, kw_only=True):
    """At `till`, or at the first that can do it. `id`: what it is called; the same again is the
    same once more, and not paid twice."""

    till: Number | None = None
    id: Id | None = None


class Taps(AtTill, frozen=True, kw_only=True):
    """`band` is held to the reader."""

    band: Name | None = None


class Writes(Taps, frozen=True, kw_only=True):
    """The band is written, and one of these may happen meanwhile.

    torn    the band leaves when so many bytes were written; what was begun is spoilt
    leaves  the band leaves before a byte is written, in the midst of it, or after all of it,
            before it was read back
    crash   the gateway dies before a byte is written, when it has resolved to, or after all of it
    """

    torn: Annotated[int, Meta(ge=0, le=1000)] | None = None
    leaves: Literal["before", "in", "after"] | None = None
    crash: Literal["before_write", "after_write"] | None = None


class Prices(Writes, frozen=True, kw_only=True):
    """A basket. `card`: what the terminal says; `answers`: what the cashier says yes to."""

    items: Annotated[list[Item], Meta(max_length=100)] = []
    method: Method = "band"
    card: Card = "approved"
    answers: Annotated[list[Question], Meta(max_length=3)] = []


class Sale(Prices, tag="sale", frozen=True, kw_only=True):
    """A basket is paid.

    amount     only so much of it now, or, with `take_left`, what the band has if that is less
    part       of a basket that is paid in parts: 1 pays what part 0 has left
    vouchers   at most so many; as many as help if left out
    """

    tip: Money = 0
    tip_percent: Annotated[int, Meta(ge=0, le=100)] = 0
    vouchers: Annotated[int, Meta(ge=0, le=1000)] | None = None
    amount: Money | None = None
    take_left: bool = False
    part: Annotated[int, Meta(ge=0, le=100)] = 0


class Refund(Prices, tag="refund", frozen=True, kw_only=True):
    """Goods come back, and their price goes onto the band, or out of the drawer."""


class TopUp(Writes, tag="topup", frozen=True, kw_only=True):
    """A band is loaded, for cash, by card, or by a voucher's `code`."""

    amount: Money | None = None
    method: Literal["cash", "card", "voucher"] = "cash"
    code: Annotated[str, Meta(max_length=64)] = ""
    card: Card = "approved"
    answers: Annotated[list[Question], Meta(max_length=3)] = []


class Tap(Taps, tag="tap", frozen=True, kw_only=True):
    """What is on the band? Nothing moves."""


class Reverse(Writes, tag="reverse", frozen=True, kw_only=True):
    """The sale called `of` is taken back. `supervised`: a supervisor does it."""

    of: Id
    supervised: bool = False


class CashOut(Writes, tag="cash_out", frozen=True, kw_only=True):
    """What is on the band goes out of the drawer: `amount` of it, or all."""

    amount: Money | None = None


class Issue(Writes, tag="issue", frozen=True, kw_only=True):
    """A blank band becomes a wallet of a class."""

    wallet_class: Ref | None = msgspec.field(default=None, name="class")


class Reissue(Issue, tag="reissue", frozen=True, kw_only=True):
    """`band` takes the place of the band `old`, which is lost."""

    old: Name


class Lock(Taps, tag="lock", frozen=True, kw_only=True):
    """A band is denied for good. `lost`: it is not there, it is only named."""

    lost: bool = False


class Clone(Happens, tag="clone", frozen=True, kw_only=True):
    """Somebody copies all that is on `band` now; from here on `copy` is a band, too.

    `own_uid`: the card's UID cannot be changed, so the copy has its own.
    """

    band: Name
    copy: Name
    own_uid: bool = False


class LateDecline(AtTill, tag="late_decline", frozen=True, kw_only=True):
    """The terminal says that the card payment of `of`, which it had approved, was declined."""

    of: Id


#: What a till does; a clone and a late decline happen elsewhere.
TillStep = TopUp | Sale | Tap | Refund | Reverse | CashOut | Issue | Reissue | Lock
