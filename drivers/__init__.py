"""Devices of the venue, spoken to on trio (ARCHITECTURE.md, Patterns: Driver).

Five ideas carry this package:

- A *link* (`link.py`) opens a byte stream to a device and turns every failure of the
  network into one family of errors (`errors.py`).
- A *machine* (`*/machine.py`) is a device's protocol without any I/O and without a clock:
  bytes and times go in, bytes to send, a deadline and events come out. It reads bytes
  only through its sibling `codec.py`.
- A *session* (`session.py`) pumps one stream and one machine, until either fails.
- A *supervisor* (`supervisor.py`) opens again with bounded backoff, and knows the health.
- A *double* (`*/fake.py`) is the device's side, a process of its own, written from the
  protocol document and never from our codec or machine.

`scanner/` reads codes, `turnstile/` moves barriers, `reader/` reads and writes bands, `payment/`
has guests pay by card. `Scanner`, `Turnstile`, `Reader` and `Terminal` are what a gateway uses;
everything else is underneath. Nothing here imports
the gateway: plain arguments come in, callbacks go out.
"""
