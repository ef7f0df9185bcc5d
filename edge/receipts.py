"""The centre's receipts, kept beside the ledger: evidence of how far the log went.

After a torn write the ledger asks who holds more than it can read. A receipt is such a witness,
and the only one there is when the network is down.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from crypto.errors import BadReceipt
from crypto.keys import VerifyKey
from crypto.receipt import RECEIPT_BYTES, Receipt, read_untrusted

SUFFIX: Final = ".receipt"


class ReceiptStore:
    """The receipt of each epoch that reaches furthest, one file each, in `folder`."""

    def __init__(self, folder: Path, key: VerifyKey, gateway: bytes) -> None:
        self._folder = folder
        self._key = key
        self._gateway = gateway
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._through = {receipt.epoch: receipt.through_seq for receipt in self.all()}

    def keep(self, raw: bytes, receipt: Receipt) -> None:
        """Write a receipt that was read from `raw`; replaced whole, so never half-written.

        It is not synced: a receipt that is lost with the power is only a witness less. A centre
        that was restored from a backup signs lower ones; what it held before still testifies.
        """
        if receipt.through_seq < self._through.get(receipt.epoch, 0):
            return
        temporary = self._folder / f"{receipt.epoch:010d}.part"
        temporary.write_bytes(raw)
        os.replace(temporary, self._folder / f"{receipt.epoch:010d}{SUFFIX}")
        self._through[receipt.epoch] = receipt.through_seq

    def all(self) -> Iterator[Receipt]:
        """Every kept receipt that verifies, oldest epoch first."""
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            try:
                with open(path, "rb") as file:
                    receipt = read_untrusted(file.read(RECEIPT_BYTES + 1), self._key)
            except (OSError, BadReceipt):
                continue  # a witness less; the ledger itself says what it holds
            if receipt.gateway == self._gateway:
                yield receipt
