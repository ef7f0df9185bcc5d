"""Tills and bands from one seed: the real flows of tills, real chip models, and dice.

========== =================================================================================
file       question it answers
========== =================================================================================
fair       what is sold, to whom, and who holds which key?
life       what does one process of a gateway with tills do, and where does it die?
eye        what is on a band, read by other code than the product's?
every      what if one tap goes wrong in every way there is? One story of it
playing    all of these stories, a share, or one by its name
after      what must be true after it?
cases      which are they? Lists, no code
history    what happens at a venue of several gateways? (`run(seed)`)
guests     what do guests want, and what do they have in their hands afterwards?
trouble    what goes wrong, and when?
checkers   which promise is broken while it happens?
books      do all books agree at the end? Summed up from facts, in other words than the fold's
clones     what may several bands of one UID cost, to the unit, and is it told?
centre     what does the centre book of it, in whatever order it hears?
faults     which mistakes must be found? Patches, never flags of the product
========== =================================================================================
"""
