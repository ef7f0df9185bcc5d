"""The decisions of a gateway, as pure functions: no clock, no randomness, no I/O.

============ ==========================================================================
`moments`    wall time as a decision sees it, and the hybrid logical clock of facts
`reasons`    every refusal: number, name, order of precedence
`policy`     a bundle made ready to decide by
`state`      who went in and out: a function of the *set* of facts, in any order
`admission`  presentation + state + policy -> decision
`openings`   what is wrong with when a bundle lets people in, before doors open
`refusals`   garbage and repeated refusals counted into few facts
============ ==========================================================================

The way of a presentation: `admission.decide` reads `state` and `policy` and returns a decision
with at most one fact; the caller folds that fact into `state` before its first await (law 1).
Rules, zones, media and wallets join this room as files of their own.
"""
