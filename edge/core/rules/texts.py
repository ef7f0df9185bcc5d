"""Sentences for a guest who is refused by a rule, in German, English and French.

Each text is a pair (for one, for many) of `n`, or one text. All begin with a word that German
writes small, because two of them may be joined.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

LANGUAGES: Final = ("de", "en", "fr")
Names = Callable[[str, int], str | None]

Text = str | tuple[str, str]
TEXTS: Final[dict[str, dict[str, Text]]] = {
    "de": {
        "allowed": "Nach der Regel zugelassen",
        "after": "Erst ab {time} Uhr möglich",
        "before": "Nur bis {time} Uhr möglich",
        "weekday": "Nur am {days} möglich",
        "entries_number_max": ("Höchstens ein Einlass", "Höchstens {n} Einlässe"),
        "entries_today_max": ("Höchstens ein Einlass pro Tag", "Höchstens {n} Einlässe pro Tag"),
        "entries_days_max": ("Nur an einem Tag Einlass", "Nur an {n} Tagen Einlass"),
        "entries_since_max": (
            "Höchstens ein Einlass seit {time} Uhr",
            "Höchstens {n} Einlässe seit {time} Uhr",
        ),
        "entries_before_none": "Nicht nach einem Einlass vor {time} Uhr",
        "entries_before_max": (
            "Nur mit höchstens einem Einlass vor {time} Uhr",
            "Nur mit höchstens {n} Einlässen vor {time} Uhr",
        ),
        "entries_days_since_max": (
            "Seit {time} Uhr nur an einem Tag",
            "Seit {time} Uhr nur an {n} Tagen",
        ),
        "entries_days_before_max": (
            "Nur mit Einlass an höchstens einem Tag vor {time} Uhr",
            "Nur mit Einlass an höchstens {n} Tagen vor {time} Uhr",
        ),
        "entries_number_min": (
            "Erst nach einem früheren Einlass",
            "Erst nach {n} früheren Einlässen",
        ),
        "entries_today_min": (
            "Erst nach einem früheren Einlass am selben Tag",
            "Erst nach {n} früheren Einlässen am selben Tag",
        ),
        "entries_days_min": (
            "Erst nach einem früheren Einlass",
            "Erst nach Einlass an {n} früheren Tagen",
        ),
        "entries_since_min": (
            "Nur nach einem früheren Einlass seit {time} Uhr",
            "Nur nach {n} früheren Einlässen seit {time} Uhr",
        ),
        "entries_before_min": (
            "Nur wer vor {time} Uhr schon einmal eingelassen wurde",
            "Nur wer vor {time} Uhr schon {n}-mal eingelassen wurde",
        ),
        "entries_days_since_min": (
            "Nur wer seit {time} Uhr schon eingelassen wurde",
            "Nur nach Einlass an {n} Tagen seit {time} Uhr",
        ),
        "entries_days_before_min": (
            "Nur wer vor {time} Uhr schon eingelassen wurde",
            "Nur nach Einlass an {n} Tagen vor {time} Uhr",
        ),
        "count_not": ("Nicht nach genau einem Einlass", "Nicht nach genau {n} Einlässen"),
        "first_only": "Nur beim ersten Einlass",
        "last_min": "Erst {span} nach dem letzten Einlass, also ab {time} Uhr",
        "last_max": "Nur bis {span} nach dem letzten Einlass",
        "first_min": "Erst {span} nach dem ersten Einlass, also ab {time} Uhr",
        "first_max": "Nur bis {span} nach dem ersten Einlass",
        "inside": "Bereits eingelassen; bitte zuerst am Ausgang scannen",
        "outside": "Nur für Gäste, die bereits eingelassen sind",
        "gate": "Nicht an diesem Eingang; bitte zu {gates}",
        "gate_not": "Nicht an diesem Eingang",
        "product": "Mit dieser Ticketart nicht möglich",
        "product_only": "Mit dieser Ticketart nicht möglich, nur mit {products}",
        "missing": "Ohne das Datum der Veranstaltung nicht zu entscheiden; bitte Personal fragen",
        "never": "Nach der Regel nie zugelassen; bitte Personal fragen",
        "unknown": "Nach der Einlassregel nicht zugelassen; bitte Personal fragen",
    },
    "en": {
        "allowed": "Allowed by the rule",
        "after": "Only allowed after {time}",
        "before": "Only allowed before {time}",
        "weekday": "Only allowed on {days}",
        "entries_number_max": ("At most one entry", "At most {n} entries"),
        "entries_today_max": ("At most one entry per day", "At most {n} entries per day"),
        "entries_days_max": ("Entry on one day only", "Entry on {n} days only"),
        "entries_since_max": ("At most one entry since {time}", "At most {n} entries since {time}"),
        "entries_before_none": "Not after an entry before {time}",
        "entries_before_max": (
            "Only with at most one entry before {time}",
            "Only with at most {n} entries before {time}",
        ),
        "entries_days_since_max": (
            "Entry on one day only since {time}",
            "Entry on {n} days only since {time}",
        ),
        "entries_days_before_max": (
            "Only with entries on at most one day before {time}",
            "Only with entries on at most {n} days before {time}",
        ),
        "entries_number_min": ("Only after an earlier entry", "Only after {n} earlier entries"),
        "entries_today_min": (
            "Only after an earlier entry on the same day",
            "Only after {n} earlier entries on the same day",
        ),
        "entries_days_min": (
            "Only after an earlier entry",
            "Only after entries on {n} earlier days",
        ),
        "entries_since_min": (
            "Only after an earlier entry since {time}",
            "Only after {n} earlier entries since {time}",
        ),
        "entries_before_min": (
            "Only for guests who entered before {time}",
            "Only for guests who entered {n} times before {time}",
        ),
        "entries_days_since_min": (
            "Only after an earlier entry since {time}",
            "Only after entries on {n} days since {time}",
        ),
        "entries_days_before_min": (
            "Only for guests who entered before {time}",
            "Only after entries on {n} days before {time}",
        ),
        "count_not": ("Not after exactly one entry", "Not after exactly {n} entries"),
        "first_only": "Only for the first entry",
        "last_min": "Minimum time since last entry: {span}, possible from {time}",
        "last_max": "Only within {span} of the last entry",
        "first_min": "Minimum time since first entry: {span}, possible from {time}",
        "first_max": "Only within {span} of the first entry",
        "inside": "Already inside; please check out first",
        "outside": "Only for guests who are already inside",
        "gate": "Not at this gate; use {gates}",
        "gate_not": "Not at this gate",
        "product": "Ticket type not allowed",
        "product_only": "Ticket type not allowed, only {products}",
        "missing": "Cannot be decided without the date of the event; please ask staff",
        "never": "Never allowed by the rule; please ask staff",
        "unknown": "Not allowed by the rule of entry; please ask staff",
    },
    "fr": {
        "allowed": "Autorisé par la règle",
        "after": "Accès possible à partir de {time}",
        "before": "Accès possible jusqu’à {time}",
        "weekday": "Accès possible seulement le {days}",
        "entries_number_max": ("Une seule entrée autorisée", "Au plus {n} entrées autorisées"),
        "entries_today_max": ("Une seule entrée par jour", "Au plus {n} entrées par jour"),
        "entries_days_max": ("Entrée un seul jour", "Entrée sur {n} jours au plus"),
        "entries_since_max": (
            "Une seule entrée depuis {time}",
            "Au plus {n} entrées depuis {time}",
        ),
        "entries_before_none": "Pas après une entrée avant {time}",
        "entries_before_max": (
            "Seulement avec une entrée au plus avant {time}",
            "Seulement avec {n} entrées au plus avant {time}",
        ),
        "entries_days_since_max": (
            "Entrée un seul jour depuis {time}",
            "Entrée sur {n} jours au plus depuis {time}",
        ),
        "entries_days_before_max": (
            "Seulement avec un jour d’entrée au plus avant {time}",
            "Seulement avec {n} jours d’entrée au plus avant {time}",
        ),
        "entries_number_min": (
            "Seulement après une première entrée",
            "Seulement après {n} entrées",
        ),
        "entries_today_min": (
            "Seulement après une première entrée le même jour",
            "Seulement après {n} entrées le même jour",
        ),
        "entries_days_min": (
            "Seulement après une première entrée",
            "Seulement après des entrées sur {n} jours",
        ),
        "entries_since_min": (
            "Seulement après une entrée depuis {time}",
            "Seulement après {n} entrées depuis {time}",
        ),
        "entries_before_min": (
            "Seulement après une entrée avant {time}",
            "Seulement après {n} entrées avant {time}",
        ),
        "entries_days_since_min": (
            "Seulement après une entrée depuis {time}",
            "Seulement après des entrées sur {n} jours depuis {time}",
        ),
        "entries_days_before_min": (
            "Seulement après une entrée avant {time}",
            "Seulement après des entrées sur {n} jours avant {time}",
        ),
        "count_not": ("Pas après exactement une entrée", "Pas après exactement {n} entrées"),
        "first_only": "Seulement pour la première entrée",
        "last_min": "Délai minimum depuis la dernière entrée : {span}, possible dès {time}",
        "last_max": "Seulement dans un délai de {span} après la dernière entrée",
        "first_min": "Délai minimum depuis la première entrée : {span}, possible dès {time}",
        "first_max": "Seulement dans un délai de {span} après la première entrée",
        "inside": "Déjà à l’intérieur ; veuillez d’abord valider la sortie",
        "outside": "Seulement pour les personnes déjà à l’intérieur",
        "gate": "Pas à cette entrée ; rendez-vous à {gates}",
        "gate_not": "Pas à cette entrée",
        "product": "Ce type de billet n’est pas admis",
        "product_only": "Ce type de billet n’est pas admis, seulement {products}",
        "missing": "Décision impossible sans la date de l’événement ; adressez-vous au personnel",
        "never": "Jamais autorisé par la règle ; adressez-vous au personnel",
        "unknown": "Refusé par la règle d’entrée ; adressez-vous au personnel",
    },
}


_MONTHS: Final = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
}
_WEEKDAYS: Final = {
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
}


class Calendar(msgspec.Struct, frozen=True):
    """How a language writes times, lists and gates; `gate_words` already say it is a gate."""

    weekdays: list[str]
    months: list[str]
    day_time: str
    day_year_time: str
    either: str
    besides: str
    gate: str
    gate_words: tuple[str, ...]


CALENDARS: Final = {
    "de": Calendar(
        _WEEKDAYS["de"].split(),
        _MONTHS["de"].split(),
        "{day}. {month}, {time}",
        "{day}. {month} {year}, {time}",
        " oder ",
        "; ",
        "Eingang {name}",
        ("eingang", "tor", "gate", "einlass"),
    ),
    "en": Calendar(
        _WEEKDAYS["en"].split(),
        _MONTHS["en"].split(),
        "{time} on {day} {month}",
        "{time} on {day} {month} {year}",
        " or ",
        "; ",
        "gate {name}",
        ("gate", "entrance"),
    ),
    "fr": Calendar(
        _WEEKDAYS["fr"].split(),
        _MONTHS["fr"].split(),
        "{time} le {day} {month}",
        "{time} le {day} {month} {year}",
        " ou ",
        " ; ",
        "l’entrée {name}",
        ("entrée", "porte", "gate"),
    ),
}


def sentence(lang: str, kind: str, **fields: object) -> str:
    """The text `kind` in `lang`, filled in."""
    text = TEXTS[lang][kind]
    if isinstance(text, tuple):
        text = text[fields.get("n") != 1]
    return text.format_map(fields)


def together(lang: str, first: str, *others: str) -> str:
    """Two sentences as one."""
    return CALENDARS[lang].besides.join([first, *(each[0].lower() + each[1:] for each in others)])


def joined(lang: str, parts: list[str]) -> str:
    """`a, b or c`."""
    *head, last = parts
    return CALENDARS[lang].either.join([", ".join(head), last]) if head else last


def span(minutes: int) -> str:
    """45 min, 3 h, 1 h 30 min: the same in all three languages."""
    hours, rest = divmod(minutes, 60)
    shown = [f"{hours} h"] * (hours > 0) + [f"{rest} min"] * (rest > 0 or not hours)
    return " ".join(shown)


def gate_called(lang: str, name: str) -> str:
    """`gate North`, and not `gate Gate North`."""
    calendar = CALENDARS[lang]
    if any(word in name.casefold() for word in calendar.gate_words):
        return name
    return calendar.gate.format(name=name)


def moment(lang: str, at: datetime, seen_from: datetime) -> str:
    """The time of day; with the day unless it is the same, with the year unless that is."""
    shown = at.strftime("%H:%M:%S" if at.second else "%H:%M")
    if at.date() == seen_from.date():
        return shown
    calendar = CALENDARS[lang]
    form = calendar.day_time if at.year == seen_from.year else calendar.day_year_time
    month = calendar.months[at.month - 1]
    return form.format(day=at.day, month=month, year=at.year, time=shown)
