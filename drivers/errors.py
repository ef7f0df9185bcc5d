"""What the world can do to a device. All of it is `DeviceError`; our own mistakes are not.

Lost and Silent say the device is away, Protocol and Fault say it is there and wrong.
A supervisor answers all four by closing, waiting and opening again.
"""


class DeviceError(Exception):
    """A device cannot serve now. The text says what happened and what to look at."""


class Lost(DeviceError):
    """The link is gone: refused, reset, closed or unreachable."""


class Silent(DeviceError):
    """The link stands, but the device did not answer (or take our bytes) in time."""


class Protocol(DeviceError):
    """The device sent bytes that its protocol does not allow."""


class Fault(DeviceError):
    """The device answered that it cannot, or shows that it does not do as told."""
