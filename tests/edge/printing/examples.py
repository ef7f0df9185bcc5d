"""Receipts and reports as a venue prints them; also what people look at when a layout changes:
`python -m tests.edge.printing.examples FOLDER` draws them all.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from edge.core.closing_report import ClosingReport, Sum
from edge.core.receipt import Card, Fiscal, Line, Merchant, Payment, Receipt, tax_totals
from edge.printing.escpos import PrintPlan, render
from edge.printing.picture import Printer

RATES = {"A": 1900, "B": 700}
# 21 November 2026, 22:39:53 in Vienna.
AT_MS = 1_795_297_193_000
HEADER = ("Seebühne Bregenz", "Open-Air GmbH, Platz der Künste 1", "6900 Bregenz")
QR = (
    "V0;seebuehne-01;Kassenbeleg-V1;Beleg^4.50_0.00_0.00_0.00_2.00^6.50:Unbar;312;911;"
    "2026-11-21T21:39:50.000Z;2026-11-21T21:39:53.000Z;ecdsa-plain-SHA384;unixTime;"
    "jGQkKTsOlrzYyhbNJ0dcfr2vKkBb1dIJtBiJkqv0oQ3AyhS5mDRCkuJbIUoE5G2PMD0V9bIhX9x0fP2mYw3UBQ=="
)


def line(text: str, unit: int, quantity: int = 1, tax: str = "", kind: Any = "article") -> Line:
    return Line(
        text=text, unit_minor=unit, quantity=quantity, total_minor=unit * quantity, tax=tax,
        kind=kind,
    )  # fmt: skip


def receipt(*lines: Line, **fields: Any) -> Receipt:
    defaults: dict[str, Any] = {
        "kind": "sale", "number": "K04-2026-000312", "till": "Bar Nord 04", "at_ms": AT_MS,
        "offset_minutes": 60, "currency": "EUR", "header": HEADER, "tax_id": "ATU12345678",
        "cashier": "Zoë", "lines": lines, "taxes": tax_totals(lines, RATES),
        "payments": (Payment(method="wallet", amount_minor=sum(x.total_minor for x in lines)),),
    }  # fmt: skip
    return Receipt(**(defaults | fields))


FISCAL = Fiscal(
    serial="9f2c11d0a4b7", counter=912, signature="jGQkKTsOlrzYyhbNJ0dcfr2vKkBb1dIJ",
    started_ms=AT_MS - 3000, finished_ms=AT_MS, qr=QR,
)  # fmt: skip
CARD = Card(
    scheme="Debit Mastercard", last4="4771", terminal="28004869", trace="000470",
    authorization_code="611804",
)  # fmt: skip
BEER = receipt(
    line("Helles vom Fass 0,5 l", 450, tax="A"),
    line("Becherpfand", 200, kind="deposit"),
    line("", 100, kind="tip"),
    payments=(Payment(method="wallet", amount_minor=750, medium="7f3a91c4"),),
    balance_before_minor=5000,
    balance_after_minor=4250,
    fiscal=FISCAL,
    footer=("Danke und viel Vergnügen!",),
    footer_qr="https://seebuehne.example/r/K04-2026-000312",
)
TOP_UP = receipt(
    line("Aufladung Festivalband", 5000, kind="top_up"),
    kind="top_up",
    number="T01-000077",
    payments=(Payment(method="card", amount_minor=5000, card=CARD),),
    balance_before_minor=250,
    balance_after_minor=5250,
    fiscal=Fiscal(out_of_order=True),
)
TOP_UP_CASH = receipt(
    line("Aufladung Festivalband", 2000, kind="top_up"),
    kind="top_up",
    payments=(Payment(method="cash", amount_minor=2000, given_minor=5000),),
    balance_before_minor=0,
    balance_after_minor=2000,
)
REFUND = receipt(
    line("Portion Käsespätzle mit Röstzwiebeln", 1290, -1, "B"),
    line("Teller", 300, -1, kind="deposit"),
    kind="refund",
    payments=(Payment(method="wallet", amount_minor=-1590, medium="7f3a91c4"),),
    balance_before_minor=2000,
    balance_after_minor=3590,
)
REVERSAL = receipt(
    line("Helles vom Fass 0,5 l", 450, -2, "A"),
    line("Becherpfand", 200, -2, kind="deposit"),
    kind="reversal",
    number="K04-2026-000313",
    reverses="K04-2026-000312",
    payments=(Payment(method="wallet", amount_minor=-1300, medium="7f3a91c4"),),
)
TRAINING = receipt(line("Helles vom Fass 0,5 l", 450, tax="A"), training=True)
COPY = receipt(
    line("Menu du jour : bœuf à l'ancienne", 2450, tax="B"),
    line("Château « Clos des Évêques » 2019, 75 cl", 4800, tax="A"),
    line("Remise fidélité", -245, tax="B", kind="discount"),
    line("Bon boisson", -480, tax="A", kind="voucher"),
    copy=True,
    merchant=Merchant(
        name="Crêperie l'Étoile de mer", address="3, rue de l'Île, 67000 Strasbourg",
        tax_id="FR12345678901",
    ),
    payments=(
        Payment(method="wallet", amount_minor=3000),
        Payment(method="card", amount_minor=3525, card=CARD),
    ),
)  # fmt: skip
LONG_NAME = (
    "Hausgemachte Donaudampfschifffahrtsgesellschaftskapitänsmützenknödel mit Röstzwiebeln, "
    "Sauerkraut und glutenfreier Soße"
)
BASKET = receipt(
    *(
        line(f"{LONG_NAME if at == 7 else f'Artikel {at} 0,{at % 9 + 1} l'}", 150 + 37 * at,
             1 + at % 4, "AB"[at % 2])
        for at in range(1, 41)
    ),
)  # fmt: skip
REPORT: dict[str, Any] = {
    "till": "Bar Nord 04", "business_day": 20261121, "from_ms": AT_MS - 6 * 3600 * 1000,
    "at_ms": AT_MS, "offset_minutes": 60, "currency": "EUR", "header": HEADER, "cashier": "Zoë",
    "first_receipt": "K04-2026-000001", "last_receipt": "K04-2026-000313", "receipt_count": 313,
    "taxes": tax_totals((line("", 412350, tax="A"), line("", 98710, tax="B")), RATES),
    "kinds": (
        Sum(key="sale", count=280, amount_minor=511060),
        Sum(key="top_up", count=30, amount_minor=92000),
        Sum(key="refund", count=2, amount_minor=-2580),
        Sum(key="cash_out", count=1, amount_minor=-4250),
    ),
    "methods": (
        Sum(key="wallet", count=282, amount_minor=508480),
        Sum(key="cash", count=1, amount_minor=-4250),
    ),
    "top_ups": (
        Sum(key="cash", count=20, amount_minor=52000),
        Sum(key="card", count=10, amount_minor=40000),
    ),
    "groups": (
        Sum(key="group", label="Getränke", count=240, amount_minor=412350),
        Sum(key="group", label="Küche", count=71, amount_minor=98710),
    ),
    "merchants": (Sum(key="merchant", label="Crêperie", count=71, amount_minor=98710),),
    "extras": (
        Sum(key="deposit_out", count=96, amount_minor=19200),
        Sum(key="deposit_back", count=25, amount_minor=-5000),
        Sum(key="tip", count=88, amount_minor=9930),
        Sum(key="voucher", count=12, amount_minor=-5760),
    ),
    "reversals": Sum(key="reversal", count=3, amount_minor=-2350),
    "training": Sum(key="sale", count=4, amount_minor=1800),
    "opening_minor": 20000, "moved_minor": -30000, "perpetual_minor": 1_234_567_890,
}  # fmt: skip
X = ClosingReport(closing="X", number=7, **REPORT)
Z = ClosingReport(
    closing="Z", number=42, expected_minor=37750, counted_minor=37450,
    signature="b3a1 77f0 91ce 0d42", **REPORT,
)  # fmt: skip
EXAMPLES: dict[str, Receipt | ClosingReport] = {
    "beer": BEER, "top-up": TOP_UP, "top-up-cash": TOP_UP_CASH, "refund": REFUND,
    "reversal": REVERSAL, "training": TRAINING, "copy": COPY, "basket": BASKET, "x": X, "z": Z,
}  # fmt: skip


def main(folder: Path) -> None:
    for name, paper in EXAMPLES.items():
        for columns in (42, 32):
            language = "fr" if name == "copy" else "de"
            printer = Printer(columns)
            printer.take(render(paper, PrintPlan(columns=columns, language=language)))
            (folder / f"{name}-{columns}.png").write_bytes(printer.png())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
