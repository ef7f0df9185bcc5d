"""Whole demos: real processes, real signals, a real database; and one that was tampered with."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo import demo_runs
from tests.demo.demo_runs import Ran, agreed, behind_its_back, check, finish

pytestmark = [pytest.mark.timeout(400), pytest.mark.xdist_group("demo")]
COULD_NOT_RUN = 69
RUN = ("--headless", "--json", "--guests", "60", "--seconds", "6")


@pytest.fixture(scope="module")
def runs() -> Iterator[dict[str, Ran]]:
    """Two demos at once: one as we are, one as an ordinary user where we are root."""
    places = {}
    for who in ("us", "other"):
        places[who] = Path(tempfile.mkdtemp(prefix="gatehouse-test-"))
        places[who].chmod(0o777)
    others = demo_runs.everybodys_python(places["other"]) if os.geteuid() == 0 else ""
    demos = {"us": demo_runs.start(places["us"], *RUN, "--keep")}
    if others is not None:
        demos["other"] = demo_runs.start(places["other"], *RUN, "--seed", "2", nobody=others)
    try:
        done = {who: finish(demo, places[who]) for who, demo in demos.items()}
        if done["us"].code == COULD_NOT_RUN:
            # Seen once, on a machine that ran the whole suite besides: guests still waited when
            # time was over. It is told with its words, and the demo gets the machine to itself.
            warnings.warn(f"a demo could not run through:\n{done['us'].err}", stacklevel=1)
            demo_runs.remove(done["us"].folder)
            demos["us"] = demo_runs.start(places["us"], *RUN, "--keep")
            done["us"] = finish(demos["us"], places["us"])
        yield done
    finally:
        for demo in demos.values():
            demo.kill()
        for place in places.values():
            demo_runs.remove(place)


@pytest.mark.needs("setpriv")
def test_gateway_and_centre_agree_after_everything_that_happened(runs: dict[str, Ran]) -> None:
    told = agreed(runs["us"])
    assert told["guests"] == 60
    assert told["gateway_restarts"] == told["central_outages"] == 1
    assert told["facts"] == told["booked"] == told["receipted"]
    assert told["double_admissions"] == told["unexpected_answers"] == 0
    assert told["waiting_max"] > 0
    assert {"invalid", "already_redeemed", "invalid_time"} <= set(told["refused"])
    assert told["lapsed"] > 0 and told["completed"] > 10
    bar = told["bar"]
    assert bar["wallets"] == 8 and bar["tills"] == 2 and bar["in_doubt"] == bar["forks"] == 0
    assert bar["taps"] > bar["posted"] > 10 and bar["torn"] >= 2
    assert bar["refused"] == {"balance": 1, "behind": 1} and bar["copies_refused"] == 1
    credits_minor = bar["topped_up_minor"] + bar["presale_minor"]
    spent_minor = bar["spent_minor"] - bar["given_back_minor"]
    assert credits_minor - spent_minor == bar["balances_minor"] > 0


@pytest.mark.needs("setpriv")
def test_an_ordinary_user_beside_it_fares_as_well(runs: dict[str, Ran]) -> None:
    if "other" not in runs:
        pytest.skip("there is no Python here that an ordinary user may run")
    agreed(runs["other"])


@pytest.mark.needs("setpriv")
def test_a_good_run_removes_its_folder_unless_it_is_to_be_kept(runs: dict[str, Ran]) -> None:
    assert f"The folder is kept: {runs['us'].folder}" in runs["us"].err
    assert (runs["us"].folder / "summary.json").is_file()
    for ran in runs.values():
        assert demo_runs.gone(ran.folder) == []
    if "other" in runs:
        assert not list(runs["other"].folder.glob("gatehouse-demo-*"))


@pytest.fixture
def kept(runs: dict[str, Ran]) -> Iterator[Path]:
    """A copy of the kept folder, to tamper with."""
    place = Path(tempfile.mkdtemp(prefix="gatehouse-test-"))
    place.chmod(0o755)
    yield demo_runs.copied(runs["us"].folder, place / "demo")
    demo_runs.remove(place)


ONE = "(SELECT min(seq) FROM facts WHERE kind = 10)"


@pytest.mark.needs("setpriv")
def test_a_row_deleted_at_the_centre_is_named(kept: Path) -> None:
    code, said = check(kept)
    assert (code, said.splitlines()[-1]) == (
        0, "Gateway and centre agree to the row, and no ticket was admitted twice."
    )  # fmt: skip
    behind_its_back(kept, f"DELETE FROM facts WHERE seq = {ONE}")
    code, said = check(kept)
    assert code == 1
    assert "FAILED rows-missing-at-the-centre: the gateway's ledger holds 1 fact" in said
    assert "Admitted on lane" in said


@pytest.mark.needs("setpriv")
def test_a_second_admission_is_named(kept: Path) -> None:
    columns = "tenant_id, gateway, epoch, seq, hlc, kind, day, offset_min, lane, gate, ticket,"
    columns += " product, performance, persons, ticket_persons, of_epoch, of_seq, code, cause"
    again = columns.replace(" seq,", " seq + 1000000,").replace(" lane,", " 5 - lane,")
    held = (
        "SELECT of_seq FROM facts WHERE kind = 12 AND persons = 1 AND of_seq IN"
        " (SELECT seq FROM facts WHERE kind = 10 AND ticket_persons = 1) LIMIT 1"
    )
    copy = f"SELECT {again} FROM facts WHERE kind = 10 AND seq = ({held})"
    behind_its_back(kept, f"INSERT INTO facts ({columns}) {copy}")
    code, said = check(kept)
    assert code == 1
    assert "FAILED double-admission-at-the-centre" in said
    assert "is for 1 and let in 2" in said
    assert "FAILED rows-nobody-sent" in said


@pytest.mark.needs("setpriv")
def test_money_that_is_wrong_at_the_centre_or_on_a_band_is_named(kept: Path) -> None:
    """One row of the bookings, one basket charged twice, and one band from the past."""
    one = "(SELECT txid FROM wallet_movements WHERE what = 'debit' ORDER BY txid LIMIT 1)"
    raised = f"SET amount_minor = amount_minor - 100 WHERE what = 'debit' AND txid = {one}"
    behind_its_back(kept, f"UPDATE wallet_movements {raised}")
    posted = "SELECT txid FROM money WHERE kind = 34"
    some = f"FROM money WHERE kind = 33 AND txid IN ({posted}) ORDER BY txid"
    twice = f"SET basket = (SELECT basket {some} LIMIT 1) WHERE kind = 33 AND txid ="
    behind_its_back(kept, f"UPDATE money {twice} (SELECT txid {some} DESC LIMIT 1)")
    band = kept / "bands" / "guest_2.band.json"
    # A copy that was made before the guest's last drinks, laid over the band.
    band.write_bytes((kept / "bands" / "guest_2_copy.band.json").read_bytes())
    code, said = check(kept)
    assert code == 1
    assert "FAILED wallets-agree: the centre's bookings say something else of 1 wallet" in said
    assert "FAILED credits-less-debits-are-balances" in said
    assert "FAILED nobody-pays-twice: by the centre's rows, 1 basket was charged twice" in said
    assert "FAILED bands-say-so-too: 1 band says something else" in said
    assert "guest_2 (NTAG213)" in said
