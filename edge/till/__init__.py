"""Tills: from a basket and a tap to a durable debit, and everything else a cashier does.

What is where:

- `tills.py` has what all tills of a gateway share: rules, prices, the credit key, transaction ids.
- `work.py` is one thing a cashier wants (a payment, a top-up, a reversal), and how it stands.
- `till.py` is one till: it takes works, one at a time, and answers the same work the same way.
- `bands.py` reads and writes a band through a reader; `debit.py`, `credit.py`, `issuing.py` are
  the flows of a tap; `cards.py` asks a card terminal; `plain.py` has what needs no band.
- `undoing.py` takes back, `shifts.py` opens, counts and closes.

Laws that live here: the fold comes before the first await, nothing is written to a band before its
hold is on disk, and what nobody knows is asked again and never charged again.
"""
