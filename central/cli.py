"""The command line of `gatehouse-central`; clock and entropy are read here and handed down.

Commands live in `central.commands` and are imported when they are called.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from cyclopts import App, CycloptsError, Parameter

from central.commands.errors import INTERRUPTED, STORAGE_FAILED, USAGE, CommandFailed
from central.commands.session import Border
from config.faults import ConfigInvalid

EXIT_CODES: Final = """\
Exit codes: 0 done; 1 the answer is no; 2 wrong words on the command line; 65 a file is not what \
it should be; 66 a file cannot be read; 69 the database cannot be had, or an address is taken; \
73 a file cannot be written; 74 output failed; 78 the configuration is invalid; 130 interrupted.
"""
app = App(
    name="gatehouse-central",
    help="The centre: takes the gateways' blocks, issues tickets, publishes bundles. Data comes as"
    " JSON on standard output, errors as one line on standard error.",
    help_epilogue=EXIT_CODES,
    help_format="markdown",
    version_flags=[],
)
_NOUNS: Final = {
    "config": "The centre's configuration.",
    "gateway": "Gateways: who may deliver.",
    "product": "What a ticket is of.",
    "performance": "The concerts.",
    "gate": "Groups of lanes and what they admit.",
    "ticket": "Ticket codes.",
    "issuer": "Who signs codes that are admitted.",
    "bundle": "What gateways decide by.",
    "admissions": "Who was let in.",
}
_apps: Final = {
    name: App(name=name, help=text, help_epilogue=EXIT_CODES) for name, text in _NOUNS.items()
}
for _one in _apps.values():
    app.command(_one)

BORDER: Final = Border(lambda: time.time_ns() // 1_000_000, secrets.token_bytes)
DEFAULT_CONFIG: Final = Path("/etc/gatehouse/central.toml")
Config = Annotated[Path, Parameter(name="--config", help="the centre's TOML file")]
Number = Annotated[int | None, Parameter(help="its number; the next free one if left out")]
Texts = Annotated[tuple[str, ...], Parameter(negative_iterable="")]


def _run(work: Coroutine[Any, Any, int]) -> int:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


@app.command
def init(*, config: Config = DEFAULT_CONFIG) -> int:
    """Make keys, database and the first bundle. A run that was cut short is finished."""
    from central.commands import setup

    return _run(setup.init(config, BORDER))


@app.command
def serve(*, config: Config = DEFAULT_CONFIG, ready_fd: int | None = None) -> int:
    """Serve gateways (mutual TLS) and operators (loopback) until SIGTERM.

    Parameters
    ----------
    ready_fd
        Write one JSON line with the bound ports to this descriptor once ready.
    """
    from central.commands import setup

    return _run(setup.serve(config, BORDER, ready_fd))


@app.command
def migrate(*, config: Config = DEFAULT_CONFIG) -> int:
    """Apply the migrations that are missing (serve and init do it too)."""
    from central.commands import setup

    return _run(setup.migrate(config, BORDER))


@app.command
def redrive(*, config: Config = DEFAULT_CONFIG) -> int:
    """Try the dead letters again, after an upgrade that understands more kinds of facts."""
    from central.commands import setup

    return _run(setup.redrive(config, BORDER))


@_apps["config"].command
def check(file: Path, /, *, json: bool = False) -> int:
    """Check a configuration and list every fault; exit 78 if there is one."""
    from config.central import Central
    from config.schema import check_command

    return check_command(file, Central, as_json=json)


@_apps["config"].command
def schema() -> int:
    """Print the JSON Schema of the configuration, for editors."""
    from config.central import Central
    from config.schema import schema_command

    return schema_command(Central)


@_apps["config"].command
def example() -> int:
    """Print a configuration that shows every setting."""
    from importlib import resources

    text = resources.files("config").joinpath("central.example.toml").read_text("utf-8")
    sys.stdout.write(text)
    return 0


@_apps["gateway"].command
def approve(
    request: Path, /, *, out: Path, url: str | None = None, config: Config = DEFAULT_CONFIG
) -> int:
    """Answer a gateway's request with a trust file. Prints JSON with the key's fingerprint.

    Parameters
    ----------
    request
        request.json as `edge init` made it.
    out
        Where the trust file goes; carry it to the gateway.
    url
        What this gateway calls, if not public_url of the configuration.
    """
    from central.commands import gateways

    return _run(gateways.approve(config, BORDER, request, out, url))


@_apps["gateway"].command(name="list")
def gateway_list(*, config: Config = DEFAULT_CONFIG) -> int:
    """Every gateway with what is held of it, as JSON."""
    from central.commands import gateways

    return _run(gateways.list_all(config, BORDER))


@_apps["gateway"].command(name="revoke")
def gateway_revoke(gateway: str, /, *, reason: str = "", config: Config = DEFAULT_CONFIG) -> int:
    """Take nothing from GATEWAY (name, index or id) any more, and tell the others."""
    from central.commands import gateways

    return _run(gateways.revoke(config, BORDER, gateway, reason))


@_apps["gateway"].command(name="release")
def gateway_release(gateway: str, /, *, config: Config = DEFAULT_CONFIG) -> int:
    """End the quarantine of GATEWAY after its fork was looked at; what waited is posted."""
    from central.commands import gateways

    return _run(gateways.release(config, BORDER, gateway))


@_apps["product"].command(name="add")
def product_add(
    name: str, /, *, number: Number = None,
    reentry: Literal["none", "after_exit", "unlimited"] = "none", reentry_after_s: int = 0,
    config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Record a product called NAME and publish it.

    Parameters
    ----------
    reentry
        Whether a ticket of it may come in again.
    reentry_after_s
        Least seconds between two entries.
    """
    from central.commands import catalogue

    return _run(catalogue.add_product(config, BORDER, number, name, reentry, reentry_after_s))


@_apps["product"].command(name="list")
def product_list(*, config: Config = DEFAULT_CONFIG) -> int:
    """Every product, as JSON."""
    from central.commands import catalogue

    return _run(catalogue.list_products(config, BORDER))


@_apps["performance"].command(name="add")
def performance_add(
    name: str, /, *, number: Number = None, starts: str | None = None, ends: str | None = None,
    admission: str | None = None, config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Record a performance called NAME and publish it.

    Parameters
    ----------
    starts
        As 2026-07-04T20:00+02:00, or unix seconds; open if left out, like the others.
    ends
        End of the performance; nobody is admitted from then on.
    admission
        Doors.
    """
    from central.commands import catalogue

    return _run(catalogue.add_performance(config, BORDER, number, name, starts, ends, admission))


@_apps["performance"].command(name="list")
def performance_list(*, config: Config = DEFAULT_CONFIG) -> int:
    """Every performance with the codes issued for it, as JSON."""
    from central.commands import catalogue

    return _run(catalogue.list_performances(config, BORDER))


@_apps["gate"].command(name="add")
def gate_add(
    name: str, /, *, number: Number = None, product: Texts = (), performance: Texts = (),
    config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Record a gate called NAME and publish it.

    Parameters
    ----------
    product
        A product it admits (number or name), may be repeated; all if left out.
    performance
        A performance it admits (number or name), may be repeated; all if left out.
    """
    from central.commands import catalogue

    return _run(catalogue.add_gate(config, BORDER, number, name, product, performance))


@_apps["gate"].command(name="list")
def gate_list(*, config: Config = DEFAULT_CONFIG) -> int:
    """Every gate, as JSON."""
    from central.commands import catalogue

    return _run(catalogue.list_gates(config, BORDER))


@_apps["ticket"].command
def issue(
    *, performance: str, product: str, count: int = 1, out: Path, png: Path | None = None,
    persons: int = 1, valid_from: str | None = None, valid_until: str | None = None,
    prefix: str = "", config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Issue ticket codes into a file, one a line.

    Parameters
    ----------
    performance
        Number or name; `any` for every performance.
    product
        Number or name.
    out
        The file of codes.
    png
        A folder for QR pictures, 000001.png and so on.
    persons
        Persons each code admits, 1 to 255.
    valid_from
        As 2026-07-04T18:00+02:00, or unix seconds.
    valid_until
        The same, exclusive.
    prefix
        An upper-case address ending in /, which a phone's camera opens.
    """
    from central.commands import tickets

    return _run(
        tickets.issue(
            config, BORDER, performance=performance, product=product, count=count, out=out,
            png=png, persons=persons, valid_from=valid_from, valid_until=valid_until,
            prefix=prefix,
        )
    )  # fmt: skip


def _deny(
    name: str, kind: Literal["revoked", "canceled", "blocked"], stands: bool, text: str
) -> None:
    def command(
        ticket: str, /, *more: str, reason: str = "", config: Config = DEFAULT_CONFIG
    ) -> int:
        from central.commands import tickets

        return _run(tickets.deny_all(config, BORDER, (ticket, *more), kind, stands, reason))

    command.__doc__ = f"{text} TICKET is a code, or issuer:hex as we print it; several may follow."
    _apps["ticket"].command(command, name=name)


_deny("revoke", "revoked", True, "Every code issued for it up to now is replaced.")
_deny("cancel", "canceled", True, "It was cancelled or refunded and admits nobody.")
_deny("block", "blocked", True, "It admits nobody until unblocked.")
_deny("unblock", "blocked", False, "It counts again.")


@_apps["issuer"].command
def add_pretix(
    *, name: str, key: Annotated[tuple[str, ...], Parameter(allow_leading_hyphen=True)],
    row: Texts = (), product: str | None = None, performance: str = "any",
    config: Config = DEFAULT_CONFIG,
) -> int:  # fmt: skip
    """Admit the codes of a pretix shop, and publish it.

    Parameters
    ----------
    name
        Short name, the first part of its tickets' identities.
    key
        Its public key as hex, PEM or base64 (as its settings show it), or @FILE; may be repeated.
    row
        item=1,variation=*,subevent=*,product=2,performance=3: the shop's numbers in ours; may be
        repeated, the most specific counts.
    product
        For rows that name none.
    performance
        For rows that name none.
    """
    from central.commands import issuers

    return _run(
        issuers.add_pretix(
            config, BORDER, name=name, keys=key, product=product, performance=performance,
            rows=row,
        )
    )  # fmt: skip


@_apps["issuer"].command(name="list")
def issuer_list(*, config: Config = DEFAULT_CONFIG) -> int:
    """Every issuer with keys and mapping, as JSON."""
    from central.commands import issuers

    return _run(issuers.list_all(config, BORDER))


@_apps["bundle"].command
def publish(*, config: Config = DEFAULT_CONFIG) -> int:
    """Publish the tables as they are, if they say something new."""
    from central.commands import bundles

    return _run(bundles.publish(config, BORDER))


@_apps["bundle"].command
def show(
    *, version: int | None = None, out: Path | None = None, config: Config = DEFAULT_CONFIG
) -> int:
    """Print a bundle (the newest) as JSON; --out also writes its bytes, for a USB stick."""
    from central.commands import bundles

    return _run(bundles.show_one(config, BORDER, version, out))


@_apps["admissions"].command(name="list")
def admissions_list(
    *, limit: int = 1000, gate: int | None = None, config: Config = DEFAULT_CONFIG
) -> int:
    """The newest admissions with their outcomes, as JSON."""
    from central.commands import admissions

    return _run(admissions.list_all(config, BORDER, limit, gate))


@_apps["admissions"].command
def counts(*, config: Config = DEFAULT_CONFIG) -> int:
    """Counts per gate and kind, and double admissions, as JSON; exit 1 when there are some."""
    from central.commands import admissions

    return _run(admissions.counts(config, BORDER))


def run_command(words: Sequence[str]) -> int:
    """Run one command line. The exit code; never raises for a user's mistake."""
    try:
        if not words:
            app.help_print([])
            return USAGE
        result = app(words, print_error=False, exit_on_error=False, result_action="return_value")
        return result if isinstance(result, int) else 0
    except CycloptsError as error:
        return _complain(" ".join(str(error).split()), USAGE)
    except CommandFailed as error:
        return _complain(str(error), error.exit_code)
    except ConfigInvalid as invalid:
        for fault in invalid.faults:
            _complain(str(fault), invalid.exit_code)
        return invalid.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Who read our output has gone; nothing more may be written to it, not even at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return STORAGE_FAILED


def _complain(message: str, exit_code: int) -> int:
    print(f"gatehouse-central: {message}", file=sys.stderr)
    return exit_code
