"""The gateway: verifies tickets, decides, drives the lanes, keeps the ledger (floor 2, trio).

    __main__   the program: `run` starts the daemon at once, all other words go to `cli`
    cli        the commands, and the one place of this package that reads entropy
    commands/  what each command does, without knowing how it was called
    core/      PURE: facts to state, admission rules and reasons
    ledger/    blocks on disk: append, durable, snapshot, recover
    gateway    one gateway: state, ledger, clock and lanes; where facts are made
    lane       one direction of one barrier
    wiring     from a configuration to running lanes
    uplink     blocks to the centre, bundles and receipts back
    web/       the local HTTP API
    scenario/  a venue's policy rehearsed on all of this but the disks and devices

The way of a ticket through these files stands in ARCHITECTURE.md.
"""
