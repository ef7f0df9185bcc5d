"""Why a till says no. Numbers are never used for anything else; their order is the precedence.

Words of wallets (balance, copies, blocked bands) stand in `edge.core.wallet_reasons`.
"""

from enum import IntEnum
from typing import Final, NamedTuple


class TillReason(IntEnum):
    """100 to 119: the basket; 120 to 139: the till; 140 on: what is to be undone,
    154 on: money of top-ups."""

    NONE = 0
    BASKET_EMPTY = 100
    BASKET_TOO_LARGE = 101
    TIP_WRONG = 102
    UNKNOWN_ARTICLE = 103
    NOT_RETURNABLE = 104
    NOT_SOLD_NOW = 105
    PRICE_MISSING = 106
    QUANTITY_UNWANTED = 107
    PRICE_WRONG = 108
    PRICE_UNWANTED = 109
    QUANTITY_WRONG = 110
    TOO_YOUNG = 111
    AGE_UNCONFIRMED = 112
    AMOUNT_TOO_LARGE = 113
    PRICE_CHANGED = 114
    NOTHING_TO_PAY = 115
    OTHER_CONTENT = 116
    QUOTED_BEFORE = 117
    NO_PRICES = 120
    SHIFT_CLOSED = 121
    SHIFT_OPEN = 122
    TILL_BUSY = 123
    NO_READER = 124
    NO_TERMINAL = 125
    NO_DRAWER = 126
    NO_CASH_HERE = 127
    NO_TOP_UP_HERE = 128
    NO_ROOM = 129
    TRAINING = 130
    OPEN_ENDS = 131
    NO_Z = 132
    UNKNOWN_SALE = 140
    ELSEWHERE = 141
    OTHER_SHIFT = 142
    OTHER_TILL = 143
    REVERSED_ALREADY = 144
    NOT_REVERSIBLE = 145
    OTHER_BAND = 146
    MORE_THAN_SOLD = 147
    CARD_DECLINED = 150
    CARD_UNKNOWN = 151
    CODE_UNKNOWN = 152
    CODE_USED = 153
    TOP_UP_ARRIVED = 154
    MAY_BE_THERE = 155
    MAY_STILL_LOAD = 156
    LOADED_SINCE = 157
    OVERTAKEN = 158
    TOP_UP_SPENT = 159
    GIVEN_UP = 160
    WENT_BACK = 161
    TOPPED_ELSEWHERE = 162
    OTHER_TERMINAL = 163
    CARD_KEPT = 164


class Words(NamedTuple):
    """What the cashier reads, and what to do next."""

    detail: str
    hint: str


WORDS: Final[dict[TillReason, Words]] = {
    TillReason.BASKET_EMPTY: Words("the basket is empty", "add an article"),
    TillReason.BASKET_TOO_LARGE: Words("there are too many lines", "sell it in two baskets"),
    TillReason.TIP_WRONG: Words("this tip makes no sense", "an amount or a percentage, not both"),
    TillReason.UNKNOWN_ARTICLE: Words(
        "this article is not on the price list", "load the page again"
    ),
    TillReason.NOT_RETURNABLE: Words("this cannot be given back", "only deposit comes back"),
    TillReason.NOT_SOLD_NOW: Words("this is not sold at this time", "take it out of the basket"),
    TillReason.PRICE_MISSING: Words("this needs a price", "type the price"),
    TillReason.QUANTITY_UNWANTED: Words("what has a typed price has no quantity", "add it again"),
    TillReason.PRICE_WRONG: Words("this price cannot be", "type the price again"),
    TillReason.PRICE_UNWANTED: Words("this has a price of its own", "leave the price out"),
    TillReason.QUANTITY_WRONG: Words("this quantity cannot be", "1 to 9999, or less than 0"),
    TillReason.TOO_YOUNG: Words("this guest is too young for that", "take it out of the basket"),
    TillReason.AGE_UNCONFIRMED: Words("nobody has looked at the guest's age", "ask for a document"),
    TillReason.AMOUNT_TOO_LARGE: Words("this amount is too large", "sell it in two baskets"),
    TillReason.PRICE_CHANGED: Words("the price is not the one that was shown", "show it again"),
    TillReason.NOTHING_TO_PAY: Words("there is nothing to pay", "check the basket"),
    TillReason.OTHER_CONTENT: Words("this basket was paid with other content", "begin a new one"),
    TillReason.QUOTED_BEFORE: Words(
        "the gateway was started anew since this was priced, and nothing was charged",
        "show the price again, then have it paid",
    ),
    TillReason.NO_PRICES: Words("there is no price list yet", "the centre must send one"),
    TillReason.SHIFT_CLOSED: Words("no shift is open at this till", "open a shift first"),
    TillReason.SHIFT_OPEN: Words("a shift is open at this till", "close it first"),
    TillReason.TILL_BUSY: Words("this till is busy with another basket", "finish or cancel it"),
    TillReason.NO_READER: Words("the reader of this till does not answer", "check its cable"),
    TillReason.NO_TERMINAL: Words("this till has no card terminal", "pay by band or in cash"),
    TillReason.NO_DRAWER: Words("this till has no cash drawer", "go to a till that has one"),
    TillReason.NO_CASH_HERE: Words("only bands pay here", "top up first"),
    TillReason.NO_TOP_UP_HERE: Words("this till may not top up", "go to a top-up point"),
    TillReason.NO_ROOM: Words("there is no room for facts", "tell a technician"),
    TillReason.TRAINING: Words("this is training: no band and no money moves", "end the training"),
    TillReason.OPEN_ENDS: Words("something at this till is not settled yet", "look at its list"),
    TillReason.NO_Z: Words("the last shift has no Z yet", "make its Z first"),
    TillReason.UNKNOWN_SALE: Words("this till knows no such sale", "look at the receipt again"),
    TillReason.ELSEWHERE: Words("another gateway has booked this", "go to the till that sold it"),
    TillReason.OTHER_SHIFT: Words("that was in another shift", "refund the goods instead"),
    TillReason.OTHER_TILL: Words("another till sold this", "ask a supervisor"),
    TillReason.REVERSED_ALREADY: Words("this was taken back already", "nothing more to do"),
    TillReason.NOT_REVERSIBLE: Words("this cannot be taken back", "ask a supervisor"),
    TillReason.OTHER_BAND: Words("that was paid with another band", "tap the band that paid"),
    TillReason.MORE_THAN_SOLD: Words("more would come back than was sold", "check the basket"),
    TillReason.CARD_DECLINED: Words("the card was declined", "another card, a band or cash"),
    TillReason.CARD_UNKNOWN: Words("nobody knows yet whether the card paid", "do not ask again"),
    TillReason.CODE_UNKNOWN: Words("this voucher code is not known", "type it again"),
    TillReason.CODE_USED: Words("this voucher code was used already", "it pays only once"),
    TillReason.GIVEN_UP: Words("this basket was given up", "begin a new one"),
    TillReason.TOP_UP_ARRIVED: Words(
        "no top-up of this band is open: all are on it or went back", "show the balance"
    ),
    TillReason.MAY_BE_THERE: Words(
        "this top-up may be on the band already",
        "load it instead: begin any top-up, it is finished first",
    ),
    TillReason.MAY_STILL_LOAD: Words(
        "another top-up point that is not heard could still load this",
        "load it here instead: begin any top-up, it is finished first",
    ),
    TillReason.LOADED_SINCE: Words(
        "another point has loaded this band since, and is not heard yet",
        "try again when it is heard",
    ),
    TillReason.OVERTAKEN: Words(
        "another point has loaded this band since: this top-up cannot be written any more",
        "give its money back: menu, top-up did not arrive",
    ),
    TillReason.TOP_UP_SPENT: Words(
        "more was spent from this band than is on it", "do not pay it out; ask a supervisor"
    ),
    TillReason.WENT_BACK: Words("the money of this top-up went back", "begin a new one"),
    TillReason.TOPPED_ELSEWHERE: Words(
        "this top-up was paid at another till or in another shift", "ask a supervisor"
    ),
    TillReason.OTHER_TERMINAL: Words("another till's terminal took this card", "go to that till"),
    TillReason.CARD_KEPT: Words(
        "the terminal did not give the money back: nothing was booked",
        "try again, or load it onto the band",
    ),
}


def words(reason: TillReason) -> Words:
    """What to tell people."""
    return WORDS[reason]
