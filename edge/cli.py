"""The command line of `gatehouse-edge`, all but `run` (see `edge.__main__`).

Commands live in `edge.commands`; they are imported when they are called, and entropy is read here.
"""

import os
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError

from config.faults import ConfigInvalid
from edge.commands.errors import INTERRUPTED, STORAGE_FAILED, USAGE, CommandFailed

EXIT_CODES: Final = """\
Exit codes: 0 done; 1 the answer is no; 2 wrong words on the command line; 65 a file is not what \
it should be; 66 a file cannot be read; 69 not to be reached, or in use; 73 exists already; \
74 storage or output failed; 78 the configuration is invalid; 130 interrupted.
"""


def _told_default(default: Any) -> Any:
    """What help says that an option is when left out; not that nothing is nothing."""
    return None if default in (None, False, "", ()) else str(default)


app = App(
    name="gatehouse-edge",
    help="The gateway: its daemon and its tools. Data comes as JSON on standard output, errors as"
    " one line on standard error.",
    help_epilogue=EXIT_CODES,
    help_format="markdown",
    version_flags=[],
    default_parameter=Parameter(negative="", show_default=_told_default),
    suppress_keyboard_interrupt=False,
)
ticket = App(name="ticket", help="Tickets, without a daemon.", help_epilogue=EXIT_CODES)
ledger = App(name="ledger", help="The ledger on disk.", help_epilogue=EXIT_CODES)
config = App(name="config", help="The gateway's configuration.", help_epilogue=EXIT_CODES)
staff = App(name="staff", help="Who may sign in.", help_epilogue=EXIT_CODES)
rules = App(name="rules", help="Rules of admission, before doors open.", help_epilogue=EXIT_CODES)
peers = App(name="peers", help="The other gateways of the venue.", help_epilogue=EXIT_CODES)
scenario = App(
    name="scenario", help="Rehearse a venue's policy before doors open.", help_epilogue=EXIT_CODES
)
receipt = App(
    name="receipt", help="What is printed, before it is printed.", help_epilogue=EXIT_CODES
)
wallet = App(name="wallet", help="Bands and what is on them.", help_epilogue=EXIT_CODES)
credit_key = App(name="credit-key", help="The key of a top-up point.", help_epilogue=EXIT_CODES)
wallet.command(credit_key)
for _group in (peers, ticket, ledger, staff, config, rules, scenario, receipt, wallet):
    app.command(_group)

_Key = Annotated[str | None, Parameter(allow_leading_hyphen=True)]
_Keys = Annotated[tuple[str, ...], Parameter(allow_leading_hyphen=True, negative_iterable="")]


@app.command
def run() -> int:
    """Run the daemon: gatehouse-edge run --config FILE (it has a --help of its own)."""
    raise AssertionError("edge.__main__ reads this command")


@app.command
def init(folder: Path, /, *, name: str | None = None, accept: Path | None = None) -> int:
    """Make a gateway's identity, or accept the centre's answer to it. Prints JSON.

    First `init DIR --name NAME`: makes DIR with device.key (secret: it never leaves this machine)
    and request.json. Carry request.json to the centre; `central gateway approve` answers it with
    a trust file. Then `init DIR --accept FILE`.

    Parameters
    ----------
    folder
        Where the identity lives; the configuration names it as identity_dir.
    name
        What the venue calls this gateway: a-z, 0-9 and -.
    accept
        The centre's trust file.
    """
    from edge.commands import identity

    if (name is None) == (accept is None):
        raise CommandFailed("init needs either --name NAME or --accept FILE", USAGE)
    if accept is not None:
        return identity.accept(folder, accept)
    assert name is not None
    return identity.init(
        folder, name, seed=secrets.token_bytes(32), gateway=secrets.token_bytes(16)
    )


@app.command
def status(*, config: Path | None = None, bind: str | None = None) -> int:
    """Ask the running daemon whether it is ready. Prints JSON; exit 0 ready, 1 not, 69 silent.

    Parameters
    ----------
    config
        The gateway's TOML file, which says where the daemon listens.
    bind
        Where it listens, as in the configuration: HOST:PORT or unix:/PATH.
    """
    from edge.commands import status as command

    return command.status(config, bind)


@peers.command(name="status")
def peers_status(
    *, config: Path | None = None, bind: str | None = None, staff: str | None = None
) -> int:  # fmt: skip
    """Ask the running daemon about its siblings. Prints JSON; exit 0 all heard, 1 not, 69 silent.

    Parameters
    ----------
    config
        The gateway's TOML file, which says where the daemon listens, and by which certificate.
    bind
        Where it listens, as in the configuration: HOST:PORT or unix:/PATH.
    staff
        Who asks, where people sign in: a name of [[staff]]. The PIN is asked for; without a
        terminal it is the first line of standard input.
    """
    from edge.commands import status as command

    return command.peers(config, bind, staff)


@ticket.command
def verify(
    *,
    keys: Path | None = None,
    bundle_key: _Key = None,
    pretix_key: _Keys = (),
) -> int:
    """Verify codes from standard input, one a line; prints one JSON line for each.

    Only signatures are judged, not times, uses or lists: those belong to the gateway. Exit 0 when
    every line was read.

    Parameters
    ----------
    keys
        A bundle of the centre, or JSON: {"issuers": [{"name": "...", "keys": ["hex", ...]}]}.
    bundle_key
        The key that signed the bundle, as hex, PEM or base64. Without it, the trust.json beside
        the bundle, or in the folder above, says so.
    pretix_key
        A pretix event's key as hex, PEM or base64 (as its settings show it), or @FILE. May be
        given several times.
    """
    from edge.commands import ticket as command

    return command.verify(keys, bundle_key, pretix_key)


@config.command
def check(file: Path, /, *, json: bool = False) -> int:
    """Check a configuration and list every fault; exit 78 if there is one.

    Identity and credentials that it names are looked for when the daemon starts.

    Parameters
    ----------
    file
        The gateway's TOML file.
    json
        Print the result as JSON on standard output.
    """
    from edge.commands import config as command

    return command.check(file, as_json=json)


@staff.command(name="hash")
def hash_pin() -> int:
    """Ask for a PIN and print its hash, for pin_hash in [[staff]] of the configuration.

    A PIN has 6 to 64 characters. Without a terminal it is the first line of standard input.
    """
    from edge.commands import staff as command

    return command.make_hash(secrets.token_bytes(16))


@credit_key.command
def new(file: Path, /) -> int:
    """Make the key of a top-up point. Prints its public key as JSON, for the centre.

    The centre takes it by `gatehouse central credit-key add GATEWAY PUBLIC`; until then the till
    tops nothing up.

    Parameters
    ----------
    file
        Where the secret goes; put it among the credentials that [cashless] credit_key names.
    """
    from edge.commands import wallet as command

    return command.new_credit_key(file, secrets.token_bytes(32))


@config.command
def schema() -> int:
    """Print the JSON Schema of the configuration, for editors."""
    from edge.commands import config as command

    return command.schema()


@config.command
def example() -> int:
    """Print a configuration that shows every setting."""
    from edge.commands import config as command

    return command.example()


@rules.command
def test(file: Path, /, *, facts: tuple[Path, ...] = ()) -> int:
    """Try a rule against made-up facts; prints one JSON line for each, with the reason.

    Exit 1 when an answer is not the one that its facts expect.

    Parameters
    ----------
    file
        The rule: JSON, as pretix exports it.
    facts
        Facts as JSON, one object a line, or as TOML. May be given several times; without it,
        somebody comes now who was never here, with no ticket type and at no gate.
    """
    from edge.commands import rules as command

    return command.test(file, facts)


@rules.command
def lint(
    file: Path | None = None, /, *, bundle: Path | None = None, bundle_key: _Key = None,
    zone: str = "UTC",
) -> int:  # fmt: skip
    """Look for a rule's mistakes: never or always true, parts without effect, unknown numbers.

    Without a rule, for those of a whole bundle: its rules, performances without times, windows
    that are never open. Prints JSON; exit 1 when there is a finding.

    Parameters
    ----------
    file
        The rule: JSON, as pretix exports it.
    zone
        The venue's zone, as Europe/Berlin, for the windows of a bundle.
    bundle
        A bundle of the centre, to know gates and products by.
    bundle_key
        The key that signed the bundle, as for `ticket verify`.
    """
    from edge.commands import rules as command

    return command.lint(file, bundle, bundle_key, zone)


# By path: imported when one of them is called or explained. Options stand beside what they do.
_BY_PATH: Final = {
    "ledger": (ledger, ("verify", "show", "repair", "set-aside")),
    "scenario": (scenario, ("run", "check", "schema", "list", "example")),
    "receipt": (receipt, ("render", "example")),
}
for _room, (_group, _words) in _BY_PATH.items():
    for _word in _words:
        _group.command(f"edge.commands.{_room}:{_word.replace('-', '_')}", name=_word)


def run_tool(words: Sequence[str]) -> int:
    """Run one command line other than `run`. The exit code; never raises for a user's mistake."""
    try:
        if not words:
            app.help_print([])
            return USAGE
        _read_for_help(words)
        result = app(words, print_error=False, exit_on_error=False, result_action="return_value")
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


def _read_for_help(words: Sequence[str]) -> None:
    """A list of commands says what each does: those by path must have been imported for it."""
    if words[0] in _BY_PATH and not set(words[1:]).difference(("--help", "-h")):
        group, names = _BY_PATH[words[0]]
        for name in names:
            group[name]


def _complain(message: str, exit_code: int) -> int:
    print(f"gatehouse-edge: {message}", file=sys.stderr)
    return exit_code
