"""What was counted while guests were served, lane by lane; the live table shows it."""

from dataclasses import dataclass, field


@dataclass
class LaneTally:
    """One lane. `shown` counts presentations; the others what the gateway told."""

    shown: int = 0
    admitted: int = 0
    repeated: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    completed: int = 0
    lapsed: int = 0
    unknown: int = 0
    waiting: int = 0

    @property
    def refused_count(self) -> int:
        """Refusals of every reason."""
        return sum(self.refused.values())

    @property
    def answered(self) -> int:
        """Presentations with an answer."""
        return self.admitted + self.repeated + self.refused_count

    def decided(self, answer: str) -> None:
        """Count one answer."""
        if answer in ("admitted", "repeated"):
            setattr(self, answer, getattr(self, answer) + 1)
        else:
            self.refused[answer] = self.refused.get(answer, 0) + 1

    def settled(self, outcome: str) -> None:
        """Count how a passage ended: completed, lapsed or unknown."""
        setattr(self, outcome, getattr(self, outcome) + 1)


def total(lanes: list[LaneTally]) -> LaneTally:
    """All lanes together."""
    whole = LaneTally()
    for lane in lanes:
        for name in ("shown", "admitted", "repeated", "completed", "lapsed", "unknown", "waiting"):
            setattr(whole, name, getattr(whole, name) + getattr(lane, name))
        for reason, count in lane.refused.items():
            whole.refused[reason] = whole.refused.get(reason, 0) + count
    return whole
