"""The central service: takes every gateway's sealed blocks and makes durable rows of them.

asyncio + uvloop; never imports `edge` or `drivers`.

=============== =========================================================================
`cli`           the command line; clock and entropy are read here (`commands`: one per noun;
                `cli_entry`, `cli_sales`, `cli_wallets`: more of its words)
`app`           the serving process: database, two listeners, an orderly end
`service`       what the listeners share; `web` the endpoints and the operators' page
`ingest`        a run of blocks -> durable rows and a receipt, whole or not at all
`rows`          facts as rows of PostgreSQL's binary COPY; `money_rows` those of money
`redrive`       dead letters, tried again after an upgrade
`store`         all SQL, one file per group of tables; `schema` the numbered migrations
`publish`       the bundle, read from the tables and signed when anything changed
`enrol` `keys`  bootstrap of trust: the tenant's keys, gateways approved by people
`sales`         products, performances, ticket codes, denials, foreign issuers, prices as a file
`wallets`       what the bundle says of tills; `cashless_keys` its secrets, `replaced` what was
                held back of lost bands
`books`         arithmetic on facts: postings and what is owed; `bookkeeping` does it on sealed
                blocks, `price_lists` has every list there was, `owed` is for merchants,
                `sheets` is CSV, `unexplained` what was written onto bands without a fact
`outlook`       what of money needs somebody, and what to do; `money_watch` looks now and then
`database`      a DSN or the embedded server; `postgres` supervises it, `binaries` finds its
                programs, `postmaster` says whether it runs,
                `migrate` brings its schema up to date
=============== =========================================================================
"""
