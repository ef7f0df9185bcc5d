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
from typing import Annotated, Any, Final

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError

from central.commands.errors import INTERRUPTED, STORAGE_FAILED, USAGE, CommandFailed
from central.commands.session import Border
from config.faults import ConfigInvalid

EXIT_CODES: Final = """\
Exit codes: 0 done; 1 the answer is no; 2 wrong words on the command line; 65 a file is not what \
it should be; 66 a file cannot be read; 69 the database cannot be had, or an address is taken; \
73 a file cannot be written; 74 output failed; 78 the configuration is invalid; 130 interrupted.
"""


def _told_default(default: Any) -> Any:
    """What help says that an option is when left out; not that nothing is nothing."""
    return None if default in (None, False, "", ()) else str(default)


app = App(
    name="gatehouse-central",
    help="The centre: takes the gateways' blocks, issues tickets, publishes bundles. Data comes as"
    " JSON on standard output, errors as one line on standard error.",
    help_epilogue=EXIT_CODES,
    help_format="markdown",
    version_flags=[],
    default_parameter=Parameter(negative="", show_default=_told_default),
    suppress_keyboard_interrupt=False,
)
_NOUNS: Final = {
    "config": "The centre's configuration.",
    "gateway": "Gateways: who may deliver.",
    "bundle": "What gateways decide by.",
    "admissions": "Who was let in.",
}
_apps: Final = {
    name: App(name=name, help=text, help_epilogue=EXIT_CODES) for name, text in _NOUNS.items()
}
for _one in _apps.values():
    app.command(_one)
#: Noun -> where it lives and what the list of commands says of it. By path: a file is imported when
#: one of its nouns is called.
_LATER: Final = {
    "product": ("cli_sales", "What a ticket is of."),
    "performance": ("cli_sales", "The concerts."),
    "gate": ("cli_sales", "Groups of lanes and what they admit."),
    "ticket": ("cli_sales", "Ticket codes."),
    "issuer": ("cli_sales", "Who signs codes that are admitted."),
    "terms": ("cli_entry", "Who may enter when, where and how often."),
    "guests": ("cli_entry", "The guest list."),
    "cashless": ("cli_wallets", "What tills sell, at what price, to whom."),
    "credit-key": ("cli_wallets", "Top-up points that may credit bands."),
    "codes": ("cli_wallets", "Voucher codes worth money."),
    "presale": ("cli_wallets", "Credit that was paid before."),
    "wallet": ("cli_wallets", "What bands are worth."),
    "badge": ("cli_wallets", "Bands by which staff sign in at tills."),
    "merchant": ("cli_wallets", "Who sells at our tills, and what they are owed."),
}
for _noun, (_file, _text) in _LATER.items():
    app.command(f"central.{_file}:{_noun.replace('-', '_')}", name=_noun, help=_text)

BORDER: Final = Border(lambda: time.time_ns() // 1_000_000, secrets.token_bytes)
DEFAULT_CONFIG: Final = Path("/etc/gatehouse/central.toml")
Config = Annotated[Path, Parameter(name="--config", help="the centre's TOML file")]
Reason = Annotated[str, Parameter(help="why, for those who ask later")]
Force = Annotated[bool, Parameter(negative="", help="write over a file that is there")]


def run_loop(work: Coroutine[Any, Any, int]) -> int:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


@app.command
def init(*, config: Config = DEFAULT_CONFIG) -> int:
    """Make keys, database and the first bundle. A run that was cut short is finished."""
    from central.commands import setup

    return run_loop(setup.init(config, BORDER))


@app.command
def serve(*, config: Config = DEFAULT_CONFIG, ready_fd: int | None = None) -> int:
    """Serve gateways (mutual TLS) and operators (loopback) until SIGTERM.

    Parameters
    ----------
    ready_fd
        Write one JSON line with the bound ports to this descriptor once ready.
    """
    from central.commands import setup

    return run_loop(setup.serve(config, BORDER, ready_fd))


@app.command
def migrate(*, config: Config = DEFAULT_CONFIG) -> int:
    """Apply the migrations that are missing (serve and init do it too)."""
    from central.commands import setup

    return run_loop(setup.migrate(config, BORDER))


@app.command
def redrive(*, config: Config = DEFAULT_CONFIG) -> int:
    """Try the dead letters again, after an upgrade that understands more kinds of facts."""
    from central.commands import setup

    return run_loop(setup.redrive(config, BORDER))


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

    return run_loop(gateways.approve(config, BORDER, request, out, url))


@_apps["gateway"].command(name="list")
def gateway_list(*, config: Config = DEFAULT_CONFIG) -> int:
    """Every gateway with what is held of it, as JSON."""
    from central.commands import gateways

    return run_loop(gateways.list_all(config, BORDER))


@_apps["gateway"].command(name="revoke")
def gateway_revoke(gateway: str, /, *, reason: Reason = "", config: Config = DEFAULT_CONFIG) -> int:
    """Take nothing from GATEWAY (name, index or id) any more, and tell the others."""
    from central.commands import gateways

    return run_loop(gateways.revoke(config, BORDER, gateway, reason))


@_apps["gateway"].command(name="release")
def gateway_release(gateway: str, /, *, config: Config = DEFAULT_CONFIG) -> int:
    """End the quarantine of GATEWAY after its fork was looked at; what waited is posted."""
    from central.commands import gateways

    return run_loop(gateways.release(config, BORDER, gateway))


@_apps["bundle"].command
def publish(*, config: Config = DEFAULT_CONFIG) -> int:
    """Publish the tables as they are, if they say something new."""
    from central.commands import bundles

    return run_loop(bundles.publish(config, BORDER))


@_apps["bundle"].command
def show(
    *, version: int | None = None, out: Path | None = None, config: Config = DEFAULT_CONFIG
) -> int:
    """Print a bundle (the newest) as JSON; --out also writes its bytes, for a USB stick."""
    from central.commands import bundles

    return run_loop(bundles.show_one(config, BORDER, version, out))


@_apps["admissions"].command(name="list")
def admissions_list(
    *, limit: int = 1000, gate: int | None = None, config: Config = DEFAULT_CONFIG
) -> int:
    """The newest admissions with their outcomes, as JSON.

    Parameters
    ----------
    limit
        At most so many.
    gate
        Only of the gate with this number.
    """
    from central.commands import admissions

    return run_loop(admissions.list_all(config, BORDER, limit, gate))


@_apps["admissions"].command
def counts(*, config: Config = DEFAULT_CONFIG) -> int:
    """Counts per gate and kind, and double admissions, as JSON; exit 1 when there are some."""
    from central.commands import admissions

    return run_loop(admissions.counts(config, BORDER))


def run_command(words: Sequence[str]) -> int:
    """Run one command line. The exit code; never raises for a user's mistake."""
    try:
        if not words:
            app.help_print([])
            return USAGE
        result = app(words, print_error=False, exit_on_error=False, result_action="return_value")
        sys.stdout.flush()  # here, where a reader that has gone is answered
        return result if isinstance(result, int) else 0
    except UnusedCliTokensError as error:
        more = " ".join(error.unused_tokens or [])
        return _complain(f"more than the command takes: {more}", USAGE)
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
