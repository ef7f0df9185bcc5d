// What the pages say by themselves. What the gateway decides comes with its own words.
export const WORDS = {
  "de": {
    "admitted": "EINTRITT", "exit": "AUSTRITT", "refused": "HALT", "again": "BITTE GEHEN",
    "attention": "ACHTUNG", "check": "Ausweis oder Alter prüfen", "reduced": "Ermäßigt: Nachweis prüfen",
    "birthday": "Hat heute Geburtstag", "clock": "Uhr unbestätigt", "exit_unheard": "Austritt unbestätigt",
    "persons": "Personen", "yes_entry": "EINLASS", "yes_exit": "AUSLASS", "scan": "Bitte Ticket scannen", "scan_exit": "Zum Gehen bitte scannen",
    "wait": "Bitte warten", "closed": "Außer Betrieb", "closed_guest": "Bitte nehmen Sie den nächsten Eingang",
    "lost": "VERBINDUNG VERLOREN", "lost_guest": "Bitte fragen Sie das Personal",
    "sound": "Für Ton hier tippen", "sign_in": "Anmelden", "sign_out": "Abmelden",
    "name": "Name", "pin": "PIN", "wrong_pin": "Name und PIN passen nicht zusammen.",
    "locked": "Zu viele Versuche. Bitte warten: ", "no_answer": "Das Gateway antwortet nicht.",
    "lane": "Spur", "entry": "Eintritt", "leave": "Austritt", "camera": "Kamera", "camera_stop": "Kamera aus",
    "no_camera": "Keine Kamera: erlauben Sie sie, oder nehmen Sie einen Scanner.",
    "ready": "Bereit: Code scannen", "last": "Zuletzt", "none_yet": "noch nichts",
    "not_sent": "NICHT GESENDET", "not_sent_more": "Ob es zählte, ist unbekannt. Wiederholen fragt nach demselben Scan: nichts zählt doppelt.",
    "retry": "Wiederholen", "discard": "Verwerfen", "sending": "Wird gefragt …",
    "other_code": "Erst wiederholen oder verwerfen!", "problem": "ABGELEHNT VOM GATEWAY",
    "annul": "Annullieren", "override": "Trotzdem einlassen", "simulate": "Nur prüfen", "search": "Suchen",
    "no_lane": "Für Sie ist hier keine Spur eingerichtet.", "more": "mehr", "fewer": "weniger", "close": "Schließen",
    "would": "PROBE", "trial": "NUR PRÜFEN: nichts zählt, niemand geht durch", "annulled": "ANNULLIERT",
    "not_annulled": "NICHT ANNULLIERT", "nothing_to_annul": "Kein Einlass von hier, der zurückzunehmen wäre.",
    "nothing_refused": "Erst das Ticket scannen: nur was eben abgelehnt wurde, lässt sich trotzdem einlassen.", "why": "Warum?",
    "forced": "TROTZDEM EINGELASSEN", "open": "Vielleicht geht noch jemand durch: warten, bis die Sperre fertig ist.",
    "too_late": "Zu lange her.", "unknown_nonce": "Das Gateway kennt diesen Scan nicht.", "identity_checked": "Person geprüft",
    "was_outside": "War nur kurz draußen", "sold_here": "Hier gekauft oder bezahlt",
    "turned_away_wrongly": "Zu Unrecht abgewiesen", "accompanied": "In Begleitung",
    "late_or_early": "Zu früh oder zu spät, geduldet", "emergency": "Notfall", "other": "Anderes",
    "did_not_turn": "Sperre drehte nicht", "went_back": "Gast ging zurück", "wrong_ticket": "Falsches Ticket",
    "wrong_count": "Falsche Anzahl", "guest_name": "Name, 3 Buchstaben oder mehr", "nobody": "Niemand gefunden",
    "no_list": "Hier liegt keine Gästeliste.", "more_hits": "Es gibt mehr: weiter tippen", "list_of": "Liste vom",
    "colon": ":", "admit": "Einlassen", "no_ticket": "ohne Ticket", "when": "Zeitpunkt", "now": "jetzt", "take": "Übernehmen",
    "when_more": "Was wäre dann? Es gilt die Zeitzone dieses Geräts.",
    "question": "Bitte prüfen", "yes_confirmed": "Ja, geprüft", "no_not": "Nein",
    "not_confirmed": "Nicht bestätigt: kein Einlass, nichts gezählt.", "which_ticket": "Welches Ticket?",
    "which_more": "Mehrere passen. Den Gast fragen und eines wählen.", "from": "ab", "until": "bis",
    "none_chosen": "Kein Ticket gewählt: kein Einlass, nichts gezählt.", "unpaid": "Nicht bezahlt",
    "take_anyway": "Trotzdem einlassen?", "unpaid_more": "Der Betrag ist hier nicht bekannt. Ihr Name wird festgehalten.",
    "yes_take": "Ja, einlassen", "not_taken": "Nicht bezahlt: kein Einlass, nichts gezählt.",
    "admit_unpaid": "Unbezahlt einlassen", "answer_first": "Erst antworten! Was eben gescannt wurde, zählte nicht."
  },
  "en": {
    "admitted": "COME IN", "exit": "GOODBYE", "refused": "STOP", "again": "GO THROUGH",
    "attention": "ATTENTION", "check": "Check identity or age", "reduced": "Reduced price: check proof",
    "birthday": "Birthday today", "clock": "Clock not confirmed", "exit_unheard": "Exit not confirmed",
    "persons": "Persons", "yes_entry": "ADMITTED", "yes_exit": "EXIT", "scan": "Please scan your ticket", "scan_exit": "Please scan to leave",
    "wait": "Please wait", "closed": "Out of service", "closed_guest": "Please use the next gate",
    "lost": "CONNECTION LOST", "lost_guest": "Please ask our staff",
    "sound": "Tap here for sound", "sign_in": "Sign in", "sign_out": "Sign out",
    "name": "Name", "pin": "PIN", "wrong_pin": "This name and PIN do not belong together.",
    "locked": "Too many tries. Please wait: ", "no_answer": "The gateway does not answer.",
    "lane": "Lane", "entry": "Entry", "leave": "Exit", "camera": "Camera", "camera_stop": "Camera off",
    "no_camera": "No camera: allow it, or use a scanner.",
    "ready": "Ready: scan a code", "last": "Last scans", "none_yet": "nothing yet",
    "not_sent": "NOT SENT", "not_sent_more": "Nobody knows whether it counted. Retry asks for the same scan: nothing counts twice.",
    "retry": "Retry", "discard": "Discard", "sending": "Asking …",
    "other_code": "Retry or discard first!", "problem": "REJECTED BY THE GATEWAY",
    "annul": "Annul", "override": "Admit anyway", "simulate": "Check only", "search": "Search",
    "no_lane": "There is no lane for you here.", "more": "more", "fewer": "fewer", "close": "Close",
    "would": "TEST", "trial": "CHECK ONLY: nothing counts, nobody goes through", "annulled": "TAKEN BACK",
    "not_annulled": "NOT TAKEN BACK", "nothing_to_annul": "Nobody was admitted from here who could be taken back.",
    "nothing_refused": "Scan the ticket first: only what was refused just now can be admitted anyway.", "why": "Why?",
    "forced": "ADMITTED ANYWAY", "open": "Somebody may still be walking: wait until the barrier has settled.",
    "too_late": "Too long ago.", "unknown_nonce": "The gateway does not know this scan.", "identity_checked": "Person checked",
    "was_outside": "Was outside for a moment", "sold_here": "Bought or paid here", "turned_away_wrongly": "Turned away wrongly",
    "accompanied": "Accompanied", "late_or_early": "Early or late, tolerated", "emergency": "Emergency",
    "other": "Something else", "did_not_turn": "Barrier did not turn", "went_back": "Guest went back",
    "wrong_ticket": "Wrong ticket", "wrong_count": "Wrong number of persons", "guest_name": "Name, 3 letters or more",
    "nobody": "Nobody found", "no_list": "There is no guest list here.", "more_hits": "There are more: type on",
    "list_of": "List of",
    "colon": ":", "admit": "Admit", "no_ticket": "no ticket", "when": "Time", "now": "now", "take": "Use this time",
    "when_more": "What would happen then? The time zone is this device’s.",
    "question": "Please check", "yes_confirmed": "Yes, checked", "no_not": "No",
    "not_confirmed": "Not confirmed: not admitted, nothing counted.", "which_ticket": "Which ticket?",
    "which_more": "Several fit. Ask the guest and choose one.", "from": "from", "until": "until",
    "none_chosen": "No ticket chosen: not admitted, nothing counted.", "unpaid": "Not paid",
    "take_anyway": "Admit all the same?", "unpaid_more": "The amount is not known here. Your name goes on record.",
    "yes_take": "Yes, admit", "not_taken": "Not paid: not admitted, nothing counted.",
    "admit_unpaid": "Admit unpaid", "answer_first": "Answer first! What was scanned just now did not count."
  },
  "fr": {
    "admitted": "ENTREZ", "exit": "AU REVOIR", "refused": "STOP", "again": "PASSEZ",
    "attention": "ATTENTION", "check": "Vérifier identité ou âge", "reduced": "Tarif réduit : voir le justificatif",
    "birthday": "Anniversaire aujourd’hui", "clock": "Heure non confirmée", "exit_unheard": "Sortie non confirmée",
    "persons": "Personnes", "yes_entry": "ADMIS", "yes_exit": "SORTIE", "scan": "Scannez votre billet", "scan_exit": "Scannez pour sortir",
    "wait": "Veuillez patienter", "closed": "Hors service", "closed_guest": "Prenez le passage suivant",
    "lost": "CONNEXION PERDUE", "lost_guest": "Demandez au personnel",
    "sound": "Toucher ici pour le son", "sign_in": "Se connecter", "sign_out": "Se déconnecter",
    "name": "Nom", "pin": "Code PIN", "wrong_pin": "Ce nom et ce code ne vont pas ensemble.",
    "locked": "Trop d’essais. Patientez : ", "no_answer": "La passerelle ne répond pas.",
    "lane": "Couloir", "entry": "Entrée", "leave": "Sortie", "camera": "Caméra", "camera_stop": "Arrêter",
    "no_camera": "Pas de caméra : autorisez-la ou prenez un lecteur.",
    "ready": "Prêt : scannez un code", "last": "Derniers scans", "none_yet": "encore rien",
    "not_sent": "NON ENVOYÉ", "not_sent_more": "On ignore si ce scan a compté. Réessayer redemande le même : rien ne compte deux fois.",
    "retry": "Réessayer", "discard": "Abandonner", "sending": "En cours …",
    "other_code": "D’abord réessayer ou abandonner !", "problem": "REJETÉ PAR LA PASSERELLE",
    "annul": "Annuler", "override": "Faire entrer quand même", "simulate": "Vérifier seulement", "search": "Rechercher",
    "no_lane": "Aucun couloir pour vous ici.", "more": "plus", "fewer": "moins", "close": "Fermer",
    "would": "ESSAI", "trial": "VÉRIFIER SEULEMENT : rien ne compte, personne ne passe", "annulled": "ANNULÉ",
    "not_annulled": "NON ANNULÉ", "nothing_to_annul": "Aucune admission d’ici à annuler.",
    "nothing_refused": "Scannez d’abord le billet : seul ce qui vient d’être refusé peut être admis.", "why": "Pourquoi ?",
    "forced": "ADMIS MALGRÉ TOUT", "open": "Quelqu’un passe peut-être encore : attendez la barrière.",
    "too_late": "C’était il y a trop longtemps.", "unknown_nonce": "La passerelle ne connaît pas ce scan.",
    "identity_checked": "Personne vérifiée", "was_outside": "Juste sorti un moment", "sold_here": "Acheté ou payé ici",
    "turned_away_wrongly": "Refusé à tort", "accompanied": "Accompagné", "late_or_early": "En avance ou en retard, toléré",
    "emergency": "Urgence", "other": "Autre", "did_not_turn": "La barrière n’a pas tourné",
    "went_back": "Le visiteur a fait demi-tour", "wrong_ticket": "Mauvais billet", "wrong_count": "Mauvais nombre",
    "guest_name": "Nom, 3 lettres ou plus", "nobody": "Personne de ce nom", "no_list": "Il n’y a pas de liste d’invités ici.",
    "more_hits": "Il y en a d’autres : précisez", "list_of": "Liste du",
    "colon": " :", "admit": "Faire entrer", "no_ticket": "sans billet", "when": "Moment", "now": "maintenant", "take": "Appliquer",
    "when_more": "Que se passerait-il alors ? Fuseau horaire de cet appareil.",
    "question": "À vérifier", "yes_confirmed": "Oui, vérifié", "no_not": "Non",
    "not_confirmed": "Non confirmé : pas d’entrée, rien n’a compté.", "which_ticket": "Quel billet ?",
    "which_more": "Plusieurs conviennent. Demandez au visiteur et choisissez.", "from": "dès", "until": "jusqu’à",
    "none_chosen": "Aucun billet choisi : pas d’entrée, rien n’a compté.", "unpaid": "Non payé",
    "take_anyway": "Faire entrer quand même ?", "unpaid_more": "Le montant n’est pas connu ici. Votre nom est enregistré.",
    "yes_take": "Oui, faire entrer", "not_taken": "Non payé : pas d’entrée, rien n’a compté.",
    "admit_unpaid": "Admettre impayé", "answer_first": "Répondez d’abord ! Ce dernier scan n’a pas compté."
  }
};

export const LANGUAGES = Object.keys(WORDS);

// The device's language, if it is one of ours.
export function ownLanguage() {
  const own = navigator.languages.map((name) => name.slice(0, 2));
  return own.find((name) => LANGUAGES.includes(name)) || "en";
}

// Puts words into every element that names one.
export function speak(root, language) {
  root.querySelectorAll("[data-word]").forEach((element) => {
    element.textContent = WORDS[language][element.dataset.word];
  });
  root.querySelectorAll("[data-label]").forEach((element) => {
    element.setAttribute("aria-label", WORDS[language][element.dataset.label]);
  });
}
