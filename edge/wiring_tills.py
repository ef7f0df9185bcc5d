"""From a configuration to tills with readers and card terminals; beside `edge.wiring` the only
place that knows both."""

import logging
import os
import random
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import trio

from config import tills as rows
from config.credentials import read_credential
from config.faults import ConfigInvalid, Fault
from config.gateway import Gateway as GatewayConfig
from crypto import chip_ciphers
from crypto.keys import SEED_BYTES, SigningKey
from crypto.money import CardDeclined
from drivers.link import TcpClient
from drivers.payment.driver import CardTerminal
from drivers.payment.outcome import Outcome
from drivers.reader.ciphers import Ciphers
from drivers.reader.nfcpy import NfcpyReader, nfcpy_link
from drivers.reader.udp import UdpReader
from drivers.supervisor import WELL, Report
from edge.gateway import Gateway
from edge.ledger.errors import LedgerFull
from edge.till.cards import heard_later, settle_cards
from edge.till.till import Place, Till
from edge.till.tills import Tills

log = logging.getLogger(__name__)
#: Between two questions about card payments that are not settled.
SETTLE_S: Final = 15.0
#: What bands with keys prove them by: ten to twenty times as fast as the drivers' own.
CIPHERS: Final = Ciphers(
    chip_ciphers.des3_encrypt, chip_ciphers.des3_decrypt, chip_ciphers.aes_encrypt,
    chip_ciphers.aes_decrypt,
)  # fmt: skip
Border = Callable[[str, Callable[[], Awaitable[None]]], Awaitable[None]]


def credit_key(config: GatewayConfig) -> SigningKey | None:
    """The key by which this gateway tops bands up. Raises `ConfigInvalid`."""
    if config.cashless.credit_key is None:
        return None
    raw = read_credential(config.cashless.credit_key, at="cashless.credit_key")
    try:
        seed = bytes.fromhex(raw.decode("ascii").strip())
    except ValueError:
        seed = b""
    if len(seed) != SEED_BYTES:
        problem, hint = "holds no 32-byte key in hex", "make it with: edge wallet credit-key new"
        name = config.cashless.credit_key.credential
        raise ConfigInvalid([Fault(name, "cashless.credit_key", problem, hint)])
    return SigningKey(seed)


def start_tills(
    nursery: trio.Nursery, gateway: Gateway, config: GatewayConfig, border: Border
) -> Tills | None:
    """Make the tills of `config`, and keep them and their devices running; None without any."""
    if not config.tills:
        return None
    tills = Tills(gateway, entropy=os.urandom, credit_key=credit_key(config))
    for row in config.tills:
        for name, run in _till(tills, row):
            nursery.start_soon(border, name, run)
    return tills


def _till(tills: Tills, row: rows.Till) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
    """One till; what is to be kept running for it, by name."""
    place = Place(
        row.number, row.name, row.drawer, row.can_top_up, row.only_bands, row.debounce_ms / 1000
    )
    till = Till(tills, place)
    runs: list[tuple[str, Callable[[], Awaitable[None]]]] = [(f"till {row.number}", till.run)]
    reader = _reader(till, f"till {row.number} reader", row.reader)
    if reader is not None:
        till.reader = reader
        runs.append((f"till {row.number} reader", reader.run))
    if row.terminal is not None:
        terminal = CardTerminal(
            f"till {row.number} terminal", TcpClient(row.terminal.host, row.terminal.port),
            jitter=random.random, on_outcome=lambda outcome: heard_later(till, outcome),
            on_late=lambda outcome: late_decline(till, outcome),
        )  # fmt: skip
        till.terminal = terminal
        runs.append((f"till {row.number} terminal", terminal.run))
        runs.append((f"till {row.number} cards", partial(_settle, till)))
    return runs


def _reader(till: Till, name: str, row: rows.Reader) -> NfcpyReader | UdpReader | None:
    told = partial(_reader_health, till)
    if isinstance(row, rows.NfcpyReader):
        return NfcpyReader(
            name, nfcpy_link(row.python or sys.executable), row.path, entropy=os.urandom,
            jitter=random.random, ciphers=CIPHERS, on_health=told,
        )  # fmt: skip
    if isinstance(row, rows.UdpEmulator):
        return UdpReader(
            name, row.host, row.port, entropy=os.urandom, jitter=random.random,
            ciphers=CIPHERS, on_health=told,
        )  # fmt: skip
    return None


async def _settle(till: Till) -> None:
    """A card payment that nobody knows the end of is asked about until the terminal says."""
    while True:
        await settle_cards(till)
        await trio.sleep(SETTLE_S)


def _reader_health(till: Till, report: Report) -> None:
    away = report.state not in WELL
    if away != till.field.away:
        till.field.away = away
        events = till.tills.gateway.events
        events.publish("till_reader", till=till.number, reader="away" if away else "ready")


def late_decline(till: Till, outcome: Outcome) -> None:
    """A host declined what its terminal had approved offline: told again until it is on disk."""
    gateway, terminal = till.tills.gateway, till.terminal
    try:
        txid = bytes.fromhex(outcome.reference)
    except ValueError:
        txid = b""
    card = till.tills.book.cards.get(txid)
    if card is None or not isinstance(terminal, CardTerminal):
        log.warning("a late decline names no payment of ours", extra={"till": till.number})
        return
    who = till.tills.who(till.number, card.shift, 0, False)
    if card.status not in ("declined_late", "reversed"):  # the guest has it back already
        try:
            gateway.record(
                lambda hlc, now: CardDeclined(
                    hlc, now.day, now.offset_min, txid, who.till, who.operator, who.shift,
                    who.marks, card.terminal, card.amount_minor, card.reference,
                    outcome.decline_code, True,
                )
            )  # fmt: skip
        except LedgerFull:
            log.error("no room for a late decline: its terminal keeps it and tells it again")
            return
    # It may be told again before the fact is on disk: so this waits for all that was recorded.
    gateway.when_durable(gateway.last_seq, lambda: terminal.late_taken(outcome.reference))
