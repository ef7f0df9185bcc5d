"""Numbers and keys of epochs."""

from __future__ import annotations

import pytest

from crypto.certificate import read_untrusted
from crypto.keys import VerifyKey
from edge.ledger.epochs import file_of, keyed_epochs, load_key, make_key, next_epoch
from tests.edge.ledger.faulty_disk import FaultyDisk, PowerCut
from tests.edge.ledger.logs import GATEWAY, TENANT, WHO


def test_an_epoch_is_above_all_known_ones_and_not_below_the_clock() -> None:
    assert next_epoch([], 1_790_000_000) == 1_790_000_000
    assert next_epoch([5, 9], 1_790_000_000) == 1_790_000_000
    assert next_epoch([1_790_000_000], 1_790_000_000) == 1_790_000_001
    assert next_epoch([2_000_000_000], 0) == 2_000_000_001, "the clock was set back"


def test_a_key_is_on_the_medium_before_it_is_used() -> None:
    disk = FaultyDisk()
    made = make_key(
        disk, tenant=TENANT, gateway=GATEWAY, epoch=7, device=WHO.device,
        random_bytes=lambda size: b"\x11" * size,
    )  # fmt: skip
    disk.crash(lambda _: False)
    kept = load_key(disk, 7)
    assert kept is not None
    assert (kept.key.public, kept.certificate) == (made.key.public, made.certificate)
    certificate = read_untrusted(kept.certificate, VerifyKey(WHO.device.public))
    assert (certificate.epoch, certificate.public) == (7, made.key.public)
    assert keyed_epochs(disk) == [7]


@pytest.mark.parametrize("step", [2, 3])
def test_a_key_file_that_a_crash_left_behind_is_no_key_but_uses_up_its_number(step: int) -> None:
    disk = FaultyDisk()
    disk.cut_power_at_step = step
    with pytest.raises(PowerCut):
        make_key(
            disk, tenant=TENANT, gateway=GATEWAY, epoch=7, device=WHO.device,
            random_bytes=lambda size: b"\x11" * size,
        )  # fmt: skip
    disk.crash(lambda n: n % 2 == 0 and step == 2)
    assert load_key(disk, 7) is None
    assert keyed_epochs(disk) == [7]


def test_a_damaged_or_missing_key_file_is_no_key() -> None:
    disk = FaultyDisk()
    assert load_key(disk, 7) is None
    make_key(
        disk, tenant=TENANT, gateway=GATEWAY, epoch=7, device=WHO.device,
        random_bytes=lambda size: b"\x11" * size,
    )  # fmt: skip
    disk.flip(file_of(7), 77)
    assert load_key(disk, 7) is None
