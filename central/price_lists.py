"""Every price list that was ever set: which rate a tax had when something was sold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from central.store import merchants
from crypto.cashless import Cashless

if TYPE_CHECKING:
    from central.books.postings import Rates
    from central.store import Connection


class PriceLists:
    """By version, as facts name them; the newest one stands for those that nobody knows."""

    def __init__(self, lists: list[Cashless]) -> None:
        assert lists, "prices were set once"
        self._lists = lists
        self._rates = [{tax.code: tax.rate_bp for tax in each.taxes} for each in lists]

    @property
    def newest(self) -> Cashless:
        """The one that counts now."""
        return self._lists[-1]

    def rates_of(self, version: int) -> Rates:
        """Tax code -> rate in basis points."""
        return self._rates[version - 1 if 1 <= version <= len(self._rates) else -1]


async def load(connection: Connection, tenant: bytes) -> PriceLists | None:
    """All price lists; None before any was set."""
    lists = [
        msgspec.msgpack.decode(content, type=Cashless)
        for content in await merchants.all_terms(connection, tenant)
    ]
    return PriceLists(lists) if lists else None
