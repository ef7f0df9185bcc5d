"""Two people, two processes: what each was told is what the tables say."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from central.commands import badges, cashless, presale, wallets
from central.commands.errors import CommandFailed
from central.commands.session import Border
from tests.central.commands.conftest import EXAMPLE, Run
from tests.central.commands.test_commands_wallets import OTHER, UID
from tests.central.world import NOW_MS

# One moment for all: nobody's word may stand in for another's because it was said at once.
BORDER = Border(lambda: NOW_MS, os.urandom)


def test_nobody_undoes_what_another_does_at_the_same_moment(
    run: Run, config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for gateway in (1, 2, 3):
        (tmp_path / f"{gateway}.csv").write_text(f"order,amount,band\nA1,{gateway}.00,{UID}\n")

    async def all_of_it() -> list[int | BaseException]:
        prices = [cashless.set_prices(config_file, BORDER, EXAMPLE) for _ in range(3)]
        assert await asyncio.gather(*prices) == [0, 0, 0]
        keys = (tmp_path / "central" / "keys" / "cashless.json").read_text()
        await asyncio.gather(
            wallets.block(config_file, BORDER, UID, "stolen"),
            wallets.hold(config_file, BORDER, UID, "12.50"),
            wallets.block(config_file, BORDER, OTHER, "lost"),
            badges.add(config_file, BORDER, UID, 7),
            badges.add(config_file, BORDER, UID, 8),
        )
        assert (tmp_path / "central" / "keys" / "cashless.json").read_text() == keys
        return await asyncio.gather(
            *(
                presale.import_presale(config_file, BORDER, tmp_path / f"{one}.csv")
                for one in (1, 2, 3)
            ),
            return_exceptions=True,
        )

    answers = asyncio.run(all_of_it())
    assert [one for one in answers if isinstance(one, int)] == [0]
    refused = [one for one in answers if isinstance(one, CommandFailed)]
    assert len(refused) == 2 and all("another amount_minor" in str(one) for one in refused)
    told = run("wallet", "show", UID).out
    assert (told["min_epoch"], told["hold_minor"]) == (65536, 1250)
    assert told["balance_minor"] in (100, 200, 300)
    assert run("wallet", "totals").out["agree"]
