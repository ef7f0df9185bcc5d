"""One gateway in memory: what survives a crash, and what its barriers do."""

from zoneinfo import ZoneInfo

from crypto.entry import Stopped
from edge.scenario.bundles import numbers_of, sign_bundle, sign_guests
from edge.scenario.codes import Code, issue_all
from edge.scenario.lanes import ONLY, lanes_of
from edge.scenario.node import Node, Shown, Time, facts_of
from tests.edge.scenario.written import read

NOON_MS = 1_780_000_000_000
UTC = ZoneInfo("UTC")


def make() -> tuple[Node, Code]:
    scenario = read()
    venue = scenario.bundle
    numbers = numbers_of(venue)
    codes = issue_all(venue.tickets or [], numbers, UTC, NOON_MS // 1000, "venue")
    lanes = lanes_of(ONLY, venue.gates or [])
    node = Node(ONLY, lanes, numbers["gates"], scenario, UTC, Time(NOON_MS))
    raw = sign_bundle(venue, codes, UTC, 1, NOON_MS)
    node.take_bundle(raw, sign_guests(venue, codes, 1, NOON_MS))
    node.start()
    return node, codes["Anna"]


def show(node: Node, code: Code, guest: str = "hangs", lane: int = 1) -> Shown:
    shown = Shown(lane, guest)
    node.show(shown, lambda at, done: at.present(code.text, done))
    return shown


def test_facts_become_real_signed_blocks_that_chain() -> None:
    node, code = make()
    show(node, code, "walks")
    blocks = node.log.blocks
    assert [a.hash for a in blocks[:-1]] == [b.previous for b in blocks[1:]]
    kinds = [type(fact).__name__ for made in blocks for fact in facts_of(made)]
    assert kinds == ["BundleApplied", "Started", "Admitted", "PassageCompleted"]
    assert node.new_facts() == kinds
    assert node.new_facts() == []


def test_a_crash_loses_what_was_not_durable_and_nothing_else() -> None:
    node, code = make()
    assert show(node, code).answer is not None
    assert node.gateway is not None
    node.gateway.must_record(lambda hlc, now: Stopped(hlc, now.day, now.offset_min))
    assert node.log.pending
    held = node.log.durable
    node.crash()
    assert (node.gateway, node.log.durable, node.log.pending) == (None, held, [])
    node.tick()  # the dead do not tick
    assert node.log.durable == held
    node.new_facts()
    node.start()
    assert node.new_facts() == ["Started", "PassageUnknown"]
    again = show(node, code).answer
    assert again is not None and again.earlier is not None
    assert (again.reason, again.earlier.possibly) == ("already_redeemed", True)


def test_a_barrier_lets_nobody_walk_who_was_not_let_in() -> None:
    node, code = make()
    assert not node.walk(1, None)
    assert not node.turn_back(1)
    show(node, code)
    assert not node.walk(2, None)
    assert node.turn_back(1)
    assert not node.walk(1, None)


def test_a_grant_that_timed_out_is_not_walked_on() -> None:
    node, code = make()
    show(node, code)
    node.time.ms += 40_000
    node.tick()
    assert not node.walk(1, None)
    answer = show(node, code).answer
    assert answer is not None and answer.reason == "already_redeemed"


def test_the_clock_that_is_set_is_measured_against_the_right_time() -> None:
    node, _ = make()
    assert not node.clock.unsure
    node.set_clock(-120_000)
    assert node.clock.unsure
    assert node.new_facts()[-1] == "ClockStepped"
    node.confirm(True)
    assert node.clock.unsure  # two minutes off
    node.set_clock(120_000)
    assert not node.clock.unsure
    node.confirm(False)
    assert node.clock.unsure
