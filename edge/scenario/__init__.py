"""Scenarios: a venue's policy rehearsed before doors open, on the real core and a virtual clock.

A scenario is a file: a venue, its tickets, and steps with what is expected of each. Nothing of it
is a copy of what decides: gateways, lanes, state, texts and signed codes are those of the daemon.
What is not there is the hardware: logs lie in memory, barriers do what the file says.

=============== =====================================================================
`schema`        the file: gateways and steps, and what may be expected of a step
`venue_table`   the file: products, gates, tickets, lists, rules
`moment`        times as people write them
`reading`       TOML or JSON -> `Scenario`, or every fault in it
`references`    faults that only show when two places of a file are seen together
`codes`         tickets of the file -> real signed texts
`bundles`       the file's venue -> signed bundles
`node`          one gateway with its log, clock and barriers in memory, and its deaths
`network`       who hears whom: siblings and the centre
`ears`          how long whom not
`performing`    a step -> what happened
`expecting`     what happened -> what of it was expected otherwise
`running`       a scenario -> one line a step
`examples/`     scenarios that ship, each of them a test
=============== =====================================================================
"""
