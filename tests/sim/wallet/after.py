"""What must be true after one tap went wrong: said from the guest's side, and of the books."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crypto.money import CreditApplied, DebitHeld, DebitPosted, ToppedUp
from drivers.reader import Chip
from drivers.reader.chips import Torn
from tests.sim.wallet import eye
from tests.sim.wallet.cases import Case

if TYPE_CHECKING:
    from tests.sim.wallet.every import Story

FIRST, MORE = 500, 700


class Wrong(BaseException):
    """A promise was broken. No product code may catch it, so it is no `Exception`."""


def check(story: Story, case: Case, said: str) -> None:
    seen = eye.look(story.band)
    assert story.a.life is not None and story.b.life is not None
    if story.a.life.state.wallets.dump() != story.b.life.state.wallets.dump():
        raise Wrong("both know the same and say different things")
    posted = _posted(story)
    for basket, price in story.served.items():
        if posted.get(basket) != price:
            raise Wrong(f"served for {price}, but {posted.get(basket)} stands in the books")
    if case.accident.torn is Torn.FADED:
        _check_weak(story, posted)
        return
    if seen.now is None:
        raise Wrong("no slot is left")
    taken = seen.now.spent - story.begin_spent
    served = sum(story.served.values())
    if taken != sum(posted.values()):
        raise Wrong(f"{taken} left the band, {sum(posted.values())} stands in the books")
    unserved = sum(price for basket, price in posted.items() if basket not in story.served)
    if taken - unserved != served:
        raise Wrong(f"{taken} left the band for goods of {served}")
    if case.same and said == "paid" and unserved:
        raise Wrong("served, and something unserved was taken as well")
    if len(story.served) < case.later and _may_spend(case):
        raise Wrong(f"{case.later} were wanted, {len(story.served)} served")
    _check_open(story)
    _check_credit(story, case, said, seen)
    doubt = ("tap_again",) if _in_doubt(case) else ()
    if _may_spend(case) and said not in ("paid", "done", *doubt):
        raise Wrong(f"the guest was answered {said!r}")


def _in_doubt(case: Case) -> bool:
    """Written over twice by somebody who is not heard, or tried at somebody who is not heard and
    not to be seen on the band: nobody there can know, nor charge."""
    return case.same and not case.heard and (case.later > 1 or case.at_b)


def _may_spend(case: Case) -> bool:
    """A certificate that is torn is in a fact: who has not heard of it sends the guest back."""
    return case.accident.flow == "sale" or case.heard or not case.at_b


def _posted(story: Story) -> dict[bytes, int]:
    """What the books took, by basket: holds that a fact posts, each once."""
    held = {f.txid: f for f in story.facts.values() if isinstance(f, DebitHeld)}
    found: dict[bytes, int] = {}
    for txid in {f.txid for f in story.facts.values() if isinstance(f, DebitPosted)}:
        one = held[txid]
        if one.target.seq <= story.landed[0].seq:
            continue
        if one.basket in found:
            raise Wrong("one basket was taken twice")
        found[one.basket] = one.debit_minor - one.given_minor
    return found


def _check_open(story: Story) -> None:
    """Each hold ended as it was: on the band once, or never."""
    assert story.a.life is not None
    if list(story.a.life.state.wallets.open_holds()):
        raise Wrong("a hold stays open though everybody has seen the band")
    hashes = {one.hash4 for one in story.landed}
    posted = {f.txid for f in story.facts.values() if isinstance(f, DebitPosted)}
    for fact in story.facts.values():
        if isinstance(fact, DebitHeld) and fact.target.seq > story.landed[0].seq:
            landed = eye.hash4(fact.txid) in hashes
            if landed != (fact.txid in posted):
                raise Wrong(f"on the band {landed}, in the books {not landed}")
    if story.last.account is None or story.last.account.refusal:
        raise Wrong(f"a good band is refused: {story.last.account}")


def _check_credit(story: Story, case: Case, said: str, seen: eye.Seen) -> None:
    """What was loaded is what was paid for, once."""
    paid = {f.txid: f for f in story.facts.values() if isinstance(f, ToppedUp)}
    total = sum(one.amount_minor for one in paid.values())
    applied = {f.txid for f in story.facts.values() if isinstance(f, CreditApplied)}
    done = sum(one.amount_minor for txid, one in paid.items() if txid in applied)
    torn = (0,) if case.accident.flow == "top_up" and case.at_b else ()
    if story.chip is not Chip.UL_EV1_48 and seen.credited not in (done, total, *torn):
        raise Wrong(f"{seen.credited} stands on the band, {done} was read there of {total}")
    if case.accident.flow == "top_up" and not case.at_b:
        wanted = story.begin_credit + (FIRST if case.same else 0)
        more = total - wanted
        if case.same and (said != "done" or more or done != total):
            raise Wrong(f"paid {wanted}, loaded {done}: {said}")
        if not case.same and (more not in (MORE, MORE + FIRST) or done != total):
            raise Wrong(f"paid {total}, loaded {done}: {said}")


def _check_weak(story: Story, posted: dict[bytes, int]) -> None:
    """A slot that fades may cost the house that step where nobody knew of it; the guest pays
    for nothing that was not served or is not in the books."""
    account = story.last.account
    if account is None:
        raise Wrong("a faded band is not even looked at")
    if account.refusal in ("slots", "certificate"):
        return  # to the desk: what it is worth stands in the books
    total = sum(f.amount_minor for f in story.facts.values() if isinstance(f, ToppedUp))
    before = story.begin_spent + sum(posted.values())
    if account.balance_minor < story.begin_credit - before:
        raise Wrong(f"the guest is told {account.balance_minor}, {total} less {before}")
    if account.balance_minor > total - before + FIRST + MORE:
        raise Wrong(f"more than one step was lost: {account.balance_minor}")
    if account.refusal not in ("", "cloned", "behind"):
        raise Wrong(f"a faded band is refused as {account.refusal}")
