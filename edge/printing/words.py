"""What stands on receipts and reports, in each language: de, en, fr in this order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

LANGUAGES: Final = ("de", "en", "fr")

WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    # what it is
    "sale": ("Beleg", "Receipt", "Reçu"),
    "top_up": ("Aufladung", "Top-up", "Recharge"),
    "refund": ("Erstattung", "Refund", "Remboursement"),
    "reversal": ("Storno", "Reversal", "Annulation"),
    "deposit_return": ("Pfandrückgabe", "Deposit return", "Retour de consigne"),
    "cash_out": ("Auszahlung", "Cash-out", "Remboursement du solde"),
    "copy": ("KOPIE", "COPY", "DUPLICATA"),
    "training": (
        "TRAINING - KEIN BELEG",
        "TRAINING - NOT A RECEIPT",
        "FORMATION - SANS VALEUR",
    ),
    "reverses": ("Storno zu Beleg {}", "Reverses receipt {}", "Annule le reçu {}"),
    # its head
    "number": ("Beleg-Nr.", "Receipt no.", "Reçu n°"),
    "till": ("Kasse", "Till", "Caisse"),
    "cashier": ("Bedient von", "Served by", "Servi par"),
    "date": ("Datum", "Date", "Date"),
    "tax_id": ("USt-IdNr.", "VAT no.", "N° TVA"),
    "sold_by": ("Verkauft von", "Sold by", "Vendu par"),
    # its lines
    "deposit": ("Pfand", "Deposit", "Consigne"),
    "tip": ("Trinkgeld", "Tip", "Pourboire"),
    "voucher": ("Gutschein", "Voucher", "Bon"),
    "promo": ("Aktionsguthaben", "Promotional credit", "Crédit promotionnel"),
    "discount": ("Rabatt", "Discount", "Remise"),
    "rounding": ("Rundung", "Rounding", "Arrondi"),
    "payout": ("Auszahlung", "Payout", "Versement"),
    "total": ("SUMME", "TOTAL", "TOTAL"),
    "tax_head": ("MwSt", "VAT", "TVA"),
    "net": ("Netto", "Net", "HT"),
    "tax": ("Steuer", "Tax", "Taxe"),
    "gross": ("Brutto", "Gross", "TTC"),
    # how it was paid
    "wallet": ("Guthaben", "Wallet", "Portefeuille"),
    "cash": ("Bar", "Cash", "Espèces"),
    "card": ("Karte", "Card", "Carte"),
    "presale": ("Vorverkauf", "Presale", "Prévente"),
    "band": ("Band {}", "Band {}", "Bracelet {}"),
    "given": ("Gegeben", "Given", "Reçu en espèces"),
    "change": ("Rückgeld", "Change", "Rendu"),
    "terminal": ("Terminal {}", "Terminal {}", "Terminal {}"),
    "trace": ("Trace {}", "Trace {}", "Trace {}"),
    "authorization": ("Genehmigung {}", "Authorization {}", "Autorisation {}"),
    "stored_offline": (
        "offline genehmigt, Prüfung folgt",
        "approved offline, to be checked",
        "approuvé hors ligne, à vérifier",
    ),
    "before": ("Guthaben vorher", "Balance before", "Solde avant"),
    "after": ("Guthaben jetzt", "Balance now", "Solde actuel"),
    # what the tax office wants
    "fiscal_out": (
        "Sicherheitseinrichtung ausgefallen",
        "Signing device out of order",
        "Dispositif de signature en panne",
    ),
    "fiscal_serial": ("Seriennr.", "Serial no.", "N° de série"),
    "fiscal_counter": ("Signaturzähler", "Signature counter", "Compteur"),
    "fiscal_started": ("Beginn", "Began", "Début"),
    "fiscal_finished": ("Ende", "Ended", "Fin"),
    "fiscal_signature": ("Signatur", "Signature", "Signature"),
    # reports
    "X": ("X-BERICHT {}", "X REPORT {}", "RAPPORT X {}"),
    "Z": ("Z-BERICHT {}", "Z REPORT {}", "RAPPORT Z {}"),
    "x_note": (
        "Zwischenstand, kein Abschluss",
        "Interim, closes nothing",
        "Lecture, sans clôture",
    ),
    "business_day": ("Geschäftstag", "Business day", "Jour comptable"),
    "from": ("Von", "From", "Du"),
    "until": ("Bis", "Until", "Au"),
    "receipts": ("Belege", "Receipts", "Reçus"),
    "first_last": ("Erster / letzter", "First / last", "Premier / dernier"),
    "sales": ("Verkauf", "Sales", "Ventes"),
    "by_kind": ("NACH ART", "BY KIND", "PAR TYPE"),
    "top_ups": ("AUFLADUNGEN", "TOP-UPS", "RECHARGES"),
    "by_group": ("NACH WARENGRUPPE", "BY GROUP", "PAR GROUPE"),
    "by_merchant": ("NACH VERKÄUFER", "BY MERCHANT", "PAR MARCHAND"),
    "deposit_out": ("Pfand ausgegeben", "Deposits out", "Consignes perçues"),
    "deposit_back": ("Pfand zurück", "Deposits back", "Consignes rendues"),
    "group": ("Warengruppe", "Group", "Groupe"),
    "merchant": ("Verkäufer", "Merchant", "Marchand"),
    "other": ("Übrige", "Others", "Autres"),
    "by_method": ("NACH ZAHLART", "BY METHOD", "PAR PAIEMENT"),
    "by_tax": ("NACH STEUERSATZ", "BY TAX RATE", "PAR TAUX"),
    "extras": ("DAVON", "OF THESE", "DONT"),
    "reversals": ("Stornos", "Reversals", "Annulations"),
    "in_training": ("Training (nicht enthalten)", "Training (not included)", "Formation (exclu)"),
    "drawer": ("KASSENLADE", "CASH DRAWER", "TIROIR-CAISSE"),
    "opening": ("Anfangsbestand", "Float", "Fond de caisse"),
    "cash_taken": ("Bar eingenommen", "Cash taken", "Espèces reçues"),
    "moved": ("Ein- und Auszahlungen", "Paid in and out", "Apports et retraits"),
    "expected": ("Soll", "Expected", "Attendu"),
    "counted": ("Gezählt", "Counted", "Compté"),
    "not_counted": ("nicht gezählt", "not counted", "non compté"),
    "difference": ("Differenz", "Difference", "Écart"),
    "perpetual": ("Gesamtumsatz seit Beginn", "Grand total since start", "Grand total perpétuel"),
}
DATES: Final = ("%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y")
POINTS: Final = (",", ".", ",")


class Words:
    """The words, dates and numbers of one language of `LANGUAGES`."""

    def __init__(self, language: str) -> None:
        self._at = LANGUAGES.index(language)

    def __call__(self, key: str, *filled: str) -> str:
        """The phrase, its gap filled. A key that does not exist is our mistake."""
        return WORDS[key][self._at].format(*filled)

    def number(self, minor: int, exponent: int) -> str:
        """An amount without its currency: 450 with exponent 2 is 4,50. Never through a float."""
        digits = str(abs(minor)).rjust(exponent + 1, "0")
        sign = "-" if minor < 0 else ""
        if not exponent:
            return sign + digits
        return f"{sign}{digits[:-exponent]}{POINTS[self._at]}{digits[-exponent:]}"

    def amount(self, minor: int, exponent: int, currency: str) -> str:
        """An amount with its currency: 4,50 EUR."""
        return f"{self.number(minor, exponent)} {currency}"

    def percent(self, rate_bp: int) -> str:
        """Basis points as per cent: 1900 is 19 %, 550 is 5,5 %."""
        whole, part = divmod(rate_bp, 100)
        decimals = f"{part:02d}".rstrip("0")
        return f"{whole}{POINTS[self._at] + decimals if decimals else ''} %"

    def moment(self, ms: int, offset_minutes: int) -> str:
        """Date, time and offset on the venue's clock, to the second."""
        local = datetime.fromtimestamp(ms // 1000, UTC) + timedelta(minutes=offset_minutes)
        sign = "-" if offset_minutes < 0 else "+"
        hours, minutes = divmod(abs(offset_minutes), 60)
        date = local.strftime(DATES[self._at])
        return f"{date} {local:%H:%M:%S} {sign}{hours:02d}:{minutes:02d}"

    def day(self, yyyymmdd: int) -> str:
        """A business day."""
        day = datetime(yyyymmdd // 10000, yyyymmdd // 100 % 100, yyyymmdd % 100, tzinfo=UTC)
        return day.strftime(DATES[self._at])
