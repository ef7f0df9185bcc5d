"""Relay boards on Modbus TCP.

Documents: MODBUS Application Protocol Specification V1.1b3 (functions 1, 2, 5, 15, exceptions
in §7) and MODBUS Messaging on TCP/IP Implementation Guide V1.0b (MBAP header §3.1.3, one
request at a time unless the server is known to take more, §4.2.2). The pulse timed by the board is
Waveshare's "flash on": function 5, address 0x0200 + relay, value in units of 100 ms
(Waveshare Modbus POE ETH Relay, user's guide, "Flash ON/OFF").

Config keys (`BoardPlan`): unit, coil_count, input_count, poll_s, answer_s, in_flight_max.
Fails by: no answer within answer_s (read once again, a pulse never again → `Silent`), bytes
that are no answer (→ `Protocol`), exceptions and relays that stay on (→ `Fault`). A board
that does not time pulses itself is refused: it would stay open when we crash.
Recovers by opening again: all coils off, read back, inputs read, then ready.
`codec`, `machine`, `fake` as everywhere. RTU on a serial line is to stand beside this folder's TCP
framing; not here yet.
"""
