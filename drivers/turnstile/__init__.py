"""Turnstiles: what opens for one person, and says whether that person went through.

- `machine.py` the turnstile itself: grants, passages, alarms, fire. Knows no vendor. Its
  transitions are `table.py`, what it says and commands `events.py`, how a lane is wired `plan.py`.
- `contact.py` one debounced input.
- `board.py`   what a relay board can do and tell, whatever its wire: the vocabulary between
  a turnstile and a vendor folder.
- `lane.py`    one turnstile on one board, joined without I/O.
- `driver.py`  `Turnstile`: what a gateway uses.
- `modbus/`    relay boards on Modbus TCP, and their double.

Documents: EN 17352:2022 (power operated pedestrian entrance control equipment) for fail-safe
opening on fire; the times 5 s (tripod) and 8 s (speed gate) and the gap of 500 ms between
pulses are common practice of the vendors' controller manuals.

A grant ends in exactly one of `Completed`, `Lapsed`, `Unknown`, unless the process dies.
Fails closed: without its board a turnstile grants nothing (`State.FAULT`, out of service).
Recovers by itself when the board is back; not from fire, which an operator ends.
"""
