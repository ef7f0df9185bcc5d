"""`gateway approve | list | revoke | release`."""

from __future__ import annotations

from pathlib import Path

from central import enrol, ingest
from central.commands.errors import BAD_DATA, NO_INPUT, CommandFailed
from central.commands.session import Border, Session, reason_of, session, show, write_out
from central.store import logs, trouble, trust
from crypto.errors import BadCertificate
from crypto.trust import FILE_BYTES_MAX, Request, read_request_untrusted


async def approve(
    config_file: Path, border: Border, request_file: Path, out: Path, url: str | None
) -> int:
    """Answer a gateway's request with a trust file, and publish its card to the others."""
    request = read_request(request_file)
    async with session(config_file, border) as s:
        serial = int.from_bytes(border.entropy(16), "big") >> 1 | 1
        try:
            answer = await enrol.approve(
                s.connection, s.keys, request, url or s.config.public_url, border.now_ms(), serial
            )
        except (enrol.NotApproved, BadCertificate) as error:
            raise CommandFailed(str(error)) from error
        version = await s.publish()
    write_out(out, answer, "the trust file")
    show(
        {
            "gateway": request.gateway,
            "name": request.name,
            "fingerprint": request.fingerprint,
            "trust_file": str(out),
            "bundle_version": version,
        }
    )
    return 0


def read_request(path: Path) -> Request:
    """A gateway's request from its file. Raises CommandFailed."""
    try:
        with open(path, "rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise CommandFailed(f"cannot read {path}: {error.strerror}", NO_INPUT) from error
    try:
        return read_request_untrusted(raw)
    except BadCertificate as error:
        raise CommandFailed(f"{path}: {error}", BAD_DATA) from error


async def find(s: Session, wanted: str) -> trust.Gateway:
    """A gateway by name, index or id in hex. Raises CommandFailed."""
    known = await trust.list_gateways(s.connection, s.tenant)
    for one in known:
        if wanted in (one.name, str(one.index), one.gateway.hex()):
            return one
    names = ", ".join(one.name for one in known) or "none yet"
    raise CommandFailed(f"no gateway {wanted!r} (there are: {names})")


async def list_all(config_file: Path, border: Border) -> int:
    """Every gateway with what is held of it."""
    async with session(config_file, border) as s:
        known = await trust.list_gateways(s.connection, s.tenant)
        marks = await logs.list_watermarks(s.connection, s.tenant)
        quarantined = await trouble.list_quarantined(s.connection, s.tenant)
    now_ms = border.now_ms()
    listed = []
    for one in known:
        held = [mark for mark in marks if mark.gateway == one.gateway]
        receipt_ms = max((mark.accepted_ms for mark in held), default=None)
        listed.append(
            {
                "gateway": one.gateway.hex(),
                "index": one.index,
                "name": one.name,
                "revoked": one.revoked_ms is not None,
                "quarantine": quarantined.get(one.gateway, ""),
                "facts": sum(mark.through_seq for mark in held),
                "posted": sum(mark.posted_seq for mark in held),
                "receipt_ms": receipt_ms,
                "receipt_age_ms": None if receipt_ms is None else now_ms - receipt_ms,
                "epochs": [
                    {
                        "epoch": mark.epoch,
                        "through_seq": mark.through_seq,
                        "head": mark.head.hex(),
                    }
                    for mark in held
                ],
            }
        )
    show({"gateways": listed})
    return 0


async def revoke(config_file: Path, border: Border, wanted: str, reason: str) -> int:
    """Take nothing from this gateway any more, and tell the others."""
    reason_of(reason)
    async with session(config_file, border) as s:
        one = await find(s, wanted)
        await trust.revoke_gateway(s.connection, s.tenant, one.gateway, border.now_ms(), reason)
        version = await s.publish()
    show({"gateway": one.gateway.hex(), "name": one.name, "bundle_version": version})
    return 0


async def release(config_file: Path, border: Border, wanted: str) -> int:
    """End a quarantine after the evidence was looked at; what waited is posted."""
    async with session(config_file, border) as s:
        one = await find(s, wanted)
        if not await trouble.quarantined(s.connection, s.tenant, one.gateway):
            hint = "all that it has delivered is posted"
            raise CommandFailed(f"gateway {one.name} is not under quarantine: {hint}")
        posted = await ingest.release(s.connection, s.tenant, one.gateway, border.now_ms())
    show({"gateway": one.gateway.hex(), "name": one.name, "posted": posted})
    return 0
