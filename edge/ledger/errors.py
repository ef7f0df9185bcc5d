"""What can go wrong with the ledger. Each text says what to do."""


class LedgerError(Exception):
    """The ledger cannot do what was asked."""


class StorageFailed(LedgerError):
    """A write or fdatasync failed. Fatal: the owning process ends with exit 74, nobody retries.

    After a failed fdatasync the kernel may have dropped the very pages it could not write, so
    that a second call would report success for bytes that are gone.
    """


class LedgerFull(LedgerError):
    """No room is left for another fact. Raised before anything moves; the process lives on."""


class LedgerBusy(LedgerError):
    """Another process has this folder open for writing."""


class LedgerForeign(LedgerError):
    """The folder holds the log of another gateway."""


class LedgerDamaged(LedgerError):
    """Something that was acknowledged cannot be read. Never cut, never skipped.

    `epoch` and `seq` name the first fact of the first broken block, `segment` and `at_bytes` its
    place on disk; `through_seq` is the last fact of the epoch that somebody is known to hold
    (0 = nobody is known to).
    """

    def __init__(
        self, problem: str, *, epoch: int, seq: int, segment: str, at_bytes: int,
        through_seq: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(
            f"{problem}: first broken block is epoch {epoch} seq {seq}, in {segment} at byte"
            f" {at_bytes}. Nothing was changed. Put it back with `gatehouse edge ledger repair DIR"
            " --centre`, or open without it by"
            ' `gatehouse edge ledger set-aside DIR --reason "..."`'
        )
        self._is(problem, epoch, seq, segment, at_bytes, through_seq)

    def _is(
        self, problem: str, epoch: int, seq: int, segment: str, at_bytes: int, through_seq: int
    ) -> None:
        self.problem = problem
        self.epoch = epoch
        self.seq = seq
        self.segment = segment
        self.at_bytes = at_bytes
        self.through_seq = through_seq


class LedgerTorn(LedgerDamaged):
    """Only the last block is broken, as a power cut leaves it; the next start sees to that."""

    def __init__(self, *, epoch: int, seq: int, segment: str, at_bytes: int) -> None:
        problem = "the last block is torn or broken, as a power cut may leave it"
        LedgerError.__init__(
            self,
            f"{problem}: epoch {epoch} seq {seq}, in {segment} at byte {at_bytes}. Nothing was"
            " changed. Start the daemon: it fetches that block, or cuts it where nobody holds it",
        )
        self._is(problem, epoch, seq, segment, at_bytes, 0)


class LedgerDeleted(LedgerDamaged):
    """Facts that were deleted after their time, because the centre has receipted them.

    `seq` is the first that is asked for, `through_seq` the last that was deleted.
    """

    def __init__(self, *, epoch: int, seq: int, through_seq: int) -> None:
        LedgerError.__init__(
            self,
            f"facts of epoch {epoch} from seq {seq} to {through_seq} were deleted here after"
            " [ledger] retention_days; the centre, which receipted them, has them still",
        )
        self._is("deleted after retention_days", epoch, seq, "no segment", 0, through_seq)
