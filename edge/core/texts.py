"""Decisions in words: for staff in their language, for guests in theirs.

`saying` looks at a decision and finds what is to be said (a key and its values, without language);
`Texts` puts it into words, those of the venue where it has its own. Pure: the zone is an argument.
"""

import string
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final, Literal, TypeAlias

import msgspec

from crypto.claim import Claim
from crypto.entry import MARK_EXIT_UNHEARD
from edge.core.admission import Decision, Earlier
from edge.core.moments import Moment
from edge.core.phrases_place import PLACE
from edge.core.phrases_ticket import TICKET, Phrase
from edge.core.policy import Policy
from edge.core.reasons import Reason
from edge.core.rules.texts import CALENDARS

Audience = Literal["staff", "guest"]
#: audience -> language -> key -> the venue's own phrase.
Overrides: TypeAlias = Mapping[str, Mapping[str, Mapping[str, str]]]

PHRASES: Final[Mapping[str, Mapping[str, Phrase]]] = TICKET | PLACE
LANGUAGES: Final = ("de", "en", "fr")
AUDIENCES: Final[tuple[Audience, ...]] = ("staff", "guest")
PHRASE_CHARS_MAX: Final = 300
#: Known for every decision, so that each phrase of the venue may use it.
ALWAYS: Final = frozenset({"desk"})

_LANE: Final = {"de": "Spur {}", "en": "lane {}", "fr": "couloir {}"}
_GATE: Final = {"de": "Eingang {}", "en": "gate {}", "fr": "porte {}"}
_OR: Final = {"de": " oder ", "en": " or ", "fr": " ou "}
_DESK: Final = {"de": "Infostand", "en": "the help desk", "fr": "l’accueil"}
_HOUR: Final = {"de": "{:02}:{:02} Uhr", "en": "{:02}:{:02}", "fr": "{:02}h{:02}"}
_DAY: Final = {"de": "{2} am {0}. {1}", "en": "{2} on {0} {1}", "fr": "{2} le {0} {1}"}
# Signed numbers of others may be beyond what a calendar holds: such a time is shown as its end.
_TIME_MS_MAX: Final = 253_370_000_000_000
_OFFSET_MIN_MAX: Final = 1439


class Lane(msgspec.Struct, frozen=True, gc=False):
    """A lane of this gateway, by number."""

    number: int


class Gate(msgspec.Struct, frozen=True, gc=False):
    """A gate by the name it has in the bundle, or "" and its number."""

    name: str
    number: int


class Time(msgspec.Struct, frozen=True, gc=False):
    """Unix ms. `offset_min` from UTC where it was told; None: that of the venue's zone then."""

    ms: int
    offset_min: int | None = None


class Saying(msgspec.Struct, frozen=True, gc=False):
    """What is to be said: a key of `PHRASES`, its values, and when it is said."""

    key: str
    values: Mapping[str, Any]
    at: Moment


def saying(
    decision: Decision, policy: Policy, gateway: bytes, gate: int, direction: str, now: Moment
) -> Saying:
    """What the lane says to `decision`, made at `gate` of `gateway`; `direction` entry or exit."""
    reason, claim = decision.reason, decision.claim
    if reason is None:
        case = "again" if decision.repeated else direction
        if decision.marks & MARK_EXIT_UNHEARD and not decision.repeated:
            return Saying("admitted.unheard", {"gateways": list(policy.unheard)}, now)
        return Saying(f"admitted.{case}" if case != "entry" else "admitted", {}, now)
    case, values = "", dict[str, Any]()
    if claim is not None:
        if reason in (Reason.PRODUCT, Reason.PERFORMANCE):
            case, values = _elsewhere(policy, claim, gate)
            case = f"{reason.code}.{case}" if case else ""
        elif reason is Reason.INVALID_TIME:
            case, values = _window(policy, claim, now)
            if not case and decision.opens_ms > now.ms:
                case, values = "invalid_time.early", {"opens": Time(decision.opens_ms)}
        elif reason is Reason.ALREADY_REDEEMED:
            case, values = _used(decision.earlier, claim, policy, gateway)
        elif reason is Reason.EXIT_UNHEARD:
            _, values = _used(decision.earlier, claim, policy, gateway)
            values |= {"gateways": list(policy.unheard)}
        elif reason is Reason.RULES and decision.why:
            case, values = "rules.why", {"why": decision.why}
    return Saying(case or reason.code, values, now)


def _elsewhere(policy: Policy, claim: Claim, gate: int) -> tuple[str, dict[str, Any]]:
    """The gates that take this product and this performance."""
    show = policy.performances.get(claim.performance)
    if claim.product not in policy.products or (claim.performance and show is None):
        return "", {}
    right = [
        Gate(rule.name, rule.number)
        for rule in policy.gates.values()
        if rule.number != gate
        and (rule.products is None or claim.product in rule.products)
        and (rule.performances is None or not show or claim.performance in rule.performances)
    ]
    if not right:
        return "", {}
    return "gate", {"gates": right, "performance": show.name if show else ""}


def _window(policy: Policy, claim: Claim, now: Moment) -> tuple[str, dict[str, Any]]:
    show = policy.performances.get(claim.performance)
    opens_s = max(claim.valid_from, show.admission_from if show else 0)
    ends = [end for end in (claim.valid_until, show.ends_at if show else 0) if end]
    if ends and now.ms >= min(ends) * 1000:
        return "invalid_time.late", {"at": Time(min(ends) * 1000)}
    if now.ms < opens_s * 1000:
        return "invalid_time.early", {"opens": Time(opens_s * 1000)}
    return "", {}


def _used(
    use: Earlier | None, claim: Claim, policy: Policy, gateway: bytes
) -> tuple[str, dict[str, Any]]:
    if use is None:
        return "already_redeemed.persons", {"persons": claim.persons}
    rule = policy.gates.get(use.gate)
    there = Gate(rule.name if rule else "", use.gate)
    where = Lane(use.lane) if use.gateway == gateway else there
    values = {"where": where, "at": Time(use.at_ms, use.offset_min)}
    case = "open" if use.open else "possibly" if use.possibly else "at"
    return f"already_redeemed.{case}", values


def placeholders(phrase: str) -> frozenset[str]:
    """The names in braces. Raises ValueError for braces that are none, or with formats."""
    names = set[str]()
    for _, name, spec, conversion in string.Formatter().parse(phrase):
        if name is not None:
            if not name.isidentifier() or spec or conversion:
                raise ValueError(f"{{{name}}} is not a plain name in braces")
            names.add(name)
    return frozenset(names)


def allowed(key: str) -> frozenset[str]:
    """The placeholders that a phrase for `key` may use."""
    known = frozenset[str]()
    for phrase in PHRASES[key].values():
        known |= placeholders(phrase.staff) | placeholders(phrase.guest)
    return known | ALWAYS


def override_faults(overrides: Overrides) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """(path, problem, hint) of each phrase of the venue that cannot be spoken."""
    for audience, languages in overrides.items():
        for language, phrases in languages.items():
            for key, phrase in phrases.items():
                path = (audience, language, key)
                if key not in PHRASES:
                    yield path, f"there is no text {key!r}", "known: " + ", ".join(PHRASES)
                    continue
                may = ", ".join(sorted(allowed(key)))
                try:
                    more = placeholders(phrase) - allowed(key)
                except ValueError as error:
                    yield path, str(error), f"possible in braces: {may}"
                    continue
                if more:
                    names = ", ".join(sorted(more))
                    yield path, f"nobody fills {{{names}}} here", f"possible in braces: {may}"
                if not 0 < len(phrase.strip()) <= PHRASE_CHARS_MAX:
                    hint = f"1 to {PHRASE_CHARS_MAX} characters"
                    yield path, "is empty or too long to be read while walking", hint


class Texts:
    """The phrases in force. `overrides` have passed `override_faults`; `help_desk` "": a general
    word for it; `guest_languages`: those that guests are shown, the first one first."""

    def __init__(
        self, *, zone: tzinfo = UTC, staff_language: str = "en",
        guest_languages: tuple[str, ...] = LANGUAGES, help_desk: str = "",
        overrides: Overrides | None = None,
    ) -> None:  # fmt: skip
        self.staff_language = staff_language
        self.guest_languages = guest_languages
        self._zone = zone
        self._desk = {language: help_desk or _DESK[language] for language in LANGUAGES}
        own = overrides or {}
        self._phrases = {
            (audience, language, key): own.get(audience, {}).get(language, {}).get(key, standard)
            for key, languages in PHRASES.items()
            for language, phrase in languages.items()
            for audience, standard in zip(AUDIENCES, phrase, strict=True)
        }

    def staff(self, said: Saying) -> str:
        """For staff, in their language."""
        return self.put(said, "staff", self.staff_language)

    def guest(self, said: Saying) -> dict[str, str]:
        """For the guest, in every language there is."""
        return {language: self.put(said, "guest", language) for language in LANGUAGES}

    def desk(self, language: str) -> str:
        """Where help is."""
        return self._desk[language]

    def put(self, said: Saying, audience: Audience, language: str) -> str:
        """One sentence or two."""
        values = {name: self._word(value, language, said.at) for name, value in said.values.items()}
        phrase = self._phrases[audience, language, said.key]
        return phrase.format(desk=self._desk[language], **values)

    def _word(self, value: object, language: str, now: Moment) -> str:
        match value:
            case Time():
                return self._time(value, language, now)
            case Lane(number=number):
                return _LANE[language].format(number)
            case Gate(name=name, number=number):
                return name or _GATE[language].format(number)
            case list():
                return _OR[language].join(self._word(one, language, now) for one in value)
            case dict():  # put into words elsewhere, by language
                return str(value[language])
        return str(value)

    def _time(self, time: Time, language: str, now: Moment) -> str:
        if time.offset_min is None:
            local, today = _local(time.ms, self._zone), _local(now.ms, self._zone)
        else:
            local = _local(time.ms, _offset(time.offset_min))
            today = _local(now.ms, _offset(now.offset_min))
        hour = _HOUR[language].format(local.hour, local.minute)
        if local.date() == today.date():
            return hour
        month = CALENDARS[language].months[local.month - 1]
        return _DAY[language].format(local.day, month, hour)


def _local(ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(max(0, min(ms, _TIME_MS_MAX)) / 1000, zone)


def _offset(minutes: int) -> timezone:
    return timezone(timedelta(minutes=max(-_OFFSET_MIN_MAX, min(minutes, _OFFSET_MIN_MAX))))
