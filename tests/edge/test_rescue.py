"""Who else knows our log is asked before it is opened; silence is an answer, too."""

from pathlib import Path

import msgspec
import pytest
import trio
from trio.testing import MockClock

from crypto.keys import VerifyKey
from crypto.receipt import sign
from edge.receipts import ReceiptStore
from edge.rescue import BLOCKS_S, HEADS_S, Rescue
from edge.transport import EpochHead, Turned, UplinkLost
from tests.crypto import samples
from tests.edge.centre import Centre

pytestmark = pytest.mark.trio
CHAIN = samples.make_chain(3)
RUN = b"".join(made.raw for made in CHAIN)


class Witness(Centre):
    """A centre that keeps blocks for repair, or answers with what it is told to."""

    def __init__(self, answer: bytes | Exception | None = RUN) -> None:
        super().__init__()
        self.answer = answer

    async def get_blocks(self, epoch: int, from_seq: int) -> bytes:
        return await self._answer()

    async def heads(self) -> list[EpochHead]:
        await self._answer()
        return [EpochHead(9, 6, CHAIN[-1].hash.hex())]

    async def _answer(self) -> bytes:
        if self.answer is None:
            await trio.sleep_forever()
        if isinstance(self.answer, Exception):
            raise self.answer
        assert self.answer is not None
        return self.answer


def receipts(folder: Path) -> ReceiptStore:
    return ReceiptStore(folder, VerifyKey(samples.RECEIPT_KEY.public), samples.GATEWAY)


async def test_receipts_and_the_centre_testify(tmp_path: Path) -> None:
    shelf = receipts(tmp_path)
    receipt = msgspec.structs.replace(samples.make_receipt(), epoch=7, through_seq=4)
    shelf.keep(sign(receipt, samples.RECEIPT_KEY), receipt)
    helpers = await Rescue(shelf, Witness()).helpers()  # type: ignore[arg-type]
    assert [tuple(known) for known in helpers.known] == [
        (7, 4, receipt.head, "a receipt"),
        (9, 6, CHAIN[-1].hash, "the centre"),
    ]
    assert helpers.fetch is not None
    assert await trio.to_thread.run_sync(helpers.fetch, 9, 1) == CHAIN


async def test_without_a_centre_only_receipts_testify(tmp_path: Path) -> None:
    helpers = await Rescue(receipts(tmp_path), None).helpers()
    assert (list(helpers.known), helpers.fetch) == ([], None)


TROUBLE = [UplinkLost("away"), Turned("unknown_gateway"), None]


@pytest.mark.parametrize("trouble", TROUBLE, ids=["away", "turned", "silent"])
async def test_a_centre_that_does_not_answer_stops_no_start(
    tmp_path: Path, autojump_clock: MockClock, trouble: Exception | None
) -> None:
    rescue = Rescue(receipts(tmp_path), Witness(trouble))  # type: ignore[arg-type]
    began = trio.current_time()
    assert not (await rescue.helpers()).known
    assert trio.current_time() - began <= HEADS_S
    assert await rescue.fetch(9, 1) == []
    assert trio.current_time() - began <= HEADS_S + BLOCKS_S


async def test_blocks_that_cannot_be_read_help_nobody(tmp_path: Path) -> None:
    for raw in (b"", RUN[:-1], b"garbage", RUN + b"!"):
        rescue = Rescue(receipts(tmp_path), Witness(raw))  # type: ignore[arg-type]
        assert await rescue.fetch(9, 1) == []
