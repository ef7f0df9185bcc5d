"""A card terminal as the document of the plug promises it, without a loop: a reference to compare
with. Written from `drivers/payment/plug/__init__.py`; what goes wrong is done to it from outside.
"""

from __future__ import annotations

import json
from typing import Any

PAID = ("approved", "reversed", "declined_late")


class HonestTerminal:
    """`rows` is what it remembers by reference; `out` are messages on their way to the till."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.burnt: set[str] = set()
        self.prompt: dict[str, Any] | None = None  # the question that a guest is answering
        self.late: dict[int, str] = {}
        self.out: list[bytes] = []
        self.linked = False
        self._rest = b""
        self._link = 0

    # The wire

    def link(self) -> None:
        self.out, self._rest, self.linked = [], b"", True
        self._link += 1

    def cut(self) -> None:
        """The guest who is being asked goes on; nobody hears what becomes of it."""
        self.out, self._rest, self.linked = [], b"", False

    def hear(self, data: bytes) -> None:
        self._rest += data
        while len(self._rest) >= 4:
            size = 4 + int.from_bytes(self._rest[:4], "big")
            if len(self._rest) < size:
                return
            question, self._rest = json.loads(self._rest[4:size]), self._rest[size:]
            self._do(question)

    def _say(self, id: int, say: str, **more: Any) -> None:
        body = json.dumps({"say": say, "id": id, **more}).encode()
        self.out.append(len(body).to_bytes(4, "big") + body)

    def _do(self, question: dict[str, Any]) -> None:
        what, id = question["say"], question["id"]
        reference = question.get("reference", "")
        if what == "hello":
            self._say(id, "welcome", version=1, terminal="T1")
            for number in self.late:
                self._say_late(number)
        elif what == "authorize":
            self._authorize(question)
        elif what == "taken":
            self.late.pop(id, None)
        elif what == "cancel" and self.prompt is not None and self._asks(reference):
            self.decide("declined")
            self._tell(id, reference)
        elif what == "reverse" and self.rows.get(reference, {}).get("state") == "approved":
            self.rows[reference]["state"] = "reversed"
            self._tell(id, reference)
        elif self._asks(reference):
            self._say(id, "pending")
        elif reference in self.rows:
            self._tell(id, reference)
        else:
            self.burnt.add(reference)
            self._say(id, "not_known")

    def _asks(self, reference: str) -> bool:
        return self.prompt is not None and self.prompt["reference"] == reference

    def _authorize(self, question: dict[str, Any]) -> None:
        reference = question["reference"]
        if reference in self.rows:
            self._tell(question["id"], reference)
        elif reference in self.burnt or self.prompt is not None:
            code = "burnt" if reference in self.burnt else "busy"
            refused = {**self._words(question), "state": "declined", "decline_code": code}
            self._say(question["id"], "outcome", outcome=refused)
        else:
            self.prompt = {**question, "link": self._link}
            self._say(question["id"], "prompt")

    def _words(self, about: dict[str, Any]) -> dict[str, Any]:
        fields = {name: about[name] for name in ("reference", "amount_minor", "currency")}
        return {**fields, "terminal": "T1"}

    def _tell(self, id: int, reference: str) -> None:
        row = self.rows[reference]
        told = {**self._words(row), "state": row["state"], "stored_offline": row["offline"]}
        self._say(id, "outcome", outcome=told)

    # What happens to it

    def decide(self, state: str, *, offline: bool = False) -> None:
        """The guest at the prompt, and the host with her; the till hears if it is still there."""
        prompt, self.prompt = self.prompt, None
        assert prompt is not None
        self.rows[prompt["reference"]] = {**prompt, "state": state, "offline": offline}
        if self.linked and prompt["link"] == self._link:
            self._tell(prompt["id"], prompt["reference"])

    def decline_late(self, reference: str) -> None:
        self.rows[reference]["state"] = "declined_late"
        number = 1_000_000 + len(self.late) + len(self.rows)
        self.late[number] = reference
        if self.linked:
            self._say_late(number)

    def _say_late(self, number: int) -> None:
        row = self.rows[self.late[number]]
        told = {**self._words(row), "state": "declined_late", "stored_offline": True}
        self._say(number, "late", outcome=told)

    def charged(self, reference: str) -> int:
        """What a guest has paid by it in the end."""
        row = self.rows.get(reference, {"state": "declined"})
        return row["amount_minor"] if row["state"] == "approved" else 0
