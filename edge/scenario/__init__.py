"""Scenarios: a venue's policy rehearsed before doors open, on the real core and a virtual clock.

A scenario is a file: a venue, its tickets, and steps with what is expected of each. Nothing of it
is a copy of what decides: gateways, lanes, tills, state, texts and signed codes are those of the
daemon. What is not there is the hardware: logs and bands lie in memory, barriers do what the file
says.

================= ===================================================================
`schema`          the file: gateways and steps
`happening`       what every step has, and what may be expected of it
`till_steps`      the file: steps at tills
`venue_table`     the file: products, gates, tickets, lists, rules
`cashless_table`  the file: prices, classes, bands
`kinds`           values that several tables share
`moment`          times as people write them
`reading`         TOML or JSON -> `Scenario`, or every fault in it
`references`      faults that only show when two places of a file are seen together
`step_references` the same, of steps
`till_references` the same, of money
`codes`           tickets of the file -> real signed texts
`bundles`         the file's venue -> signed bundles
`cashless`        the file's prices and bands -> what the bundle says of money
`amounts`         4.50 and minor units
`lanes`           lanes and tills where the file names none
`node`            one gateway with its log, clock and barriers in memory, and its deaths
`network`         who hears whom: siblings and the centre
`ears`            how long whom not
`counter`         the tills of a gateway: real flows on a virtual clock
`hand`            the reader and the card terminal of a till, and what goes wrong there
`performing`      a step -> what happened
`paying`          a step at a till -> what happened
`expecting`       what happened -> what of it was expected otherwise
`running`         a scenario -> one line a step
`examples/`       scenarios that ship, each of them a test
================= ===================================================================
"""
