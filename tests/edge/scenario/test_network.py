"""Who hears whom: blocks go over links that are whole, over two if need be, and to the centre."""

from typing import Any

from edge.scenario.network import CENTRE, Network
from edge.scenario.performing import Play
from tests.edge.scenario.written import read, scan


def network(*names: str) -> tuple[Play, Network]:
    play = Play(read(gateways=[{"name": name} for name in names]))
    return play, play.network


def known(net: Network, name: str) -> int:
    node = net.nodes[name]
    assert node.gateway is not None
    return len(node.gateway.state.tickets)


def admit(play: Play, name: str, ticket: str = "Anna", **more: Any) -> None:
    (step,) = read(scan(ticket, gateway=name, **more), gateways=[{"name": name}]).steps
    assert play.perform(step).decision == "admitted"


def test_siblings_forward_what_they_hold() -> None:
    play, net = network("a", "b", "c")
    net.cut(["a", "c"])
    admit(play, "a")
    assert [known(net, name) for name in "abc"] == [1, 1, 1]
    states = {node.gateway.state.dump() for node in net.nodes.values() if node.gateway}
    assert len(states) == 1


def test_a_cut_link_carries_nothing_until_it_heals() -> None:
    play, net = network("a", "b")
    net.cut(None)
    admit(play, "a")
    assert known(net, "b") == 0
    net.exchange()
    assert known(net, "b") == 0
    net.heal(None)
    net.exchange()
    assert known(net, "b") == 1


def test_one_exchange_over_a_cut_link() -> None:
    play, net = network("a", "b")
    net.cut(None)
    admit(play, "a")
    assert net.between("a", "b")
    assert known(net, "b") == 1
    assert not net.between("a", "b")
    assert not net.between("a", "a")


def test_the_centre_holds_what_reached_it_and_the_bundle_comes_back() -> None:
    play, net = network("a", "b")
    net.cut(["a", CENTRE])
    net.cut(["b", CENTRE])
    before = sum(map(len, net.stored.values()))
    admit(play, "a")
    assert sum(map(len, net.stored.values())) == before
    net.heal(["b", CENTRE])
    net.exchange()
    log = net.nodes["a"].log  # delivered by its sibling
    assert net.stored[(log.gateway, log.epoch)] == log.blocks


def test_the_dead_hear_nothing_and_catch_up() -> None:
    play, net = network("a", "b")
    net.nodes["b"].crash()
    admit(play, "a")
    net.nodes["b"].start()
    assert known(net, "b") == 0
    net.exchange()
    assert known(net, "b") == 1


def unheard(net: Network, name: str) -> list[str]:
    ears = net.nodes[name].ears
    silent = [n for n, node in net.nodes.items() if ears.unheard_s(node.identity) >= 10]
    return silent


def test_who_is_not_heard_and_who_is_heard_through_others() -> None:
    play, net = network("a", "b", "c")
    net.cut(["a", "b"])
    for at in range(20):
        play.time.ms += 1000
        if at == 3:
            net.nodes["c"].crash()
        net.listen()
    assert unheard(net, "a") == ["b", "c"]
    net.nodes["c"].start()
    net.listen()
    assert unheard(net, "a") == []
