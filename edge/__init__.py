"""The gateway: verifies tickets, decides, drives the lanes, keeps the ledger (floor 2, trio).

    __main__   the program: `run` starts the daemon at once, all other words go to `cli`
    cli        the commands, and the one place of this package that reads entropy
    commands/  what each command does, without knowing how it was called
    core/      PURE: facts to state, admission rules and reasons
    ledger/    blocks on disk: append, durable, snapshot, recover
    gateway    one gateway: state, ledger, clock and lanes; where facts are made
    lane       one direction of one barrier; `answers` what it says to people and machines
    till/      tills: from a basket and a tap to a durable debit
    printing/  receipts and reports, as ESC/POS and as pictures
    wiring     from a configuration to running lanes; `wiring_tills` to tills
    uplink     blocks to the centre, bundles and receipts back; `transport` its wire
    peers/     sibling gateways of the venue
    web/       the local HTTP API
    scenario/  a venue's policy rehearsed on all of this but the disks and devices
    demo/      a venue on one machine, by processes, CLI and HTTP alone

The life of a process: `identity` who this is, `rescue` what others hold of our log before it opens,
`daemon` puts all together, `services` what runs beside the lanes, `endings` what ends it. On disk:
`bundles`, `receipts` of the centre, `snapshots`, `keeping` how long blocks stay. Beside a lane:
`recent` scans that may be taken back, `left_open` holds of a process that is gone, `device_facts`,
`events` live, `venue_texts`. Measured: `clock`, `centre_clock`, `digests` of what was folded.

The way of a ticket through these files stands in ARCHITECTURE.md.
"""
