"""A whole demo of three gateways: copies, a cut, a kill, an outage; and a row that is taken out."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from central.postgres import Embedded
from tests.demo import demo_runs
from tests.demo.demo_runs import Ran, agreed, check, finish

pytestmark = [pytest.mark.timeout(400), pytest.mark.xdist_group("demo")]
RUN = ("--headless", "--json", "--gateways", "3", "--guests", "48", "--seconds", "9", "--keep")


@pytest.fixture(scope="module")
def ran() -> Iterator[Ran]:
    place = Path(tempfile.mkdtemp(prefix="gatehouse-test-"))
    place.chmod(0o755)
    demo = demo_runs.start(place, *RUN)
    try:
        yield finish(demo, place)
    finally:
        demo.kill()
        demo_runs.remove(place)


def test_three_gateways_and_the_centre_agree_after_everything_that_happened(ran: Ran) -> None:
    told = agreed(ran)
    assert told["gateways"] == 3
    assert told["gateway_restarts"] == told["central_outages"] == 1
    assert told["facts"] == told["booked"] == told["receipted"]
    assert told["double_admissions"] == told["unexpected_answers"] == 0
    assert told["copies_across_gateways"] >= 6
    assert told["copies_admitted_twice"] == 0
    assert told["conflicts_found"] == told["conflicts_planned"] == 4
    assert told["lan_cut_s"] >= 3
    assert told["replication_lag_ms"]["observed"] > 10
    bar = told["bar"]
    assert bar["forks"] == 2 and bar["wallets"] == 10 and bar["tills"] == 3
    assert bar["refused"]["cloned"] == 4, "each of the two, at both gateways with tills"
    assert bar["in_doubt"] == 0 and bar["copies_refused"] == 1 and bar["torn"] >= 3
    assert demo_runs.gone(ran.folder) == []


def test_every_gateway_tells_of_each_conflict_once(ran: Ran) -> None:
    events = map(json.loads, (ran.folder / "events.jsonl").read_text().splitlines())
    found = [
        (event["gateway"], event["id"], event.get("lane", 0))
        for event in events
        if event["event"] == "conflict"
    ]
    conflicts = {name for _, name, _ in found}
    assert len(conflicts) == 4
    gateways = {gateway for gateway, _, _ in found}
    assert gateways == {"demo-1", "demo-2", "demo-3"}
    assert {(g, c) for g, c, _ in found} == {(g, c) for g in gateways for c in conflicts}


def test_a_conflict_taken_out_of_the_rows_is_named(ran: Ran) -> None:
    agreed(ran)
    place = Path(tempfile.mkdtemp(prefix="gatehouse-test-"))
    place.chmod(0o755)
    kept = demo_runs.copied(ran.folder, place / "demo")
    try:
        code, said = check(kept)
        assert (code, said.splitlines()[-1]) == (
            0, "All gateways and the centre agree to the row, and no ticket was admitted twice"
            " but those of the cut."
        )  # fmt: skip
        one = "(SELECT min(of_seq) FROM facts WHERE kind = 18)"
        take_out(kept, f"DELETE FROM facts WHERE kind = 18 AND of_seq = {one}")
        code, said = check(kept)
    finally:
        demo_runs.remove(place)
    assert code == 1
    assert "FAILED rows-missing-at-the-centre" in said
    assert "FAILED conflict-missing: the centre knows no conflict for" in said
    assert "is for 1 and let in 2" in said


def take_out(folder: Path, statement: str) -> None:
    """Several gateways may have recorded the same conflict: more than one row may go."""

    async def run() -> None:
        async with Embedded(folder / "central" / "postgres", entropy=os.urandom) as server:
            connection = await asyncpg.connect(server.dsn())
            try:
                assert not (await connection.execute(statement)).endswith(" 0")
            finally:
                await connection.close()

    asyncio.run(run())
