"""Logs of siblings made of keys alone, good and bad ones; and an intake that takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crypto.block import Block, Head, read_untrusted, seal
from crypto.bundle import GatewayCard
from crypto.certificate import EpochCertificate, certify
from crypto.entry import AnyFact, EpochBegun, KnownFact, Started, encode_facts
from crypto.keys import SigningKey
from edge.ledger.snapshot import Vector
from edge.peers.intake import Intake
from edge.uplink import inline

TENANT = b"T" * 16
OWN, A, B = b"\x01" * 16, b"\x0a" * 16, b"\x0b" * 16
SEGMENT = 1 << 20
DAY = (20260101, 60)


def device(gateway: bytes) -> SigningKey:
    return SigningKey(bytes([gateway[0] + 1]) * 32)


def card(gateway: bytes, name: str = "", revoked: bool = False) -> GatewayCard:
    return GatewayCard(
        gateway, gateway[0], name or f"gw-{gateway[0]}", device(gateway).public, revoked
    )


class Log:
    """The log of `gateway`; `key_seed` is of its epoch key, `signer` of who certifies that."""

    def __init__(
        self, gateway: bytes = A, epoch: int = 5, *, key_seed: int = 9,
        signer: SigningKey | None = None,
    ) -> None:  # fmt: skip
        self.gateway, self.epoch = gateway, epoch
        self.key = SigningKey(bytes([key_seed]) * 32)
        proof = EpochCertificate(TENANT, gateway, epoch, self.key.public)
        certificate = certify(proof, signer or device(gateway))
        self.head = Head()
        self.blocks: list[Block] = []
        self.add([EpochBegun(1 << 16, *DAY, certificate, 0, 0, bytes(32), "first")])

    def add(self, facts: Sequence[KnownFact] = ()) -> Block:
        facts = list(facts) or [Started((len(self.blocks) + 2) << 16, *DAY, "x")]
        raw = seal(
            gateway=self.gateway, epoch=self.epoch, head=self.head, count=len(facts),
            body=encode_facts(facts), wall_ms=1000, last_hlc=facts[-1].hlc, key=self.key,
        )  # fmt: skip
        block, _ = read_untrusted(raw)
        self.head = Head(block.last_seq, block.hash)
        self.blocks.append(block)
        return block

    def fill(self, count: int) -> Log:
        for _ in range(count):
            self.add()
        return self


def other_history(log: Log, at: int) -> Log:
    """The same gateway, the same key, and another story from block `at` on."""
    other = Log(log.gateway, log.epoch)
    other.blocks, other.head = [], Head()
    for block in log.blocks[:at]:
        other.blocks.append(block)
        other.head = Head(block.last_seq, block.hash)
    other.add([Started(77 << 16, *DAY, "another story")])
    return other


class Taker:
    """An intake on disk whose folds are counted. `cards` may be changed."""

    def __init__(
        self, folder: Path, *gateways: bytes, vector: Vector | None = None, **how: Any
    ) -> None:
        self.cards = [card(gateway) for gateway in gateways or (A, B)]
        self.folded: list[tuple[bytes, int, AnyFact]] = []
        self.intake = Intake(
            own=OWN, tenant=TENANT, folder=folder / "peers", segment_bytes=SEGMENT,
            cards=lambda: self.cards, fold=self.fold, aside=inline, **how,
        )  # fmt: skip
        self.intake.open(vector or {})

    def fold(self, block: Block, facts: list[AnyFact]) -> None:
        self.folded += [
            (block.gateway, seq, fact) for seq, fact in enumerate(facts, block.first_seq)
        ]

    @property
    def seqs(self) -> list[int]:
        return [seq for _, seq, _ in self.folded]

    async def take(self, *blocks: Block) -> list[int | None]:
        return [await self.intake.take(block) for block in blocks]
