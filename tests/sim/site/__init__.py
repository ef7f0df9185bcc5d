"""A venue of two to four whole gateways from one seed, and everything that stands between them.

The gateways are the real ones with the real `edge.peers`; only TLS is left out, and the disks, the
clocks, the wires and the guests are made of dice.

========== =================================================================================
file       question it answers
========== =================================================================================
history    what happens, from the first start until all is healed? (`run(seed)`)
machine    what is a gateway while its process is not there? Disks, papers, clock, identity
life       what does one process of it do? (as `edge/daemon.py`)
peers      how do the layers of `edge.peers` meet without TLS?
lan        who can talk to whom, how late, and what is forged on the way?
centre     what does the centre hold of every gateway?
crowd      who shows which code where? Copies, mostly
trouble    what goes wrong, and when?
model      who may enter, and what is a conflict, in other words than the product's?
truth      what was ever written, by whom, and who holds it?
checkers   which promise is broken?
faults     which mistakes must be found? Patches, never flags of the product
========== =================================================================================
"""
