"""Live events: everybody hears them, nobody who listens slows a lane."""

import pytest
import trio

from edge.events import BACKLOG_MAX, LISTENERS_MAX, Hub, TooManyListeners


def test_everybody_who_listens_hears_everything_in_order() -> None:
    hub = Hub()
    hub.publish("decision", lane=1)  # nobody listens
    with hub.listen() as one, hub.listen() as two:
        hub.publish("decision", lane=2)
        hub.publish("alarm", lane=3)
        for listener in (one, two):
            assert listener.receive_nowait() == {"event": "decision", "lane": 2}
            assert listener.receive_nowait() == {"event": "alarm", "lane": 3}
            with pytest.raises(trio.WouldBlock):
                listener.receive_nowait()


def test_a_listener_that_falls_behind_is_dropped_and_the_others_hear_on() -> None:
    hub = Hub()
    with hub.listen() as slow, hub.listen() as quick:
        for n in range(BACKLOG_MAX + 1):
            hub.publish("decision", n=n)
            assert quick.receive_nowait()["n"] == n
        hub.publish("decision", n=-1)
        assert quick.receive_nowait()["n"] == -1
        assert hub.dropped == 1
        heard = [slow.receive_nowait()["n"] for _ in range(BACKLOG_MAX)]
        assert heard == list(range(BACKLOG_MAX))
        with pytest.raises(trio.EndOfChannel):
            slow.receive_nowait()


def test_a_listener_that_closed_its_ear_is_dropped() -> None:
    hub = Hub()
    with hub.listen() as gone, hub.listen() as here:
        gone.close()
        hub.publish("decision", n=1)
        hub.publish("decision", n=2)
        assert [here.receive_nowait()["n"] for _ in range(2)] == [1, 2]
    assert hub.dropped == 1


def test_listeners_are_counted_and_their_places_given_back() -> None:
    hub = Hub()
    with pytest.raises(ZeroDivisionError), hub.listen():
        raise ZeroDivisionError
    for _ in range(LISTENERS_MAX + 5):
        with hub.listen():
            pass
    ears = [hub.listen() for _ in range(LISTENERS_MAX)]
    for ear in ears:
        ear.__enter__()
    with pytest.raises(TooManyListeners, match="64 listeners"), hub.listen():
        pass
    ears.pop().__exit__(None, None, None)
    with hub.listen():
        pass
    for ear in ears:
        ear.__exit__(None, None, None)


@pytest.mark.trio
async def test_a_waiting_listener_is_woken() -> None:
    hub = Hub()
    with hub.listen() as listener:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: trio.lowlevel.checkpoint())
            hub.publish("bundle", version=3)
            assert await listener.receive() == {"event": "bundle", "version": 3}
