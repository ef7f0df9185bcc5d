"""Whole gateways from one seed: the real code in a world that is made of dice.

========== =================================================================================
file       question it answers
========== =================================================================================
history    what happens, from the first start to the last look? (`run(seed)`)
determinism what makes the same seed the same history?
life       what does one process of the gateway do? (as `edge/daemon.py`)
crowd      what do guests do?
booth      what does the steel really do? `board` is the gateway's side of its wire
disk       which bytes are on the medium? `committer`: how slow is it?
centre     what does the centre hold, and when does it not answer?
clock      what does the wall clock show, and who sets it?
trouble    what goes wrong, and when?
model      who may enter, in other words than the product's?
checkers/  which promise is broken? One file each
faults     which mistakes must be found? Patches, never flags of the product
site/      several gateways of one venue: the same questions, and those between them
========== =================================================================================
"""
