"""Arithmetic on facts: what they book, and what is owed by it. Pure.

`rounding`   whole minor units out of rates in basis points
`postings`   one fact of money -> postings by account that add up to nothing
`ledger`     all facts, in any order and from several gateways -> balances by account
`merchants`  lines that were sold for somebody else -> what they are owed
`unexplained` steps of bands that no fact explains
"""
