"""What gateways call, with the certificate they were given: blocks in, receipts and bundles out.

ARCHITECTURE.md, Formats 5 and 6. A gateway may deliver and read the blocks of any sibling of its
tenant: the sibling may have burnt.
"""

from __future__ import annotations

import msgspec
import zstandard
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from central import ingest
from central.database import PASSING
from central.service import Service
from central.store import logs, trust
from central.web.answers import Problem, Refusal, answered, as_json, refuse, whole_number
from config.runtime.openapi import Answer, Operation, document
from crypto.authority import Peer, read_peer_untrusted
from crypto.errors import BadCertificate
from crypto.receipt import Receipt, sign

BLOCKS_TYPE = "application/vnd.gatehouse.blocks+zstd"
OCTETS = "application/octet-stream"
WAIT_MAX_S = 30
SEND_BYTES_MAX = 4 * 1024 * 1024
READ_STEP = 16
EPOCH_MAX = 0xFFFFFFFF
SEQ_MAX = (1 << 62) - 1
PEERS_KEPT = 1024


class EpochHead(msgspec.Struct, frozen=True):
    """How far one epoch of a log is held; `head` in hex."""

    epoch: int
    through_seq: int
    head: str


class Heads(msgspec.Struct, frozen=True):
    """Every epoch of a log that is held."""

    epochs: list[EpochHead]


class Clock(msgspec.Struct, frozen=True):
    """The centre's clock."""

    now_ms: int


class Settlement:
    """The endpoints of the gateways' listener."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._peers: dict[bytes, Peer] = {}

    def app(self) -> Starlette:
        """The application for the mutual TLS listener."""
        routes = [
            ("/v1/gateways/{gateway}/epochs/{epoch}/blocks/{first_seq}", self.put_blocks, "PUT"),
            ("/v1/gateways/{gateway}/epochs/{epoch}/blocks", self.get_blocks, "GET"),
            ("/v1/gateways/{gateway}/heads", self.heads, "GET"),
            ("/v1/bundle", self.bundle, "GET"),
            ("/v1/guests", self.guests, "GET"),
            ("/v1/clock", self.clock, "GET"),
            ("/openapi.json", self.openapi, "GET"),
        ]
        return Starlette(
            routes=[
                Route(path, answered(self.service, endpoint), methods=[method])
                for path, endpoint, method in routes
            ]
        )

    async def caller(self, request: Request) -> bytes:
        """The enrolled gateway that calls. Raises Refusal (401, 403)."""
        service = self.service
        der = getattr(request.state, "peer_certificate", None)
        if not isinstance(der, bytes):
            raise refuse(401, "no_certificate", "a gateway shows its certificate here")
        peer = self._peers.get(der)
        if peer is None:
            try:
                peer = read_peer_untrusted(der, service.keys.authority.pem)
            except BadCertificate as error:
                raise refuse(403, "unknown_gateway", str(error)) from error
            if len(self._peers) >= PEERS_KEPT:
                self._peers.clear()
            self._peers[der] = peer
        async with service.database.connection() as connection:
            known = await trust.find_gateway(connection, service.keys.tenant, peer.gateway)
        if peer.tenant != service.keys.tenant or known is None or known.revoked_ms is not None:
            state = "revoked" if known is not None and known.revoked_ms else "not enrolled here"
            raise refuse(403, "unknown_gateway", f"gateway {peer.gateway.hex()} is {state}")
        if known.device_key != peer.device_public:
            raise refuse(403, "unknown_gateway", "the certificate is over another device key")
        service.heard(peer.gateway)
        return peer.gateway

    async def put_blocks(self, request: Request) -> Response:
        """Store a run of blocks; answers the receipt for the log's head."""
        service = self.service
        caller = await self.caller(request)
        first_seq = whole_number(request.path_params["first_seq"], "first_seq", 1, SEQ_MAX)
        log = ingest.Log(service.keys.tenant, gateway_of(request), epoch_of(request), caller)
        packed = await request.body()
        now_ms = service.now_ms()
        try:
            outcome = await self._deliver(log, first_seq, packed, now_ms)
        except ingest.NotEnrolled as error:
            service.runs.labels("unknown_gateway").inc()
            raise refuse(403, "unknown_gateway", str(error)) from error
        except ingest.TooLarge as error:
            service.runs.labels("too_large").inc()
            raise refuse(413, "too_large", str(error)) from error
        except ingest.BadRun as error:
            service.runs.labels("bad_block").inc()
            raise refuse(422, "bad_block", str(error)) from error
        if isinstance(outcome, ingest.Refused):
            service.runs.labels(outcome.problem).inc()
            raise Refusal(409, problem_of(outcome))
        service.runs.labels("stored" if outcome.stored else "same").inc()
        service.facts_stored.inc(outcome.stored)
        if outcome.stored and caller == log.gateway:
            service.heard(caller).delay_ms = now_ms - outcome.wall_ms
        receipt = Receipt(
            log.tenant, log.gateway, log.epoch, outcome.head.seq, outcome.head.hash, now_ms
        )
        return Response(sign(receipt, service.keys.receipt), media_type=OCTETS)

    async def _deliver(
        self, log: ingest.Log, first_seq: int, packed: bytes, now_ms: int
    ) -> ingest.Accepted | ingest.Refused:
        limit = self.service.config.limits.raw_bytes_max
        try:
            async with self.service.database.connection() as connection:
                outcome = await ingest.deliver(connection, log, first_seq, packed, now_ms, limit)
        except PASSING as error:
            self.service.cannot_store(error)
            raise
        if isinstance(outcome, ingest.Accepted) and outcome.stored:
            self.service.stores()
        return outcome

    async def get_blocks(self, request: Request) -> Response:
        """Sealed blocks from the one that holds `from` on, at most 4 MiB (one block at least)."""
        await self.caller(request)
        service = self.service
        from_seq = whole_number(request.query_params.get("from", "1"), "from", 1, SEQ_MAX)
        run: list[bytes] = []
        size, gateway, epoch = 0, gateway_of(request), epoch_of(request)
        async with service.database.connection() as connection:
            while size < SEND_BYTES_MAX:
                found = await logs.read_blocks(
                    connection, service.keys.tenant, gateway, epoch, from_seq, READ_STEP
                )
                for sealed in found:
                    if run and size + len(sealed) > SEND_BYTES_MAX:
                        return packed_run(run)
                    run.append(sealed)
                    size += len(sealed)
                    from_seq = ingest.last_seq_of(sealed) + 1
                if len(found) < READ_STEP:
                    break
        if not run:
            raise refuse(404, "no_blocks", f"nothing is held from seq {from_seq} on")
        return packed_run(run)

    async def heads(self, request: Request) -> Response:
        """How far each epoch of a log is held."""
        await self.caller(request)
        async with self.service.database.connection() as connection:
            marks = await logs.list_watermarks(
                connection, self.service.keys.tenant, gateway_of(request)
            )
        return as_json(Heads([EpochHead(m.epoch, m.through_seq, m.head.hex()) for m in marks]))

    async def bundle(self, request: Request) -> Response:
        """The newest bundle if it is newer than `have`, waiting up to `wait` seconds for one.

        Who names `base`, the full bundle it holds, gets a delta on it where that is enough.
        """
        await self.caller(request)
        have, wait_s = waiting(request)
        base = whole_number(request.query_params.get("base", "0"), "base", 0, SEQ_MAX)
        offer = await self.service.offer(have, base, wait_s)
        if offer is None:
            return Response(status_code=204)
        headers = {
            "gatehouse-bundle-version": str(offer.version),
            "gatehouse-bundle-kind": offer.kind,
        }
        return Response(offer.raw, headers=headers, media_type=OCTETS)

    async def guests(self, request: Request) -> Response:
        """The guest list if it is newer than `have`, waiting up to `wait` seconds for one."""
        await self.caller(request)
        have, wait_s = waiting(request)
        raw = await self.service.newer_guests(have, wait_s)
        return Response(status_code=204) if raw is None else Response(raw, media_type=OCTETS)

    async def clock(self, request: Request) -> Response:
        """The centre's clock, for gateways that measure theirs."""
        await self.caller(request)
        return as_json(Clock(self.service.now_ms()))

    async def openapi(self, _request: Request) -> Response:
        """This interface as OpenAPI 3.1."""
        return as_json(document("Gatehouse central: settlement", "1", OPERATIONS))


def waiting(request: Request) -> tuple[int, int]:
    """(version held, seconds to wait for a newer one). Raises Refusal (422)."""
    have = whole_number(request.query_params.get("have", "0"), "have", 0, SEQ_MAX)
    wait_s = whole_number(request.query_params.get("wait", "0"), "wait", 0, 3600)
    return have, min(wait_s, WAIT_MAX_S)


def gateway_of(request: Request) -> bytes:
    """The gateway named in the address. Raises Refusal (422)."""
    text = request.path_params["gateway"]
    if len(text) != 32 or not set(text) <= set("0123456789abcdef"):
        raise refuse(422, "bad_parameter", "gateway must be 32 lower-case hex digits")
    return bytes.fromhex(text)


def epoch_of(request: Request) -> int:
    """The epoch named in the address. Raises Refusal (422)."""
    return whole_number(request.path_params["epoch"], "epoch", 1, EPOCH_MAX)


def problem_of(refused: ingest.Refused) -> Problem:
    """A refused run as the gateway reads it."""
    if refused.problem == "gap":
        return Problem("gap", f"send from seq {refused.seq} on", wanted=refused.seq)
    detail = f"another block is held at seq {refused.seq}; both are kept as evidence"
    return Problem("fork", detail, seq=refused.seq)


def packed_run(run: list[bytes]) -> Response:
    """Blocks as a gateway delivers them: concatenated without padding, one zstd frame."""
    return Response(zstandard.ZstdCompressor().compress(b"".join(run)), media_type=BLOCKS_TYPE)


_WAITING = {"have": "version held", "wait": f"seconds to wait, at most {WAIT_MAX_S}"}
_BLOCKS = "/v1/gateways/{gateway}/epochs/{epoch}/blocks"
OPERATIONS = [
    Operation(
        "PUT",
        _BLOCKS + "/{first_seq}",
        f"Deliver a run of consecutive sealed blocks ({BLOCKS_TYPE})",
        {
            200: Answer("receipt for the head of the log", media_type=OCTETS),
            403: Answer("unknown_gateway", Problem),
            409: Answer("gap or fork", Problem),
            413: Answer("too_large", Problem),
            415: Answer("wrong_type", Problem),
            422: Answer("bad_block or bad_parameter", Problem),
            503: Answer("unavailable or disk_full: send again after Retry-After", Problem),
        },
    ),
    Operation(
        "GET",
        _BLOCKS,
        "Sealed blocks for repair",
        {200: Answer("one zstd frame", media_type=BLOCKS_TYPE), 404: Answer("no_blocks", Problem)},
        query={"from": "first seq wanted"},
    ),
    Operation(
        "GET", "/v1/gateways/{gateway}/heads", "How far a log is held", {200: Answer("", Heads)}
    ),
    Operation(
        "GET",
        "/v1/bundle",
        "The newest bundle, or a delta: the header Gatehouse-Bundle-Kind says full or delta",
        {200: Answer("the bundle or delta", media_type=OCTETS), 204: Answer("nothing newer")},
        query={**_WAITING, "base": "version of the full bundle held, if a delta on it will do"},
    ),
    Operation(
        "GET",
        "/v1/guests",
        "The guest list",
        {200: Answer("the signed list", media_type=OCTETS), 204: Answer("nothing newer")},
        query=_WAITING,
    ),
    Operation("GET", "/v1/clock", "The centre's clock", {200: Answer("", Clock)}),
]
