"""Codes: signed as ordered, recorded all or none, written whole."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from central import enrol
from central import keys as keyring
from central.keys import Keys
from central.sales.issue import (
    BATCH,
    Order,
    batches,
    issue_codes,
    sign_codes,
    write_codes,
    write_pictures,
)
from central.store import sales, tickets
from crypto.keys import VerifyKey
from crypto.ticket import FLAG_CHECK, FLAG_ROTATING, decode_untrusted, verify
from tests.central.world import NOW_MS, TENANT

NOW_S = NOW_MS // 1000
ORDER = Order(0, 1, persons=3, valid_from_s=10, valid_until_s=20, flags=FLAG_CHECK)


class Entropy:
    """1, 2, 3, … as bytes; after `until` the last one again, as a broken source would."""

    def __init__(self, until: int = 1 << 32) -> None:
        self.given, self.until = 0, until

    def __call__(self, size: int) -> bytes:
        self.given += 1
        return min(self.given, self.until).to_bytes(size, "big")


def make_keys(folder: Path) -> Keys:
    seeds = [bytes([n]) * 32 for n in range(1, 5)]
    return keyring.create(folder, "House", TENANT, seeds, NOW_S)


async def fill(db: asyncpg.Connection, folder: Path) -> Keys:
    keys = make_keys(folder)
    await enrol.record_tenant(db, keys, NOW_MS)
    await sales.add_product(db, TENANT, sales.ProductRow(1, "Day"), NOW_MS)
    return keys


def test_a_code_says_what_was_ordered(tmp_path: Path) -> None:
    keys = make_keys(tmp_path)
    ((ticket, code),) = sign_codes(keys, ORDER, [b"abcdefgh"], NOW_S, "HTTPS://X/")
    signed = decode_untrusted(code.encode())
    assert code.startswith("HTTPS://X/GH1") and signed.ticket == ticket
    assert verify(signed, VerifyKey(keys.issuer.public))
    t = signed.ticket
    assert (t.performance, t.product, t.persons, t.flags) == (0, 1, 3, FLAG_CHECK)
    assert (t.valid_from, t.valid_until, t.issued_at) == (10, 20, NOW_S)
    assert t.ticket_id == b"abcdefgh"


@pytest.mark.asyncio
async def test_every_code_is_recorded(connection: asyncpg.Connection, tmp_path: Path) -> None:
    keys = await fill(connection, tmp_path)
    heard: list[int] = []
    codes = await issue_codes(
        connection, keys, ORDER, BATCH + 1, issued_s=NOW_S, entropy=Entropy(),
        progress=heard.append,
    )  # fmt: skip
    assert heard == [BATCH, BATCH + 1] and len(set(codes)) == BATCH + 1
    last = decode_untrusted(codes[-1].encode()).ticket
    assert await tickets.newest_ticket(connection, TENANT, "house", last.ticket_id) == last
    assert await tickets.count_tickets(connection, TENANT) == {(0, 1): BATCH + 1}
    assert await tickets.list_holder_keys(connection, TENANT) == []


@pytest.mark.asyncio
async def test_an_id_given_twice_issues_nothing(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    keys = await fill(connection, tmp_path)
    with pytest.raises(asyncpg.UniqueViolationError):
        await issue_codes(
            connection, keys, ORDER, BATCH + 5, issued_s=NOW_S, entropy=Entropy(BATCH + 1)
        )
    assert await tickets.count_tickets(connection, TENANT) == {}


@pytest.mark.asyncio
async def test_each_rotating_code_has_a_secret_of_its_own(
    connection: asyncpg.Connection, tmp_path: Path
) -> None:
    keys = await fill(connection, tmp_path)
    order = Order(0, 1, flags=FLAG_ROTATING)
    codes = await issue_codes(connection, keys, order, 3, issued_s=NOW_S, entropy=Entropy())
    ids = sorted(decode_untrusted(one.encode()).ticket.ticket_id for one in codes)
    held = await tickets.list_holder_keys(connection, TENANT)
    assert [ticket for ticket, _ in held] == [b"house:" + one for one in ids]
    assert len({key for _, key in held}) == 3 and {len(key) for _, key in held} == {32}


@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH])
def test_batches_add_up(count: int) -> None:
    sizes = list(batches(count))
    assert sum(sizes) == count and all(1 <= size <= BATCH for size in sizes)


def test_codes_replace_an_older_file_and_are_the_owners(tmp_path: Path) -> None:
    out = tmp_path / "codes"
    out.write_text("old")
    out.chmod(0o644)
    (tmp_path / "codes.part").write_text("left behind")
    write_codes(out, ["A", "B"])
    assert out.read_text() == "A\nB\n" and out.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["codes"]


def test_pictures_are_counted_from_one_and_are_the_owners(tmp_path: Path) -> None:
    folder, heard = tmp_path / "deep" / "png", list[int]()
    folder.mkdir(parents=True)
    (folder / "000001.png").touch(mode=0o644)
    write_pictures(folder, ["A", "B"], heard.append)
    names = sorted(one.name for one in folder.iterdir())
    assert names == ["000001.png", "000002.png"] and heard == [1, 2]
    assert {one.stat().st_mode & 0o777 for one in folder.iterdir()} == {0o600}
