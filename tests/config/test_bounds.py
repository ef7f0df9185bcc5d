"""What the patterns let in, and what they keep out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from config import bounds


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (bounds.Name, ["N", "Gate é 1", "x" * 64], ["", "x" * 65, "a\nb", "a\x00"]),
        (bounds.Slug, ["a", "north-1"], ["", "-a", "a-", "A", "a_b", "a" * 64, "a\n"]),
        (bounds.Host, ["a.example", "10.0.0.1", "fe80::1%eth0"], ["", "a b", "a/b", "a\n"]),
        (bounds.TimeOfDay, ["00:00", "23:59"], ["24:00", "6:00", "06:60", "06:00\n"]),
        (
            bounds.HttpsUrl,
            ["https://a.example", "https://a:8443/", "https://[::1]:1"],
            ["http://a", "https://", "https://a/b", "https://u@a", "https://a:x"],
        ),
        (bounds.Number, [1, 65535], [0, 65536, "1", True]),
        (bounds.Port, [1, 65535], [0, 65536]),
    ],
)
def test_bounds(kind: Any, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert msgspec.convert(value, kind) == value
    for value in bad:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(value, kind)
