"""What ends the process of a gateway, and with which code."""

from __future__ import annotations

import os
import signal

import pytest
import trio
import trio.testing

from config.faults import ConfigInvalid, Fault
from edge.endings import ending_of, until_signal
from edge.ledger.errors import LedgerBusy, LedgerDamaged, StorageFailed
from edge.peers.learning import NoHistory


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StorageFailed("Input/output error"), 74),
        (LedgerDamaged("torn", epoch=7, seq=3, segment="a", at_bytes=4096), 78),
        (LedgerBusy("a"), 69),
        (NoHistory("nobody answers"), 69),
        (ConfigInvalid([Fault("a", "b", "c")]), 78),
        (OSError(98, "the address is taken"), 69),
    ],
)
def test_each_ending_has_its_code(error: Exception, code: int) -> None:
    ending = ending_of(error)
    assert ending is not None
    assert (ending.code, ending.cause) == (code, error)
    assert "Errno" not in ending.why and ending.why in str(error)


def test_in_a_group_the_failed_disk_counts_before_all_else() -> None:
    disk = StorageFailed("Input/output error")
    error = ExceptionGroup("", [OSError("the address is taken"), ExceptionGroup("", [disk])])
    ending = ending_of(error)
    assert ending is not None
    assert (ending.code, ending.cause) == (74, disk)


def test_our_own_mistake_is_no_ending() -> None:
    assert ending_of(ExceptionGroup("", [AssertionError("a seq is used twice")])) is None


@pytest.mark.trio
@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT))
async def test_a_signal_asks_to_stop(number: signal.Signals) -> None:
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_signal, nursery.cancel_scope)
            await trio.testing.wait_all_tasks_blocked()
            os.kill(os.getpid(), number)
            await trio.sleep_forever()
