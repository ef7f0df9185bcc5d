"""drivers/scanner/machine.py: one guest, one presentation; garbage never blocks the next."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanner.codec import CODE_BYTES_MAX, FRAMINGS
from drivers.scanner.machine import (
    RECENT_MAX,
    STALE_S,
    TABLE,
    Presented,
    ScannerMachine,
    Signal,
    State,
)


def codes(machine: ScannerMachine) -> list[bytes]:
    taken = [event.code for event in machine.events]
    machine.events.clear()
    return taken


def test_the_table_has_a_row_for_every_state_and_signal() -> None:
    assert set(TABLE) == set(State)
    assert all(set(row) == set(Signal) for row in TABLE.values())


def test_a_code_is_presented_with_its_symbology_and_time() -> None:
    machine = ScannerMachine(FRAMINGS["line"])
    machine.receive_data(b"]Q1AB", 1.0)
    assert (machine.state, machine.deadline) == (State.PARTIAL, 1.0 + STALE_S)
    machine.receive_data(b"C\r", 1.5)
    assert list(machine.events) == [Presented(b"ABC", "]Q1", 1.5)]
    assert (machine.state, machine.deadline, machine.data_to_send()) == (State.IDLE, math.inf, b"")


def test_the_same_code_within_the_window_is_one_presentation() -> None:
    machine = ScannerMachine(FRAMINGS["line"], window_s=2.0)
    for now in (0.0, 0.5, 1.99):
        machine.receive_data(b"A\r\n", now)
    assert codes(machine) == [b"A"]
    assert machine.counters.repeated_count == 2
    machine.receive_data(b"A\rB\rA\r", 2.0)
    assert codes(machine) == [b"A", b"B"]


def test_two_phones_in_turn_are_two_presentations() -> None:
    machine = ScannerMachine(FRAMINGS["line"])
    machine.receive_data(b"A\rB\rA\rB\r", 0.0)
    assert codes(machine) == [b"A", b"B"]


def test_without_a_window_every_code_counts() -> None:
    machine = ScannerMachine(FRAMINGS["line"], window_s=0)
    machine.receive_data(b"A\rA\r", 0.0)
    assert codes(machine) == [b"A", b"A"]


def test_the_memory_of_recent_codes_is_bounded() -> None:
    machine = ScannerMachine(FRAMINGS["line"])
    for number in range(RECENT_MAX + 1):
        machine.receive_data(b"%d\r" % number, 0.0)
    machine.receive_data(b"0\r", 0.0)
    assert codes(machine).count(b"0") == 2
    assert len(machine._recent) == RECENT_MAX


@pytest.mark.parametrize("framing", ["line", "crlf", "stx_etx"])
@pytest.mark.parametrize("size", [1, 7, 4096, 100_000])
def test_an_endless_line_costs_nobody_but_itself(framing: str, size: int) -> None:
    begin, end = (b"\x02", b"\x03") if framing == "stx_etx" else (b"", b"\r\n")
    data = b"x" * (CODE_BYTES_MAX + 1) + end + begin + b"GUEST" + end
    machine = ScannerMachine(FRAMINGS[framing])
    for at in range(0, len(data), size):
        machine.receive_data(data[at : at + size], 0.0)
        assert len(machine._buffer) <= CODE_BYTES_MAX + 2
    assert codes(machine) == [b"GUEST"]
    assert machine.counters.endless_count == 1


def test_an_endless_line_that_never_ends_is_over_after_a_pause() -> None:
    machine = ScannerMachine(FRAMINGS["cr"])
    machine.receive_data(b"x" * 10_000, 0.0)
    assert machine.state is State.DROPPING
    machine.receive_data(b"x", 1.0)
    assert machine.deadline == 1.0 + STALE_S
    machine.timed_out(1.0 + STALE_S)
    machine.receive_data(b"GUEST\r", 4.0)
    assert codes(machine) == [b"GUEST"]


def test_half_a_line_is_not_glued_to_the_next_guest() -> None:
    machine = ScannerMachine(FRAMINGS["cr"])
    machine.receive_data(b"half", 0.0)
    machine.timed_out(machine.deadline)
    machine.receive_data(b"GUEST\r", 3.0)
    assert codes(machine) == [b"GUEST"]
    machine.receive_data(b"half", 3.0)
    machine.lost()
    assert (machine.state, machine.deadline) == (State.IDLE, math.inf)
    machine.receive_data(b"NEXT\r", 3.1)
    assert codes(machine) == [b"NEXT"]
    assert machine.counters.unfinished_count == 2
    machine.lost()
    assert machine.counters.unfinished_count == 2


def test_recent_codes_survive_the_link() -> None:
    machine = ScannerMachine(FRAMINGS["cr"])
    machine.receive_data(b"A\r", 0.0)
    machine.lost()
    machine.receive_data(b"A\r", 1.0)
    assert codes(machine) == [b"A"]


def test_a_pause_ends_the_code_of_a_scanner_without_terminator() -> None:
    machine = ScannerMachine(FRAMINGS["pause"], idle_s=0.1)
    machine.receive_data(b"AB", 0.0)
    machine.receive_data(b"C", 0.05)
    assert machine.deadline == pytest.approx(0.15)
    machine.timed_out(0.15)
    assert codes(machine) == [b"ABC"]
    machine.receive_data(b"x" * 5000, 1.0)
    machine.timed_out(machine.deadline)
    machine.receive_data(b"D", 2.0)
    machine.timed_out(machine.deadline)
    assert codes(machine) == [b"D"]


def test_a_line_without_prefix_is_counted_and_passed_over() -> None:
    machine = ScannerMachine(FRAMINGS["stx_etx"])
    machine.receive_data(b"noise\x03\x02GUEST\x03", 0.0)
    assert codes(machine) == [b"GUEST"]
    assert machine.counters.malformed_count == 1


pieces = st.lists(
    st.one_of(
        st.sampled_from([b"\r", b"\n", b"\r\n", b"\x02", b"\x03", b"]Q1", b"A", b"x" * 4097]),
        st.binary(max_size=8),
    ),
    max_size=12,
)


@given(pieces, st.lists(st.integers(1, 5000), max_size=8), st.sampled_from(sorted(FRAMINGS)))
def test_chunking_never_matters(parts: list[bytes], cuts: list[int], name: str) -> None:
    data = b"".join(parts)
    whole, cut = ScannerMachine(FRAMINGS[name]), ScannerMachine(FRAMINGS[name])
    whole.receive_data(data, 0.0)
    at = 0
    for size in [*cuts, len(data)]:
        cut.receive_data(data[at : at + size], 0.0)
        at += size
    for machine in (whole, cut):
        if machine.deadline < math.inf:
            machine.timed_out(machine.deadline)
    assert list(whole.events) == list(cut.events)
    assert whole.counters == cut.counters
    assert whole.state is cut.state is State.IDLE
