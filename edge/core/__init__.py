"""The decisions of a gateway, as pure functions: no clock, no randomness, no I/O.

============ ==========================================================================
`moments`    wall time as a decision sees it, and the hybrid logical clock of facts
`reasons`    every refusal: number, name, order of precedence
`policy`     a bundle made ready to decide by
`state`      who went in and out: a function of the *set* of facts, in any order
`admission`  presentation + state + policy -> decision
`openings`   what is wrong with when a bundle lets people in, before doors open
`refusals`   garbage and repeated refusals counted into few facts
`wallet`     one tap: what a band says, what it may pay, what shall be written
`pricing`    what a basket costs
============ ==========================================================================

The way of a presentation: `admission.decide` reads `state` and `policy` and returns a decision
with at most one fact; the caller folds that fact into `state` before its first await (law 1).

Around admission: `decision` its two ends, `holds` and `counts` what the state keeps, `history` what
earlier uses leave, `validity` when, `media` several tickets on a band, `ruling` and `rules/`,
`staff`, `guests`, `conflicts` between gateways, `occupancy`. In words: `texts`, `phrases_ticket`,
`phrases_place`.

Around a tap: `wallets` what is known of every band, made of `wallet_rows`, packed by `wallet_packs`
as `wallet_records` and `buckets`, written down by `wallet_dump`; `wallet_look` what a band proves,
`wallet_seen` what it showed, `wallet_hold` what may be taken, `wallet_credit` money onto a band,
`wallet_rules` the bundle's part, `wallet_conflicts` forks, `wallet_words` the values,
`wallet_reasons` and `wallet_phrases` the refusals.

Around a till: `till_book` what was sold and taken, made of `till_rows`, packed by `till_packs`,
added up by `till_totals`; `till` what may be undone, `money_back` a top-up that never arrived,
`discounts`, `receipt` and `closing_report` as data, `till_reasons` and `till_phrases`.
"""
