"""benchmarks/tap_watch.py: lateness counts from when a wake was due; stalls are told apart."""

import gc
from pathlib import Path

import pytest
import trio
import trio.testing

from benchmarks.tap_watch import Late, Notes, Pause, Watch, read


class Machine:
    """Each sleep is as late, and uses as much processor time, as the test says."""

    def __init__(self, steps: list[tuple[float, float]]) -> None:
        self.now_s = 100.0
        self.used_s = 0.0
        self._steps = steps

    async def sleep(self, seconds: float) -> None:
        if not self._steps:
            await trio.sleep_forever()
        late_s, used_s = self._steps.pop(0)
        self.now_s += seconds + late_s
        self.used_s += used_s


async def watched(path: Path, machine: Machine) -> Watch:
    watch = Watch(
        path, clock=lambda: machine.now_s, used=lambda: machine.used_s, sleep=machine.sleep
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch.run)
        await trio.testing.wait_all_tasks_blocked()
        gc.collect()
        nursery.cancel_scope.cancel()
    return watch


@pytest.mark.trio
async def test_lateness_is_noted_and_stalls_of_ours_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    await watched(path, Machine([(0.0, 0.0), (0.006, 0.0061), (0.020, 0.009), (0.004, 0.005)]))
    notes = read(path)
    assert [round(one.late_s, 6) for one in notes.lates] == [0.0, 0.006, 0.020, 0.004]
    assert (notes.stalls, notes.stalls_of_ours) == (2, 1)
    assert round(notes.longest_s, 6) == 0.020
    assert round(notes.late_s(0.5), 6) == 0.006
    assert [one.generation for one in notes.pauses] == [2]


@pytest.mark.trio
async def test_the_collector_is_left_as_it_was(tmp_path: Path) -> None:
    before = list(gc.callbacks)
    watch = await watched(tmp_path / "notes.json", Machine([]))
    assert gc.callbacks == before
    seen = len(watch.notes.pauses)
    gc.collect()
    assert len(watch.notes.pauses) == seen


def test_only_what_fell_into_the_measurement_counts() -> None:
    notes = Notes([Late(1.0, 0.01, 0.0), Late(2.0, 0.0, 0.0)], [Pause(0.5, 0.1, 2)])
    during = notes.between(1.5, 3.0)
    assert (len(during.lates), during.pauses, during.stalls) == (1, [], 0)
    assert during.longest_pause_s == 0.0 == Notes([], []).longest_s
