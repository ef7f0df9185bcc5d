"""From a configuration to tills."""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from config.credentials import Credential
from config.faults import ConfigInvalid
from config.tills import CashlessSettings, NfcpyReader, PlugTerminal, Till, UdpEmulator
from crypto import chip_ciphers, money
from drivers.link import TcpClient
from drivers.payment.driver import CardTerminal
from drivers.payment.outcome import Outcome, State
from drivers.reader.nfcpy import NfcpyReader as Foreign
from drivers.reader.udp import UdpReader
from drivers.supervisor import Health, Report
from edge import wiring_tills
from edge.till.till import Till as RunningTill
from edge.wiring_tills import credit_key, late_decline, start_tills
from tests.edge.till.counter import Counter


class Settings:
    """As much of a configuration as tills look at."""

    def __init__(self, *tills: Till, key: str = "") -> None:
        self.tills = tills
        self.cashless = CashlessSettings(Credential(key)) if key else CashlessSettings()


def test_the_credit_key_is_read_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "good").write_text("0c" * 32 + "\n")
    (tmp_path / "bad").write_text("secret")
    for name in ("good", "bad"):
        (tmp_path / name).chmod(0o600)
    settings: Any = Settings(key="good")
    key = credit_key(settings)
    assert key is not None
    settings = Settings(key="bad")
    with pytest.raises(ConfigInvalid) as raised:
        credit_key(settings)
    assert "secret" not in str(raised.value)
    settings = Settings()
    assert credit_key(settings) is None


@pytest.mark.trio
async def test_each_till_gets_what_it_is_said_to_have() -> None:
    bar = Counter()
    ran: list[str] = []

    async def border(name: str, work: Callable[[], Awaitable[None]]) -> None:
        ran.append(name)

    settings: Any = Settings(
        Till(1, "Bar", NfcpyReader("usb", "/nfcpy"), PlugTerminal("127.0.0.1", 9), drawer=True),
        Till(2, "Kiosk", UdpEmulator(9700), can_top_up=True),
        Till(3, "Cash desk", debounce_ms=500),
    )
    async with trio.open_nursery() as nursery:
        tills = start_tills(nursery, bar.gateway, settings, border)
        none: Any = Settings()
        assert start_tills(nursery, bar.gateway, none, border) is None
    assert tills is not None
    assert sorted(ran) == [
        "till 1", "till 1 cards", "till 1 reader", "till 1 terminal", "till 2", "till 2 reader",
        "till 3",
    ]  # fmt: skip
    one, two, three = tills.tills.values()
    assert isinstance(one.terminal, CardTerminal) and one.terminal._on_outcome is not None
    assert two.terminal is None and three.reader is None
    assert (one.place.drawer, two.place.can_top_up, three.place.debounce_s) == (True, True, 0.5)
    assert isinstance(one.reader, Foreign)
    assert isinstance(two.reader, UdpReader)
    assert one.reader._link._argv[0] == "/nfcpy"  # type: ignore[attr-defined]
    # The plain ones of the drivers are ten to twenty times as slow.
    for reader in (one.reader, two.reader):
        assert reader._ciphers is wiring_tills.CIPHERS
    for name, cipher in wiring_tills.CIPHERS._asdict().items():
        assert cipher is getattr(chip_ciphers, name)


def test_a_reader_that_goes_away_is_told() -> None:
    bar = Counter()
    with bar.gateway.events.listen() as heard:
        for state in (Health.READY, Health.GONE, Health.GONE, Health.READY):
            wiring_tills._reader_health(bar.one, Report(state, 0.0, "", 0, 0, 0))
        told = [heard.receive_nowait() for _ in range(2)]
    assert [event["reader"] for event in told] == ["away", "ready"]


def test_a_late_decline_of_nothing_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    bar = Counter()
    assert isinstance(bar.one, RunningTill)
    outcome = Outcome(
        state=State.DECLINED_LATE, amount_minor=5, currency="EUR", reference="not-hex"
    )
    with caplog.at_level(logging.WARNING):
        late_decline(bar.one, outcome)
    assert "no payment of ours" in caplog.text


def test_what_was_given_back_cannot_be_declined_late(monkeypatch: pytest.MonkeyPatch) -> None:
    bar, taken, txid = Counter(), list[str](), b"t" * 16
    terminal = bar.one.terminal = CardTerminal("t", TcpClient("127.0.0.1", 9), jitter=lambda: 0.5)
    monkeypatch.setattr(terminal, "late_taken", taken.append)
    head = (txid, 1, 0, 1, 0)
    for make in (
        lambda *at: money.CardAuthorizationStarted(
            *at, *head, "sale", b"", b"", 1, 500, txid.hex(), "T1"
        ),
        lambda *at: money.CardReversed(*at, *head, 1, 500, txid.hex(), ""),
    ):
        bar.gateway.record(lambda hlc, now, make=make: make(hlc, now.day, now.offset_min))
    late = Outcome(
        state=State.DECLINED_LATE, amount_minor=500, currency="EUR", reference=txid.hex()
    )
    late_decline(bar.one, late)
    assert bar.tills.book.cards[txid].status == "reversed"
    assert taken == [txid.hex()], "the terminal need not say it again"


def test_a_terminal_forgets_a_late_decline_only_when_it_is_on_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bar, taken, txid = Counter(), list[str](), b"t" * 16
    terminal = bar.one.terminal = CardTerminal("t", TcpClient("127.0.0.1", 9), jitter=lambda: 0.5)
    monkeypatch.setattr(terminal, "late_taken", taken.append)
    bar.gateway.record(
        lambda hlc, now: money.CardAuthorizationStarted(
            hlc, now.day, now.offset_min, txid, 1, 0, 1, 0, "sale", b"", b"", 1, 500, txid.hex()
        )
    )
    outcome = Outcome(
        state=State.DECLINED_LATE, amount_minor=500, currency="EUR", reference=txid.hex()
    )
    bar.log.full = True
    late_decline(bar.one, outcome)
    assert taken == [] and bar.tills.book.cards[txid].status != "declined_late"
    bar.log.full, bar.log.holding = False, True
    for _ in range(2):  # again, on the next link: the fact is folded by now, and not on disk
        late_decline(bar.one, outcome)
        assert taken == [] and bar.tills.book.cards[txid].status == "declined_late"
    bar.log.sync()
    assert taken == [txid.hex()] * 2
    late_decline(bar.one, outcome)
    assert taken == [txid.hex()] * 3
    assert sum(isinstance(fact, money.CardDeclined) for fact in bar.log.facts) == 1
