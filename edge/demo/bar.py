"""The bar: set up by the commands of an operator, served by cashiers, visited by guests.

Bands are emulated, in processes of their own; what is on them is written by the gateways alone.
What each must be worth is known to nobody but us (`purse`), and compared when all is over.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

import httpx2
import trio

from edge.demo.antennas import Antenna
from edge.demo.bar_checks import BarHeld, BarSummary, agree
from edge.demo.cashier import BarTally, Cashier
from edge.demo.checks import Finding
from edge.demo.gateways import GatewayProcess
from edge.demo.patrons import (
    CODE_MINOR,
    FORKS,
    Patron,
    Step,
    count_of,
    plan_forks,
    plan_patrons,
)
from edge.demo.processes import DemoFailed
from edge.demo.purse import BEER, FLOAT_MINOR, WATER, Purse, Purses, cost
from edge.demo.settings import PRICES
from edge.demo.venue import Venue

#: What is known to one gateway is known to its siblings after this time.
KNOWN_S: Final = 0.5
COPY_REFUSED: Final = frozenset({"behind", "cloned"})
FORKED: Final = frozenset({"cloned"})
#: So long after a till was asked, a band is read or written.
MID_TAP_S: Final = 0.04
TAP_SOON_S: Final = 1.0
#: A till waits less for an end of a work than this.
ANSWER_S: Final = 30.0
#: A guest that goes to another gateway waits so long for the LAN.
JOINED_S: Final = 60.0


class Bar:
    """All tills of `venue`. `joined` tells whether its gateways hear each other."""

    def __init__(
        self, venue: Venue, *, guests: int, seconds: float, seed: int, joined: Callable[[], bool]
    ) -> None:
        sites = [each.site for each in venue.gateways]
        self.venue = venue
        self.tally = BarTally()
        self.purses = Purses()
        self.patrons = plan_patrons(seed, count_of(guests), seconds, sites)
        self.forks = plan_forks(seed, sites)
        #: Answers that nobody could expect, and closings that say something else than we.
        self.surprises: list[str] = []
        self.closings: dict[int, dict[str, Any]] = {}
        self._folder = venue.folder / "bar"
        self._joined = joined
        self._cashiers: dict[int, Cashier] = {}
        self._codes: Iterator[str] = iter(())
        #: Public halves of credit keys, by name of the gateway.
        self._keys: dict[str, str] = {}
        self._opened_s = self._empty_s = 0.0
        self._forks_ready = trio.Event()
        #: Everybody has been served, but those of the cut.
        self.served = trio.Event()

    # -- before --------------------------------------------------------------------------------

    async def found(self) -> None:
        """Prices, codes, presale, keys, and the readers of all tills; beside all other founding."""
        self._folder.mkdir()
        self.venue.credentials.mkdir(mode=0o700)
        places = [each for each in self.venue.gateways if each.site.tills]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._set_prices)
            for each in places:
                nursery.start_soon(self._make_key, each)
                for till in each.site.tills:
                    nursery.start_soon(self._start_reader, till)
        await self._make_bands()

    async def enrol(self) -> None:
        """The centre lets the top-up points credit bands; their gateways are enrolled by now."""
        async with trio.open_nursery() as nursery:
            for name, public in self._keys.items():
                nursery.start_soon(self.venue.run_central, "credit-key", "add", name, public)

    async def _set_prices(self) -> None:
        file = self._folder / "prices.toml"
        file.write_text(PRICES)
        await self.venue.run_central("cashless", "set", str(file))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._make_codes)
            nursery.start_soon(self._import_presale)

    async def _make_codes(self) -> None:
        count = sum(step.kind == "code" for one in self.patrons for step in one.steps)
        if count:
            out = self._folder / "codes.txt"
            await self.venue.run_central(
                "codes", "make", "--count", str(count), "--amount", _text(CODE_MINOR),
                "--out", str(out),
            )  # fmt: skip
            self._codes = iter(out.read_text().split())

    async def _import_presale(self) -> None:
        rows = ["order,amount,band"]
        for n, one in enumerate(each for each in self.patrons if each.presale_minor):
            rows.append(f"DEMO-{n},{_text(one.presale_minor)},{one.uid}")
        file = self._folder / "presale.csv"
        file.write_text("\n".join(rows) + "\n")
        await self.venue.run_central("presale", "import", str(file))

    async def _make_key(self, gateway: GatewayProcess) -> None:
        file = self.venue.credentials / f"credit-{gateway.site.folder}.key"
        made = json.loads(await self.venue.run_edge("wallet", "credit-key", "new", str(file)))
        self._keys[gateway.name] = made["public"]

    async def _start_reader(self, till: int) -> None:
        name = f"reader-{till}"
        antenna = await Antenna.start(self.venue.processes, name, self.venue.bands)
        self.venue.antennas[till] = antenna

    async def _make_bands(self) -> None:
        """Blank bands, as the reel brings them."""
        antenna = next(iter(self.venue.antennas.values()))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(antenna.listen)
            for one in (*self.patrons, *self.forks):
                await antenna.obey(new=one.name, chip=one.chip, uid=one.uid)
                purse = Purse(one.name, one.uid, one.chip, one.presale_minor)
                self.purses.bands[one.name] = purse
            nursery.cancel_scope.cancel()

    # -- the rush ------------------------------------------------------------------------------

    async def run(
        self, doors: trio.Event, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Open the shifts, wait for the `doors`, serve everybody (`served`); until cancelled."""
        timeout = httpx2.Timeout(ANSWER_S)
        async with (
            httpx2.AsyncClient(timeout=timeout, trust_env=False) as client,
            trio.open_nursery() as nursery,
        ):
            self._hire(client, nursery)
            for cashier in self._cashiers.values():
                float_minor = FLOAT_MINOR if cashier.cash else 0
                await cashier.open_shift(float_minor)
                self.purses.drawers[cashier.number] = float_minor
            task_status.started()
            await doors.wait()
            self._opened_s = trio.current_time()
            async with trio.open_nursery() as guests:
                guests.start_soon(self._prepare_forks)
                for patron in self.patrons:
                    guests.start_soon(self._visit, patron)
            self._empty_s = trio.current_time()
            self.served.set()
            await trio.sleep_forever()

    def _hire(self, client: httpx2.AsyncClient, nursery: trio.Nursery) -> None:
        for gateway in self.venue.gateways:
            for number, (_, cash) in gateway.site.tills.items():
                antenna = self.venue.antennas[number]
                nursery.start_soon(antenna.listen)

                self._cashiers[number] = Cashier(
                    number, cash, partial(getattr, gateway, "api"), antenna, client, self.tally
                )

    async def _visit(self, patron: Patron) -> None:
        for step in patron.steps:
            await trio.sleep_until(self._opened_s + step.at_s)
            await self._step(patron, self.purses.bands[patron.name], step)

    async def _step(self, patron: Patron, purse: Purse, step: Step) -> None:
        cashier = self._cashiers[step.till]
        match step.kind:
            case "issue":
                told = await cashier.issue(purse.name)
                if told["state"] != "done" and told["reason"] != "already_issued":
                    self._surprised(purse, step, told)
            case "top_up" | "code":
                await self._top_up(purse, step, cashier)
            case "buy":
                await self._buy(purse, step, cashier)
            case "over":
                await self._refused(purse, step, frozenset({"balance"}))
            case "copied":
                await self._copied(purse, step, cashier)
            case "balance":
                told = await cashier.balance(purse.name)
                account = told.get("account") or {}
                if account.get("balance_minor") != purse.balance_minor:
                    self._surprised(purse, step, told)

    async def _top_up(self, purse: Purse, step: Step, cashier: Cashier) -> None:
        code = next(self._codes) if step.kind == "code" else ""
        told = await cashier.top_up(purse.name, step.amount_minor, step.tear, code)
        if told["state"] == "done":
            self.purses.topped(purse, step.till, step.amount_minor, cash=not code)
        if told["state"] != "done" or told["balance_minor"] not in (None, purse.balance_minor):
            self._surprised(purse, step, told)

    async def _buy(self, purse: Purse, step: Step, cashier: Cashier) -> None:
        body = await cashier.quote(step.items, step.tip_minor)
        debit, given = cost(step.items, step.tip_minor)
        if body["total_minor"] != debit - given:
            self.surprises.append(f"{step.items} cost {body['total_minor']}, not {debit - given}")
        told = await cashier.pay(body, purse.name, step.tear, gives_up=bool(step.then))
        if step.then and told["state"] in ("in_doubt", "cancelled"):
            await self._until_known(step)
            told = await self._cashiers[step.then].pay(body, purse.name)
        if told["state"] != "paid":
            self._surprised(purse, step, told)
            return
        self.purses.paid(purse, body["basket"], step.items, step.tip_minor)
        self.tally.paid += 1
        self.tally.already += told["already"]
        if told["balance_minor"] not in (None, purse.balance_minor):
            self._surprised(purse, step, told)

    async def _until_known(self, step: Step) -> None:
        """Where the guest goes now, it must be known what happened."""
        if self.venue.gateway_of_till(step.till) is not self.venue.gateway_of_till(step.then):
            await self._heard_everywhere()

    async def _heard_everywhere(self) -> None:
        with trio.fail_after(JOINED_S):
            since = trio.current_time()
            while trio.current_time() - since < KNOWN_S:
                await trio.sleep(0.05)
                if not self._joined():
                    since = trio.current_time()

    async def _refused(self, purse: Purse, step: Step, reasons: frozenset[str]) -> None:
        cashier = self._cashiers[step.till]
        body = await cashier.quote(step.items, 0)
        told = await cashier.pay(body, purse.name)
        self.tally.refuse(told["reason"])
        if told["state"] != "not_paid" or told["reason"] not in reasons:
            self._surprised(purse, step, told)

    async def _copied(self, purse: Purse, step: Step, cashier: Cashier) -> None:
        """A copy is made, the original pays, and the copy is refused."""
        copy = await self._copy(purse, cashier)
        await self._buy(purse, step, cashier)
        await self._refused(copy, step, COPY_REFUSED)
        self.purses.refused_copies += 1

    async def _copy(self, purse: Purse, cashier: Cashier) -> Purse:
        name = purse.name + "_copy"
        await cashier.antenna.obey(copy=purse.name, **{"as": name})
        copy = self.purses.bands[name] = purse.copied(name)
        return copy

    def _surprised(self, purse: Purse, step: Step, told: dict[str, Any]) -> None:
        said = {key: told.get(key) for key in ("state", "reason", "balance_minor", "already")}
        account = told.get("account") or {}
        self.surprises.append(
            f"{purse.name} ({purse.chip}), {step.kind} at till {step.till}: {said},"
            f" on the band {account.get('balance_minor')}, expected {purse.balance_minor}"
        )

    # -- copies on both sides of a cut ---------------------------------------------------------

    async def _prepare_forks(self) -> None:
        for patron in self.forks:
            await self._visit(patron)
        self._forks_ready.set()

    async def forks_ready(self) -> None:
        """Their bands are issued, topped up, and known everywhere."""
        await self._forks_ready.wait()
        if self.forks:
            await trio.sleep(KNOWN_S)

    async def fork(self) -> None:
        """While the LAN is cut: each original pays at one gateway, its copy at another."""
        async with trio.open_nursery() as nursery:
            for patron in self.forks:
                nursery.start_soon(self._fork, patron)

    async def _fork(self, patron: Patron) -> None:
        purse = self.purses.bands[patron.name]
        here = self._cashiers[patron.steps[0].till]
        away = self._away_from(here.number)
        copy = await self._copy(purse, here)
        await self._buy(purse, Step(0, "buy", here.number, ((BEER, 1),)), here)
        await self._buy(copy, Step(0, "buy", away, ((WATER, 1),)), self._cashiers[away])
        self.purses.forked.append(purse.name)

    def _away_from(self, till: int) -> int:
        """A till of another gateway."""
        home = self.venue.gateway_of_till(till)
        others = [each for each in self.venue.gateways if each is not home]
        return next(number for each in others for number in each.site.tills)

    def line(self) -> str:
        """The bar in one line, for whoever watches."""
        until = self._empty_s or trio.current_time()
        since = until - self._opened_s if self._opened_s else 0.0
        rate = self.tally.taps / since if since > 1 else 0.0
        minor = sum(self.purses.balances().values())
        return (
            f"{self.tally.taps} taps ({rate:.1f}/s), {self.tally.paid} paid,"
            f" {self.tally.in_doubt} in doubt, {minor // 100}.{minor % 100:02} on bands"
        )

    async def in_mid_tap(self, gateway: GatewayProcess) -> None:
        """Return while a band is held to a reader of `gateway`, or after a while if none is."""
        with trio.move_on_after(TAP_SOON_S):
            while not any(self._cashiers[n].at_work for n in gateway.site.tills):  # noqa: ASYNC110
                await trio.sleep(0.005)
            await trio.sleep(MID_TAP_S)

    async def _try_forked(self) -> None:
        """Both gateways know by now which bands there are two of, and serve neither."""
        await self._heard_everywhere()
        for patron in self.forks:
            purse, home = self.purses.bands[patron.name], patron.steps[0].till
            for till in (home, self._away_from(home)):
                await self._refused(purse, Step(0, "forked", till, ((WATER, 1),)), FORKED)

    # -- after ---------------------------------------------------------------------------------

    async def close(self) -> None:
        """Every till is counted and closed with its Z."""
        if self.forks and len(self.purses.forked) < FORKS:
            raise DemoFailed("not every planned copy was used on both sides of the cut")
        if self.forks:
            await self._try_forked()
        async with trio.open_nursery() as nursery:
            for cashier in self._cashiers.values():
                nursery.start_soon(self._close, cashier)

    async def _close(self, cashier: Cashier) -> None:
        counted = self.purses.drawers[cashier.number]
        self.closings[cashier.number] = await cashier.close_shift(counted)

    def findings(self, held: BarHeld) -> list[Finding]:
        """What is wrong."""
        return findings_of(held, self.json())

    def summary(self, held: BarHeld) -> BarSummary:
        """The figures."""
        tally, bands = self.tally, self.purses.bands.values()
        return BarSummary(
            taps=tally.taps, posted=len(held.facts.counting), voided=held.facts.voided_count,
            in_doubt=len(held.facts.in_doubt), refused=dict(sorted(tally.refused.items())),
            torn=tally.torn, paid_already=tally.already, topped_up_minor=held.facts.topped_minor,
            presale_minor=sum(held.absorbed.values()), spent_minor=held.facts.spent_minor,
            given_back_minor=held.facts.given_minor, tips_minor=sum(b.tips_minor for b in bands),
            wallets=len(held.balances), balances_minor=sum(held.balances.values()),
            copies_refused=self.purses.refused_copies, forks=len(held.forks),
            tills=len(self.closings), drawers_minor=sum(self.purses.drawers.values()),
        )  # fmt: skip

    def json(self) -> dict[str, Any]:
        """What a later comparison must know."""
        told = {
            till: {key: one[key] for key in ("expected_minor", "counted_minor", "difference_minor")}
            for till, one in self.closings.items()
        }
        return {"purses": self.purses.json(), "closings": told, "surprises": self.surprises}


def findings_of(held: BarHeld, kept: Mapping[str, Any]) -> list[Finding]:
    """What is wrong by what `Bar.json` kept."""
    closings = {int(till): one for till, one in kept["closings"].items()}
    return agree(held, Purses.load(kept["purses"]), closings, kept["surprises"])


def _text(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"
