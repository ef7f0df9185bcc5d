"""The wire to the centre: mutual TLS over HTTP, and its errors as ours (*Formats* 5 and 6)."""

import ssl
from typing import Any, Final, Protocol, TypeVar

import httpx2
import msgspec
import zstandard

T = TypeVar("T")

BLOCKS_TYPE: Final = "application/vnd.gatehouse.blocks+zstd"
RUN_BYTES_MAX: Final = 16 << 20
ANSWER_BYTES_MAX: Final = 80 << 20
BUNDLE_EXTRA_S: Final = 10.0


class UplinkLost(Exception):
    """The centre cannot be reached or does not answer; nothing is known to be stored."""


class Gap(Exception):
    """The centre misses facts from `wanted` on."""

    def __init__(self, wanted: int) -> None:
        super().__init__(f"the centre wants facts from {wanted} on")
        self.wanted = wanted


class Turned(Exception):
    """The centre answers, but does not take it: `problem` names why; somebody must come."""

    def __init__(self, problem: str, detail: str = "") -> None:
        super().__init__(f"{problem}: {detail}" if detail else problem)
        self.problem = problem


class EpochHead(msgspec.Struct, frozen=True):
    """What the centre holds of one epoch; `head` in hex."""

    epoch: int
    through_seq: int
    head: str


class Transport(Protocol):
    """What the uplink asks of the centre. Everything raises `UplinkLost` or `Turned`."""

    async def put_blocks(self, epoch: int, first_seq: int, run: bytes) -> bytes:
        """Deliver a run of blocks; the receipt's bytes. Raises `Gap` too."""

    async def get_blocks(self, epoch: int, from_seq: int) -> bytes:
        """Blocks of this gateway that the centre holds, from `from_seq`; empty at the end."""

    async def heads(self) -> list[EpochHead]:
        """What the centre holds of this gateway."""

    async def get_bundle(self, have: int, wait_s: int) -> bytes | None:
        """A bundle newer than version `have`, or None within `wait_s` seconds."""

    async def clock_ms(self) -> int:
        """The centre's clock, unix ms."""


class _Heads(msgspec.Struct):
    epochs: list[EpochHead]


class _Clock(msgspec.Struct):
    now_ms: int


class _Problem(msgspec.Struct):
    problem: str = ""
    wanted: int = 0
    detail: str = ""


class HttpTransport:
    """`Transport` over HTTPS. Use as an async context manager."""

    def __init__(
        self, url: str, gateway: bytes, context: ssl.SSLContext, timeout_s: float = 20.0
    ) -> None:
        self._base = f"/v1/gateways/{gateway.hex()}"
        self._client = httpx2.AsyncClient(
            base_url=url, verify=context, timeout=timeout_s, trust_env=False,
            limits=httpx2.Limits(max_connections=4, max_keepalive_connections=2),
        )  # fmt: skip
        self._timeout_s = timeout_s
        self._pack = zstandard.ZstdCompressor(level=3)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def put_blocks(self, epoch: int, first_seq: int, run: bytes) -> bytes:
        answer = await self._ask(
            "PUT",
            f"{self._base}/epochs/{epoch}/blocks/{first_seq}",
            content=self._pack.compress(run),
            headers={"content-type": BLOCKS_TYPE},
        )
        return answer.content

    async def get_blocks(self, epoch: int, from_seq: int) -> bytes:
        path = f"{self._base}/epochs/{epoch}/blocks"
        answer = await self._ask("GET", path, params={"from": from_seq}, absent_ok=True)
        return _unpack(answer.content) if answer.status_code == 200 else b""

    async def heads(self) -> list[EpochHead]:
        answer = await self._ask("GET", f"{self._base}/heads")
        return _decode(answer.content, _Heads).epochs

    async def get_bundle(self, have: int, wait_s: int) -> bytes | None:
        answer = await self._ask(
            "GET",
            "/v1/bundle",
            params={"have": have, "wait": wait_s},
            timeout=self._timeout_s + wait_s + BUNDLE_EXTRA_S,
        )
        return answer.content if answer.status_code == 200 else None

    async def clock_ms(self) -> int:
        answer = await self._ask("GET", "/v1/clock")
        return _decode(answer.content, _Clock).now_ms

    async def _ask(
        self, method: str, path: str, *, absent_ok: bool = False, **how: Any
    ) -> httpx2.Response:
        try:
            async with self._client.stream(method, path, **how) as answer:
                await _read_bounded(answer)
        except (httpx2.HTTPError, httpx2.StreamError, ssl.SSLError, OSError) as error:
            raise UplinkLost(f"{type(error).__name__}: {error}") from None
        if answer.status_code in (200, 204) or (absent_ok and answer.status_code == 404):
            return answer
        raise _refusal(answer)


async def _read_bounded(answer: httpx2.Response) -> None:
    """`aread` with a limit: a centre gone mad must not fill a gateway's memory."""
    read, parts = 0, []
    async for part in answer.aiter_raw():
        read += len(part)
        if read > ANSWER_BYTES_MAX:
            raise httpx2.DecodingError("the centre's answer is too large")
        parts.append(part)
    answer._content = b"".join(parts)


def _refusal(answer: httpx2.Response) -> Exception:
    try:
        problem = msgspec.json.decode(answer.content, type=_Problem)
    except msgspec.DecodeError:
        problem = _Problem()
    if problem.problem == "gap":
        return Gap(problem.wanted)
    if answer.status_code >= 500 or answer.status_code in (408, 429):
        return UplinkLost(f"the centre answers {answer.status_code} {problem.problem}".rstrip())
    return Turned(problem.problem or f"status {answer.status_code}", problem.detail)


def _unpack(raw: bytes) -> bytes:
    if zstandard.frame_content_size(raw) > RUN_BYTES_MAX:
        raise UplinkLost("the centre sent more blocks than were asked for")
    try:
        return zstandard.ZstdDecompressor().decompress(raw, max_output_size=RUN_BYTES_MAX)
    except zstandard.ZstdError as error:
        raise UplinkLost(f"the centre's blocks cannot be unpacked: {error}") from None


def _decode(raw: bytes, wanted: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=wanted)
    except msgspec.DecodeError as error:
        raise UplinkLost(f"the centre's answer cannot be read: {error}") from None
