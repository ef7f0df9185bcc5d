"""The chain of one epoch: what the next block must look like, checked block by block.

The epoch's key comes from the certificate in its first fact, which the gateway's device key
signed; a walk that begins in the middle gets the key from the epoch's key file instead.
"""

from typing import NamedTuple

from crypto import block as block_format
from crypto import certificate as certificate_format
from crypto.block import Block, Head
from crypto.certificate import CERTIFICATE_BYTES, EpochCertificate
from crypto.entry import AnyFact, EpochBegun, decode_facts_untrusted
from crypto.errors import BadBlock
from crypto.keys import VerifyKey


class Trust(NamedTuple):
    """Whose log this is. `device` None: certificates are read but nobody vouches for them."""

    tenant: bytes
    gateway: bytes
    device: VerifyKey | None


class EpochChain:
    """Checks the blocks of `epoch` in order; `head` is the last one that was good."""

    def __init__(
        self, trust: Trust, epoch: int, head: Head | None = None, key: VerifyKey | None = None
    ) -> None:
        self.epoch = epoch
        self.head = head if head is not None else Head()
        self.key = key
        self.begun: EpochBegun | None = None
        self.last_hlc = 0
        self._trust = trust

    def check(self, block: Block) -> list[AnyFact]:
        """The facts of the next block. Raises a `Bad` error and moves nothing unless it fits."""
        if block.gateway != self._trust.gateway or block.epoch != self.epoch:
            raise BadBlock("the block belongs to another log")
        if block.first_seq != self.head.seq + 1:
            raise BadBlock(f"the block begins with seq {block.first_seq}, not {self.head.seq + 1}")
        if block.previous != self.head.hash:
            raise BadBlock("the block does not follow the one before it")
        facts = decode_facts_untrusted(block.body)
        if len(facts) != block.count:
            raise BadBlock(f"the block says {block.count} facts and holds {len(facts)}")
        begun, key = self.begun, self.key
        if block.first_seq == 1:
            begun = self._begun(facts)
            key = self._certified(begun)
        if key is None or not block_format.verify(block, key):
            raise BadBlock("the block is not signed by the key of its epoch")
        self.begun, self.key = begun, key
        self.head = Head(block.last_seq, block.hash)
        self.last_hlc = max(self.last_hlc, block.last_hlc)
        return facts

    def _begun(self, facts: list[AnyFact]) -> EpochBegun:
        if not isinstance(facts[0], EpochBegun):
            raise BadBlock("the first fact of the epoch does not carry its certificate")
        return facts[0]

    def _certified(self, begun: EpochBegun) -> VerifyKey:
        if self._trust.device is not None:
            found = certificate_format.read_untrusted(begun.certificate, self._trust.device)
        else:
            found = _read_unproven(begun.certificate)
        if (found.gateway, found.epoch) != (self._trust.gateway, self.epoch):
            raise BadBlock("the certificate is for another gateway or epoch")
        return VerifyKey(found.public)


def _read_unproven(raw: bytes) -> EpochCertificate:
    """What a certificate says, for tools that have no device key at hand."""
    if len(raw) != CERTIFICATE_BYTES:
        raise BadBlock(f"an epoch certificate has {CERTIFICATE_BYTES} bytes")
    return EpochCertificate(raw[1:17], raw[17:33], int.from_bytes(raw[33:37], "big"), raw[37:69])
