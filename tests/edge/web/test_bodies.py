"""Any bytes are read, or refused with one error that says where and how."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.web.bodies import read_json_untrusted
from edge.web.problems import ApiError


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    word: Annotated[str, msgspec.Meta(pattern="^[a-z]+$")]
    size: int = 0


DECODER = msgspec.json.Decoder(Asked)
HINTS = {"word": "small letters", "size": "a number"}


def read(raw: bytes) -> Asked:
    return read_json_untrusted(raw, DECODER, HINTS, '{"word": "a"}')


@pytest.mark.parametrize(
    ("raw", "field", "detail", "hint"),
    [
        (b'{"word":"A"}', "word", "word is not small letters", "small letters"),
        (b'{"size":1}', "word", "word is missing", "small letters"),
        (b'{"word":"a","size":"x"}', "size", "size is wrong: expected `int`", "a number"),
        (b'{"word":"a","sise":1}', "sise", "there is no field 'sise' here", "did you mean size?"),
        (b"[]", "", "Expected `object`", 'an object, as {"word": "a"}'),
        (b'{"word":"\xff"}', "", "not UTF-8", "send JSON in UTF-8"),
        (b'{"word', "", "too early", 'an object, as {"word": "a"}'),
    ],
)
def test_what_is_wrong_is_named(raw: bytes, field: str, detail: str, hint: str) -> None:
    with pytest.raises(ApiError) as raised:
        read(raw)
    problem = raised.value.problem
    assert (raised.value.status, problem.field, problem.hint) == (400, field, hint)
    assert detail in problem.detail


@given(st.binary(max_size=200))
def test_nothing_else_is_raised(raw: bytes) -> None:
    try:
        assert isinstance(read(raw), Asked)
    except ApiError as error:
        assert error.status == 400
