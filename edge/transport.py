"""The wire to the centre: mutual TLS over HTTP, and its errors as ours (*Formats* 5 and 6)."""

import copy
import ssl
from typing import Annotated, Any, Final, Protocol, TypeVar

import httpx2
import msgspec
import trio
import zstandard
from msgspec import Meta

from crypto.fact import SEQ_MAX

T = TypeVar("T")

BLOCKS_TYPE: Final = "application/vnd.gatehouse.blocks+zstd"
RUN_BYTES_MAX: Final = 16 << 20
ANSWER_BYTES_MAX: Final = 80 << 20
BUNDLE_EXTRA_S: Final = 10.0
# An answer that drips in, byte by byte, is given up after this many time-outs in all.
DRIP_TIMEOUTS: Final = 10


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

    epoch: Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]
    through_seq: Annotated[int, Meta(ge=0, le=SEQ_MAX)]
    head: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Transport(Protocol):
    """What the uplink asks of the centre. Everything raises `UplinkLost` or `Turned`."""

    async def put_blocks(self, epoch: int, first_seq: int, run: bytes) -> bytes:
        """Deliver a run of blocks; the receipt's bytes. Raises `Gap` too."""

    async def get_blocks(self, epoch: int, from_seq: int) -> bytes:
        """Blocks of this gateway that the centre holds, from `from_seq`; empty at the end."""

    async def heads(self) -> list[EpochHead]:
        """What the centre holds of this gateway."""

    async def get_bundle(self, have: int, wait_s: int, base: int = 0) -> bytes | None:
        """A bundle newer than version `have`, or None within `wait_s` seconds.

        With `base`, the version of the full bundle held, it may be a delta (`crypto.delta`) on it.
        """

    async def get_guests(self, have: int, wait_s: int) -> bytes | None:
        """A guest list newer than version `have`, or None within `wait_s` seconds."""

    async def clock_ms(self) -> int:
        """The centre's clock, unix ms."""


class _Answer(msgspec.Struct, frozen=True):
    status: int
    content: bytes


class _Heads(msgspec.Struct):
    epochs: list[EpochHead]


class _Clock(msgspec.Struct):
    now_ms: int


class _Problem(msgspec.Struct):
    problem: str = ""
    wanted: int = 0
    detail: str = ""


_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class HttpTransport:
    """`Transport` over HTTPS. Use as an async context manager."""

    def __init__(
        self, url: str, gateway: bytes, context: ssl.SSLContext, timeout_s: float = 20.0
    ) -> None:
        self._base = f"/v1/gateways/{gateway.hex()}"
        self._client = httpx2.AsyncClient(
            base_url=url, verify=context, timeout=timeout_s, trust_env=False,
            # Bodies are compressed by us where it pays; what we ask for comes as it is.
            headers={"accept-encoding": "identity"},
            # Two are always waiting: for a bundle and for a guest list.
            limits=httpx2.Limits(max_connections=6, max_keepalive_connections=4),
        )  # fmt: skip
        self._timeout_s = timeout_s
        self._pack = zstandard.ZstdCompressor(level=3)

    def of(self, gateway: bytes) -> "HttpTransport":
        """The same connections, asking about the log of another gateway."""
        other = copy.copy(self)
        other._base = f"/v1/gateways/{gateway.hex()}"
        return other

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def put_blocks(self, epoch: int, first_seq: int, run: bytes) -> bytes:
        answer = await self._ask(
            "PUT",
            f"{self._base}/epochs/{epoch}/blocks/{first_seq}",
            # Megabytes after a long outage: the lanes must not wait for it.
            content=await trio.to_thread.run_sync(self._pack.compress, run),
            headers={"content-type": BLOCKS_TYPE},
        )
        return answer.content

    async def get_blocks(self, epoch: int, from_seq: int) -> bytes:
        path = f"{self._base}/epochs/{epoch}/blocks"
        answer = await self._ask("GET", path, params={"from": from_seq}, absent_ok=True)
        return _unpack(answer.content) if answer.status == 200 else b""

    async def heads(self) -> list[EpochHead]:
        answer = await self._ask("GET", f"{self._base}/heads")
        return _decode(answer.content, _Heads).epochs

    async def get_bundle(self, have: int, wait_s: int, base: int = 0) -> bytes | None:
        on = {"base": base} if base else {}
        return await self._wait_for("/v1/bundle", wait_s, {"have": have, "wait": wait_s, **on})

    async def get_guests(self, have: int, wait_s: int) -> bytes | None:
        return await self._wait_for("/v1/guests", wait_s, {"have": have, "wait": wait_s})

    async def _wait_for(self, path: str, wait_s: int, params: dict[str, int]) -> bytes | None:
        patience_s = self._timeout_s + wait_s + BUNDLE_EXTRA_S
        answer = await self._ask("GET", path, params=params, timeout=patience_s)
        return answer.content if answer.status == 200 else None

    async def clock_ms(self) -> int:
        answer = await self._ask("GET", "/v1/clock")
        return _decode(answer.content, _Clock).now_ms

    async def _ask(self, method: str, path: str, *, absent_ok: bool = False, **how: Any) -> _Answer:
        most_s = DRIP_TIMEOUTS * how.get("timeout", self._timeout_s)
        try:
            with trio.fail_after(most_s):
                async with self._client.stream(method, path, **how) as got:
                    answer = _Answer(got.status_code, await _read_bounded(got))
        except trio.TooSlowError:
            raise UplinkLost(f"the centre did not finish its answer in {most_s:g} s") from None
        except (httpx2.HTTPError, httpx2.StreamError, ssl.SSLError, OSError) as error:
            raise UplinkLost(_said(error)) from None
        if answer.status in (200, 204) or (absent_ok and answer.status == 404):
            return answer
        raise _refusal(answer)


def _said(error: BaseException) -> str:
    """What the innermost cause says: TLS and DNS speak there, the layers above are silent."""
    text = type(error).__name__
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, BaseExceptionGroup):  # an attempt for each address; one says it all
            inner = inner.exceptions[0]
            continue
        text = str(inner) or text
        inner = inner.__cause__ or inner.__context__
    return text


async def _read_bounded(got: httpx2.Response) -> bytes:
    """The body, with a limit: a centre gone mad must not fill a gateway's memory."""
    content = bytearray()
    async for part in got.aiter_raw():
        content += part
        if len(content) > ANSWER_BYTES_MAX:
            raise httpx2.DecodingError("the centre's answer is too large")
    return bytes(content)


def _refusal(answer: _Answer) -> Exception:
    try:
        problem = msgspec.json.decode(answer.content, type=_Problem)
    except _UNREADABLE:
        problem = _Problem()
    status = answer.status
    if status == 409 and problem.problem == "gap":
        return Gap(problem.wanted)
    if status >= 500 or status in (408, 429):
        return UplinkLost(f"the centre answers {status} {problem.problem}".rstrip())
    return Turned(problem.problem or f"status {status}", problem.detail)


def _unpack(raw: bytes) -> bytes:
    try:
        # A frame says its size in front, and that much would be allocated at once.
        if zstandard.frame_content_size(raw) > RUN_BYTES_MAX:
            raise UplinkLost("the centre sent more blocks than were asked for")
        return zstandard.ZstdDecompressor().decompress(
            raw, max_output_size=RUN_BYTES_MAX, allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise UplinkLost(f"the centre's blocks cannot be unpacked: {error}") from None


def _decode(raw: bytes, wanted: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=wanted)
    except _UNREADABLE as error:
        raise UplinkLost(f"the centre's answer cannot be read: {error}") from None
