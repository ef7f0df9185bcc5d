// What a till says by itself. What the gateway decides comes with its own words.
import { WORDS } from "/words.js";

const TILL = {
  "de": {
    "no_picture": "Der Beleg lässt sich gerade nicht zeigen.", "menu": "Mehr", "training_on": "ÜBUNG: kein Geld, kein Band, kein Kassenstand", "refund_on": "RÜCKNAHME: was kommt zurück?",
    "back": "Zurück", "articles": "Artikel", "undo": "Letztes weg", "clear": "Leeren", "total": "Summe",
    "pay_band": "Mit Band zahlen", "pay_cash": "Bar", "pay_card": "Karte", "no_till": "Für Sie ist hier keine Kasse eingerichtet.",
    "empty": "Noch nichts gewählt", "part_paid": "Ein Teil ist schon bezahlt. Den Rest zahlen, oder den Teil unter „Letzte Belege“ stornieren.", "closed": "KASSE GESCHLOSSEN: öffnen Sie eine Schicht", "no_reader": "Der Leser antwortet nicht: nur Bar oder Karte",
    "lost": "VERBINDUNG VERLOREN", "lost_more": "Wird wieder gefragt. Nichts wird doppelt berechnet.",
    "hold_band": "Band hier anhalten", "keep_band": "Band ruhig halten", "at_card": "Karte am Terminal",
    "tap_again": "BITTE NOCH EINMAL", "tap_again_more": "Dasselbe Band noch einmal anhalten. Nichts wird doppelt berechnet.",
    "paid": "BEZAHLT", "done": "ERLEDIGT", "already": "SCHON BEZAHLT", "already_more": "Jetzt wurde nichts mehr abgebucht. Ware ausgeben.",
    "not_paid": "NICHT BEZAHLT", "not_done": "NICHT ERLEDIGT", "in_doubt": "UNGEWISS", "in_doubt_more": "Das Band klärt es beim nächsten Anhalten. Nichts geht verloren.",
    "cancelled": "ABGEBROCHEN", "cancelled_more": "Nichts wurde abgebucht.", "asking": "BITTE PRÜFEN", "age": "Ist der Gast mindestens so alt?",
    "same_amount": "Derselbe Betrag wie eben. Wirklich noch einmal?", "goods_given": "Wurde die Ware ausgegeben?",
    "yes": "Ja", "no": "Nein", "next": "Nächster Gast", "cancel": "Abbrechen", "give_up": "Aufgeben (ungewiss)", "again": "Noch einmal",
    "balance": "Guthaben", "new_balance": "Guthaben jetzt", "promo": "Promo", "vouchers": "Gutscheine", "left": "Noch zu zahlen",
    "other_band": "Anderes Band", "take_left": "Nehmen, was da ist", "top_up": "Aufladen", "top_up_how": "Womit wird bezahlt?", "top_up_lost": "Aufladung kam nicht an", "money_back": "Diese Aufladung ist nicht auf dem Band. Das Geld zurückgeben?",
    "of_paid": "Bezahlt", "of_band": "Band", "of_presale": "Vorverkauf", "of_tax": "Steuer", "of_group": "Warengruppe", "of_merchant": "Verkäufer",
    "of_out": "Pfand ausgegeben", "of_back": "Pfand zurück", "of_drawer": "Bargeld in der Lade", "of_late": "Nachträglich", "of_training": "Übung",
    "top_up_back": "Aufladung zurück", "code": "Gutscheincode",
    "type_code": "Code eintippen", "receipts": "Letzte Belege", "reverse": "Stornieren", "reprint": "Beleg zeigen", "none": "Noch keine Belege",
    "refund": "Ware zurücknehmen", "cash_out": "Auszahlen", "all": "Alles", "bands": "Bänder", "issue": "Neues Band ausgeben",
    "reissue": "Ersatz für verlorenes Band", "lock": "Band sperren", "wallet_class": "Klasse", "band_like": "Nummer auf dem Band, ihr Anfang auf einem Beleg, Belegnummer oder Ticket", "band_none": "Dazu ist kein Band bekannt.", "band_which": "Welches ist es?", "band_more": "Es passen noch mehr: bitte mehr Stellen eintippen.", "replaced": "schon ersetzt", "receipt": "Beleg",
    "shift": "Schicht", "shift_open": "Schicht öffnen", "shift_close": "Schicht schließen", "float": "Wechselgeld in der Lade",
    "counted": "Gezähltes Bargeld", "cash_in": "Geld hinein", "cash_drop": "Geld heraus", "closing_x": "X-Bericht", "closing_z": "Z-Bericht",
    "z_sure": "Der Z-Bericht schließt diese Schicht für immer ab.", "since": "offen seit", "expected": "Soll", "difference": "Differenz",
    "devices": "Anmelden per Band", "devices_what": "An einem gekoppelten Gerät meldet man sich mit dem Band am Leser dieser Kasse an.", "pair": "Dieses Gerät koppeln", "this_device": "dieses Gerät", "unpair": "Entfernen", "paired": "Gekoppelt: ab jetzt genügt hier ein Band.",
    "training": "Übung ein", "training_off": "Übung aus", "choose_till": "Kasse wählen", "amount": "Betrag", "ok": "Übernehmen",
    "price_of": "Preis eintippen", "least": "mindestens", "unknown_cards": "Kartenzahlung ungeklärt: das Terminal wird gefragt",
    "doubts": "Ungeklärt an dieser Kasse", "busy_other": "An dieser Kasse läuft schon etwas", "problem": "Das Gateway nimmt das nicht an", "tip": "Trinkgeld",
    "no_tip": "kein", "deposit_back": "zurück", "free_price": "Preis?", "perpetual": "Gesamtsumme seit Beginn", "movement": "Bewegung",
    "sale": "Verkauf", "reversal": "Storno", "deposit_return": "Pfand zurück", "deposit": "Pfand", "voucher": "Gutschein", "rounding": "Rundung", "adjustment": "Korrektur", "credit": "Gutschrift"
  },
  "en": {
    "no_picture": "The receipt cannot be shown just now.", "menu": "More", "training_on": "TRAINING: no money, no band, no totals", "refund_on": "REFUND: what comes back?",
    "back": "Back", "articles": "Articles", "undo": "Undo", "clear": "Clear", "total": "Total",
    "pay_band": "Pay by band", "pay_cash": "Cash", "pay_card": "Card", "no_till": "There is no till for you here.",
    "empty": "Nothing chosen yet", "part_paid": "A part is paid already. Pay the rest, or reverse that part under “Last receipts”.", "closed": "TILL CLOSED: open a shift", "no_reader": "The reader does not answer: cash or card only",
    "lost": "CONNECTION LOST", "lost_more": "Asking again. Nothing is charged twice.",
    "hold_band": "Hold band here", "keep_band": "Keep the band still", "at_card": "Card at the terminal",
    "tap_again": "PLEASE TAP AGAIN", "tap_again_more": "The same band once more. Nothing is charged twice.",
    "paid": "PAID", "done": "DONE", "already": "ALREADY PAID", "already_more": "Nothing was charged just now. Hand over the goods.",
    "not_paid": "NOT PAID", "not_done": "NOT DONE", "in_doubt": "NOT KNOWN", "in_doubt_more": "The band tells at its next tap. Nothing gets lost.",
    "cancelled": "CANCELLED", "cancelled_more": "Nothing was charged.", "asking": "PLEASE CHECK", "age": "Is the guest at least this old?",
    "same_amount": "The same amount as just now. Once more?", "goods_given": "Were the goods handed over?",
    "yes": "Yes", "no": "No", "next": "Next guest", "cancel": "Cancel", "give_up": "Give up (not known)", "again": "Again",
    "balance": "Balance", "new_balance": "Balance now", "promo": "Promo", "vouchers": "Vouchers", "left": "Still to pay",
    "other_band": "Another band", "take_left": "Take what is left", "top_up": "Top up", "top_up_how": "How is it paid?", "top_up_lost": "Top-up did not arrive", "money_back": "This top-up is not on the band. Give the money back?",
    "of_paid": "Paid", "of_band": "Band", "of_presale": "Presale", "of_tax": "Tax", "of_group": "Group", "of_merchant": "Merchant",
    "of_out": "Deposit out", "of_back": "Deposit back", "of_drawer": "Cash in the drawer", "of_late": "Late, from before", "of_training": "Training",
    "top_up_back": "Top-up returned", "code": "Voucher code",
    "type_code": "Type the code", "receipts": "Last receipts", "reverse": "Reverse", "reprint": "Show receipt", "none": "No receipts yet",
    "refund": "Take goods back", "cash_out": "Cash out", "all": "Everything", "bands": "Bands", "issue": "Issue a new band",
    "reissue": "Replace a lost band", "lock": "Lock a band", "wallet_class": "Class", "band_like": "Number on the band, its beginning on a receipt, number of a receipt, or ticket", "band_none": "No band is known by that.", "band_which": "Which one is it?", "band_more": "More of them fit: please type more digits.", "replaced": "replaced already", "receipt": "Receipt",
    "shift": "Shift", "shift_open": "Open shift", "shift_close": "Close shift", "float": "Change in the drawer",
    "counted": "Cash as counted", "cash_in": "Cash in", "cash_drop": "Cash out of the drawer", "closing_x": "X report", "closing_z": "Z report",
    "z_sure": "The Z report closes this shift for good.", "since": "open since", "expected": "Expected", "difference": "Difference",
    "devices": "Sign-in by band", "devices_what": "On a paired device staff sign in by holding their band to this till’s reader.", "pair": "Pair this device", "this_device": "this device", "unpair": "Remove", "paired": "Paired: a band is enough here from now on.",
    "training": "Training on", "training_off": "Training off", "choose_till": "Choose a till", "amount": "Amount", "ok": "Use this",
    "price_of": "Type the price", "least": "at least", "unknown_cards": "Card payment not known: the terminal is being asked",
    "doubts": "Not known at this till", "busy_other": "Something is going on at this till already", "problem": "The gateway does not take this", "tip": "Tip",
    "no_tip": "none", "deposit_back": "back", "free_price": "Price?", "perpetual": "Grand total since the beginning", "movement": "Movement",
    "sale": "Sale", "reversal": "Reversal", "deposit_return": "Deposit back", "deposit": "Deposit", "voucher": "Voucher", "rounding": "Rounding", "adjustment": "Correction", "credit": "Credit"
  },
  "fr": {
    "no_picture": "Le reçu ne peut pas être affiché.", "menu": "Plus", "training_on": "FORMATION : ni argent, ni bracelet, ni caisse", "refund_on": "REPRISE : qu’est-ce qui revient ?",
    "back": "Retour", "articles": "Articles", "undo": "Retirer", "clear": "Vider", "total": "Total",
    "pay_band": "Payer par bracelet", "pay_cash": "Espèces", "pay_card": "Carte", "no_till": "Aucune caisse pour vous ici.",
    "empty": "Rien de choisi", "part_paid": "Une partie est déjà payée. Payez le reste, ou contre-passez cette partie sous « Derniers reçus ».", "closed": "CAISSE FERMÉE : ouvrez un service", "no_reader": "Le lecteur ne répond pas : espèces ou carte",
    "lost": "CONNEXION PERDUE", "lost_more": "Nouvelle demande. Rien n’est compté deux fois.",
    "hold_band": "Présentez le bracelet", "keep_band": "Ne bougez pas le bracelet", "at_card": "Carte au terminal",
    "tap_again": "ENCORE UNE FOIS", "tap_again_more": "Le même bracelet encore une fois. Rien n’est compté deux fois.",
    "paid": "PAYÉ", "done": "FAIT", "already": "DÉJÀ PAYÉ", "already_more": "Rien n’a été débité à l’instant. Servez.",
    "not_paid": "NON PAYÉ", "not_done": "NON FAIT", "in_doubt": "INCERTAIN", "in_doubt_more": "Le bracelet le dira au prochain passage. Rien n’est perdu.",
    "cancelled": "ANNULÉ", "cancelled_more": "Rien n’a été débité.", "asking": "À VÉRIFIER", "age": "Le client a-t-il au moins cet âge ?",
    "same_amount": "Le même montant qu’à l’instant. Encore une fois ?", "goods_given": "La marchandise a-t-elle été remise ?",
    "yes": "Oui", "no": "Non", "next": "Client suivant", "cancel": "Annuler", "give_up": "Abandonner (incertain)", "again": "Réessayer",
    "balance": "Solde", "new_balance": "Solde actuel", "promo": "Promo", "vouchers": "Bons", "left": "Reste à payer",
    "other_band": "Autre bracelet", "take_left": "Prendre ce qui reste", "top_up": "Recharger", "top_up_how": "Payé comment ?", "top_up_lost": "Recharge non arrivée", "money_back": "Cette recharge n’est pas sur le bracelet. Rendre l’argent ?",
    "of_paid": "Payé", "of_band": "Bracelet", "of_presale": "Prévente", "of_tax": "Taxe", "of_group": "Groupe", "of_merchant": "Marchand",
    "of_out": "Consignes perçues", "of_back": "Consignes rendues", "of_drawer": "Espèces dans le tiroir", "of_late": "Après coup", "of_training": "Formation",
    "top_up_back": "Recharge rendue", "code": "Code de bon",
    "type_code": "Tapez le code", "receipts": "Derniers reçus", "reverse": "Contre-passer", "reprint": "Voir le reçu", "none": "Pas encore de reçu",
    "refund": "Reprendre un article", "cash_out": "Rembourser le solde", "all": "Tout", "bands": "Bracelets", "issue": "Nouveau bracelet",
    "reissue": "Remplacer un bracelet perdu", "lock": "Bloquer un bracelet", "wallet_class": "Classe", "band_like": "Numéro du bracelet, son début sur un reçu, numéro de reçu, ou billet", "band_none": "Aucun bracelet connu avec cela.", "band_which": "Lequel est-ce ?", "band_more": "D’autres conviennent : tapez plus de chiffres.", "replaced": "déjà remplacé", "receipt": "Reçu",
    "shift": "Service", "shift_open": "Ouvrir le service", "shift_close": "Fermer le service", "float": "Fond de caisse",
    "counted": "Espèces comptées", "cash_in": "Apport d’espèces", "cash_drop": "Prélèvement", "closing_x": "Rapport X", "closing_z": "Rapport Z",
    "z_sure": "Le rapport Z clôt ce service définitivement.", "since": "ouvert depuis", "expected": "Attendu", "difference": "Écart",
    "devices": "Connexion par bracelet", "devices_what": "Sur un appareil associé, l’équipe se connecte avec son bracelet au lecteur de cette caisse.", "pair": "Associer cet appareil", "this_device": "cet appareil", "unpair": "Retirer", "paired": "Associé : un bracelet suffit ici désormais.",
    "training": "Formation", "training_off": "Fin de formation", "choose_till": "Choisir la caisse", "amount": "Montant", "ok": "Valider",
    "price_of": "Tapez le prix", "least": "au moins", "unknown_cards": "Paiement par carte incertain : on interroge le terminal",
    "doubts": "Incertain à cette caisse", "busy_other": "Une opération est déjà en cours ici", "problem": "La passerelle refuse cela", "tip": "Pourboire",
    "no_tip": "aucun", "deposit_back": "retour", "free_price": "Prix ?", "perpetual": "Total général depuis le début", "movement": "Mouvement",
    "sale": "Vente", "reversal": "Contre-passation", "deposit_return": "Consigne rendue", "deposit": "Consigne", "voucher": "Bon", "rounding": "Arrondi", "adjustment": "Correction", "credit": "Crédit"
  }
};

export function tillWords(language) {
  return { ...WORDS[language], ...TILL[language] };
}

// Puts words into every element that names one.
export function speakTill(root, words) {
  root.querySelectorAll("[data-word]").forEach((element) => {
    element.textContent = words[element.dataset.word];
  });
  root.querySelectorAll("[data-label]").forEach((element) => {
    element.setAttribute("aria-label", words[element.dataset.label]);
  });
}
