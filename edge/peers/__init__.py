"""Sibling gateways of one venue: they share every fact, with no centre and no internet.

========= ===================================================================================
file      question it answers
========= ===================================================================================
codec     what do the bytes between siblings say?
mirror    where do the blocks of one sibling stand on our disk?
intake    is this block the next of its log, a copy, a gap, a forgery or a fork?
holdings  which blocks can we give, our own and our siblings'?
session   what do two connected gateways say to each other?
outgoing  which log is told next, and how far has it been told?
tls       who is at the other end?
links     who is connected, who was heard when?
connections who listens, who dials, what ends a connection?
house     how is all of this put together and run?
learning  what has happened so far, before an empty gateway opens?
errors    what goes wrong between siblings?
rows      what do people see of siblings?
dnssd     what do the bytes of multicast DNS say?
discovery who else is on the network, and who hears of us?
found     where may a sibling be, and where was it not?
clocks    how far are our clocks apart, and who is told?
courier   does the centre lack the blocks of a sibling that is gone?
tails     what does only the centre hold of a sibling that is gone?
compare   do siblings that know the same facts have the same state?
proofs    what can others prove of our own log?
rebuild   what do others hold of us, before an empty ledger opens?
regain    what do others hold of our older epochs, while we run?
========= ===================================================================================
"""
