"""What staff and guests read about a ticket, in each language. Words only: `texts` fills them.

A key is a reason's code, or that code and a case of it (`product.gate`: there is a right gate).
A phrase has the same placeholders in every language: {at} and {opens} are times, {where} a lane
or a gate, {gates} one or several gates, {gateways} those that are not heard, {desk} the help desk,
{persons} a number.
"""

from typing import Final, NamedTuple


class Phrase(NamedTuple):
    """One language: `staff` is short and says what to do, `guest` says where to go."""

    staff: str
    guest: str


#: key -> language -> phrase. Reasons that no check gives yet stand here already.
TICKET: Final[dict[str, dict[str, Phrase]]] = {
    "admitted": {
        "de": Phrase("Willkommen.", "Willkommen!"),
        "en": Phrase("Welcome.", "Welcome!"),
        "fr": Phrase("Bienvenue.", "Bienvenue !"),
    },
    "admitted.exit": {
        "de": Phrase("Auf Wiedersehen.", "Auf Wiedersehen!"),
        "en": Phrase("Goodbye.", "Goodbye!"),
        "fr": Phrase("Au revoir.", "Au revoir !"),
    },
    "admitted.again": {
        "de": Phrase("Schon freigegeben: bitte durchgehen.", "Bitte gehen Sie durch."),
        "en": Phrase("Please go through.", "Please go through."),
        "fr": Phrase("Déjà autorisé : passez.", "Vous pouvez passer."),
    },
    "admitted.unheard": {
        "de": Phrase(
            "Willkommen. Austritt nicht bestätigt: {gateways} antwortet nicht.", "Willkommen!"
        ),
        "en": Phrase("Welcome. Exit not confirmed: {gateways} is not heard.", "Welcome!"),
        "fr": Phrase("Bienvenue. Sortie non confirmée : {gateways} ne répond pas.", "Bienvenue !"),
    },
    "invalid": {
        "de": Phrase("Kein gültiger Ticketcode.", "Das ist kein gültiger Ticketcode."),
        "en": Phrase("Not a valid ticket code.", "This is not a valid ticket code."),
        "fr": Phrase("Code de billet non valable.", "Ce n’est pas un code de billet valable."),
    },
    "wrong_issuer": {
        "de": Phrase(
            "Ticket einer anderen Veranstaltung.",
            "Dieses Ticket ist für eine andere Veranstaltung.",
        ),
        "en": Phrase("Ticket for another event.", "This ticket is for another event."),
        "fr": Phrase(
            "Billet d’un autre événement.", "Ce billet est valable pour un autre événement."
        ),
    },
    "unknown_key": {
        "de": Phrase(
            "Verkaufsstelle hier unbekannt. An {desk} verweisen.",
            "Die Verkaufsstelle dieses Tickets ist hier unbekannt. Bitte gehen Sie zu: {desk}.",
        ),
        "en": Phrase(
            "Signed by a seller this gate does not know. Send to {desk}.",
            "This gate does not know the seller of this ticket. Please go to {desk}.",
        ),
        "fr": Phrase(
            "Vendeur inconnu ici. Diriger vers : {desk}.",
            "Le vendeur de ce billet est inconnu ici. Adressez-vous à : {desk}.",
        ),
    },
    "code_expired": {
        "de": Phrase(
            "Wechselnder Code ist abgelaufen: live in der App zeigen lassen.",
            "Dieser Code wechselt alle 30 Sekunden. Bitte zeigen Sie ihn live in der App.",
        ),
        "en": Phrase(
            "Rotating code has run out: have it shown live in the app.",
            "This code changes every 30 seconds. Please show it live in the app.",
        ),
        "fr": Phrase(
            "Code rotatif expiré : le faire afficher dans l’application.",
            "Ce code change toutes les 30 secondes. Affichez-le dans l’application.",
        ),
    },
    "revoked": {
        "de": Phrase(
            "Durch einen neueren Code ersetzt: den neuesten zeigen lassen.",
            "Dieser Code wurde ersetzt. Bitte zeigen Sie den neuesten.",
        ),
        "en": Phrase(
            "Replaced by a newer code: ask for the newest.",
            "This code was replaced. Please show the newest one.",
        ),
        "fr": Phrase(
            "Remplacé par un code plus récent : demander le dernier.",
            "Ce code a été remplacé. Présentez le plus récent.",
        ),
    },
    "canceled": {
        "de": Phrase(
            "Storniert. An {desk} verweisen.",
            "Dieses Ticket wurde storniert. Bitte gehen Sie zu: {desk}.",
        ),
        "en": Phrase(
            "Cancelled. Send to {desk}.", "This ticket was cancelled. Please go to {desk}."
        ),
        "fr": Phrase(
            "Annulé. Diriger vers : {desk}.",
            "Ce billet a été annulé. Adressez-vous à : {desk}.",
        ),
    },
    "blocked": {
        "de": Phrase(
            "Gesperrt. An {desk} verweisen.",
            "Dieses Ticket ist gesperrt. Bitte gehen Sie zu: {desk}.",
        ),
        "en": Phrase("Blocked. Send to {desk}.", "This ticket is blocked. Please go to {desk}."),
        "fr": Phrase(
            "Bloqué. Diriger vers : {desk}.", "Ce billet est bloqué. Adressez-vous à : {desk}."
        ),
    },
    "unapproved": {
        "de": Phrase(
            "Bestellung noch nicht freigegeben. An {desk} verweisen.",
            "Ihre Bestellung ist noch nicht freigegeben. Bitte gehen Sie zu: {desk}.",
        ),
        "en": Phrase(
            "Order not approved yet. Send to {desk}.",
            "Your order is not approved yet. Please go to {desk}.",
        ),
        "fr": Phrase(
            "Commande pas encore approuvée. Diriger vers : {desk}.",
            "Votre commande n’est pas encore approuvée. Adressez-vous à : {desk}.",
        ),
    },
    "unpaid": {
        "de": Phrase(
            "Nicht bezahlt. An {desk} verweisen.",
            "Dieses Ticket ist noch nicht bezahlt. Bitte gehen Sie zu: {desk}.",
        ),
        "en": Phrase(
            "Not paid. Send to {desk}.", "This ticket is not paid yet. Please go to {desk}."
        ),
        "fr": Phrase(
            "Non payé. Diriger vers : {desk}.",
            "Ce billet n’est pas encore payé. Adressez-vous à : {desk}.",
        ),
    },
    "product": {
        "de": Phrase(
            "Ticketart gilt hier nicht. An {desk} verweisen.",
            "Dieses Ticket gilt an diesem Eingang nicht. Bitte gehen Sie zu: {desk}.",
        ),
        "en": Phrase(
            "Not for this gate. Send to {desk}.",
            "This ticket is not for this gate. Please go to {desk}.",
        ),
        "fr": Phrase(
            "Pas valable à cette porte. Diriger vers : {desk}.",
            "Ce billet n’est pas valable à cette porte. Adressez-vous à : {desk}.",
        ),
    },
    "product.gate": {
        "de": Phrase("Falscher Eingang. Richtig: {gates}.", "Bitte gehen Sie zu: {gates}."),
        "en": Phrase("Wrong gate. Right: {gates}.", "Please go to {gates}."),
        "fr": Phrase("Mauvaise porte. La bonne : {gates}.", "Rendez-vous à : {gates}."),
    },
    "performance": {
        "de": Phrase(
            "Anderer Termin. An {desk} verweisen.",
            "Dieses Ticket ist für einen anderen Termin. Bitte gehen Sie zu: {desk}.",
        ),
        "en": Phrase(
            "Another date or show. Send to {desk}.",
            "This ticket is for another date or show. Please go to {desk}.",
        ),
        "fr": Phrase(
            "Autre date ou spectacle. Diriger vers : {desk}.",
            "Ce billet est pour une autre date. Adressez-vous à : {desk}.",
        ),
    },
    "performance.gate": {
        "de": Phrase(
            "Für „{performance}“: {gates}.",
            "Zu „{performance}“ geht es hier: {gates}.",
        ),
        "en": Phrase("For “{performance}”: {gates}.", "“{performance}”: please go to {gates}."),
        "fr": Phrase(
            "Pour « {performance} » : {gates}.",
            "Pour « {performance} », rendez-vous à : {gates}.",
        ),
    },
    "invalid_time": {
        "de": Phrase(
            "Zu dieser Zeit nicht gültig. An {desk} verweisen.",
            "Dieses Ticket ist zu dieser Zeit nicht gültig. Bitte gehen Sie zu: {desk}.",
        ),
        "en": Phrase(
            "Not valid at this time. Send to {desk}.",
            "This ticket is not valid at this time. Please go to {desk}.",
        ),
        "fr": Phrase(
            "Pas valable à cette heure. Diriger vers : {desk}.",
            "Ce billet n’est pas valable à cette heure. Adressez-vous à : {desk}.",
        ),
    },
    "invalid_time.early": {
        "de": Phrase("Zu früh: Einlass ab {opens}.", "Sie sind früh! Einlass ab {opens}."),
        "en": Phrase("Too early: admitted from {opens}.", "You are early! Entry from {opens}."),
        "fr": Phrase("Trop tôt : entrée dès {opens}.", "Vous êtes en avance ! Entrée dès {opens}."),
    },
    "invalid_time.late": {
        "de": Phrase(
            "Abgelaufen: galt bis {at}. An {desk} verweisen.",
            "Dieses Ticket galt bis {at}. Bitte gehen Sie zu: {desk}.",
        ),
        "en": Phrase(
            "Over: was valid until {at}. Send to {desk}.",
            "This ticket was valid until {at}. Please go to {desk}.",
        ),
        "fr": Phrase(
            "Expiré : valable jusqu’à {at}. Diriger vers : {desk}.",
            "Ce billet était valable jusqu’à {at}. Adressez-vous à : {desk}.",
        ),
    },
    "already_redeemed": {
        "de": Phrase(
            "Schon benutzt. An {desk} verweisen.",
            "Dieses Ticket wurde schon benutzt. Bitte gehen Sie zu: {desk}.",
        ),
        "en": Phrase(
            "Already used. Send to {desk}.",
            "This ticket was already used. Please go to {desk}.",
        ),
        "fr": Phrase(
            "Déjà utilisé. Diriger vers : {desk}.",
            "Ce billet a déjà été utilisé. Adressez-vous à : {desk}.",
        ),
    },
    "already_redeemed.at": {
        "de": Phrase(
            "Schon benutzt um {at}, {where}.",
            "Dieses Ticket wurde um {at} benutzt ({where}). Hilfe: {desk}.",
        ),
        "en": Phrase(
            "Already used at {at}, {where}.",
            "This ticket was used at {at} ({where}). For help: {desk}.",
        ),
        "fr": Phrase(
            "Déjà utilisé à {at}, {where}.",
            "Ce billet a été utilisé à {at} ({where}). Aide : {desk}.",
        ),
    },
    "already_redeemed.open": {
        "de": Phrase(
            "Wird gerade benutzt: {where}. Dorthin schicken.",
            "Ihr Eingang ist frei: bitte gehen Sie zu {where}.",
        ),
        "en": Phrase(
            "In use right now at {where}. Send them there.",
            "Your way is open at {where}. Please go there.",
        ),
        "fr": Phrase(
            "En cours d’utilisation : {where}. Y diriger la personne.",
            "Votre passage est ouvert : {where}. Merci de vous y rendre.",
        ),
    },
    "already_redeemed.possibly": {
        "de": Phrase(
            "Vielleicht um {at} eingetreten ({where}). Aufsicht entscheidet.",
            "Dieses Ticket wurde um {at} gelesen ({where}). Bitte fragen Sie das Personal.",
        ),
        "en": Phrase(
            "Possibly entered at {at}, {where}. The supervisor decides.",
            "This ticket was read at {at} ({where}). Please ask our staff.",
        ),
        "fr": Phrase(
            "Peut-être entré à {at} ({where}). Le responsable décide.",
            "Ce billet a été lu à {at} ({where}). Demandez au personnel.",
        ),
    },
    "already_redeemed.persons": {
        "de": Phrase(
            "Code gilt für {persons} Pers.; so viele dürfen nicht mehr hinein.",
            "Dieser Code gilt für {persons} Person(en); so viele Eintritte sind nicht mehr frei.",
        ),
        "en": Phrase(
            "Code is for {persons} person(s); not that many are left.",
            "This code is for {persons} person(s); not that many are left.",
        ),
        "fr": Phrase(
            "Code pour {persons} pers. ; il ne reste pas autant d’entrées.",
            "Ce code est pour {persons} pers. ; il ne reste pas autant d’entrées.",
        ),
    },
    "exit_unheard": {
        "de": Phrase(
            "Drin seit {at} ({where}), Austritt ungewiss: {gateways} antwortet nicht."
            " Personal entscheidet.",
            "Ob Sie draußen waren, sehen wir gerade nicht. Bitte fragen Sie das Personal.",
        ),
        "en": Phrase(
            "In since {at} ({where}), exit uncertain: {gateways} is not heard. Staff decide.",
            "We cannot see right now whether you left. Please ask our staff.",
        ),
        "fr": Phrase(
            "Entré à {at} ({where}), ressorti ? {gateways} ne répond pas. Au personnel de décider.",
            "Votre sortie n’est pas encore visible ici. Demandez au personnel.",
        ),
    },
}
