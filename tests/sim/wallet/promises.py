"""What must never happen with money, and which checker finds it: live, at the end, or in `every`.

`./gatehouse sim --wallet --faults` plants mistakes and says which checker each tripped first; a
checker that nothing trips would be a decoration, and is named there.
"""

from __future__ import annotations

#: By name of the checker.
PROMISES = {
    "key": "money is made by a gateway without a credit key",
    "created": "more stands on a band than was paid for",
    "law 2": "a band shows what no durable fact says",
    "fact": "a posting without its hold",
    "truth": "posted, or applied, and never on the band; or the other way round",
    "kept": "a posting is lost by the death of a process",
    "basket": "one basket is paid twice",
    "balance": "a band pays more than was loaded",
    "given": "more is given back than was taken",
    "sums": "a hold does not say what it writes",
    "price": "another price than what was asked for, promo and vouchers included",
    "seq": "a seq is written that was to be written already",
    "high-water": "seq, D or G of a known band go down, and nobody notices",
    "falls": "what a band shows goes down",
    "exposure": "unheard, and X does not count it, or is above R",
    "void": "given up, and on the band",
    "reversal": "a sale is reversed twice",
    "promo": "promotional credit is paid out, or overdrawn and nobody knows",
    "voucher": "a code is used twice, and nobody knows",
    "said": "a till says paid without a posting, or not paid with one",
    "goods": "paid for and not served, or served and never taken",
    "alike": "two gateways know the same and say different things",
    "band": "a band and the books differ",
    "doubt": "a hold stays open though its band was shown",
    "forks": "a copy is not told, not proven, or an honest band is called one",
    "loss": "copies gain more than k x R and what is quicker than the network",
    "centre": "the centre books something else, or by the order in which it hears",
    "desk": "no slot is left, and nobody knows what the band is worth",
    "wishes": "a guest with money on a good band is sent away",
    "loaded": "what was paid for is not loaded, or twice",
    "issued": "a band whose issue was torn is no wallet in the end",
    "locked": "a blocked band pays, or a good one is refused",
}
