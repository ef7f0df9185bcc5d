"""Every byte format of Gatehouse, as pure functions.

Nothing here reads a clock, entropy, a file or a socket: seeds, serials and times are arguments.
Each format has one ``…_untrusted`` door that returns a value or raises exactly one ``Bad…``.

=============== =========================================================================
`errors`         one error class per format
`keys`           Ed25519 keys, key ids, domain-separated signatures, foreign key spellings
`ticket`         the ticket code GH1, with its rotating suffix
`pretix`         ticket codes ``sig1`` of pretix shops
`claim`          a scanned text of either scheme -> who signed it and what it says
`fact` `entry`   facts: what each says first; what happened, as one tagged union
`money`          facts of bands, tills, shifts and cards
`block`          the ledger block: unit of commit, chain, settlement and replication
`receipt`        what the centre answers when it holds a gateway's blocks
`bundle`         keys, products, lists and policy, going from the centre to the gateways
`terms`          its part about who may go in when, where and how often; `cashless` about tills
`envelope`       what goes down beside it: `delta` of its lists, `guests` the guest list
`medium`         the record on a band; `medium_credit` its certificate, `medium_keys` its keys,
                 `medium_protect` what closes a chip, `chip_ciphers` how a chip proves its key
`certificate`    a gateway's key of one ledger epoch, signed by its device key
`trust`          a gateway's request and the trust file that enrols it
`authority`      X.509 for mutual TLS: authority, device and server certificates
`pins`           hashes of staff PINs
=============== =========================================================================

Layouts and limits: ARCHITECTURE.md, *Formats*. Golden vectors: ``tests/vectors``.
"""
