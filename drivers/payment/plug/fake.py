"""A card terminal without cards: `python -m drivers.payment.plug.fake --journal FILE`.

Listens on `--host` and `--port` (0: the system chooses). A ready line `{"ready": true, "port": P,
"pid": N}` comes on standard output, then commands are read as JSON lines on standard input, and
the end of input ends the process (`--forever`: it does not). What the next guests do:

    {"next": ["approve", "decline", ...]}    then `--script` again (default approve)
        approve            decline           twice (the answer comes two times)
        lose               charged, and the answer vanishes
        drop               charged, and the connection ends instead of an answer
        die                charged, and the process kills itself before the answer
        die_first          the process kills itself before anything is charged
        late               charged, and the answer comes `--late-ms` afterwards
        offline            charged without the host
        wrong_amount, wrong_currency, wrong_reference
                           charged as asked, and the answer says something else
        charged_other      charged one minor unit more than asked, and says so
        linger             the guest does not come; only cancel ends the prompt
        reversal_lost      approve; its reversal happens, and the answer vanishes
        reversal_refused   approve; its reversal is refused
    {"late": reference}                      the host declines what was approved offline
    {"state": true}                          report {"charged": {reference: amount}, "asked": n}

The journal is the oracle: what the guest was really charged, one JSON object a line, on disk
before anything is said: charge, reverse, late, decline, burn, taken. Written from the document in
`drivers/payment/plug/__init__.py`; shares no code with the driver.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

import trio

ASKS_S = 0.02
Answer = Callable[..., Awaitable[None]]


class Journal:
    """What the terminal remembers, and what guests were charged."""

    def __init__(self, path: str | None) -> None:
        self.rows: list[dict[str, Any]] = []
        self._file = None
        if path is not None:
            if os.path.exists(path):
                with open(path, encoding="utf-8") as old:
                    self.rows = [json.loads(line) for line in old if line.endswith("\n")]
            self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115 - open until the end

    def write(self, what: str, reference: str, **more: Any) -> None:
        """On disk before this returns."""
        row = {"what": what, "reference": reference, **more}
        self.rows.append(row)
        if self._file is not None:
            self._file.write(json.dumps(row) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def find(self, what: str, reference: str) -> dict[str, Any] | None:
        """The row, if it was ever written."""
        for row in self.rows:
            if (row["what"], row["reference"]) == (what, reference):
                return row
        return None

    def charged(self) -> dict[str, int]:
        """By reference, what guests have paid in the end."""
        sums: dict[str, int] = {}
        for row in self.rows:
            reference = row["reference"]
            if row["what"] == "charge":
                sums[reference] = sums.get(reference, 0) + row["amount_minor"]
            elif row["what"] in ("reverse", "late"):
                charge = self.find("charge", reference)
                assert charge is not None
                sums[reference] -= charge["amount_minor"]
        return sums


class FakeTerminal:
    """One terminal. `die` ends it at once, as a dead battery does."""

    def __init__(
        self,
        journal: Journal,
        *,
        terminal: str = "FAKE1",
        script: str = "approve",
        late_s: float = 0.3,
        die: Callable[[], None] = lambda: os.kill(os.getpid(), signal.SIGKILL),
    ) -> None:
        self.journal = journal
        self.next: deque[str] = deque()
        self.asked = 0
        self._terminal = terminal
        self._script = script
        self._late_s = late_s
        self._die = die
        self._stream: trio.abc.Stream | None = None
        self._prompt = ""  # the reference whose guest is being asked
        self._cancelled = trio.Event()
        self._over = trio.Event()
        self._sending = trio.Lock()

    # -- the wire -------------------------------------------------------------------------

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Be the terminal of this till; an older connection is not read any more."""
        if self._stream is not None:
            await trio.aclose_forcefully(self._stream)
        self._stream = stream
        rest = b""
        # A nursery, as a prompt must not keep a cancellation from being read; and a guest who is
        # being asked goes on when the till is gone.
        async with trio.open_nursery() as nursery:
            while data := await self._hear(stream):
                rest += data
                while len(rest) >= 4 and len(rest) >= 4 + int.from_bytes(rest[:4], "big"):
                    size = 4 + int.from_bytes(rest[:4], "big")
                    try:
                        question, rest = json.loads(rest[4:size]), rest[size:]
                    except ValueError:  # not the plug: terminals hang up
                        await trio.aclose_forcefully(stream)
                        break
                    say = partial(self._say, stream, question["id"])
                    nursery.start_soon(self._do, question, say)
            await trio.aclose_forcefully(stream)

    async def _hear(self, stream: trio.abc.Stream) -> bytes:
        try:
            data = bytes(await stream.receive_some(65536))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return b""
        return data if self._stream is stream else b""

    async def _say(self, stream: trio.abc.Stream, id: int, say: str, **more: Any) -> None:
        body = json.dumps({"say": say, "id": id, **more}).encode()
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            async with self._sending:
                await stream.send_all(len(body).to_bytes(4, "big") + body)

    async def _do(self, question: dict[str, Any], say: Answer) -> None:
        reference = question.get("reference", "")
        what = question["say"]
        if what == "hello":
            await say("welcome", version=1, terminal=self._terminal)
            await self._say_lates()
        elif what == "authorize":
            await self._authorize(question, say)
        elif what == "inquire":
            await self._inquire(reference, say)
        elif what == "cancel":
            if self._prompt == reference:
                self._cancelled.set()
                await self._over.wait()
            await self._inquire(reference, say)
        elif what == "reverse":
            await self._reverse(question, say)
        elif what == "taken":
            for row in self.journal.rows:
                if row["what"] == "late" and row["id"] == question["id"]:
                    self.journal.write("taken", row["reference"])
                    break

    # -- payments -------------------------------------------------------------------------

    def _outcome(self, reference: str, /, **more: Any) -> dict[str, Any]:
        journal = self.journal
        charge = journal.find("charge", reference)
        row = charge or journal.find("decline", reference)
        assert row is not None
        outcome = {
            "state": "approved" if charge else "declined",
            "amount_minor": row["amount_minor"],
            "currency": row["currency"],
            "reference": reference,
            "terminal": self._terminal,
        }
        if charge:
            number = journal.rows.index(charge) + 1
            outcome |= {
                "trace": f"{number:06d}",
                "scheme": "Debit Mastercard",
                "last4": "4771",
                "authorization_code": f"A{number:05d}",
                "stored_offline": charge["offline"],
                "receipt": ["** KUNDENBELEG **", "5413 3300 8902 4771", "Zahlung erfolgt"],
            }
        else:
            outcome["decline_code"] = row["code"]
        if journal.find("reverse", reference):
            outcome["state"] = "reversed"
        if journal.find("late", reference):
            outcome["state"] = "declined_late"
        return outcome | more

    def _knows(self, reference: str) -> bool:
        return bool(
            self.journal.find("charge", reference) or self.journal.find("decline", reference)
        )

    def _refused(self, question: dict[str, Any], code: str) -> dict[str, Any]:
        fields = {name: question[name] for name in ("amount_minor", "currency", "reference")}
        return {"state": "declined", "decline_code": code, "terminal": self._terminal, **fields}

    async def _authorize(self, question: dict[str, Any], say: Answer) -> None:
        reference = question["reference"]
        if self._knows(reference):
            known = self._outcome(reference)
            same = all(known[name] == question[name] for name in ("amount_minor", "currency"))
            await say("outcome", outcome=known if same else self._refused(question, "reused"))
            return
        if self.journal.find("burn", reference):
            await say("outcome", outcome=self._refused(question, "burnt"))
            return
        if self._prompt:
            await say("outcome", outcome=self._refused(question, "busy"))
            return
        self._prompt, self._cancelled, self._over = reference, trio.Event(), trio.Event()
        self.asked += 1
        script = self.next.popleft() if self.next else self._script
        try:
            await say("prompt")
            with trio.move_on_after(math.inf if script == "linger" else ASKS_S):
                await self._cancelled.wait()
            self._settle(question, script)
        finally:
            self._prompt = ""
            self._over.set()
        await self._tell(question, script, say)

    def _settle(self, question: dict[str, Any], script: str) -> None:
        """The guest has decided, and the host with her: after this it is so."""
        reference, amount = question["reference"], question["amount_minor"]
        code = "cancelled" if self._cancelled.is_set() else "host_declined"
        if script == "die_first":
            self._die()
        if self._cancelled.is_set() or script == "decline":
            currency = question["currency"]
            self.journal.write(
                "decline", reference, amount_minor=amount, currency=currency, code=code
            )
            return
        self.journal.write(
            "charge",
            reference,
            amount_minor=amount + (script == "charged_other"),
            currency=question["currency"],
            offline=script == "offline",
            script=script,
        )
        if script == "die":
            self._die()

    async def _tell(self, question: dict[str, Any], script: str, say: Answer) -> None:
        reference = question["reference"]
        if script == "lose":
            return
        if script == "drop" and self._stream is not None:
            await trio.aclose_forcefully(self._stream)
            return
        if script == "late":
            await trio.sleep(self._late_s)
        wrong: dict[str, dict[str, Any]] = {
            "wrong_amount": {"amount_minor": question["amount_minor"] + 100},
            "wrong_currency": {"currency": "XTS"},
            "wrong_reference": {"reference": "another-guest"},
        }
        outcome = self._outcome(reference, **wrong.get(script, {}))
        for _ in range(2 if script == "twice" else 1):
            await say("outcome", outcome=outcome)

    async def _inquire(self, reference: str, say: Answer) -> None:
        if self._prompt == reference:
            await say("pending")
        elif self._knows(reference):
            await say("outcome", outcome=self._outcome(reference))
        else:
            if not self.journal.find("burn", reference):
                self.journal.write("burn", reference)
            await say("not_known")

    async def _reverse(self, question: dict[str, Any], say: Answer) -> None:
        reference = question["reference"]
        charge = self.journal.find("charge", reference)
        if charge is None:
            await self._inquire(reference, say)
            return
        if charge["script"] == "reversal_refused" or charge["amount_minor"] != question.get(
            "amount_minor"
        ):
            refused = self._outcome(reference, decline_code="not_reversible")
            await say("outcome", outcome=refused)
            return
        done = self.journal.find("reverse", reference) or self.journal.find("late", reference)
        if not done:
            self.journal.write("reverse", reference)
            if charge["script"] == "reversal_lost":
                return
        await say("outcome", outcome=self._outcome(reference))

    # -- what the host says afterwards ----------------------------------------------------

    async def decline_late(self, reference: str) -> None:
        """The host was asked at last, and declined; nothing happens to what was given back."""
        charge = self.journal.find("charge", reference)
        if charge is None or not charge["offline"] or self.journal.find("reverse", reference):
            return
        if not self.journal.find("late", reference):
            self.journal.write("late", reference, id=len(self.journal.rows))
        await self._say_lates()

    async def _say_lates(self) -> None:
        for row in list(self.journal.rows):
            taken = self.journal.find("taken", row["reference"])
            if row["what"] == "late" and not taken and self._stream is not None:
                outcome = self._outcome(row["reference"])
                await self._say(self._stream, row["id"], "late", outcome=outcome)


async def obey(terminal: FakeTerminal, lines: trio.abc.ReceiveStream) -> None:
    """Read commands until the input ends."""
    rest = b""
    while data := await lines.receive_some(65536):
        *whole, rest = (rest + data).split(b"\n")
        for line in filter(None, map(bytes.strip, whole)):
            command = json.loads(line)
            terminal.next.extend(command.get("next", ()))
            if "late" in command:
                await terminal.decline_late(command["late"])
            if command.get("state"):
                state = {"charged": terminal.journal.charged(), "asked": terminal.asked}
                print(json.dumps(state), flush=True)


async def run(options: argparse.Namespace) -> None:
    """One terminal until standard input ends."""
    terminal = FakeTerminal(
        Journal(options.journal),
        terminal=options.terminal,
        script=options.script,
        late_s=options.late_ms / 1000,
    )
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(options.port, host=options.host)
        port = listeners[0].socket.getsockname()[1]
        nursery.start_soon(partial(trio.serve_listeners, terminal.serve, listeners))
        print(json.dumps({"ready": True, "port": port, "pid": os.getpid()}), flush=True)
        if options.forever:
            await trio.sleep_forever()
        await obey(terminal, trio.lowlevel.FdStream(os.dup(sys.stdin.fileno())))
        nursery.cancel_scope.cancel()


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m drivers.payment.plug.fake")
    parser.add_argument("--journal", required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--terminal", default="FAKE1")
    parser.add_argument("--script", default="approve")
    parser.add_argument("--late-ms", type=float, default=300)
    parser.add_argument("--forever", action="store_true")
    return parser


if __name__ == "__main__":
    trio.run(run, parser().parse_args())
