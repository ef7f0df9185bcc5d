"""What must be true after one tap went wrong: said from the guest's side, and of the books.

    taken    what left the band, D - G, since the accident
    posted   what the books took, by basket, each once
    served   what a till said was paid, and gave out

    posted of a basket = served of it, if it was served
    posted, not served: the first basket alone, which was left in doubt, or asked for elsewhere
    taken = sum of posted, unless something fades

A page that *fades* reads well once and never again. Then the house may lose that one step, and
only so: `posted - taken` is 0 or one posted step; if it is not 0, somebody who had not heard of
the step went on below it, and the two postings that stand on one slot are told as a fork, or the
band is refused. Never more than that step, and the guest has paid for nothing that was not served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crypto.money import (
    CreditApplied,
    DebitHeld,
    DebitPosted,
    MediumBlocked,
    MoneyConflictFound,
    ToppedUp,
)
from drivers.reader import Chip
from edge.core.wallet_conflicts import conflicts
from tests.sim.wallet import eye
from tests.sim.wallet.cases import DEBITS, Case

if TYPE_CHECKING:
    from tests.sim.wallet.every import Story

FIRST, MORE, LATER = 500, 700, 250
DONE = ("paid", "done")
#: What a faded band is refused as: sent to the desk, where the books say what it is worth.
FADED = ("", "slots", "behind", "cloned", "certificate")


class Wrong(BaseException):
    """A promise was broken. No product code may catch it, so it is no `Exception`."""

    def __init__(self, checker: str, what: str) -> None:
        super().__init__(f"{checker}: {what}")


def check(story: Story, case: Case, said: str) -> None:
    """All of it. Raises `Wrong`."""
    assert story.a.life is not None and story.b.life is not None
    if story.a.life.state.wallets.dump() != story.b.life.state.wallets.dump():
        raise Wrong("alike", "both know the same and say different things")
    posted = _posted(story)
    _check_served(story, case, said, posted)
    if case.accident.flow == "issue":
        _check_issued(story, case)
    _check_taken(story, case, posted)
    _check_credit(story, case, said)
    if case.accident.flow == "lock":
        _check_locked(story, case, said)
    elif case.accident.flow != "issue" and not case.fades:
        _check_wishes(story, case, said)
    if not case.fades:
        _check_open(story)


def _holds(story: Story) -> dict[bytes, DebitHeld]:
    """Those after the beginning, by transaction."""
    return {
        fact.txid: fact
        for fact in story.facts.values()
        if isinstance(fact, DebitHeld) and fact.target.seq > story.begin_seq
    }


def _posted(story: Story) -> dict[bytes, int]:
    """What the books took, by basket: holds that a fact posts, each once."""
    held, found = _holds(story), dict[bytes, int]()
    for txid in {f.txid for f in story.facts.values() if isinstance(f, DebitPosted)}:
        one = held.get(txid)
        if one is None or one.movement == "adjustment":
            continue
        if one.basket in found:
            raise Wrong("basket", "one basket was taken twice")
        found[one.basket] = one.debit_minor - one.given_minor
    return found


def _check_served(story: Story, case: Case, said: str, posted: dict[bytes, int]) -> None:
    for basket, price in story.served.items():
        if posted.get(basket) != price:
            raise Wrong(
                "goods", f"served for {price}, but {posted.get(basket)} stands in the books"
            )
    for basket in posted.keys() - story.served.keys():
        if basket != story.first or (case.same and said in DONE):
            raise Wrong("goods", f"{posted[basket]} was taken, and nothing given for it: {said}")


def _check_taken(story: Story, case: Case, posted: dict[bytes, int]) -> None:
    seen = eye.look(story.band)
    refusal = story.last.account.refusal if story.last.account is not None else "no account"
    if seen.now is None:
        if not case.fades or refusal not in ("slots", "certificate", "not_ours"):
            raise Wrong("band", f"no slot is left: {refusal}")
        _check_worth(story, posted)
        return
    lost = sum(posted.values()) - (seen.now.spent - story.begin_spent)
    if not lost and refusal != "cloned":
        return
    if not case.fades:
        raise Wrong("band", f"{lost} did not leave the band, and stands in the books: {refusal}")
    if lost not in (0, *posted.values()):
        raise Wrong("band", f"{lost} was lost: no step, or more than one: {posted}")
    if case.heard and case.again < 0:
        raise Wrong("band", f"{lost} was lost, though everybody had heard of it")
    if refusal not in ("cloned", "behind"):
        raise Wrong("band", f"{lost} was lost, and nobody is told: {refusal!r}")
    if refusal == "cloned":
        _check_told(story)


def _check_told(story: Story) -> None:
    """A fork, recorded, of two postings."""
    assert story.a.life is not None and story.a.life.tills.rules is not None
    wallets, rules = story.a.life.state.wallets, story.a.life.tills.rules
    found = [
        one for medium in wallets.accounts for one in conflicts(wallets, rules, medium)
        if one.what == "fork"
    ]  # fmt: skip
    told = {fact.id for fact in story.facts.values() if isinstance(fact, MoneyConflictFound)}
    if len(found) != 1 or not {one.id for one in found} <= told:
        raise Wrong("forks", f"a step was lost, {len(found)} forks are found, {len(told)} told")


def _check_worth(story: Story, posted: dict[bytes, int]) -> None:
    """Where no slot is left, the desk knows by the books what the band is worth."""
    assert story.a.life is not None
    for account in story.a.life.state.wallets.accounts.values():
        known = account.mark.debited - account.mark.given
        if known != story.begin_spent + sum(posted.values()):
            raise Wrong("desk", f"no slot is left, and {known} is known as spent, not {posted}")


def _check_wishes(story: Story, case: Case, said: str) -> None:
    """Whoever has money on a good band gets what is wanted, or knows why not."""
    laters = sum(1 for basket in story.served if basket[:12] == b"\x07" * 12)
    if laters != case.later and _may_spend(case):
        raise Wrong("wishes", f"{case.later} were wanted, {laters} served")
    if _may_spend(case) and said not in (*DONE, *_doubt(story, case)):
        raise Wrong("wishes", f"the guest was answered {said!r}")


def _doubt(story: Story, case: Case) -> tuple[str, ...]:
    """What may be said instead of *paid*.

    Nobody charges the same basket again who cannot know: while the other gateway is not heard,
    and the attempt was made there and is not to be seen on the band, or more than one debit there
    has overwritten what would show it; or what mends the band has. No cash is paid out of a band
    that can be copied, while somebody is not heard.
    """
    cash = case.accident.flow == "cash_out" and not case.heard and _plain(story.chip)
    overwritten = case.later > 1 or (case.later and case.again >= 0)
    unknown = case.same and not case.heard and (case.at_b or overwritten)
    return ("tap_again",) * bool(unknown) + ("not_done",) * cash


def _plain(chip: Chip) -> bool:
    return chip not in (Chip.UL_C, Chip.UL_AES)


def _may_spend(case: Case) -> bool:
    """A certificate that is torn is in a fact: who has not heard of it sends the guest back."""
    return case.accident.flow in DEBITS or case.heard or not case.at_b


def _check_open(story: Story) -> None:
    """Each hold ended as it was: on the band once, or never."""
    assert story.a.life is not None
    if list(story.a.life.state.wallets.open_holds()):
        raise Wrong("doubt", "a hold stays open though everybody has seen the band")
    hashes = {one.hash4 for one in story.landed}
    posted = {f.txid for f in story.facts.values() if isinstance(f, DebitPosted)}
    for txid, fact in _holds(story).items():
        landed = eye.hash4(txid) in hashes
        if landed != (txid in posted):
            raise Wrong("doubt", f"on the band {landed}, in the books {not landed}: {fact.target}")


def _check_credit(story: Story, case: Case, said: str) -> None:
    """What was loaded is what was paid for, once."""
    paid = {f.txid: f for f in story.facts.values() if isinstance(f, ToppedUp)}
    total = sum(one.amount_minor for one in paid.values())
    applied = {f.txid for f in story.facts.values() if isinstance(f, CreditApplied)}
    done = sum(one.amount_minor for txid, one in paid.items() if txid in applied)
    credited = eye.look(story.band).credited
    flow = case.accident.flow
    torn: tuple[int, ...] = (0,) if (flow == "top_up" and case.at_b) or case.fades else ()
    if case.fades and flow == "top_up":  # the other copy shows; the books know the rest
        torn = (0, story.begin_credit)
        account, spent = story.last.account, story.begin_spent + sum(story.served.values())
        # What nobody has read back yet is still to be loaded, at the next top-up point.
        worth = {total - spent, done - spent}
        if account is None or (not account.refusal and account.balance_minor not in worth):
            raise Wrong("loaded", f"worth {sorted(worth)}, and told {account}")
    if story.chip is not Chip.UL_EV1_48 and credited not in (done, total, *torn):
        raise Wrong("loaded", f"{credited} stands on the band, {done} was read there of {total}")
    if flow != "top_up" or case.at_b or (case.fades and said != "done"):
        return
    wanted = story.begin_credit + (FIRST if case.same else 0)
    more = total - wanted
    if case.same and (said != "done" or more or done != total):
        raise Wrong("loaded", f"paid {wanted}, loaded {done}: {said}")
    if not case.same and (more not in (MORE, MORE + FIRST) or done != total):
        raise Wrong("loaded", f"paid {total}, loaded {done}: {said}")


def _check_issued(story: Story, case: Case) -> None:
    """However the issue was torn: at last it is one wallet, with what was loaded, and it pays."""
    account = story.last.account
    assert account is not None
    if account.refusal or account.balance_minor != FIRST - LATER:
        loaded = any(isinstance(fact, ToppedUp) for fact in story.facts.values())
        # What says who may read the chip was torn: nobody ever will. Nothing was loaded.
        dead = account.refusal == "chip_unknown" and not loaded and not story.served
        if not dead and (not case.fades or account.refusal not in FADED):
            raise Wrong("issued", f"worth {account.balance_minor} in the end: {account.refusal!r}")
        return
    if sum(story.served.values()) != LATER:
        raise Wrong("issued", f"{story.served} was served of a new band")


def _check_locked(story: Story, case: Case, said: str) -> None:
    """Once its end is on disk, no till that has heard of it serves the band."""
    blocked = any(isinstance(fact, MediumBlocked) for fact in story.facts.values())
    refusal = story.last.account.refusal if story.last.account is not None else "no account"
    if blocked != (refusal in ("blocked", "locked")) and not (case.fades and refusal in FADED):
        raise Wrong("locked", f"blocked {blocked}, and refused as {refusal!r}")
    asks_to_lock = case.same and not case.at_b
    if story.blocked and said == "paid" and not asks_to_lock and (case.heard or not case.at_b):
        raise Wrong("locked", "a band that is blocked has paid")
