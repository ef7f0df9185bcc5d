"""edge/printing/closing_layout.py: X and Z on paper."""

from __future__ import annotations

import msgspec
import pytest

from edge.core.closing_report import ClosingReport
from edge.printing.escpos import PrintPlan, rows_of
from edge.printing.paper import COLUMNS, Row
from edge.printing.words import LANGUAGES
from tests.edge.printing import examples


def said(report: ClosingReport, columns: int = 42, language: str = "de") -> list[str]:
    rows = rows_of(report, PrintPlan(columns=columns, language=language))
    return [row.text for row in rows if isinstance(row, Row)]


def test_a_z_report() -> None:
    text = said(examples.Z)
    for row in (
        "    Z-BERICHT 42",
        "Geschäftstag                    21.11.2026",
        "Belege                                 313",
        "Verkauf (280)                  5110,60 EUR",
        "Bar (1)                         -42,50 EUR",
        "AUFLADUNGEN",
        "Bar (20)                        520,00 EUR",
        "Getränke (240)                 4123,50 EUR",
        "Crêperie (71)                   987,10 EUR",
        "Pfand zurück (25)               -50,00 EUR",
        "A 19 %        3465,13    658,37    4123,50",
        "Pfand ausgegeben (96)           192,00 EUR",
        "Stornos (3)                     -23,50 EUR",
        "Training (nicht enthalten) (4)   18,00 EUR",
        "Anfangsbestand                  200,00 EUR",
        "Bar eingenommen                 477,50 EUR",
        "Ein- und Auszahlungen          -300,00 EUR",
        "Soll                            377,50 EUR",
        "Gezählt                         374,50 EUR",
        "Differenz                        -3,00 EUR",
        "Gesamtumsatz seit Beginn   12345678,90 EUR",
    ):
        assert row in text, row


def test_an_x_report_closes_nothing_and_expects_nothing_before_a_blind_count() -> None:
    text = " ".join(said(examples.X))
    assert "kein Abschluss" in text and "nicht gezählt" in text
    assert "Soll" not in text and "Differenz" not in text and "Bar eingenommen" not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("report", [examples.X, examples.Z], ids=["X", "Z"])
def test_every_sum_is_told(report: ClosingReport, columns: int, language: str) -> None:
    text = " ".join(" ".join(said(report, columns, language)).split())
    sums = (*report.kinds, *report.methods, *report.top_ups, *report.extras, *report.groups)
    sums += (*report.merchants, report.reversals, report.training)
    for each in sums:
        assert each is not None
        digits = f"{each.amount_minor:04d}"
        point = "." if language == "en" else ","
        assert f"({each.count}) {digits[:-2]}{point}{digits[-2:]} EUR" in text


def test_a_copy_is_marked() -> None:
    again = msgspec.structs.replace(examples.Z, copy=True)
    assert sum("KOPIE" in row for row in said(again)) == 2
