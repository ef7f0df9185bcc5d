"""Live events of the gateway (server-sent events), across its deaths."""

import json
from collections.abc import Callable
from typing import Any, Final

import httpx2
import trio

AGAIN_S: Final = 0.1
SILENCE_S: Final = 40.0


class Listener:
    """Hears everything the gateway tells while it lives. `hears` is set while it is connected."""

    def __init__(
        self, url: Callable[[], str], on_event: Callable[[dict[str, Any]], None],
        on_deaf: Callable[[], None], on_hello: Callable[[], None],
    ) -> None:  # fmt: skip
        self._url = url
        self._on_hello = on_hello
        self._on_event = on_event
        self._on_deaf = on_deaf
        self.hears = trio.Event()

    async def run(self) -> None:
        """For ever: connect, listen, and connect again."""
        timeout = httpx2.Timeout(5, read=SILENCE_S)
        async with httpx2.AsyncClient(timeout=timeout, trust_env=False) as client:
            while True:
                try:
                    async with client.stream("GET", self._url() + "/v1/events") as answer:
                        await self._listen(answer)
                except httpx2.HTTPError:
                    pass
                self._lost()
                await trio.sleep(AGAIN_S)

    async def _listen(self, answer: httpx2.Response) -> None:
        kind = ""
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
                if kind == "hello":
                    self._on_hello()
                    self.hears.set()
            elif name == "data" and kind not in ("hello", "dropped"):
                self._on_event(json.loads(value))

    def _lost(self) -> None:
        if self.hears.is_set():
            self.hears = trio.Event()
            self._on_deaf()
