"""What only the gateway's server does: the trio guard by itself, and the supervised API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import hypercorn.protocol
import hypercorn.trio.run
import pytest
import trio
from hypercorn.protocol.h11 import H11Protocol

from config.binds import Bind
from config.runtime.limits import Limits
from config.runtime.listen import Connections
from config.runtime.listen_trio import keep_serving_trio, serve_trio
from tests.config.serving import ask, connect, echo, receive, request, serve
from tests.config.test_listen import DEADLY


def test_the_deadly_upgrade_ends_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """With hypercorn's own protocol put back, only the guard stands between it and the process."""

    def play(address: Bind) -> None:
        monkeypatch.setattr(hypercorn.protocol, "H11Protocol", H11Protocol)
        for _ in range(2):
            with connect(address) as sock:
                sock.sendall(DEADLY)
                while receive(sock):
                    pass
        assert ask(address, request())[0] == 200

    counts = serve("trio", play)
    assert counts.accepted == 3
    assert counts.crashed + counts.malformed == 2


Worker = Callable[..., Awaitable[None]]


def crashing_worker(real: Worker, crash: trio.Event) -> Worker:
    """Serves as always, until `crash` is set for the first time."""
    crashed = False

    async def worker(*args: Any, **options: Any) -> None:
        nonlocal crashed

        async def fail() -> None:
            nonlocal crashed
            await crash.wait()
            if not crashed:
                crashed = True
                raise RuntimeError("planted")

        task_status = options.pop("task_status")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail)
            await nursery.start(partial(real, *args, **options))
            task_status.started()

    return worker


@pytest.mark.trio
async def test_a_crash_of_the_api_touches_nothing_beside_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    crash = trio.Event()
    real = hypercorn.trio.run.worker_serve
    monkeypatch.setattr(hypercorn.trio.run, "worker_serve", crashing_worker(real, crash))
    counts = Connections(8)
    beside = False

    async def lane() -> None:
        nonlocal beside
        await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(lane)
        keep = partial(keep_serving_trio, connections=counts)
        (address,) = await nursery.start(keep, echo, ["127.0.0.1:0"], Limits())
        assert (await trio.to_thread.run_sync(ask, address, request()))[0] == 200
        crash.set()
        while not counts.crashed:
            await trio.sleep(0.01)
        # The same address answers again, and the tasks beside it never noticed.
        with trio.fail_after(20):
            while True:
                try:
                    status, _ = await trio.to_thread.run_sync(ask, address, request())
                except OSError:
                    await trio.sleep(0.01)
                else:
                    break
        assert status == 200
        assert counts.crashed == 1
        assert len(nursery.child_tasks) == 2
        nursery.cancel_scope.cancel()
    assert "planted" in caplog.text


@pytest.mark.trio
async def test_an_address_in_use_at_the_start_is_an_error_at_once() -> None:
    async with trio.open_nursery() as nursery:
        (address,) = await nursery.start(serve_trio, echo, ["127.0.0.1:0"], Limits())
        with pytest.raises(ExceptionGroup) as raised:
            async with trio.open_nursery() as other:
                await other.start(keep_serving_trio, echo, [address], Limits())
        assert raised.group_contains(OSError, match="cannot listen on")
        nursery.cancel_scope.cancel()


@pytest.mark.trio
async def test_an_orderly_stop_ends_the_supervision_too() -> None:
    stop = trio.Event()
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            keep = partial(keep_serving_trio, shutdown=stop)
            await nursery.start(keep, echo, ["127.0.0.1:0"], Limits())
            stop.set()
