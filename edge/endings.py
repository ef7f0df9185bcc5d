"""What ends the process of a gateway, its exit code, and the line in the log."""

import logging
import signal
from typing import Final, NamedTuple

import trio

from config.faults import ConfigInvalid
from edge.ledger import errors as ledger_errors
from edge.peers.learning import NoHistory

log = logging.getLogger(__name__)


class Ending(NamedTuple):
    """`cause` ends the process with exit `code`; `what`: the same for people."""

    cause: BaseException
    code: int
    what: str

    @property
    def why(self) -> str:
        """In words, without the number of an error of the system."""
        reason = self.cause.strerror if isinstance(self.cause, OSError) else None
        return reason or str(self.cause)


# 78 is not restarted by systemd.
_ENDINGS: Final = (
    (ledger_errors.StorageFailed, 74, "the ledger's disk failed; a write is never retried"),
    (ledger_errors.LedgerFull, 74, "there is no room to begin a ledger"),
    (ledger_errors.LedgerDeleted, 69, "no snapshot is whole, and the centre gave not what it has"),
    (ledger_errors.LedgerDamaged, 78, "the ledger is damaged and was not touched"),
    (ledger_errors.LedgerForeign, 78, "the ledger is another gateway's"),
    (NoHistory, 69, "the gateway is empty and nobody tells it what happened; --open-without opens"),
    (ledger_errors.LedgerBusy, 69, "the ledger is in use by another process"),
    (ConfigInvalid, 78, "the configuration cannot be used"),
    (OSError, 69, "the gateway cannot start"),
)


def ending_of(error: BaseException) -> Ending | None:
    """How `error`, or what is in a group of errors, ends the process; None: it is our mistake.

    Of several the one that is worst for the ledger counts.
    """
    for kind, code, what in _ENDINGS:
        cause = _first(error, kind)
        if cause is not None:
            return Ending(cause, code, what)
    return None


def _first(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    if isinstance(error, BaseExceptionGroup):
        found = (_first(inner, kind) for inner in error.exceptions)
        return next((cause for cause in found if cause is not None), None)
    return error if isinstance(error, kind) else None


async def until_signal(scope: trio.CancelScope) -> None:
    """Cancel `scope` when SIGTERM or SIGINT asks to stop."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as received:
        async for number in received:
            log.info("stopping", extra={"signal": signal.Signals(number).name})
            scope.cancel()
            return
