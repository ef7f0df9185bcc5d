"""Tills: from a basket and a tap to a durable debit, and everything else a cashier does.

What is where:

- `tills.py` has what all tills of a gateway share: rules, prices, the credit key, transaction ids.
- `work.py` is one thing a cashier wants (a payment, a top-up, a reversal), and how it stands.
- `till.py` is one till: it takes works, one at a time, and answers the same work the same way.
- `bands.py` reads and writes a band through a reader; `debit.py`, `credit.py`, `issuing.py` are
  the flows of a tap; `cards.py` asks a card terminal.
- `flows.py` says which of them serves a work: `sale.py` a basket, `undoing.py` takes back,
  `money_back.py` returns a top-up that never reached its band, `showing.py` its balance,
  `shifts.py` opens, counts and closes, `badges.py` reads who of the staff is there.
- `field.py` knows what lies on the reader, `tapping.py` holds on to a band while it is served,
  `booked.py` knows names from before a restart, `settling.py` ends holds that other facts decide,
  `receipts.py` makes receipts of facts.

Laws that live here: the fold comes before the first await, nothing is written to a band before its
hold is on disk, and what nobody knows is asked again and never charged again.
"""
