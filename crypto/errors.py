"""One error class per format, so that a caller says whose bytes it distrusts."""


class Bad(ValueError):
    """Bytes from outside that do not mean what they should. The text says what is wrong."""


class BadCode(Bad):
    """A scanned text that is no ticket code. `reason` is the refusal's name (Admission)."""

    def __init__(self, message: str, reason: str = "invalid") -> None:
        super().__init__(message)
        self.reason = reason


class BadKey(Bad):
    """A key, or the text of one, that cannot be used."""


class BadEntry(Bad):
    """A list of facts that cannot be read."""


class BadBlock(Bad):
    """A ledger block that is torn, altered or signed by somebody else."""


class BadBundle(Bad):
    """A bundle that is altered, unsigned or not readable by this version."""


class BadReceipt(Bad):
    """A receipt that is altered or not signed by the centre."""


class BadCertificate(Bad):
    """A certificate, request or trust file that does not prove what it should."""


class BadPinHash(Bad):
    """A PIN that is too short or too long, or a text that is no hash of one."""


class BadMedium(Bad):
    """What a reader gave that is no image of a band, or what does not fit onto one."""
