"""What goes wrong between siblings."""

from crypto.errors import Bad


class BadFrame(Bad):
    """Bytes of a sibling that are no message of this protocol; the connection is closed."""


class OtherVersion(BadFrame):
    """A `Hello` of another version of this protocol; what else it says cannot be read for sure."""

    def __init__(self, theirs: int, ours: int) -> None:
        super().__init__(
            f"it speaks version {theirs} and we speak version {ours}: bring both gateways to the"
            " same release"
        )
        self.theirs = theirs


class PeerLost(Exception):
    """The sibling cannot be reached, went away or is silent. Nothing is lost: it is told again."""


class PeerRefused(Exception):
    """Somebody is there, but not one whom we talk to, or who talks to us. The text says why."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
