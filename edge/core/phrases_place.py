"""What staff and guests read about the place, the rules and the medium (see `phrases_ticket`)."""

from typing import Final

from edge.core.phrases_ticket import Phrase

#: key -> language -> phrase. Reasons that no check gives yet stand here already.
PLACE: Final[dict[str, dict[str, Phrase]]] = {
    "zone_full": {
        "de": Phrase(
            "Bereich ist voll: erst einlassen, wenn jemand geht.",
            "Dieser Bereich ist gerade voll. Bitte warten Sie einen Moment.",
        ),
        "en": Phrase(
            "The area is full: admit when somebody leaves.",
            "This area is full right now. Please wait a moment.",
        ),
        "fr": Phrase(
            "La zone est pleine : attendre une sortie.",
            "Cette zone est complète pour le moment. Merci de patienter.",
        ),
    },
    "rules": {
        "de": Phrase(
            "Die Regeln lassen es nicht zu. An {desk} verweisen.",
            "Dieses Ticket gilt hier jetzt nicht. Bitte gehen Sie zu: {desk}.",
        ),
        "en": Phrase(
            "The rules do not allow it. Send to {desk}.",
            "This ticket is not valid here now. Please go to {desk}.",
        ),
        "fr": Phrase(
            "Les règles ne le permettent pas. Diriger vers : {desk}.",
            "Ce billet n’est pas valable ici maintenant. Adressez-vous à : {desk}.",
        ),
    },
    "rules.why": {
        "de": Phrase("{why}", "{why}"),
        "en": Phrase("{why}", "{why}"),
        "fr": Phrase("{why}", "{why}"),
    },
    "questions": {
        "de": Phrase(
            "Erst nachfragen und bestätigen.", "Einen Moment bitte: Wir prüfen noch etwas."
        ),
        "en": Phrase("Ask and confirm first.", "One moment please: we have to check something."),
        "fr": Phrase(
            "Vérifier et confirmer d’abord.", "Un instant, s’il vous plaît : une vérification."
        ),
    },
    "ambiguous": {
        "de": Phrase(
            "Mehrere Tickets passen: eines wählen lassen.",
            "Hier passen mehrere Tickets. Bitte fragen Sie das Personal.",
        ),
        "en": Phrase(
            "Several tickets fit: have one chosen.",
            "Several tickets fit here. Please ask our staff.",
        ),
        "fr": Phrase(
            "Plusieurs billets conviennent : en faire choisir un.",
            "Plusieurs billets conviennent. Demandez au personnel.",
        ),
    },
    "medium_unknown": {
        "de": Phrase(
            "Band unbekannt. An {desk} verweisen.",
            "Dieses Band kennen wir nicht. Bitte gehen Sie zu: {desk}.",
        ),
        "en": Phrase(
            "Unknown band. Send to {desk}.", "We do not know this band. Please go to {desk}."
        ),
        "fr": Phrase(
            "Bracelet inconnu. Diriger vers : {desk}.",
            "Ce bracelet est inconnu. Adressez-vous à : {desk}.",
        ),
    },
    "medium_blocked": {
        "de": Phrase(
            "Band gesperrt. An {desk} verweisen.",
            "Dieses Band ist gesperrt. Bitte gehen Sie zu: {desk}.",
        ),
        "en": Phrase(
            "Band is blocked. Send to {desk}.", "This band is blocked. Please go to {desk}."
        ),
        "fr": Phrase(
            "Bracelet bloqué. Diriger vers : {desk}.",
            "Ce bracelet est bloqué. Adressez-vous à : {desk}.",
        ),
    },
    "medium_cloned": {
        "de": Phrase(
            "Dieses Band ist eine Kopie. Aufsicht rufen.",
            "Dieses Band können wir nicht annehmen. Bitte gehen Sie zu: {desk}.",
        ),
        "en": Phrase(
            "The band is a copy. Call the supervisor.",
            "We cannot accept this band. Please go to {desk}.",
        ),
        "fr": Phrase(
            "Ce bracelet est une copie. Appeler le responsable.",
            "Nous ne pouvons pas accepter ce bracelet. Adressez-vous à : {desk}.",
        ),
    },
    "device": {
        "de": Phrase(
            "Spur außer Betrieb. Zur nächsten schicken.",
            "Dieser Eingang ist außer Betrieb. Bitte nehmen Sie den nächsten.",
        ),
        "en": Phrase(
            "This gate is out of service. Send them to the next one.",
            "This gate is out of service. Please use the next one.",
        ),
        "fr": Phrase(
            "Passage hors service. Diriger vers le suivant.",
            "Ce passage est hors service. Prenez le suivant.",
        ),
    },
    "wait": {
        "de": Phrase(
            "Warten: jemand geht gerade durch.",
            "Einen Moment bitte: Es geht gerade jemand durch.",
        ),
        "en": Phrase(
            "Wait: somebody is just going through.",
            "One moment please: somebody is just going through.",
        ),
        "fr": Phrase(
            "Attendre : quelqu’un est en train de passer.",
            "Un instant : quelqu’un est en train de passer.",
        ),
    },
    "error": {
        "de": Phrase(
            "Hier ist etwas schiefgegangen. Noch einmal versuchen, dann Technik rufen.",
            "Hier ist etwas schiefgegangen. Bitte versuchen Sie es noch einmal.",
        ),
        "en": Phrase(
            "Something went wrong here. Try again, then call a technician.",
            "Something went wrong here. Please try again.",
        ),
        "fr": Phrase(
            "Une erreur s’est produite. Réessayer, puis appeler un technicien.",
            "Une erreur s’est produite. Veuillez réessayer.",
        ),
    },
}
