"""What operators see, on this machine only: health, gateways and their lag, admissions, trouble."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from central.service import Service
from central.store import facts, logs, sales, trouble, trust
from central.store.facts import Admission
from central.web.answers import Problem, answered, as_json, refuse, whole_number
from central.web.merchants import OPERATION as MERCHANTS
from central.web.merchants import PATIENCE, read_merchants
from central.web.money import OPERATIONS as MONEY
from central.web.money import read_bands, read_money
from central.web.shared import Shared
from config.runtime.openapi import Answer, Operation, document
from crypto.claim import show_identity

PAGE = Path(__file__).parent / "page"
LIMIT_MAX = 10_000
#: As `PATIENCE` of merchants, for what people watch by the minute.
COUNTS_PATIENCE = 5
OUTCOMES = {None: "open", 12: "completed", 13: "lapsed", 14: "unknown", 17: "annulled"}
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class EpochLag(msgspec.Struct, frozen=True):
    """One epoch of a log. `wall_ms`: the gateway's clock in its newest block."""

    epoch: int
    through_seq: int
    posted_seq: int
    head: str
    wall_ms: int
    receipt_ms: int


class GatewayLag(msgspec.Struct, frozen=True):
    """A gateway: `facts` held, last receipt, last contact with this process, and the delay.

    `delay_ms` = our clock − the newest block's clock when it came: travel plus clock offset.
    """

    gateway: str
    index: int
    name: str
    revoked: bool
    quarantine: str
    facts: int
    receipt_ms: int | None
    receipt_age_ms: int | None
    seen_ms: int | None
    delay_ms: int | None
    epochs: list[EpochLag]


class Gateways(msgspec.Struct, frozen=True):
    """Every gateway of the tenant."""

    now_ms: int
    gateways: list[GatewayLag]


class AdmissionOut(msgspec.Struct, frozen=True):
    """An admission, by staff too; `passed` persons so far.

    `outcome`: open, completed, lapsed, unknown or annulled.
    """

    gateway: str
    epoch: int
    seq: int
    at_ms: int
    day: int
    lane: int
    gate: int
    ticket: str
    product: int
    performance: int
    granted: int
    outcome: str
    passed: int | None


class GateCount(msgspec.Struct, frozen=True):
    """One gate: admissions, persons granted, refusals by reason number."""

    gate: int
    name: str
    admitted: int
    granted: int
    last_ms: int | None
    refused: dict[str, int]


class DoubleAdmission(msgspec.Struct, frozen=True):
    """A ticket without re-entry that let in more than it is for."""

    ticket: str
    admissions: int
    persons: int
    used: int


class Admissions(msgspec.Struct, frozen=True):
    """Counts per gate as they were at `counted_ms`, double admissions, the newest admissions."""

    gates: list[GateCount]
    doubles: list[DoubleAdmission]
    admissions: list[AdmissionOut]
    counted_ms: int


class ForkOut(msgspec.Struct, frozen=True):
    """Two signed blocks for one place; hashes in hex."""

    gateway: str
    epoch: int
    seq: int
    held_hash: str
    offered_hash: str
    delivered_by: str
    found_ms: int


class LetterOut(msgspec.Struct, frozen=True):
    """A fact that is not understood; `raw` in hex."""

    gateway: str
    epoch: int
    seq: int
    kind: int
    reason: str
    raw: str
    received_ms: int


def show_ticket(identity: bytes) -> str:
    """An identity as people read it: issuer:hex."""
    return show_identity(identity)


def show_admission(row: Admission) -> AdmissionOut:
    """A stored admission as JSON shows it."""
    return AdmissionOut(
        gateway=row.gateway.hex(),
        epoch=row.epoch,
        seq=row.seq,
        at_ms=row.hlc >> 16,
        day=row.day,
        lane=row.lane,
        gate=row.gate,
        ticket=show_ticket(row.ticket),
        product=row.product,
        performance=row.performance,
        granted=row.granted,
        outcome=OUTCOMES.get(row.outcome_kind, "unknown"),
        passed=row.passed,
    )


class Ops:
    """The endpoints of the operators' listener."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.owing = Shared(lambda: read_merchants(service), PATIENCE)
        self.counting = Shared(self._count, COUNTS_PATIENCE)
        self.doubling = Shared(self._doubles, PATIENCE)
        self._pages = Environment(loader=FileSystemLoader(PAGE), autoescape=True)

    def app(self) -> Starlette:
        """The application for the loopback listener."""
        routes = [
            ("/", self.page),
            ("/page.js", self.script),
            ("/page.css", self.style),
            ("/v1/ops/gateways", self.gateways),
            ("/v1/ops/admissions", self.admissions),
            ("/v1/ops/forks", self.forks),
            ("/v1/ops/dead-letters", self.letters),
            ("/v1/ops/merchants", self.merchants),
            ("/v1/ops/money", self.money),
            ("/v1/ops/bands", self.bands),
            ("/openapi.json", self.openapi),
        ]
        return Starlette(
            routes=[
                *self.service.health.routes(),
                *(
                    Route(path, answered(self.service, endpoint), methods=["GET"])
                    for path, endpoint in routes
                ),
            ]
        )

    async def gateways(self, _request: Request) -> Response:
        """Gateways with their lag."""
        return as_json(await read_gateways(self.service))

    async def admissions(self, request: Request) -> Response:
        """Counts per gate, double admissions, and the newest `limit` admissions."""
        query = request.query_params
        limit = whole_number(query.get("limit", "100"), "limit", 0, LIMIT_MAX)
        gate = whole_number(query["gate"], "gate", 1, 65535) if "gate" in query else None
        tenant = self.service.keys.tenant
        counted_ms, gates = await self.counting.read()
        doubles = await self.doubling.read()
        rows: list[Admission] = []
        if limit:
            async with self.service.database.connection() as connection:
                rows = await facts.list_admissions(connection, tenant, gate=gate, limit=limit)
        shown = [show_admission(row) for row in rows]
        return as_json(Admissions(gates, doubles, shown, counted_ms))

    async def _count(self) -> tuple[int, list[GateCount]]:
        now_ms, tenant = self.service.now_ms(), self.service.keys.tenant
        async with self.service.database.connection() as connection:
            names = {row.gate: row.name for row in await sales.list_gates(connection, tenant)}
            counts = await facts.count_by_gate(connection, tenant)
        return now_ms, [GateCount(name=names.get(one["gate"], ""), **one) for one in counts]

    async def _doubles(self) -> list[DoubleAdmission]:
        async with self.service.database.connection() as connection:
            found = await facts.double_admissions(connection, self.service.keys.tenant)
        return [show_double(one) for one in found]

    async def forks(self, _request: Request) -> Response:
        """Evidence of logs that went two ways."""
        async with self.service.database.connection() as connection:
            found = await trouble.list_forks(connection, self.service.keys.tenant)
        return as_json({"forks": [show_fork(one) for one in found]})

    async def letters(self, request: Request) -> Response:
        """Facts that are not understood (yet)."""
        limit = whole_number(request.query_params.get("limit", "100"), "limit", 1, LIMIT_MAX)
        async with self.service.database.connection() as connection:
            found = await trouble.list_letters(connection, self.service.keys.tenant, limit)
        return as_json({"dead_letters": [show_letter(one) for one in found]})

    async def merchants(self, _request: Request) -> Response:
        """What those who sell at our tills are owed."""
        return as_json(await self.owing.read())

    async def money(self, _request: Request) -> Response:
        """What of money needs somebody, and what to do about it."""
        return as_json(await read_money(self.service))

    async def bands(self, request: Request) -> Response:
        """Bands by the digits that stand on a receipt."""
        return as_json(await read_bands(self.service, request.query_params.get("digits", "")))

    async def openapi(self, _request: Request) -> Response:
        """This interface as OpenAPI 3.1."""
        return as_json(document("Gatehouse central: operations", "1", OPERATIONS))

    async def page(self, _request: Request) -> Response:
        """Gateways and gates at a glance, refreshed by page.js."""
        template = self._pages.get_template("page.html")
        text = template.render(tenant=self.service.keys.name)
        return Response(text, headers=HEADERS, media_type="text/html")

    async def script(self, _request: Request) -> Response:
        return _file("page.js", "text/javascript")

    async def style(self, _request: Request) -> Response:
        return _file("page.css", "text/css")


def _file(name: str, media_type: str) -> Response:
    path = PAGE / name
    if not path.is_file():
        raise refuse(404, "not_found", name)
    return Response(path.read_bytes(), headers=HEADERS, media_type=media_type)


async def read_gateways(service: Service) -> Gateways:
    """Every gateway with what is held of it."""
    tenant = service.keys.tenant
    async with service.database.connection() as connection:
        known = await trust.list_gateways(connection, tenant)
        marks = await logs.list_watermarks(connection, tenant)
        quarantined = await trouble.list_quarantined(connection, tenant)
    now_ms = service.now_ms()
    listed = []
    for one in known:
        held = [mark for mark in marks if mark.gateway == one.gateway]
        contact = service.contacts.get(one.gateway)
        receipt_ms = max((mark.accepted_ms for mark in held), default=None)
        listed.append(
            GatewayLag(
                gateway=one.gateway.hex(),
                index=one.index,
                name=one.name,
                revoked=one.revoked_ms is not None,
                quarantine=quarantined.get(one.gateway, ""),
                facts=sum(mark.through_seq for mark in held),
                receipt_ms=receipt_ms,
                receipt_age_ms=None if receipt_ms is None else now_ms - receipt_ms,
                seen_ms=contact.seen_ms if contact else None,
                delay_ms=contact.delay_ms if contact else None,
                epochs=[show_epoch(mark) for mark in held],
            )
        )
    return Gateways(now_ms, listed)


def show_epoch(mark: logs.Watermark) -> EpochLag:
    """A watermark as JSON shows it."""
    return EpochLag(
        epoch=mark.epoch,
        through_seq=mark.through_seq,
        posted_seq=mark.posted_seq,
        head=mark.head.hex(),
        wall_ms=mark.wall_ms,
        receipt_ms=mark.accepted_ms,
    )


def show_double(row: dict[str, Any]) -> DoubleAdmission:
    """A double admission as JSON shows it."""
    return DoubleAdmission(
        show_ticket(row["ticket"]), row["admissions"], row["persons"], row["used"]
    )


def show_fork(one: trouble.ForkFound) -> ForkOut:
    """A fork as JSON shows it."""
    return ForkOut(
        one.gateway.hex(), one.epoch, one.seq, one.held_hash.hex(), one.offered_hash.hex(),
        one.delivered_by.hex(), one.found_ms,
    )  # fmt: skip


def show_letter(one: trouble.DeadLetter) -> LetterOut:
    """A dead letter as JSON shows it."""
    return LetterOut(
        one.gateway.hex(), one.epoch, one.seq, one.kind, one.reason, one.raw.hex(), one.received_ms
    )


class Forks(msgspec.Struct, frozen=True):
    """Every fork found."""

    forks: list[ForkOut]


class Letters(msgspec.Struct, frozen=True):
    """Dead letters, oldest logs first."""

    dead_letters: list[LetterOut]


OPERATIONS = [
    Operation("GET", "/v1/ops/gateways", "Gateways and lag", {200: Answer("", Gateways)}),
    Operation(
        "GET",
        "/v1/ops/admissions",
        "Counts per gate, double admissions, newest admissions",
        {200: Answer("", Admissions), 422: Answer("bad_parameter", Problem)},
        query={"limit": f"how many admissions, at most {LIMIT_MAX}", "gate": "only this gate"},
    ),
    Operation("GET", "/v1/ops/forks", "Forks", {200: Answer("", Forks)}),
    Operation(
        "GET",
        "/v1/ops/dead-letters",
        "Facts not understood",
        {200: Answer("", Letters)},
        query={"limit": "how many"},
    ),
    MERCHANTS,
    *MONEY,
]
