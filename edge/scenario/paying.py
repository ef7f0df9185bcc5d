"""A step at a till -> what happened there."""

import hashlib
from typing import Any, Final

import msgspec

from drivers.reader import Chip
from drivers.reader.chips import Type2, copied, make
from edge.core.pricing import Item
from edge.core.till_phrases import filled, spoken
from edge.core.till_rows import POSTED
from edge.scenario import cashless, cashless_table, schema, till_steps
from edge.scenario.amounts import minor
from edge.scenario.counter import OPERATOR, Counter
from edge.scenario.hand import NOTHING, CardTerminal, Died, Mishap
from edge.scenario.lanes import till_for, tills_of
from edge.scenario.node import Node
from edge.till.till import Till
from edge.till.work import DONE, PAID, Ask, OtherContent, Work, tell

#: Which kind of work a step is.
KINDS: Final[dict[type, Any]] = {
    till_steps.Sale: "sale", till_steps.TopUp: "top_up", till_steps.Tap: "balance",
    till_steps.Refund: "refund", till_steps.Reverse: "reversal", till_steps.CashOut: "cash_out",
    till_steps.Issue: "issue", till_steps.Reissue: "reissue", till_steps.Lock: "lock",
}  # fmt: skip
#: Those that have an amount.
MOVES: Final = ("sale", "top_up", "refund", "reversal", "cash_out")
_TOPS_UP: Final = (till_steps.TopUp, till_steps.Issue)


class Seen(msgspec.Struct):
    """How a step at a till ended; amounts in minor units, None where nobody can say."""

    state: str = "none"
    reason: str = ""
    question: str = ""
    text: str = ""
    total: int | None = None
    paid: int | None = None
    left: int | None = None
    balance: int | None = None
    spendable: int | None = None
    exposure: int | None = None
    promo: int | None = None
    vouchers: int | None = None


class Money:
    """The bands of a scenario, and what was begun at its tills so far."""

    def __init__(self, scenario: schema.Scenario, plans: list[schema.Gateway]) -> None:
        self.told = scenario.bundle.cashless or cashless_table.Cashless()
        self.plans = {plan.name: plan for plan in plans}
        self.words = spoken(scenario.language, scenario.help_desk or "the help desk")
        self.bands = {
            each.name: make(Chip[each.chip], cashless.uid_of(each.name))
            for each in self.told.bands or ()
        }
        self._ids: dict[str, bytes] = {}
        self._count = 0
        #: (id, part): the attempts at each gateway.
        self._tried: dict[tuple[bytes, int], list[tuple[str, bytes]]] = {}

    @property
    def exponent(self) -> int:
        """Decimals of the currency."""
        return cashless.EXPONENT if self.told.exponent is None else self.told.exponent

    def minor(self, value: int | str | None) -> int | None:
        """An amount of the file."""
        return None if value is None else minor(value, self.exponent)

    def before_doors(self, node: Node) -> None:
        """Bands that have a class are issued and loaded."""
        assert node.counter is not None
        asks: list[tuple[Ask, Type2]] = []
        for each in self.told.bands or ():
            if each.wallet_class is None:
                continue
            name = f"band {each.name}"
            kind = self._class(each.wallet_class)
            id = self._id(name, node.time.ms)
            band = self.bands[each.name]
            asks.append((Ask(kind="issue", id=id, wallet_class=kind, operator=OPERATOR), band))
            if amount := self.minor(each.balance):
                id = self._id(name + " balance", node.time.ms)
                ask = Ask(
                    kind="top_up", id=id, method="cash", amount_minor=amount, operator=OPERATOR
                )
                asks.append((ask, band))
        node.counter.before_doors(asks, node.time.ms)
        node.settle()

    def clone(self, step: till_steps.Clone) -> None:
        """All that is on a band is on another one, too."""
        uid = cashless.uid_of(step.copy) if step.own_uid else None
        self.bands[step.copy] = copied(self.bands[step.band], uid)

    def late_decline(self, step: till_steps.LateDecline, node: Node) -> Seen:
        """What a terminal had approved is told to be declined."""
        if node.counter is None:
            return Seen()
        till = self._till(step, node, node.counter)
        id = self._ids.get(step.of, b"")
        done = node.counter.declined_late(till, id)
        node.settle()
        return Seen("done") if done else Seen("not_done", "unknown_sale")

    def perform(self, step: till_steps.TillStep, node: Node, where: dict[str, Any]) -> Seen:
        """One step. The gateway may die in it."""
        counter = node.counter
        if counter is None:
            return Seen()
        till = self._till(step, node, counter)
        where["till"] = till.number
        band = self.bands[step.band] if step.band is not None else None
        if isinstance(till.terminal, CardTerminal) and hasattr(step, "card"):
            till.terminal.says = step.card
        quoted = not isinstance(step, till_steps.Sale) or step.id in self._ids
        ask = self._ask(step, node)
        known = till.works.get((ask.id, ask.part))
        over = known is not None and known.over
        mishap = NOTHING
        if isinstance(step, till_steps.Writes):
            mishap = Mishap(step.torn, step.leaves, step.crash)
        shown = None if isinstance(step, till_steps.Lock) and step.lost else band
        try:
            work = counter.serve(
                till, ask, shown, node.time.ms, mishap=mishap,
                answers=getattr(step, "answers", ()), quoted=quoted,
            )  # fmt: skip
        except Died:
            self._remember(node, ask, till)
            node.crash()
            return Seen()
        except OtherContent as error:
            seen = Seen("not_paid" if ask.kind == "sale" else "not_done", "other_content")
            seen.text = str(error)
            return seen
        self._remember(node, ask, till)
        node.settle()
        return self._seen(till, work, over, counter, band)

    def _remember(self, node: Node, ask: Ask, till: Till) -> None:
        work = till.works.get((ask.id, ask.part))
        if work is not None and work.txid:
            tried = self._tried.setdefault((ask.id, ask.part), [])
            if (node.name, work.txid) not in tried:
                tried.append((node.name, work.txid))

    def _till(
        self, step: till_steps.TillStep | till_steps.LateDecline, node: Node, counter: Counter
    ) -> Till:
        plan = till_for(
            tills_of(self.plans[node.name]), step.till, top_up=isinstance(step, _TOPS_UP)
        )
        assert plan is not None
        return counter.tills.tills[plan.number]

    # -- what is asked for ------------------------------------------------------------------------

    def _id(self, name: str | None, at_ms: int) -> bytes:
        """16 bytes that say when it was begun, as ids of baskets do."""
        self._count += 1
        name = name if name is not None else f"step {self._count}"
        if name not in self._ids:
            digest = hashlib.sha256(f"id {name}".encode()).digest()
            self._ids[name] = at_ms.to_bytes(6, "big") + digest[:10]
        return self._ids[name]

    def _class(self, ref: int | str | None) -> int:
        named = cashless.numbers_of(self.told)["classes"]
        return next(iter(named.values())) if ref is None else cashless.number(named, ref)

    def _ask(self, step: till_steps.TillStep, node: Node) -> Ask:
        how: dict[str, Any] = {}
        id = self._id(step.id, node.time.ms)
        for name in ("method", "code", "part", "take_left", "tip_percent", "supervised"):
            if hasattr(step, name):
                how[name] = getattr(step, name)
        if hasattr(step, "vouchers"):
            how["vouchers"] = step.vouchers
        if hasattr(step, "amount"):
            how["amount_minor"] = self.minor(step.amount)
        if isinstance(step, till_steps.Prices):
            named = cashless.numbers_of(self.told)["articles"]
            how["items"] = tuple(
                Item(cashless.number(named, one.article), one.quantity, self.minor(one.price))
                for one in step.items
            )
        if isinstance(step, till_steps.Sale):
            how["tip_minor"] = minor(step.tip, self.exponent)
        if isinstance(step, till_steps.Reverse):
            how["reverses"] = self._sale(step.of, node)
        if isinstance(step, till_steps.Issue):
            how["wallet_class"] = self._class(step.wallet_class)
        if isinstance(step, till_steps.Reissue):
            how["medium"] = self._medium(step.old)
        if isinstance(step, till_steps.Lock) and step.lost and step.band is not None:
            how["medium"] = self._medium(step.band)
        tried = self._tried.get((id, how.get("part", 0)), [])
        elsewhere = tuple(txid for where, txid in tried if where != node.name)
        return Ask(kind=KINDS[type(step)], id=id, operator=OPERATOR, attempts=elsewhere, **how)

    def _medium(self, band: str) -> bytes:
        return cashless.medium(self.bands[band].uid)

    def _sale(self, name: str, node: Node) -> bytes:
        """The transaction that paid what is called so, or one that nobody knows."""
        assert node.gateway is not None
        for txid, deal in node.gateway.state.tills.of_basket(self._ids.get(name, b"")):
            if deal.status == POSTED and deal.movement in ("sale", "deposit_return"):
                return txid
        return bytes(16)

    # -- what came of it --------------------------------------------------------------------------

    def _seen(
        self, till: Till, work: Work, over: bool, counter: Counter, band: Type2 | None
    ) -> Seen:
        told = tell(work, till.tills.prices, over)
        state = work.state
        if state == PAID and (work.already or over):
            state = "already_paid"
        seen = Seen(state, told.reason, told.question or "")
        if work.ask.kind in MOVES:
            seen.total = told.total_minor
            if work.state in (PAID, DONE):
                seen.paid, seen.left = told.amount_minor, told.left_minor
        if words := self.words.get(told.reason):
            said = filled(words, told.limit_minor, till.tills.prices)
            seen.text = f"{said.detail} ({said.hint})" if said.hint else said.detail
        look = counter.seen(band) if band is not None else None
        if look is not None:
            seen.balance, seen.spendable = look.balance_minor, look.spendable_minor
            seen.exposure = 10 * look.base.exposure
            seen.promo, seen.vouchers = look.promo_minor, look.vouchers
        if work.balance_minor is not None:
            seen.balance = work.balance_minor
        if work.account is not None and work.account.refusal and not seen.reason:
            seen.reason = work.account.refusal
        return seen
