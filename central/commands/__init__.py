"""What `gatehouse-central` does, one file per noun; `central.cli` reads the words.

`errors` exit codes · `session` configuration, keys and database of one command · `setup` init,
migrate, redrive · `gateways` · `catalogue` products, performances, gates, `changes` of them ·
`tickets` · `issuers` · `bundles` · `admissions` · `config`.
"""
