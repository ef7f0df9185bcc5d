"""`ticket issue | reissue | rotate | revoke | cancel | block | unblock`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from central.commands.catalogue import seconds
from central.commands.errors import BAD_DATA, CANNOT_CREATE, USAGE, CommandFailed
from central.commands.session import Border, Session, may_be_written, reason_of, session, show
from central.sales import reissue as again
from central.sales.catalogue import NotFound, find_performance, find_product
from central.sales.denials import Kind, NoTicket, deny, identity_of
from central.sales.issue import COUNT_MAX, Order, issue_codes, write_codes, write_pictures
from central.store import trust
from crypto.claim import show_identity
from crypto.errors import BadCode
from crypto.ticket import FLAG_ROTATING

LONG = 2000


async def issue(
    config_file: Path, border: Border, *, performance: str, product: str, count: int, out: Path,
    png: Path | None, persons: int, valid_from: str | None, valid_until: str | None, prefix: str,
    rotating: bool, force: bool = False,
) -> int:  # fmt: skip
    """Issue codes into a file, one a line, and pictures when asked."""
    if not 1 <= count <= COUNT_MAX:
        raise CommandFailed(f"--count must be 1 to {COUNT_MAX}", USAGE)
    may_be_written(out, "the codes", force)
    if png is not None and png.exists() and not png.is_dir():
        raise CommandFailed(f"cannot draw into {png}: it is a file, not a folder", CANNOT_CREATE)
    if png is not None and any(png.glob("*.png")) and not force:
        hint = "name another folder, or say --force"
        raise CommandFailed(f"{png} holds pictures already: {hint}", CANNOT_CREATE)
    window = seconds(valid_from, "--valid-from"), seconds(valid_until, "--valid-until")
    async with session(config_file, border) as s:
        try:
            order = Order(
                await find_performance(s.connection, s.tenant, performance),
                await find_product(s.connection, s.tenant, product),
                persons,
                *window,
                FLAG_ROTATING if rotating else 0,
            )
        except NotFound as error:
            raise CommandFailed(str(error)) from error
        with _progress("signing", count) as told:
            try:
                codes = await issue_codes(
                    s.connection, s.keys, order, count, issued_s=border.now_ms() // 1000,
                    entropy=border.entropy, prefix=prefix, progress=told,
                )  # fmt: skip
            except ValueError as error:
                raise CommandFailed(str(error), USAGE) from error
        # Gates need the secrets of rotating codes before the first guest comes.
        version = await s.publish()
    try:
        write_codes(out, codes)
        if png is not None:
            with _progress("drawing", count) as told:
                write_pictures(png, codes, told)
    except OSError as error:
        raise CommandFailed(f"cannot write the codes: {error}", CANNOT_CREATE) from error
    show(
        {
            "issued": len(codes),
            "performance": order.performance,
            "product": order.product,
            "rotating": rotating,
            "bundle_version": version,
            "out": str(out),
            "png": None if png is None else str(png),
        }
    )
    return 0


async def named(s: Session, text: str) -> bytes:
    """The identity that `text` means. Raises CommandFailed."""
    issuers = await trust.list_issuers(s.connection, s.tenant)
    foreign = [one.issuer for one in issuers if one.scheme != "GH1"]
    try:
        return identity_of(text, s.keys.issuer_name, foreign)
    except NoTicket as error:
        raise CommandFailed(str(error), BAD_DATA) from error


async def reissue(
    config_file: Path, border: Border, text: str, out: Path | None, prefix: str,
    force: bool = False,
) -> int:  # fmt: skip
    """A new code of the same ticket; the older ones are revoked in the bundle."""
    if out is not None:
        may_be_written(out, "the code", force)
    async with session(config_file, border) as s:
        identity = await named(s, text)
        try:
            code = await again.reissue(
                s.connection, s.keys, identity, now_ms=border.now_ms(), entropy=border.entropy,
                prefix=prefix,
            )  # fmt: skip
        except again.CannotReissue as error:
            raise CommandFailed(str(error)) from error
        except ValueError as error:
            raise CommandFailed(str(error), USAGE) from error
        version = await s.publish()
    told = {"ticket": show_identity(identity), "bundle_version": version}
    if out is None:
        show({"code": code, **told})
        return 0
    try:
        write_codes(out, [code])
    except OSError as error:
        raise CommandFailed(f"cannot write the code: {error}", CANNOT_CREATE) from error
    show({"out": str(out), **told})
    return 0


async def rotate(config_file: Path, border: Border, code: str) -> int:
    """A rotating code as the guest's phone shows it now."""
    async with session(config_file, border) as s:
        identity = await named(s, code)
        try:
            rotated = await again.rotate(
                s.connection, s.keys, identity, code, border.now_ms() // 1000
            )
        except BadCode as error:
            raise CommandFailed(f"give the code itself: {error}", BAD_DATA) from error
        except again.CannotReissue as error:
            raise CommandFailed(str(error)) from error
    show(rotated)
    return 0


async def deny_all(
    config_file: Path, border: Border, texts: tuple[str, ...], kind: Kind, stands: bool, reason: str
) -> int:
    """Append the same word on each ticket, then publish."""
    reason_of(reason)
    async with session(config_file, border) as s:
        identities = [await named(s, text) for text in texts]
        for identity in identities:
            await deny(
                s.connection, s.keys, identity, kind, stands=stands, reason=reason,
                now_ms=border.now_ms(),
            )  # fmt: skip
        version = await s.publish()
    shown = [show_identity(identity) for identity in identities]
    show({"kind": kind, "stands": stands, "tickets": shown, "bundle_version": version})
    return 0


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error for long work that a person watches."""
    if total < LONG or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
