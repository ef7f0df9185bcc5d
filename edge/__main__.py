"""The program `gatehouse-edge`.

`run` is read here, with the standard library alone: a gateway that restarts between two guests
must not first import what draws tables and completes words.
"""

import argparse
import sys
from collections.abc import Sequence

from edge.commands.errors import INTERRUPTED, UNAVAILABLE


def main() -> None:
    """Run the command line of this process and end the process with its exit code."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(words: Sequence[str]) -> int:
    """Run one command line. The exit code; errors are one line on standard error."""
    try:
        if words[:1] == ["run"]:
            return run_daemon(words[1:])
        from edge.cli import run_tool

        return run_tool(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except ModuleNotFoundError as missing:
        if (missing.name or "edge").split(".")[0] in ("edge", "drivers", "config", "crypto"):
            raise  # our own mistake, not that of who installed it
        hint = "install gatehouse[edge], or call it as ./gatehouse edge"
        print(f"gatehouse-edge: {missing.name} is not installed; {hint}", file=sys.stderr)
        return UNAVAILABLE


def run_daemon(words: Sequence[str]) -> int:
    """`run`: the daemon itself, until it is told to stop (SIGTERM, SIGINT)."""
    asked = _run_parser().parse_args(words)
    if asked.config is None and asked.file is None:
        print("gatehouse-edge: run needs --config FILE", file=sys.stderr)
        return 2
    from config.faults import ConfigInvalid
    from config.gateway import Gateway
    from config.load import load
    from edge.venue_texts import phrase_faults

    try:
        config = load(asked.config or asked.file, Gateway, also=phrase_faults)
        # Only now: trio, TLS and the web server are not needed to say what is wrong.
        from edge.daemon import run

        return run(config, ready_fd=asked.ready_fd, open_without=asked.open_without)
    except ConfigInvalid as invalid:
        for fault in invalid.faults:
            print(f"gatehouse-edge: {fault}", file=sys.stderr)
        return invalid.exit_code


def _run_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gatehouse-edge run",
        description="Run the gateway until SIGTERM: serve its lanes, keep its ledger.",
        epilog="Exit codes: 0 stopped in order, 2 wrong words on the command line, 69 the ledger"
        " folder or an address is in use, nobody told an empty gateway what happened, or the centre"
        " gave no facts that were deleted here, 74 storage failed (start it again: the ledger"
        " replays), 78 the configuration is invalid, or the ledger is damaged, or is that of"
        " another gateway.",
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="the gateway's TOML file")
    parser.add_argument("--config", metavar="FILE", help="the same, by name")
    parser.add_argument(
        "--ready-fd", type=int, metavar="N", help="write the bound addresses here once ready (JSON)"
    )
    parser.add_argument(
        "--open-without", action="store_true",
        help="open an empty gateway although neither sibling nor centre has told it what happened",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    main()
