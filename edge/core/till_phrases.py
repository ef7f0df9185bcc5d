"""What a till says in the cashier's language: what is wrong, and what to do next. Pure.

English stands in `till_reasons`; the words for bands in `wallet_phrases`. Every reason has words in
every language; a test says so.
"""

from typing import Final

from edge.core.pricing import PriceList
from edge.core.till_reasons import WORDS, TillReason, Words
from edge.core.wallet_phrases import PHRASES

_R = TillReason
_DE: Final[dict[TillReason, Words]] = {
    _R.BASKET_EMPTY: Words("Der Korb ist leer.", "Artikel wählen"),
    _R.BASKET_TOO_LARGE: Words("Das sind zu viele Zeilen.", "auf zwei Körbe aufteilen"),
    _R.TIP_WRONG: Words("Dieses Trinkgeld geht nicht.", "Betrag oder Prozent, nicht beides"),
    _R.UNKNOWN_ARTICLE: Words("Der Artikel steht auf keiner Preisliste.", "Seite neu laden"),
    _R.NOT_RETURNABLE: Words("Das nimmt man nicht zurück.", "zurück kommt nur Pfand"),
    _R.NOT_SOLD_NOW: Words("Das wird jetzt nicht verkauft.", "aus dem Korb nehmen"),
    _R.PRICE_MISSING: Words("Hier fehlt der Preis.", "Preis eintippen"),
    _R.QUANTITY_UNWANTED: Words("Ein getippter Preis hat keine Menge.", "noch einmal hinzufügen"),
    _R.PRICE_WRONG: Words("Diesen Preis gibt es nicht.", "Preis neu eintippen"),
    _R.PRICE_UNWANTED: Words("Das hat schon einen Preis.", "ohne Preis hinzufügen"),
    _R.QUANTITY_WRONG: Words("Diese Menge geht nicht.", "1 bis 9999, oder weniger als 0"),
    _R.TOO_YOUNG: Words("Dafür ist der Gast zu jung.", "aus dem Korb nehmen"),
    _R.AGE_UNCONFIRMED: Words("Das Alter wurde nicht geprüft.", "Ausweis zeigen lassen"),
    _R.AMOUNT_TOO_LARGE: Words("Der Betrag ist zu groß.", "auf zwei Körbe aufteilen"),
    _R.PRICE_CHANGED: Words("Das ist nicht der gezeigte Preis.", "noch einmal anzeigen"),
    _R.NOTHING_TO_PAY: Words("Es ist nichts zu zahlen.", "Korb prüfen"),
    _R.OTHER_CONTENT: Words("Dieser Korb wurde mit anderem Inhalt bezahlt.", "neu beginnen"),
    _R.QUOTED_BEFORE: Words(
        "Das Gateway wurde seit dieser Summe neu gestartet, abgebucht wurde nichts.",
        "Summe neu anzeigen, dann zahlen",
    ),
    _R.NO_PRICES: Words("Hier ist noch keine Preisliste.", "die Zentrale muss eine senden"),
    _R.SHIFT_CLOSED: Words("An dieser Kasse ist keine Schicht offen.", "zuerst Schicht öffnen"),
    _R.SHIFT_OPEN: Words("An dieser Kasse ist eine Schicht offen.", "zuerst schließen"),
    _R.TILL_BUSY: Words("An dieser Kasse läuft ein anderer Korb.", "beenden oder abbrechen"),
    _R.NO_READER: Words("Der Leser dieser Kasse antwortet nicht.", "Kabel prüfen"),
    _R.NO_TERMINAL: Words("Diese Kasse hat kein Kartenterminal.", "mit Band oder bar zahlen"),
    _R.NO_DRAWER: Words("Diese Kasse hat keine Lade.", "an eine Kasse mit Lade gehen"),
    _R.NO_CASH_HERE: Words("Hier zahlen nur Bänder.", "zuerst aufladen"),
    _R.NO_TOP_UP_HERE: Words("Diese Kasse lädt nicht auf.", "an eine Aufladestelle gehen"),
    _R.NO_ROOM: Words("Es ist kein Platz für Buchungen.", "Technik rufen"),
    _R.TRAINING: Words("Übung: weder Band noch Geld bewegt sich.", "Übung beenden"),
    _R.OPEN_ENDS: Words("Hier ist noch etwas ungeklärt.", "die Liste ansehen"),
    _R.NO_Z: Words("Die letzte Schicht hat noch keinen Z-Bericht.", "zuerst Z-Bericht machen"),
    _R.UNKNOWN_SALE: Words("Diesen Verkauf kennt die Kasse nicht.", "Beleg noch einmal ansehen"),
    _R.ELSEWHERE: Words("Das hat ein anderes Gateway gebucht.", "dort stornieren"),
    _R.OTHER_SHIFT: Words("Das war in einer anderen Schicht.", "stattdessen Ware zurücknehmen"),
    _R.OTHER_TILL: Words("Das hat eine andere Kasse verkauft.", "Aufsicht holen"),
    _R.REVERSED_ALREADY: Words("Das ist schon storniert.", "nichts mehr zu tun"),
    _R.NOT_REVERSIBLE: Words("Das lässt sich nicht stornieren.", "Aufsicht holen"),
    _R.OTHER_BAND: Words("Das wurde mit einem anderen Band bezahlt.", "jenes Band anhalten"),
    _R.MORE_THAN_SOLD: Words("Es käme mehr zurück, als verkauft wurde.", "Korb prüfen"),
    _R.CARD_DECLINED: Words("Die Karte wurde abgelehnt.", "andere Karte, Band oder bar"),
    _R.CARD_UNKNOWN: Words("Ob die Karte zahlte, ist noch ungewiss.", "nicht noch einmal fragen"),
    _R.CODE_UNKNOWN: Words("Diesen Gutscheincode gibt es nicht.", "noch einmal eintippen"),
    _R.CODE_USED: Words("Dieser Gutscheincode ist schon eingelöst.", "er gilt nur einmal"),
    _R.GIVEN_UP: Words("Dieser Korb wurde aufgegeben.", "neu beginnen"),
    _R.TOP_UP_ARRIVED: Words(
        "Keine Aufladung dieses Bandes ist offen: alle sind drauf oder zurückgezahlt.",
        "Guthaben ansehen",
    ),
    _R.MAY_BE_THERE: Words(
        "Diese Aufladung könnte schon auf dem Band sein.",
        "stattdessen laden: eine Aufladung beginnen, diese wird zuerst fertig",
    ),
    _R.MAY_STILL_LOAD: Words(
        "Eine Aufladestelle, die gerade nicht gehört wird, könnte das noch laden.",
        "hier laden: eine Aufladung beginnen, diese wird zuerst fertig",
    ),
    _R.LOADED_SINCE: Words(
        "Eine andere Stelle hat dieses Band seither geladen und wird noch nicht gehört.",
        "noch einmal, sobald sie gehört wird",
    ),
    _R.OVERTAKEN: Words(
        "Eine andere Stelle hat das Band seither geladen: dies passt nicht mehr darauf.",
        "Geld zurückgeben: Mehr, Aufladung kam nicht an",
    ),
    _R.TOP_UP_SPENT: Words(
        "Von diesem Band wurde mehr ausgegeben, als darauf ist.", "nicht auszahlen, Aufsicht holen"
    ),
    _R.WENT_BACK: Words("Das Geld dieser Aufladung wurde zurückgegeben.", "neu beginnen"),
    _R.TOPPED_ELSEWHERE: Words(
        "Diese Aufladung wurde an einer anderen Kasse oder in einer anderen Schicht bezahlt.",
        "Aufsicht holen",
    ),
    _R.OTHER_TERMINAL: Words(
        "Diese Karte hat das Terminal einer anderen Kasse genommen.", "an jene Kasse gehen"
    ),
    _R.CARD_KEPT: Words(
        "Das Terminal gab das Geld nicht zurück: nichts wurde gebucht.",
        "noch einmal, oder aufs Band laden",
    ),
}
_FR: Final[dict[TillReason, Words]] = {
    _R.BASKET_EMPTY: Words("Le panier est vide.", "choisissez un article"),
    _R.BASKET_TOO_LARGE: Words("Il y a trop de lignes.", "faites deux paniers"),
    _R.TIP_WRONG: Words("Ce pourboire n’est pas possible.", "un montant ou un pourcentage"),
    _R.UNKNOWN_ARTICLE: Words("Cet article n’est sur aucun tarif.", "rechargez la page"),
    _R.NOT_RETURNABLE: Words("Cela ne se rend pas.", "seule la consigne se rend"),
    _R.NOT_SOLD_NOW: Words("Cela ne se vend pas en ce moment.", "retirez-le du panier"),
    _R.PRICE_MISSING: Words("Il manque le prix.", "tapez le prix"),
    _R.QUANTITY_UNWANTED: Words("Un prix tapé n’a pas de quantité.", "ajoutez-le encore une fois"),
    _R.PRICE_WRONG: Words("Ce prix n’est pas possible.", "tapez-le de nouveau"),
    _R.PRICE_UNWANTED: Words("Cet article a déjà un prix.", "ajoutez-le sans prix"),
    _R.QUANTITY_WRONG: Words("Cette quantité n’est pas possible.", "de 1 à 9999, ou moins de 0"),
    _R.TOO_YOUNG: Words("Le client est trop jeune pour cela.", "retirez-le du panier"),
    _R.AGE_UNCONFIRMED: Words("L’âge n’a pas été vérifié.", "demandez une pièce d’identité"),
    _R.AMOUNT_TOO_LARGE: Words("Ce montant est trop élevé.", "faites deux paniers"),
    _R.PRICE_CHANGED: Words("Ce n’est pas le prix affiché.", "affichez-le de nouveau"),
    _R.NOTHING_TO_PAY: Words("Il n’y a rien à payer.", "vérifiez le panier"),
    _R.OTHER_CONTENT: Words("Ce panier a été payé avec un autre contenu.", "recommencez"),
    _R.QUOTED_BEFORE: Words(
        "La passerelle a redémarré depuis ce total, rien n’a été débité.",
        "affichez le total, puis encaissez",
    ),
    _R.NO_PRICES: Words("Il n’y a pas encore de tarif.", "la centrale doit en envoyer un"),
    _R.SHIFT_CLOSED: Words("Aucun service n’est ouvert ici.", "ouvrez d’abord un service"),
    _R.SHIFT_OPEN: Words("Un service est ouvert ici.", "fermez-le d’abord"),
    _R.TILL_BUSY: Words("Un autre panier est en cours ici.", "terminez-le ou annulez-le"),
    _R.NO_READER: Words("Le lecteur de cette caisse ne répond pas.", "vérifiez le câble"),
    _R.NO_TERMINAL: Words("Cette caisse n’a pas de terminal.", "bracelet ou espèces"),
    _R.NO_DRAWER: Words("Cette caisse n’a pas de tiroir.", "allez à une caisse qui en a un"),
    _R.NO_CASH_HERE: Words("Ici on ne paie que par bracelet.", "rechargez d’abord"),
    _R.NO_TOP_UP_HERE: Words("Cette caisse ne recharge pas.", "allez à un point de recharge"),
    _R.NO_ROOM: Words("Il n’y a plus de place pour écrire.", "appelez un technicien"),
    _R.TRAINING: Words("Formation : ni bracelet ni argent ne bouge.", "quittez la formation"),
    _R.OPEN_ENDS: Words("Quelque chose n’est pas réglé ici.", "regardez la liste"),
    _R.NO_Z: Words("Le dernier service n’a pas encore de Z.", "faites d’abord son Z"),
    _R.UNKNOWN_SALE: Words("Cette caisse ne connaît pas cette vente.", "relisez le reçu"),
    _R.ELSEWHERE: Words("Une autre passerelle a enregistré cela.", "allez à la caisse qui a vendu"),
    _R.OTHER_SHIFT: Words("C’était dans un autre service.", "reprenez plutôt l’article"),
    _R.OTHER_TILL: Words("Une autre caisse a vendu cela.", "appelez un responsable"),
    _R.REVERSED_ALREADY: Words("C’est déjà contre-passé.", "il n’y a plus rien à faire"),
    _R.NOT_REVERSIBLE: Words("Cela ne peut pas être contre-passé.", "appelez un responsable"),
    _R.OTHER_BAND: Words("Cela a été payé avec un autre bracelet.", "présentez ce bracelet-là"),
    _R.MORE_THAN_SOLD: Words("Il reviendrait plus qu’il n’a été vendu.", "vérifiez le panier"),
    _R.CARD_DECLINED: Words("La carte a été refusée.", "autre carte, bracelet ou espèces"),
    _R.CARD_UNKNOWN: Words("On ignore encore si la carte a payé.", "ne redemandez pas"),
    _R.CODE_UNKNOWN: Words("Ce code est inconnu.", "tapez-le de nouveau"),
    _R.CODE_USED: Words("Ce code a déjà servi.", "il ne paie qu’une fois"),
    _R.GIVEN_UP: Words("Ce panier a été abandonné.", "recommencez"),
    _R.TOP_UP_ARRIVED: Words(
        "Aucune recharge de ce bracelet n’est ouverte : toutes sont dessus ou remboursées.",
        "regardez le solde",
    ),
    _R.MAY_BE_THERE: Words(
        "Cette recharge est peut-être déjà sur le bracelet.",
        "chargez-la : commencez une recharge, celle-ci finit d’abord",
    ),
    _R.MAY_STILL_LOAD: Words(
        "Un autre point de recharge, injoignable, pourrait encore la charger.",
        "chargez-la ici : commencez une recharge, celle-ci finit d’abord",
    ),
    _R.LOADED_SINCE: Words(
        "Un autre point, pas encore joignable, a rechargé ce bracelet depuis.",
        "réessayez quand il sera joignable",
    ),
    _R.OVERTAKEN: Words(
        "Un autre point a rechargé ce bracelet depuis : cette recharge ne peut plus y aller.",
        "rendez l’argent : menu, recharge non arrivée",
    ),
    _R.TOP_UP_SPENT: Words(
        "Ce bracelet a dépensé plus qu’il ne contient.", "ne remboursez pas, appelez un superviseur"
    ),
    _R.WENT_BACK: Words("L’argent de cette recharge a été rendu.", "recommencez"),
    _R.TOPPED_ELSEWHERE: Words(
        "Cette recharge a été payée à une autre caisse ou pendant un autre service.",
        "appelez un superviseur",
    ),
    _R.OTHER_TERMINAL: Words(
        "Le terminal d’une autre caisse a pris cette carte.", "allez à cette caisse"
    ),
    _R.CARD_KEPT: Words(
        "Le terminal n’a pas rendu l’argent : rien n’est comptabilisé.",
        "réessayez, ou chargez le bracelet",
    ),
}
TILL_WORDS: Final[dict[str, dict[TillReason, Words]]] = {"de": _DE, "en": WORDS, "fr": _FR}
#: What went wrong with a band or a device: the guest taps again, and nothing is charged twice.
BAND_WORDS: Final[dict[str, dict[str, Words]]] = {
    "band_gone": {
        "de": Words("Das Band war zu früh weg.", "noch einmal anhalten, etwas länger"),
        "en": Words("the band left too soon", "hold it to the reader again, a little longer"),
        "fr": Words("Le bracelet est parti trop tôt.", "présentez-le un peu plus longtemps"),
    },
    "band_refused": {
        "de": Words("Das Band hat es nicht angenommen.", "noch einmal anhalten"),
        "en": Words("the band did not take it", "hold it to the reader again"),
        "fr": Words("Le bracelet ne l’a pas accepté.", "présentez-le encore une fois"),
    },
    "band_unknown": {
        "de": Words("Das ist kein Band dieser Veranstaltung.", "nur das Band anhalten"),
        "en": Words("this is none of the event's bands", "hold the band alone to the reader"),
        "fr": Words("Ce n’est pas un bracelet d’ici.", "présentez seulement le bracelet"),
    },
    "other_band": {
        "de": Words("Vorhin war es ein anderes Band.", "dasselbe Band noch einmal anhalten"),
        "en": Words("another band was tapped before", "hold the same band to the reader again"),
        "fr": Words("C’était un autre bracelet avant.", "présentez le même bracelet"),
    },
    "reader_away": {
        "de": Words("Der Leser antwortet nicht.", "Kabel prüfen; es geht von selbst weiter"),
        "en": Words("the reader does not answer", "check its cable; it goes on by itself"),
        "fr": Words("Le lecteur ne répond pas.", "vérifiez le câble ; il reprend tout seul"),
    },
    "not_written": {
        "de": Words("Vom Band wurde nichts abgebucht.", "noch einmal anhalten"),
        "en": Words("the band was not charged", "hold it to the reader again"),
        "fr": Words("Le bracelet n’a pas été débité.", "présentez-le encore une fois"),
    },
    "not_sure": {
        "de": Words("Ob gezahlt wurde, ist noch ungewiss.", "dasselbe Band noch einmal anhalten"),
        "en": Words("it is not sure yet whether it was paid", "hold the same band again"),
        "fr": Words("On ignore encore si c’est payé.", "présentez le même bracelet"),
    },
    "tap_for_credit": {
        "de": Words("Das Geld ist da.", "dasselbe Band noch einmal anhalten, dann lädt es auf"),
        "en": Words("the money is taken", "hold the same band again to load it"),
        "fr": Words("L’argent est encaissé.", "présentez le même bracelet pour le charger"),
    },
    "money_back": {
        "de": Words(
            "Diese Aufladung ist nicht auf dem Band.",
            "bei Nein lädt sie jede Aufladung dieses Bandes nach",
        ),
        "en": Words("this top-up is not on the band", "with no, any top-up of this band loads it"),
        "fr": Words(
            "Cette recharge n’est pas sur le bracelet.",
            "si non, toute recharge de ce bracelet la charge",
        ),
    },
    "back_cash": {
        "de": Words("Diesen Betrag aus der Lade geben.", ""),
        "en": Words("give this amount out of the drawer", ""),
        "fr": Words("Rendez ce montant de la caisse.", ""),
    },
    "back_card": {
        "de": Words("Das Terminal hat es auf die Karte zurückgegeben.", ""),
        "en": Words("the terminal gave it back to the card", ""),
        "fr": Words("Le terminal l’a rendu à la carte.", ""),
    },
    "back_code": {
        "de": Words("Nichts auszahlen: Code oder Bestellung gilt wieder.", ""),
        "en": Words("pay nothing out: the code or order is open again", ""),
        "fr": Words("Ne rendez rien : le code ou la commande vaut à nouveau.", ""),
    },
    "top_up_open": {
        "de": Words(
            "Bezahlt und noch nicht sicher auf dem Band.",
            "jede Aufladung dieses Bandes holt "
            "es nach; oder Geld zurück: Mehr, Aufladung kam nicht an",
        ),
        "en": Words(
            "paid, and not surely on the band yet",
            "any top-up of this band makes up for "
            "it; or give the money back: menu, top-up did not arrive",
        ),
        "fr": Words(
            "Payé, et peut-être pas encore sur le bracelet.",
            "toute recharge de ce bracelet "
            "la termine ; ou rendez l’argent : menu, recharge non arrivée",
        ),
    },
    "cancelled": {
        "de": Words("Es wurde abgebrochen.", ""),
        "en": Words("it was cancelled", ""),
        "fr": Words("C’est annulé.", ""),
    },
    "goods_given": {
        "de": Words("Ausgegeben, ob bezahlt ist ungewiss.", "das Band klärt es"),
        "en": Words("given, and not sure whether it was paid", "it is settled by the band"),
        "fr": Words("Remis, paiement incertain.", "le bracelet le dira"),
    },
    "goods_kept": {
        "de": Words("Nicht ausgegeben, ob bezahlt ist ungewiss.", "das Band klärt es"),
        "en": Words("not given, and not sure whether it was paid", "it is settled by the band"),
        "fr": Words("Non remis, paiement incertain.", "le bracelet le dira"),
    },
    "crashed": {
        "de": Words("Im Gateway ging etwas schief.", "das Guthaben des Bandes ansehen"),
        "en": Words("something went wrong in the gateway", "look at the balance of the band"),
        "fr": Words("La passerelle a eu un problème.", "regardez le solde du bracelet"),
    },
    "age": {
        "de": Words("Ist der Gast alt genug?", "Ausweis ansehen"),
        "en": Words("is the guest old enough?", "look at a document"),
        "fr": Words("Le client a-t-il l’âge ?", "regardez une pièce d’identité"),
    },
    "same_amount": {
        "de": Words("Dieses Band hat eben so viel bezahlt.", "ist es ein neuer Verkauf?"),
        "en": Words("this band has just paid that much", "is this another sale?"),
        "fr": Words("Ce bracelet vient de payer autant.", "est-ce une autre vente ?"),
    },
    "answered_no": {
        "de": Words("Die Kasse sagte nein.", ""),
        "en": Words("the cashier said no", ""),
        "fr": Words("La caisse a dit non.", ""),
    },
}


def filled(said: Words, limit_minor: int | None, prices: PriceList | None) -> Words:
    """The words with the amount they speak of, if they do: without one, an ellipsis."""
    if "{amount}" not in said.detail + said.hint:
        return said
    amount = "…"
    if limit_minor is not None and prices is not None:
        digits = str(limit_minor).rjust(prices.cashless.exponent + 1, "0")
        at = len(digits) - prices.cashless.exponent
        point = f".{digits[at:]}" if prices.cashless.exponent else ""
        amount = f"{digits[:at]}{point} {prices.cashless.currency}"
    return Words(said.detail.format(amount=amount), said.hint.format(amount=amount))


def spoken(language: str, desk: str) -> dict[str, Words]:
    """Words for every reason a work may name, by that name. `{amount}` in them stands for the
    work's `limit_minor`; `desk`: where help is."""
    said = {reason.name.lower(): each for reason, each in TILL_WORDS[language].items()}
    said |= {name: each[language] for name, each in BAND_WORDS.items()}
    for reason, phrases in PHRASES.items():
        one = phrases[language]
        put = {"desk": desk, "amount": "{amount}"}
        said[reason.code] = Words(one.staff.format(**put), one.guest.format(**put))
    return said
