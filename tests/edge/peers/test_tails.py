"""What only the centre holds of a burnt sibling reaches those that run on."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from edge.peers import tails
from edge.peers.intake import Key
from edge.peers.tails import LEAST_S, MOST_S, Tails
from tests.edge.peers.logs import OWN, A, B, Log, Taker, other_history
from tests.edge.peers.test_courier import Centre, Missed

pytestmark = pytest.mark.trio
AFTER_S = 30.0


class Asked(Centre):
    """Counts the questions; gives at most `most` blocks at once."""

    asks = gets = 0
    most = 1000
    claims: int | None = None

    async def heads(self):  # type: ignore[no-untyped-def]
        self.asks += 1
        heads = await super().heads()
        return [type(h)(h.epoch, self.claims or h.through_seq, h.head) for h in heads]

    async def get_blocks(self, epoch: int, from_seq: int) -> bytes:
        self.gets += 1
        rest = [b for b in self.held[epoch] if b.last_seq >= from_seq]
        return b"".join(block.raw for block in rest[: self.most])


class Scene:
    def __init__(self, folder: Path) -> None:
        self.taker = Taker(folder)
        self.missed = Missed()
        self.centres = {gateway: Asked(gateway) for gateway in (A, B)}
        self.known: dict[Key, int] = {}
        self.tails = Tails(
            self.taker.intake, self.missed, lambda: [OWN, A, B], self.folded,
            self.centres.__getitem__, AFTER_S,  # type: ignore[arg-type]
        )  # fmt: skip

    def folded(self, key: Key) -> int:
        row = self.taker.intake.log(key)
        return max(self.known.get(key, 0), row.chain.head.seq if row is not None else 0)

    async def looks(self, seconds: float = 20) -> None:
        with trio.move_on_after(seconds):
            await self.tails.run()


@pytest.fixture
def scene(tmp_path: Path, autojump_clock: object) -> Scene:
    return Scene(tmp_path)


async def test_the_tail_of_a_lost_sibling_is_folded(scene: Scene, autojump_clock: object) -> None:
    log, younger = Log().fill(9), Log(A, 6, key_seed=4).fill(3)
    await scene.taker.take(*log.blocks[:4])
    scene.centres[A].held = {5: log.blocks, 6: younger.blocks}
    scene.centres[A].most = 2
    await scene.looks(300)
    assert scene.taker.seqs == [1, 2, 3, 4] and scene.centres[A].asks == 0  # it is heard
    scene.missed.unheard[A] = AFTER_S
    await scene.looks()
    assert scene.taker.seqs == [*range(1, 11), *range(1, 5)]
    assert scene.tails.fetched == 10 and scene.centres[B].asks == 0
    await scene.taker.intake.flush()
    assert scene.taker.intake.heads()[A, 5] == log.head  # and is passed on


async def test_it_is_asked_for_rarely(scene: Scene, autojump_clock: object) -> None:
    log = Log().fill(2)
    await scene.taker.take(*log.blocks)
    scene.centres[A].held = {5: log.blocks}
    scene.missed.unheard[A] = AFTER_S
    hours_s = 4 * 3600
    await scene.looks(hours_s)
    assert scene.centres[A].asks <= hours_s / MOST_S + 6 and scene.centres[A].gets == 0
    # What the state knows already, though its blocks were deleted here, is not fetched again.
    scene.centres[A].held[4] = Log(A, 4).fill(2).blocks
    scene.known[A, 4] = 3
    await scene.looks(hours_s)
    assert scene.centres[A].gets == 0
    scene.missed.unheard[A] = 0.0
    await scene.looks(MOST_S)
    scene.missed.unheard[A] = AFTER_S
    before = scene.centres[A].asks
    await scene.looks(LEAST_S + 20)
    assert scene.centres[A].asks == before + 2  # lost again: soon again


async def test_a_centre_that_claims_more_than_it_gives_is_left(
    scene: Scene, autojump_clock: object
) -> None:
    log = Log().fill(2)
    scene.centres[A].held, scene.centres[A].claims = {5: log.blocks}, 10**9
    scene.missed.unheard[A] = AFTER_S
    await scene.looks(40)
    assert scene.taker.seqs == [1, 2, 3] and scene.centres[A].gets <= 4


async def test_it_is_verified_as_from_any_sibling(scene: Scene, autojump_clock: object) -> None:
    log = Log().fill(3)
    await scene.taker.take(*log.blocks)
    scene.centres[A].held = {5: Log(A, key_seed=3).fill(5).blocks}
    scene.missed.unheard[A] = AFTER_S
    await scene.looks()
    counts = scene.taker.intake.counts[A]
    assert scene.taker.seqs == [1, 2, 3, 4] and (counts.forged, counts.forks) == (1, 0)
    scene.centres[A].held = {5: other_history(log, 3).fill(2).blocks}
    await scene.looks(LEAST_S * 2)
    assert scene.taker.seqs == [1, 2, 3, 4] and counts.forks == 1


async def test_one_look_is_bounded(
    scene: Scene, autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log().fill(20)
    scene.centres[A].held, scene.centres[A].most = {5: log.blocks}, 1
    monkeypatch.setattr(tails, "LOOK_BYTES", 3 * len(log.blocks[1].raw))
    scene.missed.unheard[A] = AFTER_S
    await scene.looks()
    assert 1 < len(scene.taker.seqs) < 6
    scene.centres[A].away = True
    await scene.looks(300)
    scene.centres[A].away = False
    await scene.looks(3 * MOST_S)
    assert scene.taker.seqs == list(range(1, 22))
