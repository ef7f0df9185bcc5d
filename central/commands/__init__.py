"""What `gatehouse-central` does, one file per noun; `central.cli` reads the words.

`errors` exit codes · `session` configuration, keys and database of one command · `setup` init,
migrate, redrive · `gateways` · `catalogue` products, performances, gates, `changes` of them ·
`tickets` · `issuers` · `bundles` · `admissions` · `entry` terms and guests · `cashless` prices,
credit keys, codes · `wallets` with presale, `replaced` lost bands · `merchants` · `badges` ·
`unexplained` steps of bands without a fact · `tables` files of rows · `config`.
"""
