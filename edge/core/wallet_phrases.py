"""What the till says when it cannot serve a band: to the cashier what to do, to the guest why.

`{amount}`: of `Refused.amount_minor`, written by the till with its currency. `{desk}`: where help
is. Every reason has a phrase in every language; a test says so.
"""

from typing import Final

from edge.core.phrases_ticket import Phrase
from edge.core.wallet_reasons import WalletReason as R

_DESK: Final = {
    "de": Phrase("An {desk} verweisen.", "Bitte gehen Sie zu: {desk}."),
    "en": Phrase("Send to {desk}.", "Please go to {desk}."),
    "fr": Phrase("Diriger vers : {desk}.", "Adressez-vous à : {desk}."),
}


def _three(
    de: tuple[str, str], en: tuple[str, str], fr: tuple[str, str], desk: bool = False
) -> dict[str, Phrase]:
    spoken = {"de": Phrase(*de), "en": Phrase(*en), "fr": Phrase(*fr)}
    if not desk:
        return spoken
    ends = _DESK
    return {
        language: Phrase(
            f"{one.staff} {ends[language].staff}", f"{one.guest} {ends[language].guest}"
        )
        for language, one in spoken.items()
    }


_AGAIN: Final = _three(
    ("Nicht bezahlt: Band noch einmal auflegen.", "Bitte noch einmal auflegen."),
    ("Not paid: hold the band to the reader again.", "Please tap again."),
    ("Non payé : présenter le bracelet encore une fois.", "Présentez le bracelet encore une fois."),
)
_NOT_OURS: Final = _three(
    ("Kein Band dieser Veranstaltung.", "Dieses Band gehört nicht zu dieser Veranstaltung."),
    ("Not a band of this event.", "This band does not belong to this event."),
    ("Pas un bracelet de cet événement.", "Ce bracelet n’est pas de cet événement."),
    desk=True,
)
_SUSPECT: Final = _three(
    ("Stand des Bandes passt nicht. Nichts ausgeben.", "Ihr Band muss geprüft werden."),
    ("The band does not fit its history. Hand out nothing.", "Your band has to be checked."),
    (
        "Le bracelet contredit son historique. Ne rien remettre.",
        "Votre bracelet doit être vérifié.",
    ),
    desk=True,
)
_BLOCKED: Final = _three(
    ("Band ist gesperrt. Nichts ausgeben.", "Dieses Band ist gesperrt."),
    ("The band is blocked. Hand out nothing.", "This band is blocked."),
    ("Le bracelet est bloqué. Ne rien remettre.", "Ce bracelet est bloqué."),
    desk=True,
)
_AMOUNT: Final = _three(
    ("Betrag ist nicht möglich: {amount} prüfen.", "Dieser Betrag ist nicht möglich."),
    ("This amount is not possible: check {amount}.", "This amount is not possible."),
    ("Montant impossible : vérifier {amount}.", "Ce montant n’est pas possible."),
)
_SETUP: Final = _three(
    ("Kasse ist dafür nicht eingerichtet: Technik rufen.", "Das geht an dieser Kasse nicht."),
    ("This till is not set up for it: call the technician.", "This till cannot do that right now."),
    ("Caisse non configurée : appeler la technique.", "Cette caisse ne peut pas le faire."),
)  # fmt: skip

PHRASES: Final[dict[R, dict[str, Phrase]]] = {
    R.CHIP_UNKNOWN: _AGAIN,
    R.NOT_OURS: _NOT_OURS,
    R.NOT_GENUINE: _SUSPECT,
    R.CERTIFICATE: _three(
        ("Guthaben nicht lesbar: zurück an die Aufladestelle.", "Bitte zur Aufladestelle."),
        ("Credit cannot be read: back to a top-up point.", "Please go to a top-up point."),
        ("Crédit illisible : retour au point de recharge.", "Allez à un point de recharge."),
    ),
    R.BLOCKED: _BLOCKED,
    R.EPOCH: _three(
        ("Band wurde ersetzt. Nichts ausgeben.", "Dieses Band wurde durch ein neues ersetzt."),
        ("The band was replaced. Hand out nothing.", "This band was replaced by a new one."),
        ("Bracelet remplacé. Ne rien remettre.", "Ce bracelet a été remplacé."),
        desk=True,
    ),
    R.LOCKED: _BLOCKED,
    R.EXPIRED: _three(
        ("Band ist abgelaufen.", "Dieses Band ist abgelaufen."),
        ("The band has expired.", "This band has expired."),
        ("Le bracelet a expiré.", "Ce bracelet a expiré."),
        desk=True,
    ),
    R.CLASS_UNKNOWN: _SETUP,
    R.SLOTS: _three(
        ("Band ist nicht lesbar. Noch einmal auflegen, sonst:", "Ihr Band ist nicht lesbar."),
        ("The band cannot be read. Tap again, or else:", "Your band cannot be read."),
        ("Bracelet illisible. Réessayer, sinon :", "Votre bracelet est illisible."),
        desk=True,
    ),
    R.BEHIND: _SUSPECT,
    R.CLONED: _SUSPECT,
    R.REPAIR: _AGAIN,
    R.IN_DOUBT: _three(
        (
            "Unklar, ob schon bezahlt. Nicht noch einmal kassieren; Leitung fragen.",
            "Wir prüfen, ob schon bezahlt ist. Sie zahlen nicht doppelt.",
        ),
        (
            "It may be paid already. Do not charge again; ask the supervisor.",
            "We check whether this is paid. You will not pay twice.",
        ),
        (
            "Peut-être déjà payé. Ne pas encaisser de nouveau ; demander au responsable.",
            "Nous vérifions le paiement. Vous ne paierez pas deux fois.",
        ),
    ),
    R.UNFINISHED: _three(
        ("Letzte Aufladung ({amount}) erst abschließen.", "Ihre letzte Aufladung fehlt noch."),
        ("Finish the last top-up ({amount}) first.", "Your last top-up is not complete yet."),
        ("Terminer d’abord la recharge de {amount}.", "Votre recharge n’est pas terminée."),
    ),
    R.TXID_USED: _AGAIN,
    R.AMOUNT: _AMOUNT,
    R.ORIGINAL_UNKNOWN: _three(
        ("Ursprüngliche Buchung ist hier nicht bekannt.", "Diese Buchung finden wir hier nicht."),
        ("The original payment is not known here.", "We cannot find this payment here."),
        ("Paiement d’origine inconnu ici.", "Nous ne trouvons pas ce paiement ici."),
        desk=True,
    ),
    R.ALREADY_REVERSED: _three(
        ("Schon storniert oder erstattet.", "Das wurde schon zurückgegeben."),
        ("Already reversed or refunded.", "This was given back already."),
        ("Déjà annulé ou remboursé.", "C’est déjà remboursé."),
    ),
    R.GIVEN_TOO_MUCH: _three(
        ("Höchstens {amount} zurückgeben.", "Höchstens {amount} können zurückgegeben werden."),
        ("Give back at most {amount}.", "At most {amount} can be given back."),
        ("Rendre au plus {amount}.", "Au plus {amount} peuvent être rendus."),
    ),
    R.CASH_OUT: _three(
        ("Auszahlung hier jetzt nicht möglich.", "Auszahlung ist hier gerade nicht möglich."),
        ("No cash-out here right now.", "Cash-out is not possible here right now."),
        ("Pas de remboursement en espèces ici.", "Remboursement impossible ici."),
        desk=True,
    ),
    R.SINGLE_MAX: _three(
        ("Höchstens {amount} auf einmal: aufteilen.", "Höchstens {amount} auf einmal."),
        ("At most {amount} at once: split it.", "At most {amount} at once."),
        ("Au plus {amount} à la fois : partager.", "Au plus {amount} à la fois."),
    ),
    R.VELOCITY: _three(
        ("Zu viele Käufe in kurzer Zeit: kurz warten.", "Bitte einen Moment warten."),
        ("Too many sales in a short time: wait a moment.", "Please wait a moment."),
        ("Trop d’achats en peu de temps : patienter.", "Patientez un instant."),
    ),
    R.BALANCE: _three(
        (
            "Guthaben reicht nicht: noch {amount}. Aufteilen oder aufladen.",
            "Noch {amount} Guthaben.",
        ),
        ("Not enough credit: {amount} left. Split or top up.", "You have {amount} left."),
        ("Crédit insuffisant : reste {amount}. Partager ou recharger.", "Il vous reste {amount}."),
    ),  # fmt: skip
    R.PROMO: _three(
        ("Bonus reicht hier nur für {amount}.", "Bonus hier nur bis {amount}."),
        ("Bonus credit here: {amount} at most.", "Bonus credit here: {amount} at most."),
        ("Bonus ici : {amount} au plus.", "Bonus ici : {amount} au plus."),
    ),
    R.VOUCHERS: _three(
        ("Nicht genug Freigetränke: ohne buchen.", "Keine Freigetränke mehr verfügbar."),
        ("Not enough vouchers: sell without.", "No vouchers left right now."),
        ("Pas assez de bons : vendre sans.", "Plus de bons disponibles."),
    ),
    R.EXPOSURE: _three(
        (
            "Ohne Netz nur noch {amount}: Kasse mit Netz oder Aufladestelle.",
            "Hier ohne Netz nur noch {amount}. Bitte zur Aufladestelle.",
        ),
        (
            "No network: {amount} at most. A till with network, or a top-up point.",
            "No network here: {amount} at most. Please go to a top-up point.",
        ),
        (
            "Sans réseau : au plus {amount}. Caisse connectée ou point de recharge.",
            "Sans réseau : au plus {amount}. Allez à un point de recharge.",
        ),
    ),
    R.BALANCE_MAX: _three(
        ("Höchstens {amount} auf einem Band.", "Höchstens {amount} auf einem Band."),
        ("At most {amount} on a band.", "At most {amount} on a band."),
        ("Au plus {amount} sur un bracelet.", "Au plus {amount} sur un bracelet."),
    ),
    R.TOP_UP_MIN: _three(
        ("Mindestens {amount} aufladen.", "Bitte mindestens {amount} aufladen."),
        ("Top up at least {amount}.", "Please top up at least {amount}."),
        ("Recharger au moins {amount}.", "Rechargez au moins {amount}."),
    ),
    R.CREDIT_KEY: _SETUP,
    R.CREDIT_LIMIT: _three(
        ("Grenze dieser Aufladestelle erreicht: noch {amount}.", "Bitte an eine andere Stelle."),
        ("Limit of this top-up point reached: {amount} left.", "Please go to another point."),
        ("Limite du point atteinte : reste {amount}.", "Allez à un autre point de recharge."),
    ),
    R.CODE_UNKNOWN: _three(
        ("Gutscheincode ist nicht bekannt.", "Dieser Gutschein ist nicht bekannt."),
        ("The voucher code is not known.", "This voucher is not known."),
        ("Code du bon inconnu.", "Ce bon est inconnu."),
        desk=True,
    ),
    R.CODE_USED: _three(
        ("Schon eingelöst.", "Das wurde schon eingelöst."),
        ("Already redeemed.", "This was redeemed already."),
        ("Déjà utilisé.", "C’est déjà utilisé."),
        desk=True,
    ),
    R.ALREADY_ISSUED: _three(
        ("Band ist schon ausgegeben: ersetzen statt ausgeben.", "Dieses Band ist schon vergeben."),
        ("The band is issued already: replace, do not issue.", "This band is in use already."),
        ("Bracelet déjà émis : remplacer.", "Ce bracelet est déjà attribué."),
    ),
    R.WORN_OUT: _three(
        ("Band ist voll geschrieben: neues Band ausgeben.", "Sie bekommen ein neues Band."),
        ("The band is used up: issue a new one.", "You will get a new band."),
        ("Bracelet épuisé : en émettre un nouveau.", "Vous recevrez un nouveau bracelet."),
        desk=True,
    ),
    R.NOT_CONFIGURED: _SETUP,
    R.REPLACED: _three(
        ("Band ist schon ersetzt: das neue Band zählt.", "Ihr neues Band gilt schon."),
        ("The band was replaced already: the new one counts.", "Your new band counts already."),
        ("Bracelet déjà remplacé : le nouveau compte.", "Votre nouveau bracelet compte déjà."),
        desk=True,
    ),
}
