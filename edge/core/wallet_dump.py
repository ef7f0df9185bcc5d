"""What a snapshot holds of wallets: equal bytes for equal sets of facts. Pure."""

from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from crypto.money import MoneyConflictFound
from edge.core.buckets import ID_BYTES
from edge.core.wallet_records import Row, Stamp, Stamps, restamped
from edge.core.wallet_rows import Account, Grant, Issued, Mark, Spent, Topped

T = TypeVar("T")


class FoundMoney(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A recorded conflict, and where its record stands: the first of several counts."""

    hlc: int
    gateway: bytes
    log: int
    seq: int
    fact: MoneyConflictFound

    @property
    def place(self) -> tuple[int, bytes, int, int]:
        """By which facts are ordered."""
        return (self.hlc, self.gateway, self.log, self.seq)


class AccountDump(msgspec.Struct, array_like=True, frozen=True):
    """What a snapshot holds of a medium. `packed`: the records of all holds that can be packed, by
    transaction; `rows`: the others."""

    min_epoch: int
    issued: Issued
    mark: Mark
    rows: list[Row]
    packed: bytes
    credits: dict[bytes, Topped]
    grants: dict[bytes, Grant]
    spent: dict[bytes, Spent]
    replaced: int


class WalletsDump(msgspec.Struct, array_like=True, frozen=True):
    """What a snapshot holds of wallets. `stamps`: those of the packed holds, in order."""

    accounts: dict[bytes, AccountDump]
    conflicts: list[FoundMoney]
    stamps: list[Stamp]
    forked: dict[bytes, int]


#: Where nothing of money was folded.
NO_WALLETS: Final = WalletsDump({}, [], [], {})


def dumped(
    accounts: Mapping[bytes, Account], conflicts: Mapping[bytes, FoundMoney], stamps: Stamps,
    forked: Mapping[bytes, int],
) -> WalletsDump:  # fmt: skip
    """All of it in order, with every hold packed that can be."""
    records = {medium: accounts[medium].rows.records() for medium in sorted(accounts)}
    used, moved = stamps.used(records.values())
    found = {}
    for medium, packed in records.items():
        one = accounts[medium]
        hot = one.rows.hot
        names = {record[:ID_BYTES] for record in packed} if hot else set()
        found[medium] = AccountDump(
            one.min_epoch, one.issued, one.mark,
            [hot[txid] for txid in sorted(hot) if txid not in names],
            restamped(packed, moved), _sorted(one.credits), _sorted(one.grants),
            _sorted(one.spent), one.replaced,
        )  # fmt: skip
    return WalletsDump(found, [conflicts[id] for id in sorted(conflicts)], used, _sorted(forked))


def _sorted(part: Mapping[bytes, T]) -> dict[bytes, T]:
    return {key: part[key] for key in sorted(part)}
