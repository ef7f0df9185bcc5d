"""What `gatehouse-central` does, one file per noun; `central.cli` reads the words.

`errors` exit codes · `session` configuration, keys and database of one command · `setup` init,
migrate, redrive · `gateways` · `catalogue` products, performances, gates, `changes` of them ·
`tickets` · `issuers` · `bundles` · `admissions` · `entry` terms and guests · `cashless` prices,
credit keys, codes · `wallets`, `presale`, `bands` by what people call them, `replaced` lost
bands, `unexplained` steps of bands without a fact, `places` when and where · `merchants` ·
`badges` · `tables` files of rows · `config`.
"""
