"""What has happened so far, told to a gateway that knows nothing of it before its lanes open.

One sibling, or the centre, must tell everything that it knew when it was asked. What somebody
claims and does not give keeps nobody waiting for ever; what others hold of our own log is fetched
by the next start, before the ledger opens (`edge.peers.rebuild`).
"""

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import trio

from config.peers import Peers
from crypto.block import Block, read_run_untrusted
from crypto.errors import Bad
from edge.gateway import Gateway
from edge.ledger.chain import Trust
from edge.peers import codec
from edge.peers.codec import LogHead
from edge.peers.courier import fetch_all
from edge.peers.intake import Forged, Intake
from edge.peers.links import Links
from edge.peers.proofs import Proofs
from edge.peers.regain import Regain
from edge.peers.session import BEAT_S, SILENT_S, Session
from edge.transport import EpochHead, HttpTransport, Turned, UplinkLost

log = logging.getLogger(__name__)
_LOOK_S: Final = 0.05
#: A sibling that has answered so often and has not shown what it claims has not got it.
ANSWERS: Final = 3
#: So many starts end for a claim that could not be weighed, because who made it went away.
STARTS_MAX: Final = 3
#: So long an empty gateway waits for what siblings add to their own logs, which has no end where
#: one of them lies. What others have signed has one.
OWN_LOGS_S: Final = 600.0
_NEXT_START: Final = "others hold facts of ours; the next start fetches them"


class NoHistory(Exception):
    """Nobody could tell an empty gateway what has happened so far, and it may not open without."""


class Note:
    """A file that says: of siblings nothing, or not everything, is known yet.

    It outlives a crash in the middle of being told: by then there are mirrors, but not all.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def begin(self) -> None:
        """Nothing is known from now on, durably."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, flags in ((self._file, os.O_CREAT | os.O_WRONLY),
                            (self._file.parent, os.O_RDONLY)):  # fmt: skip
            fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def stands(self) -> bool:
        """Whether something is unknown still."""
        return self._file.exists()

    def starts_ended(self) -> int:
        """How many starts one after another have ended because of an unproven claim."""
        return self._file.stat().st_size if self._file.exists() else 0

    def end_start(self) -> None:
        """One more."""
        with self._file.open("ab") as note:
            note.write(b".")
            note.flush()
            os.fsync(note.fileno())

    def clear(self) -> None:
        """Everything is known, or need not be."""
        self._file.unlink(missing_ok=True)


async def _shows(session: Session, row: LogHead, proofs: Proofs) -> bool | None:
    """Whether a sibling shows the block that it claims to hold; None: it is not heard any more.

    Who answers a few beats and does not show it has not got it.
    """
    for seq in proofs.asks(row):
        session.ask((row.gateway, row.epoch), seq)
        pongs, silent = session.pongs, trio.current_time() + SILENT_S
        while session.pongs < pongs + ANSWERS:
            await trio.sleep(_LOOK_S)
            if seq not in proofs.asks(row):
                break
            if trio.current_time() > silent:
                return None
        else:
            return False
    return True


class Learning:
    """Waits until it was told. `trust`: whose signature makes a block ours."""

    def __init__(
        self, gateway: Gateway, intake: Intake, links: Links, regain: Regain, trust: Trust,
        transport: HttpTransport | None, config: Peers, note: Note,
    ) -> None:  # fmt: skip
        self.gateway = gateway
        self.intake = intake
        self.links = links
        self.regain = regain
        self.config = config
        self.note = note
        self._trust = trust
        self._transport = transport
        self._centre_heads: list[EpochHead] = []
        #: What siblings say that they hold of our own log, while we are told what happened.
        self.claims: set[tuple[bytes, LogHead]] = set()

    async def run(self) -> None:
        """Wait until one sibling, or the centre, has told everything it knew when asked.

        Raises `NoHistory` when nothing has come for `rebuild_wait_s`. A sibling that was there all
        that time, and gave nothing more, has told what it can: its word for more stops nobody.
        After `OWN_LOGS_S` more of siblings' own logs is nothing more.
        """
        log.warning("nothing is known of siblings: lanes stay closed until they, or the centre,"
                    " have told what happened; --open-without opens at once")  # fmt: skip
        self.regain.paused = True
        centre = [False]
        async with trio.open_nursery() as nursery:
            if self._transport is not None:
                nursery.start_soon(self._ask_centre, self._transport, centre)
            moved, since = -1, trio.current_time()
            endless, until = set[bytes](), since + OWN_LOGS_S
            answered: dict[Session, int] = {}
            while not centre[0]:
                self._note_claims()
                if self._told_all():
                    break
                endless |= {each.other for each in self.links.sessions()}
                still = set[bytes]() if trio.current_time() < until else endless
                folded = sum(c.folded for g, c in self.intake.counts.items() if g not in still)
                if folded != moved:
                    moved, since = folded, trio.current_time()
                    answered = {each: each.pongs for each in self.links.sessions()}
                if trio.current_time() - since > self.config.rebuild_wait_s:
                    if not self._told_what_it_can(answered):
                        raise NoHistory("neither a sibling nor the centre answers")
                    log.error("a sibling claims facts that it does not give: opened without them")
                    break
                await trio.sleep(_LOOK_S)
            nursery.cancel_scope.cancel()
        try:
            await self._look_for_own()
        finally:
            self.intake.on_own = self.regain.hear
            self.regain.paused = False
        self.note.clear()
        log.warning("the venue's history is here")

    async def _look_for_own(self) -> None:
        """Raises `NoHistory` when others hold epochs of ours that were not asked for in time.

        Only recovery can put them back: so the next start asks again, and has them. The centre is
        believed; a sibling must show a block that we have signed.
        """
        own = self.gateway.identity
        here = {
            log_.epoch: log_.next - 1 for log_ in self.gateway.state.origins
            if log_.gateway == own
        }  # fmt: skip
        if self._transport is not None and not self._centre_heads:
            with suppress(UplinkLost, Turned):
                self._centre_heads = await self._transport.heads()
        if any(head.through_seq > here.get(head.epoch, 0) for head in self._centre_heads):
            raise NoHistory(_NEXT_START)
        await self._weigh_claims(here)

    async def _weigh_claims(self, here: dict[int, int]) -> None:
        """What siblings say that they hold of ours: shown, it is so; not shown, it is not.

        Who is gone before it could show anything is waited for, and then for a few more starts: it
        may be honest. Raises `NoHistory`.
        """
        proofs = Proofs(self._trust)

        async def hear(block: Block) -> None:
            proofs.hear(block)

        self.intake.on_own = hear
        lies: set[tuple[bytes, LogHead]] = set()
        until = trio.current_time() + self.config.rebuild_wait_s
        while True:
            self._note_claims()
            claims = {each for each in self.claims if each[1].seq > here.get(each[1].epoch, 0)}
            for session in self.links.sessions():
                for other, row in sorted(claims - lies, key=lambda each: each[1].epoch):
                    if other != session.other:
                        continue
                    shown = await _shows(session, row, proofs)
                    if shown:
                        raise NoHistory(_NEXT_START)
                    if shown is None:
                        break
                    lies.add((other, row))
            if claims <= lies:
                break
            if trio.current_time() > until:
                if self.note.starts_ended() < STARTS_MAX:
                    self.note.end_start()
                    raise NoHistory("a sibling that is away says that it holds facts of ours")
                break
            await trio.sleep(_LOOK_S)
        if claims:
            log.error("a sibling claims facts of ours and does not show them; they count for"
                      " nothing", extra={"claims": len(claims)})  # fmt: skip

    def _note_claims(self) -> None:
        """Who says that it holds facts of ours is remembered, also when it goes away."""
        for session in self.links.sessions():
            for row in session.first_heads:
                if row.gateway == self.gateway.identity and len(self.claims) < codec.LOGS_MAX:
                    self.claims.add((session.other, row))

    def _told_all(self) -> bool:
        """Whether somebody's first word, as far as our bundle names its logs, is folded."""
        named = {card.gateway for card in self.links.cards}
        return bool(named) and any(
            all(
                (log_ := self.intake.log((row.gateway, row.epoch))) is not None
                and log_.chain.head.seq >= row.seq
                for row in session.first_heads
                if row.gateway in named
            )
            for session in self.links.sessions()
        )

    def _told_what_it_can(self, answered: dict[Session, int]) -> bool:
        """Whether a sibling that our bundle names was there, and answered, all the time."""
        named = {card.gateway for card in self.links.cards}
        wanted = max(ANSWERS, round(0.7 * self.config.rebuild_wait_s / BEAT_S))
        return any(
            each.other in named and each in answered and each.pongs >= answered[each] + wanted
            for each in self.links.sessions()
        )

    async def _ask_centre(self, transport: HttpTransport, done: list[bool]) -> None:
        async def take(run: bytes) -> None:
            try:
                for block in read_run_untrusted(run):
                    await self.intake.take(block)
            except (Bad, Forged) as error:
                log.error("the centre gave a bad block", extra={"why": str(error)})

        def heads() -> dict[tuple[bytes, int], int]:
            return {
                (gateway, row.epoch): row.chain.head.seq
                for gateway, mirror in self.intake.mirrors.items()
                for row in mirror.logs.values()
            }

        while not done[0]:
            gateways = [card.gateway for card in self.links.cards]
            if gateways and await fetch_all(transport.of, gateways, heads, take):
                with suppress(UplinkLost, Turned):  # its word for the rest must be whole
                    self._centre_heads = await transport.heads()
                    done[0] = True
            await trio.sleep(1.0)
