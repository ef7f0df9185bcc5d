"""The tickets: sold by the real commands, and the hostile codes that nobody sold."""

import json
import os
import time
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

import trio

from crypto import pretix, ticket
from crypto.claim import make_identity, show_identity
from crypto.keys import SigningKey
from edge.demo.guests import Code, Codes
from edge.demo.venue import BACKSTAGE, DAY, GROUP, TOMORROW, TONIGHT, Venue

SHOP: Final = "demo-shop"
GROUP_PERSONS: Final = 3
DAY_S: Final = 86_400


def count_of(guests: int, copied: int = 0) -> Mapping[str, int]:
    """How many codes of each sort a crowd of `guests` may need, and `copied` day tickets more."""
    some = max(4, guests // 12)
    return {
        "day": guests + 3 * some + copied, "group": some, "tomorrow": some, "backstage": some,
        "past": some, "future": some,
    }  # fmt: skip


async def sell(venue: Venue, guests: int, copied: int = 0) -> Codes:
    """Issue, record and deny until every sort of code is there; then publish. Raises DemoFailed."""
    folder = venue.folder / "tickets"
    folder.mkdir()
    shop = _shop()
    now_s = int(time.time())
    sorts: dict[str, tuple[str, ...]] = {
        "day": (TONIGHT, DAY),
        "group": (TONIGHT, GROUP, "--persons", str(GROUP_PERSONS)),
        "tomorrow": (TOMORROW, DAY),
        "backstage": (TONIGHT, BACKSTAGE),
        "past": (TONIGHT, DAY, "--valid-until", str(now_s - DAY_S)),
        "future": (TONIGHT, DAY, "--valid-from", str(now_s + DAY_S)),
    }
    async with trio.open_nursery() as nursery:
        for sort, count in count_of(guests, copied).items():
            nursery.start_soon(_issue, venue, folder / f"{sort}.txt", count, *sorts[sort])
        nursery.start_soon(
            venue.run_central, "issuer", "add-pretix", "--name", SHOP, "--key",
            shop["public_key_setting_b64pem"], "--product", DAY,
            "--row", "item=1", "--row", "item=2,variation=1",
        )  # fmt: skip
        nursery.start_soon(venue.enrol)
    issuer = str(venue.tenant["issuer"])
    sold = {sort: _read(folder / f"{sort}.txt", issuer) for sort in sorts}
    denied = await _deny(venue, sold)
    await venue.run_central("bundle", "publish")
    return Codes(
        **sold, **denied,
        pretix=[_foreign(row) for row in shop["tickets"] if _holds(row, now_s)],
        unknown_key=_forged_by_another_key(sold["day"][0], 8),
    )  # fmt: skip


async def _issue(venue: Venue, out: Path, count: int, *sort: str) -> None:
    performance, product, *more = sort
    await venue.run_central(
        "ticket", "issue", "--performance", performance, "--product", product,
        "--count", str(count), "--out", str(out), *more,
    )  # fmt: skip


async def _deny(venue: Venue, sold: dict[str, list[Code]]) -> dict[str, list[Code]]:
    """Take some day tickets back, in each of the three ways; they are taken out of `sold`."""
    some = len(sold["group"])
    day, denied = sold["day"], {}
    words = {"canceled": "cancel", "blocked": "block", "revoked": "revoke"}
    async with trio.open_nursery() as nursery:
        for sort, word in words.items():
            denied[sort] = [day.pop() for _ in range(some)]
            texts = [code.text.decode() for code in denied[sort]]
            nursery.start_soon(venue.run_central, "ticket", word, *texts)
    return denied


def _read(file: Path, issuer: str) -> list[Code]:
    codes = []
    for line in file.read_bytes().split():
        read = ticket.decode_untrusted(line).ticket
        identity = show_identity(make_identity(issuer, read.ticket_id))
        codes.append(Code(line, identity, read.persons))
    return codes


def _shop() -> dict[str, Any]:
    text = resources.files("edge.demo").joinpath("data/pretix-sig1.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _holds(row: Mapping[str, Any], now_s: int) -> bool:
    """Whether a code of the shop is valid for as long as a demo may take."""
    until = row["valid_until"]
    return bool(row["valid_from"] <= now_s and (not until or until > now_s + 3600))


def _foreign(row: Mapping[str, Any]) -> Code:
    text = str(row["secret"]).encode()
    signed = pretix.decode_untrusted(text)
    return Code(text, show_identity(make_identity(SHOP, signed.identity)))


def _forged_by_another_key(pattern: Code, count: int) -> list[Code]:
    """Well-formed codes of a seller that nobody at the gate knows."""
    key = SigningKey(os.urandom(32))
    sold = ticket.decode_untrusted(pattern.text).ticket
    return [
        Code(
            ticket.issue(
                ticket.Ticket(
                    key.key_id, sold.performance, os.urandom(8), sold.product, 0, 0, 1, 0,
                    sold.issued_at,
                ),
                key,
            ).encode()
        )
        for _ in range(count)
    ]  # fmt: skip
