"""wallet list | show | block | unblock | hold | totals | forks | doubts."""

from __future__ import annotations

from pathlib import Path

import pytest

from central.commands.errors import CommandFailed
from central.commands.session import reason_of
from tests.central.commands.conftest import Run

UID = "04a1b2c3d4e5f6"
OTHER = "04:00:00:00:00:00:01"


def test_a_band_is_blocked_and_freed(priced: Run) -> None:
    blocked = priced("wallet", "block", UID, "--reason", "stolen")
    assert blocked.out["min_epoch"] == 65536
    assert priced("wallet", "hold", UID, "12.50").out["hold_minor"] == 1250
    shown = priced("wallet", "show", blocked.out["medium"]).out
    assert (shown["because"], shown["hold_minor"]) == ("stolen", 1250)
    freed = priced("wallet", "unblock", UID)
    assert (freed.out["min_epoch"], freed.out["hold_minor"]) == (0, 1250)
    wallets = priced("bundle", "show").out["cashless"]["wallets"]
    assert [one.get("min_epoch", 0) for one in wallets] == [0]


def test_no_forks_and_no_doubts(priced: Run) -> None:
    assert priced("wallet", "forks").out == {"forks": []}
    none = {"in_doubt": [], "conflicts": [], "replaced": [], "unexplained": []}
    assert priced("wallet", "doubts").out == none


def test_a_bundle_is_shown_without_its_keys(priced: Run, tmp_path: Path) -> None:
    secret = (tmp_path / "central" / "keys" / "cashless.json").read_text()
    said = str(priced("bundle", "show").out["cashless"])
    for name in ("pseudonym_key", "chip_key", "key"):
        key = secret.partition(f'"{name}":"')[2].partition('"')[0]
        assert len(key) in (32, 64) and key not in said


@pytest.mark.parametrize("reason", ["x" * 65, "a\udcff", "a\nb"])
def test_a_reason_that_nobody_can_read_is_refused(reason: str) -> None:
    with pytest.raises(CommandFailed) as failed:
        reason_of(reason)
    assert failed.value.exit_code == 2
    assert "--reason: say why in at most 64 printable" in str(failed.value)
