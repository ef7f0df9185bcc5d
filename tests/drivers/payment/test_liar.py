"""A terminal that says anything at any time: nothing is believed that was not asked, nothing ends
but the link, and it is never asked more often than it speaks."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from drivers.errors import DeviceError
from drivers.payment.conversation import Conversation
from drivers.payment.machine import PaymentPlan
from drivers.payment.outcome import Authorization, State
from drivers.payment.plug.machine import PlugLine
from drivers.payment.table import OPEN, UNSURE

ASKED = [
    Authorization(txid16=bytes([n]) * 16, amount_minor=450 + n, currency="EUR", reference=f"g-{n}")
    for n in range(3)
]
SAYS = ("welcome", "prompt", "pending", "not_known", "outcome", "outcome", "outcome", "late")
STATES = ("approved", "approved", "declined", "reversed", "declined_late")
STEPS = 60


class Liar:
    """Each question of ours is known by its id; `truths` are answers that fit their question."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.talk = chance, Conversation(PaymentPlan(), PlugLine, 5)
        self.now, self.linked, self.heard_count, self.asked_count = 0.0, False, 0, 0
        self.ids: dict[int, str] = {}
        self.approved: set[str] = set()
        self.link()

    def link(self) -> None:
        self.linked = True
        self.talk.opened(self.now)
        self.questions()

    def questions(self) -> None:
        data = self.talk.data_to_send() if self.linked else b""
        while data:
            size = 4 + int.from_bytes(data[:4], "big")
            asked, data = json.loads(data[4:size]), data[size:]
            self.ids[asked["id"]] = asked.get("reference", "")
            self.asked_count += 1
        for outcome in self.talk.outcomes:
            if outcome.state is State.APPROVED:
                assert outcome.reference in self.approved, "nobody said so of this payment"
        self.talk.outcomes.clear()
        self.talk.late.clear()

    def say(self) -> None:
        chance, say = self.chance, self.chance.choice(SAYS)
        newest = max(self.ids)
        id = chance.choice([newest, newest, newest - 1, chance.choice(list(self.ids)), 7])
        message: dict[str, Any] = {"say": say, "id": id}
        if say == "welcome":
            message |= {"version": chance.choice([1, 1, 1, 2]), "terminal": self._terminal()}
        if say in ("outcome", "late"):
            about = chance.choice(ASKED)
            told = {
                "state": chance.choice(STATES),
                "amount_minor": about.amount_minor + chance.choice([0, 0, 0, 1]),
                "currency": chance.choice(["EUR", "EUR", "EUR", "XTS"]),
                "reference": about.reference,
                "terminal": self._terminal(),
            }
            fits = (told["amount_minor"], told["currency"]) == (about.amount_minor, "EUR")
            if told["state"] == "approved" and fits and self.ids.get(id) == about.reference:
                self.approved.add(about.reference)
            message["outcome"] = told
        body = json.dumps(message).encode()
        if chance.random() < 0.02:
            body = chance.randbytes(len(body))
        note(f"{message}")
        self.heard_count += 1
        try:
            self.talk.receive_data(len(body).to_bytes(4, "big") + body, self.now)
        except DeviceError:
            self.cut()
        self.questions()

    def _terminal(self) -> str:
        return self.chance.choice(["T1", "T1", "T1", "T1", "T2"])

    def cut(self) -> None:
        self.linked = False
        self.talk.lost("lost")
        self.questions()

    def act(self) -> int:
        """What a till does, where it may; how many questions that is."""
        chance, talk = self.chance, self.talk
        what, asked = chance.choice(["sell", "ask", "reverse", "cancel"]), chance.choice(ASKED)
        note(f"{what} {asked.reference}")
        if what == "cancel":
            talk.cancel(self.now)
        elif talk.ready and what == "sell":
            talk.start(asked, self.now)
        elif talk.ready and what == "ask":
            talk.inquire(asked, "", self.now)
        elif talk.ready:
            talk.reverse(asked, self.now)
        else:
            return 0
        self.questions()
        return 1


@settings(max_examples=200)
@given(seed=st.integers(0, 2**64))
def test_a_liar_is_not_believed_and_not_asked_in_circles(seed: int) -> None:
    chance = random.Random(seed)
    liar, allowed = Liar(chance), 1
    for _ in range(STEPS):
        if not liar.linked:
            liar.now += 1
            liar.link()
            allowed += 1
        if chance.random() < 0.25:
            allowed += liar.act()
        else:
            liar.say()
        payment = liar.talk.payment
        if payment is not None and payment.state not in OPEN | UNSURE:
            assert payment.deadline == float("inf")
        # One answer brings one more question at most: to ask again, or to take a prompt away.
        assert liar.asked_count <= allowed + liar.heard_count
