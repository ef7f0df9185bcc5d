"""Whose badge a band is: the newest word per medium, whatever the clock says."""

from __future__ import annotations

import asyncpg
import pytest

from central.store import badges
from crypto.cashless import Badge
from tests.central.world import NOW_MS, TENANT

pytestmark = pytest.mark.asyncio
BAND = b"band-one-is-here"
OTHER = b"band-two-is-here"


@pytest.mark.parametrize("later_ms", [NOW_MS + 5, NOW_MS, NOW_MS - 86_400_000])
async def test_the_newest_word_counts(db: asyncpg.Connection, later_ms: int) -> None:
    await badges.say(db, TENANT, OTHER, 9, NOW_MS)
    await badges.say(db, TENANT, BAND, 7, NOW_MS)
    await badges.say(db, TENANT, BAND, 8, later_ms)
    assert await badges.badges(db, TENANT) == [Badge(BAND, 8), Badge(OTHER, 9)]
    await badges.say(db, TENANT, BAND, badges.NOBODY, later_ms)
    assert await badges.badges(db, TENANT) == [Badge(OTHER, 9)]
    await badges.say(db, TENANT, BAND, 7, later_ms)
    assert Badge(BAND, 7) in await badges.badges(db, TENANT)


async def test_an_operator_has_a_number_that_fits(db: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as error:
        await badges.say(db, TENANT, BAND, 65_536, NOW_MS)
    assert error.value.constraint_name == "badge_words_operator_fits"
