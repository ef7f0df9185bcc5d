"""The JSON of a request, read into a struct; what is wrong is named so that it can be mended."""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from config.faults import nearest
from edge.web.problems import ApiError, Problem, bad_field

T = TypeVar("T")
_AT: Final = re.compile(r"(.*) - at `\$\.(\w+)(?:\[[^]]*\])?`", re.DOTALL)
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(\w+)`")


def read_json_untrusted(
    raw: bytes, decoder: msgspec.json.Decoder[T], hints: Mapping[str, str], example: str
) -> T:
    """The body of a request. `hints`: what each field is; `example`: an object as it should be.

    Raises `ApiError` (400) that names the field or the byte.
    """
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise _field_error(str(error), hints, example) from None
    except UnicodeDecodeError:
        hint = "send JSON in UTF-8"
        raise ApiError(400, Problem("bad_json", "the body is not UTF-8", hint=hint)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        text = str(error).removeprefix("JSON is malformed: ")
        if "truncated" in text:
            text = f"it ends too early, or in a broken \\u escape ({len(raw)} bytes were read)"
        detail = f"the body is not JSON: {text}"
        hint = f"an object, as {example}"
        raise ApiError(400, Problem("bad_json", detail, hint=hint)) from None


def _field_error(text: str, hints: Mapping[str, str], example: str) -> ApiError:
    if unknown := _UNKNOWN.match(text):
        field = unknown[1]
        detail = f"there is no field {field!r} here"
        return ApiError(400, Problem("unknown_field", detail, field, nearest(field, list(hints))))
    if missing := _MISSING.match(text):
        return bad_field(missing[1], f"{missing[1]} is missing", hints[missing[1]])
    if wrong := _AT.match(text):
        field, hint = wrong[2], hints.get(wrong[2], "")
        said = f"is not {hint}" if "regex" in wrong[1] else f"is wrong: {_plain(wrong[1])}"
        return bad_field(field, f"{field} {said}", hint)
    return ApiError(400, Problem("bad_json", text, hint=f"an object, as {example}"))


def _plain(text: str) -> str:
    return text[:1].lower() + text[1:]
