"""A step of a scenario -> what happened, on the real gateways."""

from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from crypto.claim import show_identity
from edge.answers import Answer
from edge.lane import Done, Lane
from edge.scenario import schema, till_steps, venue_table
from edge.scenario.bundles import issuers_of, merged, numbers_of, sign_bundle, sign_guests
from edge.scenario.codes import Code, issue_all
from edge.scenario.lanes import gateways_of, lane_for, lanes_of
from edge.scenario.moment import at_ms, step_ms
from edge.scenario.network import Network
from edge.scenario.node import Node, Shown, Time
from edge.scenario.paying import Money, Seen

SECOND_MS: Final = 1000
DAY_MS: Final = 86_400_000
#: (as long as no more than this has passed since the last step, the clock ticks every …)
_TICKS_MS: Final = (
    (120 * SECOND_MS, SECOND_MS),
    (DAY_MS, 60 * SECOND_MS),
    (30 * DAY_MS, 3600 * SECOND_MS),
)


_Shown = schema.Scan | schema.Exit | schema.Force | schema.Upload


class Outcome(msgspec.Struct):
    """What a step gave. `decision` is that of `answer`; queued or none where there is none."""

    where: dict[str, Any]
    decision: str = ""
    answer: Answer | None = None
    facts: list[str] = []
    conflicts: int = 0
    inside: int = 0
    crashed: int = 0
    #: Why a scan could not be annulled.
    problem: str = ""
    found: list[str] | None = None
    #: How a step at a till ended.
    seen: Seen | None = None
    money_conflicts: list[str] = []
    #: The tickets that fit alike, by their names in the file.
    choices: list[str] = []


class Play:
    """A scenario while it is performed."""

    def __init__(self, scenario: schema.Scenario) -> None:
        self.scenario = scenario
        self.zone = ZoneInfo(scenario.timezone)
        first_ms = step_ms(scenario.steps[0].at, self.zone, 0)
        self.time = Time(first_ms)
        self.venue = scenario.bundle
        self.version = self.price_list = 0
        self.codes: dict[str, Code] = issue_all(
            self.venue.tickets or [], numbers_of(self.venue), self.zone, first_ms // 1000,
            issuers_of(self.venue)[0].name,
        )  # fmt: skip
        gates = numbers_of(self.venue)["gates"]
        self.plans = gateways_of(scenario.gateways)
        self.money = Money(scenario, self.plans)
        nodes = {
            plan.name: Node(
                plan, lanes_of(plan, self.venue.gates or []), gates, scenario, self.zone, self.time
            )
            for plan in self.plans
        }
        self.network = Network(nodes)
        self._ticked_ms = first_ms
        self._publish(venue_table.Venue())
        for node in nodes.values():
            node.take_bundle(self.network.bundle_raw, self.network.guests_raw)
            node.start()
        self._before_doors()
        self.network.exchange()
        for node in nodes.values():
            node.new_facts()

    def _before_doors(self) -> None:
        for node in self.network.nodes.values():
            if node.counter is not None and node.counter.tills.sign is not None:
                self.money.before_doors(node)
                break

    def perform(self, step: schema.Step) -> Outcome:
        """Let time pass until the step, and let it happen."""
        for node in self.network.nodes.values():
            node.answered.clear()
        self._pass_time(step_ms(step.at, self.zone, self.time.ms))
        node = self.network.nodes[step.gateway or next(iter(self.network.nodes))]
        outcome = Outcome({})
        match step:
            case schema.Scan() | schema.Exit() | schema.Force() | schema.Upload():
                self._shown(step, node, outcome)
            case schema.Simulate():
                self._simulated(step, node, outcome)
            case schema.Annul():
                self._annulled(step, node, outcome)
            case schema.Find():
                if node.gateway is not None:
                    matches = node.gateway.policy.guests.search(step.name)
                    outcome.found = [match.name for match in matches]
                outcome.where["name"] = step.name
            case schema.Walk():
                outcome.where["lane"] = step.lane
                outcome.decision = "walked" if node.walk(step.lane, step.passed) else "none"
                node.settle()
            case schema.TurnBack():
                outcome.where["lane"] = step.lane
                outcome.decision = "turned_back" if node.turn_back(step.lane) else "none"
                node.settle()
            case schema.Device():
                outcome.where |= {"lane": step.lane, "well": step.well}
                node.device(step.lane, step.well)
            case schema.Clock():
                node.set_clock(step.by_s * SECOND_MS)
                if step.confirmed is not None:
                    node.confirm(step.confirmed)
            case schema.Crash():
                node.crash()
            case schema.Restart():
                node.stop()
                node.start()
            case schema.Cut() | schema.Heal() | schema.Sync():
                self._link(step, outcome)
            case schema.Publish():
                self._publish(step.bundle)
            case till_steps.Clone():
                outcome.where |= {"band": step.band, "copy": step.copy}
                self.money.clone(step)
            case till_steps.LateDecline():
                outcome.where["of"] = step.of
                outcome.seen = self.money.late_decline(step, node)
            case schema.Wait():
                pass
            case _:
                outcome.seen = self.money.perform(step, node, outcome.where)
        self.network.exchange()
        self._look(node, outcome)
        return outcome

    def _pass_time(self, until_ms: int) -> None:
        begun_ms = self._ticked_ms
        while self._ticked_ms < until_ms:
            passed_ms = self._ticked_ms - begun_ms
            tick_ms = next((tick for most, tick in _TICKS_MS if passed_ms < most), DAY_MS)
            if self._ticked_ms + tick_ms > until_ms:
                # A coarse tick would fall behind the step: its second does not.
                tick_ms = (until_ms - self._ticked_ms) // SECOND_MS * SECOND_MS
                if not tick_ms:
                    break
            self._ticked_ms += tick_ms
            self.time.ms = self._ticked_ms
            self.network.listen()
            for node in self.network.nodes.values():
                node.tick()
            self.network.exchange()
        self.time.ms = until_ms

    def _lane(self, step: schema.Shows, node: Node, outcome: Outcome) -> int | None:
        """The number of the lane that a step means; None where nobody answers there."""
        lane = lane_for(node.lanes, step.gate, step.lane, schema.way_of(step))
        assert lane is not None
        outcome.where |= {"gate": lane.gate, "lane": lane.number}
        if node.gateway is None:
            outcome.decision = "none"
            return None
        return lane.number

    def _shown(self, step: _Shown, node: Node, outcome: Outcome) -> None:
        number = self._lane(step, node, outcome)
        if number is None:
            return
        text, how = self._text(step), self._how(step)
        nonce = (step.nonce or "").encode()

        def present(lane: Lane, done: Done) -> None:
            if isinstance(step, schema.Force):
                lane.override(text, done, who=step.who, why=step.why, nonce=nonce, **how)
            elif isinstance(step, schema.Upload):
                then = node.clock.at(at_ms(step.then, self.zone))
                lane.upload(text, then, done, nonce=nonce, direction=step.way, **how)
            else:
                lane.present(text, done, nonce=nonce, direction=schema.way_of(step), **how)

        shown = Shown(number, "has walked" if isinstance(step, schema.Upload) else step.guest)
        if isinstance(step, schema.Scan | schema.Force):
            shown.passed = step.passed
        node.show(shown, present)
        outcome.answer = shown.answer
        outcome.decision = shown.answer.decision if shown.answer else "queued"
        node.answered = [one for one in node.answered if one is not shown]

    def _simulated(self, step: schema.Simulate, node: Node, outcome: Outcome) -> None:
        number = self._lane(step, node, outcome)
        if number is None:
            return
        when = node.clock.at(at_ms(step.when, self.zone)) if step.when else None
        outcome.answer = node.lane(number).simulate(
            self._text(step), at=when, direction=step.way, **self._how(step)
        )
        outcome.decision = outcome.answer.decision

    def _annulled(self, step: schema.Annul, node: Node, outcome: Outcome) -> None:
        if node.gateway is None:
            outcome.decision = "none"
            return
        done = node.gateway.annul(step.nonce.encode(), step.who, step.why)
        outcome.decision = "refused" if done.problem else "annulled"
        outcome.problem = done.problem
        node.settle()

    def _how(self, step: schema.Shows) -> dict[str, Any]:
        """What staff say beside what is shown; nothing where they say nothing."""
        how: dict[str, Any] = {}
        if isinstance(step, schema.Wants):
            how["count"] = step.count
            if step.answers:
                how["answers"] = tuple(step.answers)
            if step.accept_unpaid:
                how["accept_unpaid"] = True
        if step.choice is not None:
            how["choice"] = self.codes[step.choice].identity
        return how

    def _text(self, step: schema.Shows) -> bytes:
        if step.ticket is not None:
            picture_s = self.time.ms // 1000 - step.picture_age_s
            return self.codes[step.ticket].shown(step.shown, picture_s)
        if step.medium is not None:
            media = {each.name: each.code for each in self.venue.media or ()}
            return media[step.medium].encode()
        assert step.code is not None
        return step.code.encode()

    def _link(self, step: schema.Cut | schema.Heal | schema.Sync, outcome: Outcome) -> None:
        outcome.where["between"] = step.between or "all gateways"
        if isinstance(step, schema.Cut):
            self.network.cut(step.between)
        elif isinstance(step, schema.Heal):
            self.network.heal(step.between)
        else:
            for pair in self.network.pairs(step.between):
                if len(pair) == 2:
                    self.network.between(*sorted(pair))

    def _publish(self, newer: venue_table.Venue) -> None:
        self.venue = merged(self.venue, newer)
        self.version += 1
        raw = sign_bundle(self.venue, self.codes, self.zone, self.version, self.time.ms, self.plans)
        self.money.told = self.venue.cashless or self.money.told
        guests = sign_guests(self.venue, self.codes, self.version, self.time.ms)
        self.network.publish(raw, guests)

    def _look(self, node: Node, outcome: Outcome) -> None:
        for each in self.network.nodes.values():
            facts = each.new_facts()
            if each is node:
                outcome.facts = facts
        if outcome.answer is None and node.answered:
            outcome.answer = node.answered[-1].answer  # who was queued has it by now
            assert outcome.answer is not None
            outcome.decision = outcome.answer.decision
        if outcome.answer is not None and outcome.answer.choices:
            names = {show_identity(code.identity): name for name, code in self.codes.items()}
            outcome.choices = sorted(names[one.identity] for one in outcome.answer.choices)
        if node.gateway is not None:
            state = node.gateway.state
            money = state.wallets.conflicts
            outcome.conflicts = len(state.conflicts) + len(money)
            outcome.money_conflicts = sorted(found.fact.what for found in money.values())
            outcome.inside = state.counts.inside(node.gateway.policy.gates)
            outcome.crashed = node.gateway.counts.get("crashed", 0)
