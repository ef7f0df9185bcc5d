"""The wire to the centre: what is asked, how answers are read, and whom TLS lets us talk to."""

import socket
import zlib
from pathlib import Path

import pytest
import trio
import zstandard

from edge import transport
from edge.transport import BLOCKS_TYPE, EpochHead, Gap, HttpTransport, Turned, UplinkLost
from tests.crypto import samples
from tests.edge.https import Request, answer, centre, client_context, make_authority

pytestmark = pytest.mark.trio
GATEWAY = samples.GATEWAY.hex()


# -- what is asked ---------------------------------------------------------------------------------


async def test_blocks_go_out_compressed_and_the_receipt_comes_back(tmp_path: Path) -> None:
    seen: list[Request] = []

    def answers(request: Request) -> bytes:
        seen.append(request)
        return answer(200, b"a receipt")

    run = b"blocks " * 5000
    async with centre(tmp_path, answers) as wire:
        assert await wire.put_blocks(3, 17, run) == b"a receipt"
    (request,) = seen
    assert (request.method, request.target) == (
        "PUT",
        f"/v1/gateways/{GATEWAY}/epochs/3/blocks/17",
    )
    assert request.headers["content-type"] == BLOCKS_TYPE
    assert request.headers["accept-encoding"] == "identity"
    assert len(request.body) < len(run) / 10
    assert zstandard.ZstdDecompressor().decompress(request.body) == run
    assert request.peer == GATEWAY


async def test_every_question_and_its_answer(tmp_path: Path) -> None:
    asked: list[str] = []
    head = "ab" * 32
    said = {
        f"/v1/gateways/{GATEWAY}/heads": b'{"epochs":[{"epoch":3,"through_seq":9,"head":"%s"}]}'
        % head.encode(),
        "/v1/bundle?have=4&wait=1": b"a bundle",
        "/v1/bundle?have=6&wait=1&base=4": b"a delta",
        "/v1/guests?have=2&wait=1": b"guests",
        "/v1/clock": b'{"now_ms":1770000000000}',
        f"/v1/gateways/{GATEWAY}/epochs/3/blocks?from=9": zstandard.compress(b"blocks"),
    }

    def answers(request: Request) -> bytes:
        asked.append(f"{request.method} {request.target}")
        return answer(200, said[request.target])

    async with centre(tmp_path, answers) as wire:
        assert await wire.heads() == [EpochHead(3, 9, head)]
        assert await wire.get_bundle(4, 1) == b"a bundle"
        assert await wire.get_bundle(6, 1, 4) == b"a delta"
        assert await wire.get_guests(2, 1) == b"guests"
        assert await wire.clock_ms() == 1_770_000_000_000
        assert await wire.get_blocks(3, 9) == b"blocks"
    assert asked == [f"GET {target}" for target in said]


async def test_nothing_newer_and_nothing_there_are_answers(tmp_path: Path) -> None:
    def answers(request: Request) -> bytes:
        return answer(404) if "blocks" in request.target else answer(204)

    async with centre(tmp_path, answers) as wire:
        assert await wire.get_bundle(4, 1) is None
        assert await wire.get_guests(4, 1) is None
        assert await wire.get_blocks(3, 9) == b""


# -- what comes back -------------------------------------------------------------------------------

STATUS = [
    (409, b'{"problem":"gap","wanted":7}', Gap, "wants facts from 7"),
    (409, b'{"problem":"fork","seq":7}', Turned, "^fork$"),
    (403, b'{"problem":"unknown_gateway"}', Turned, "^unknown_gateway$"),
    (413, b'{"problem":"too_large"}', Turned, "^too_large$"),
    (422, b'{"problem":"bad_block","detail":"block 3"}', Turned, "^bad_block: block 3$"),
    (400, b'{"problem":"gap","wanted":7}', Turned, "^gap$"),
    (404, b"", Turned, "^status 404$"),
    (302, b"", Turned, "^status 302$"),
    (418, b"<html>", Turned, "^status 418$"),
    (400, b"[" * 20_000, Turned, "^status 400$"),
    (400, b'{"problem":"\xff"}', Turned, "^status 400$"),
    (400, b'{"problem":7}', Turned, "^status 400$"),
    (408, b"", UplinkLost, "answers 408$"),
    (429, b'{"problem":"busy"}', UplinkLost, "answers 429 busy$"),
    (500, b"Internal Server Error", UplinkLost, "answers 500$"),
    (503, b'{"problem":"starting"}', UplinkLost, "answers 503 starting$"),
]


async def test_each_status_is_one_of_our_errors(tmp_path: Path) -> None:
    replies = [answer(status, body) for status, body, _, _ in STATUS]
    async with centre(tmp_path, lambda request: replies.pop(0)) as wire:
        for _, _, error, text in STATUS:
            with pytest.raises(error, match=text) as caught:
                await wire.put_blocks(1, 1, b"blocks")
            assert caught.type is error
            if isinstance(caught.value, Gap):
                assert caught.value.wanted == 7


GARBAGE = [
    b"",
    b"null",
    b"{",
    b"[" * 20_000,
    b'{"epochs":[{"epoch":-1,"through_seq":9,"head":"' + b"ab" * 32 + b'"}]}',
    b'{"epochs":[{"epoch":1,"through_seq":-9,"head":"' + b"ab" * 32 + b'"}]}',
    b'{"epochs":[{"epoch":1,"through_seq":9,"head":"not hex"}]}',
    b'{"epochs":[{"epoch":1,"through_seq":9,"head":"\xff"}]}',
]


async def test_an_answer_that_cannot_be_read_is_a_lost_centre(tmp_path: Path) -> None:
    replies = [answer(200, body) for body in GARBAGE]
    async with centre(tmp_path, lambda request: replies.pop(0)) as wire:
        for _ in GARBAGE:
            with pytest.raises(UplinkLost, match="cannot be read"):
                await wire.heads()


BOMB = zstandard.compress(bytes((16 << 20) + 1))
UNSIZED = zstandard.ZstdCompressor().compressobj()
UNSIZED_BOMB = UNSIZED.compress(bytes((16 << 20) + 1)) + UNSIZED.flush()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"hello", BOMB, UNSIZED_BOMB, zstandard.compress(b"blocks")[:-1],
        zstandard.compress(b"blocks") + b"more", zlib.compress(b"blocks"),
    ],
    ids=["empty", "text", "bomb", "unsized bomb", "torn", "trailing", "zlib"],
)  # fmt: skip
async def test_blocks_that_cannot_be_unpacked(tmp_path: Path, body: bytes) -> None:
    async with centre(tmp_path, lambda request: answer(200, body)) as wire:
        with pytest.raises(UplinkLost, match=r"unpacked|more blocks than"):
            await wire.get_blocks(1, 1)


async def test_an_answer_without_end_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ANSWER_BYTES_MAX", 100_000)
    replies = [answer(200, bytes(100_001)), answer(200, bytes(100_000))]
    async with centre(tmp_path, lambda request: replies.pop(0)) as wire:
        with pytest.raises(UplinkLost, match="too large"):
            await wire.put_blocks(1, 1, b"blocks")
        assert len(await wire.put_blocks(1, 1, b"blocks")) == 100_000


async def test_a_compressed_answer_that_nobody_asked_for_is_not_unpacked(tmp_path: Path) -> None:
    reply = answer(200, zlib.compress(b'{"now_ms":1}'), "content-encoding: deflate\r\n")
    async with centre(tmp_path, lambda request: reply) as wire:
        with pytest.raises(UplinkLost, match="cannot be read"):
            await wire.clock_ms()


@pytest.mark.parametrize(
    "raw",
    [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\nshort", b"\x00" * 500],
)
async def test_what_is_no_http_is_a_lost_centre(tmp_path: Path, raw: bytes) -> None:
    def answers(request: Request) -> bytes:
        if not raw:
            raise OSError("hangs up")
        return raw + b"\r\n" * 2

    async with centre(tmp_path, answers, timeout_s=0.5) as wire:
        with pytest.raises(UplinkLost):
            await wire.clock_ms()


async def test_an_answer_that_drips_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "DRIP_TIMEOUTS", 0)
    async with centre(tmp_path, lambda request: answer(200, b"{}")) as wire:
        with pytest.raises(UplinkLost, match="did not finish"):
            await wire.clock_ms()


async def test_a_connection_is_used_again_and_a_broken_one_is_not(tmp_path: Path) -> None:
    left = [3]

    def answers(request: Request) -> bytes:
        left[0] -= 1
        if left[0] == 1:
            raise OSError("hangs up")
        return answer(200, b'{"now_ms":5}')

    async with centre(tmp_path, answers) as wire:
        assert await wire.clock_ms() == 5
        with pytest.raises(UplinkLost):
            await wire.clock_ms()
        assert await wire.clock_ms() == 5


# -- whom we talk to -------------------------------------------------------------------------------


async def test_a_server_of_another_authority_is_refused(tmp_path: Path) -> None:
    seen: list[Request] = []

    def answers(request: Request) -> bytes:
        seen.append(request)
        return answer(200, b"{}")

    async with centre(tmp_path, answers, root=make_authority(b"\x56" * 32)) as wire:
        with pytest.raises(UplinkLost, match="CERTIFICATE_VERIFY_FAILED"):
            await wire.put_blocks(1, 1, b"blocks")
    assert not seen


async def test_a_server_of_our_authority_by_another_name_is_refused(tmp_path: Path) -> None:
    async with centre(tmp_path, lambda request: answer(200), hosts=["other.example"]) as wire:
        with pytest.raises(UplinkLost, match="CERTIFICATE_VERIFY_FAILED"):
            await wire.clock_ms()


async def test_nobody_there_is_a_lost_centre(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and never listening: refused at once
        url = f"https://127.0.0.1:{taken.getsockname()[1]}"
        context = client_context(tmp_path / "id", make_authority())
        wire = HttpTransport(url, samples.GATEWAY, context, 2.0)
        with trio.fail_after(30), pytest.raises(UplinkLost, match="(?i)refused$"):
            await wire.clock_ms()
        await wire.aclose()
