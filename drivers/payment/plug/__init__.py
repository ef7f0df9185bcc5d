"""The plug: our own protocol for card terminals, version 1. This docstring is its document.

The double (`fake.py`) speaks it, and so may a phone's SoftPOS app or a box beside a terminal
whose vendor has a library instead of a protocol. We connect over TCP; the terminal listens.

(`codec.py`, `machine.py` are our side.)

*Framing.* u32 big endian length, then so many bytes (at most 16384) of UTF-8 JSON, one object
whose "say" names it. Unknown fields are an error: nothing may carry a card number along.

*What we say*, each with an "id" that its answers carry:

- hello (version). Answer: welcome (version, terminal: its id, 1 to 11 letters and digits).
- authorize (reference, amount_minor, currency). Answers: prompt at once, and again at least every
  minute while the guest is asked; at last outcome.
- inquire (reference). Answer: outcome, or pending while its prompt stands, or not_known.
- reverse (reference, amount_minor, currency). Answer: outcome, which is reversed, or approved with
  the reason in decline_code; or not_known.
- cancel (reference). Answer: outcome, what became of it; or not_known. The authorization gets its
  own answer, too.
- taken. No answer: it is our answer to late.

An outcome has the fields of `Outcome` in `drivers/payment/outcome.py`; its state is approved,
declined, reversed or declined_late.

*late* (id, outcome with state declined_late) is what the terminal says by itself, again on every
connection until it was taken: its host declined what it had approved offline.

What a terminal promises, durably, before it answers:
1. A reference is charged at most once. `authorize` with a reference that it knows shows no prompt
   and answers with what became of it; with another amount or currency it is declined.
2. `not_known` burns the reference: an authorization that comes later, from whatever queue, is
   declined. Hence "not known" means "not charged, ever".
3. One prompt at a time: a second authorization is declined with code busy.
4. A new connection is the till; what an older one still sends is not read.
5. A payment is reversed at most once; asked again, the answer is reversed again.

Config keys (arguments of `CardTerminal`): PaymentPlan. Fails by: silence (link closed, opened
again, asked), a broken message (the same), an answer about something else (unknown, flagged).
"""
