"""A gateway made of keys alone, and a centre's keys: what the tests of this folder deliver with."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
import zstandard

from central.ingest import Log
from central.store import trust
from crypto.block import Block, Head, read_untrusted, seal
from crypto.certificate import EpochCertificate, certify
from crypto.entry import Admitted, EpochBegun, KnownFact, PassageCompleted, encode_facts
from crypto.keys import SigningKey

TENANT = bytes(range(16))
GATEWAY = b"gateway-number-1"
OTHER = b"gateway-number-2"
NOW_MS = 1_783_000_000_000
DAY = 20260704


def hlc(ms: int = NOW_MS, counter: int = 0) -> int:
    return ms << 16 | counter


def admitted(
    number: int, *, ticket: bytes | None = None, gate: int = 1, persons: int = 1
) -> Admitted:
    identity = b"house:" + number.to_bytes(8, "big") if ticket is None else ticket
    return Admitted(
        hlc(counter=number % 65536), DAY, 120, 1, gate, identity, 0, 7, 3, persons, persons, b"n"
    )


def completed(epoch: int, seq: int, ticket: bytes, passed: int = 1) -> PassageCompleted:
    return PassageCompleted(hlc(NOW_MS + 1), DAY, 120, 1, ticket, epoch, seq, passed)


class Ledger:
    """Writes a gateway's log, as the edge does, one block per call of `add`."""

    def __init__(
        self, gateway: bytes = GATEWAY, epoch: int = 5, *, tenant: bytes = TENANT, seed: int = 1,
        key_seed: int = 9,
    ) -> None:  # fmt: skip
        self.seed = bytes([seed]) * 32
        self.device = SigningKey(self.seed)
        self.key = SigningKey(bytes([key_seed]) * 32)
        self.gateway, self.epoch, self.tenant = gateway, epoch, tenant
        self.head = Head()
        self.blocks: list[bytes] = []

    def begin(self) -> bytes:
        certificate = certify(
            EpochCertificate(self.tenant, self.gateway, self.epoch, self.key.public), self.device
        )
        return self.add([EpochBegun(hlc(), DAY, 120, certificate, 0, 0, bytes(32), "first")])

    def add(
        self, facts: Sequence[KnownFact], *, body: bytes | None = None, count: int | None = None
    ) -> bytes:
        raw = seal(
            gateway=self.gateway, epoch=self.epoch, head=self.head,
            count=len(facts) if count is None else count,
            body=encode_facts(list(facts)) if body is None else body,
            wall_ms=NOW_MS, last_hlc=hlc(), key=self.key,
        )  # fmt: skip
        block, _ = read_untrusted(raw)
        self.head = Head(block.last_seq, block.hash)
        self.blocks.append(raw)
        return raw

    def fill(self, blocks: int, each: int = 4) -> Ledger:
        """Begin if needed and add `blocks` blocks of `each` admissions."""
        if not self.blocks:
            self.begin()
        for _ in range(blocks):
            self.add([admitted(self.head.seq + n) for n in range(1, each + 1)])
        return self

    def log(self, delivered_by: bytes | None = None) -> Log:
        return Log(self.tenant, self.gateway, self.epoch, delivered_by or self.gateway)

    def read(self) -> list[Block]:
        return [read_untrusted(raw)[0] for raw in self.blocks]


def packed(blocks: Sequence[bytes]) -> bytes:
    return zstandard.ZstdCompressor().compress(b"".join(blocks))


async def enrol(connection: asyncpg.Connection, *ledgers: Ledger) -> None:
    """Make the tenant and the ledgers' gateways known."""
    await trust.add_tenant(connection, TENANT, "Open Air", NOW_MS)
    for index, ledger in enumerate(ledgers, 1):
        row = trust.Gateway(
            ledger.gateway, index, f"gate-{index}", ledger.device.public, b"der", None
        )
        await trust.add_gateway(connection, TENANT, row, NOW_MS)
