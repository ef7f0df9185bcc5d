"""Every figure we claim, with the command that makes it: `./gatehouse bench NAME [--json]`.

A benchmark is a promise to a reader, not a test with a threshold. Machines differ and are shared,
so the subject is measured against a limit or a peer *in the same run*, in alternating rounds, and
the ratio is what counts. `README.md` here keeps figures with machine and date.

`measure`  rounds, medians, ratios, the report
`verify`   the offline decision against libsodium in a C loop
`ledger`   durable facts against SQLite at the same durability
`tap`      scan to relay command, through real sockets and fdatasync
`ingest`   settlement at the centre against COPY of the same rows
`replay`   starting from the log, and from a snapshot
`wallets`  what a finished sale takes in memory and in snapshots
`memory`   an idle gateway, and one that knows 200,000 tickets
"""
