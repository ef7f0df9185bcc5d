"""What the two daemons read before they start, and what both share while they run.

Floor 0: the standard library and msgspec; Starlette, hypercorn and prometheus-client only below
`config.runtime`.

    faults       one fault (file, path, problem, hint) and `ConfigInvalid`, which carries them all
    bounds       the bounded scalars from which the structs are made
    load         TOML files + conf.d + environment -> one tree that remembers each value's file
    check        a tree against a struct: *every* fault, or the value
    binds        addresses to listen on, and which of them never leave this machine
    credentials  secrets by name, never in the file itself
    devices      scanners and turnstiles; `tills` with readers and card terminals
    staff        who may sign in; `peers` siblings; `shown` languages, own words, displays
    prices       what a price list may say, whoever reads it
    gateway      `Gateway`, the configuration of one gateway
    central      `Central`, the configuration of the central service
    schema       JSON Schema for editors, and the bodies of `config check` and `config schema`
    runtime/     how a process logs, listens, limits, notifies and reports its health
"""
