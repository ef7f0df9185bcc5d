"""A step of a scenario -> what happened, on the real gateways."""

from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from edge.answers import Answer
from edge.scenario import schema, venue_table
from edge.scenario.bundles import issuers_of, merged, numbers_of, sign_bundle
from edge.scenario.codes import Code, issue_all
from edge.scenario.lanes import gateways_of, lane_for, lanes_of
from edge.scenario.moment import step_ms
from edge.scenario.network import Network
from edge.scenario.node import Node, Shown, Time

SECOND_MS: Final = 1000
DAY_MS: Final = 86_400_000
#: (as long as no more than this has passed since the last step, the clock ticks every …)
_TICKS_MS: Final = (
    (120 * SECOND_MS, SECOND_MS),
    (DAY_MS, 60 * SECOND_MS),
    (30 * DAY_MS, 3600 * SECOND_MS),
)


class Outcome(msgspec.Struct):
    """What a step gave. `decision` is that of `answer`; queued or none where there is none."""

    where: dict[str, Any]
    decision: str = ""
    answer: Answer | None = None
    facts: list[str] = []
    conflicts: int = 0
    inside: int = 0
    crashed: int = 0


class Play:
    """A scenario while it is performed."""

    def __init__(self, scenario: schema.Scenario) -> None:
        self.scenario = scenario
        self.zone = ZoneInfo(scenario.timezone)
        first_ms = step_ms(scenario.steps[0].at, self.zone, 0)
        self.time = Time(first_ms)
        self.venue = scenario.bundle
        self.version = 0
        self.codes: dict[str, Code] = issue_all(
            self.venue.tickets or [], numbers_of(self.venue), self.zone, first_ms // 1000,
            issuers_of(self.venue)[0].name,
        )  # fmt: skip
        gates = numbers_of(self.venue)["gates"]
        nodes = {
            plan.name: Node(
                plan, lanes_of(plan, self.venue.gates or []), gates, scenario, self.zone, self.time
            )
            for plan in gateways_of(scenario.gateways)
        }
        self.network = Network(nodes)
        self._ticked_ms = first_ms
        self._publish(venue_table.Venue())
        for node in nodes.values():
            node.take_bundle(self.network.bundle_raw)
            node.start()
        self.network.exchange()
        for node in nodes.values():
            node.new_facts()

    def perform(self, step: schema.Step) -> Outcome:
        """Let time pass until the step, and let it happen."""
        for node in self.network.nodes.values():
            node.answered.clear()
        self._pass_time(step_ms(step.at, self.zone, self.time.ms))
        node = self.network.nodes[step.gateway or next(iter(self.network.nodes))]
        outcome = Outcome({})
        match step:
            case schema.Scan() | schema.Exit():
                self._shown(step, node, outcome)
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
            case schema.Wait():
                pass
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
            for node in self.network.nodes.values():
                node.tick()
            self.network.exchange()
        self.time.ms = until_ms

    def _shown(self, step: schema.Scan | schema.Exit, node: Node, outcome: Outcome) -> None:
        way = "exit" if isinstance(step, schema.Exit) else "entry"
        lane = lane_for(node.lanes, step.gate, step.lane, way)
        assert lane is not None
        outcome.where |= {"gate": lane.gate, "lane": lane.number}
        if node.gateway is None:
            outcome.decision = "none"
            return
        count, passed = 1, None
        if isinstance(step, schema.Scan):
            count, passed = step.count, step.passed
        shown = Shown(lane.number, step.guest, passed)
        nonce = (step.nonce or "").encode()
        node.show(shown, self._text(step), way, nonce, count)
        outcome.answer = shown.answer
        outcome.decision = shown.answer.decision if shown.answer else "queued"
        node.answered = [one for one in node.answered if one is not shown]

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
        raw = sign_bundle(self.venue, self.codes, self.zone, self.version, self.time.ms)
        self.network.publish(raw)

    def _look(self, node: Node, outcome: Outcome) -> None:
        for each in self.network.nodes.values():
            facts = each.new_facts()
            if each is node:
                outcome.facts = facts
        if outcome.answer is None and node.answered:
            outcome.answer = node.answered[-1].answer  # who was queued has it by now
            assert outcome.answer is not None
            outcome.decision = outcome.answer.decision
        if node.gateway is not None:
            state = node.gateway.state
            outcome.conflicts = len(state.conflicts)
            outcome.inside = state.counts.inside(node.gateway.policy.gates)
            outcome.crashed = node.gateway.counts.get("crashed", 0)
