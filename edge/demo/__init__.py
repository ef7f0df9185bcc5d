"""`./gatehouse demo`: a venue on this machine, with real processes and a crowd.

It starts processes and talks command line, HTTP and TCP to them, as any stranger could; nothing of
the gateway or the centre is imported here, so that what it checks is what they really do.

=============== =======================================================================
`cli`          the words of the command, the folder, the exit code
`play`         one run from the first process to the last check
`processes`    children that die with us, whatever happens to us
`settings`     the configuration files of the venue
`venue`        centre, gateways and devices: enrolled, started, killed, started again
`gateways`     one gateway's process
`lan`          the cables between gateways, which can be pulled
`box_office`   the tickets, by the real commands, and the hostile codes
`guests`       who comes, with which code, and what they do: from one seed (pure)
`copies`       who shows copies at two gateways, and what became of them (pure)
`beliefs`      what the gate must answer, by what was seen so far (pure)
`crowd`        the guests at the lanes: they scan, walk, do not walk, and grow impatient
`bar`          tills and wristbands: set up by commands, served, counted
`patrons`      who comes to the bar, and what they do there: from one seed (pure)
`cashier`      one till: asks the gateway as its page does, until it answers
`antennas`     readers of bands, as processes
`foreign`      an interpreter that has nfcpy, for whoever reads them through it
`purse`        what each guest must have, by what she gave and got (pure)
`troubles`     what breaks during the rush, and when
`watching`     the status of the gateways, again and again
`listening`    live events of the gateway
`reading`      ledger and database, read by commands and SQL
`rows`         the row that each fact must be at the centre (pure)
`accounts`     holds, and who was admitted twice (pure)
`checks`       what must be true at the end, each with a name (pure)
`conflicts`    what siblings must agree on (pure)
`money`        facts of money, added up (pure)
`bands`        what the bands themselves say (pure)
`bar_reading`  money in ledgers and database
`bar_checks`   what must be true of the bar (pure)
`summary`      the figures of a run, and the sentences about it (pure)
`tally`        what was counted while guests were served
`table`        the live table in the terminal
=============== =======================================================================
"""
