"""Which device stands at which till: durable, by digest, and nobody where the file is broken."""

from pathlib import Path

import pytest

from edge.web.till_pairings import PER_TILL_MAX, Pairings, TooMany


@pytest.mark.trio
async def test_a_pairing_outlives_the_process_and_the_file_holds_no_token(tmp_path: Path) -> None:
    file = tmp_path / "till_devices.json"
    here = Pairings(file)
    token, other = await here.pair(1, 8, 5), await here.pair(2, 9, 6)
    assert token not in file.read_text() and file.stat().st_mode & 0o777 == 0o600
    again = Pairings(file)
    assert [again.till_of(one) for one in (token, other, "", "x", "\udcff")] == [1, 2, 0, 0, 0]
    assert await again.forget(1, again.devices[0].name)
    assert not await again.forget(2, "00000000")
    assert [Pairings(file).till_of(one) for one in (token, other)] == [0, 2]
    assert sorted(one.name for one in tmp_path.iterdir()) == [file.name]


@pytest.mark.trio
async def test_a_device_stands_at_one_till_and_there_are_not_too_many() -> None:
    here = Pairings()
    first = await here.pair(1, 8, 5)
    second = await here.pair(2, 8, 6, first)
    assert (here.till_of(first), here.till_of(second)) == (0, 2)
    for _ in range(PER_TILL_MAX):
        token = await here.pair(1, 8, 7)
    with pytest.raises(TooMany):
        await here.pair(1, 8, 8)
    assert here.till_of(await here.pair(1, 8, 9, token)) == 1, "in its own place"


@pytest.mark.trio
@pytest.mark.parametrize("raw", [b"", b"{", b'[{"till": 1}]', b"\xff"])
async def test_a_broken_file_pairs_nobody_and_is_said(
    tmp_path: Path, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "till_devices.json"
    file.write_bytes(raw)
    here = Pairings(file)
    assert here.devices == [] and "pair them anew" in caplog.text
    token = await here.pair(1, 8, 5)
    assert Pairings(file).till_of(token) == 1
