"""`./gatehouse bench NAME [--rounds N] [--json]`."""

import argparse
import importlib
import logging
import sys

from benchmarks.measure import show

NAMES = {
    "verify": "the offline decision against libsodium in a C loop",
    "ledger": "durable facts against SQLite at the same durability",
    "tap": "scan to relay command, through real sockets and fdatasync",
    "till": "sales at 4 to 40 tills: band write, read back, durable hold and post",
    "wallets": "what a finished sale takes: memory, folding, snapshots; packed and as objects",
    "peers": "lag between three sibling gateways at 500 scans/s",
    "ingest": "settlement at the centre against COPY of the same rows",
    "replay": "starting from the log, and from a snapshot",
    "memory": "an idle gateway, and one that knows 200,000 tickets",
}


def main(words: list[str] | None = None) -> int:
    """Run one benchmark. Exit 0 when it ran, whatever it found; 2 for wrong words."""
    listing = "\n".join(f"  {name:<8} {what}" for name, what in NAMES.items())
    parser = argparse.ArgumentParser(
        prog="gatehouse bench",
        description="Measure, and compare with a limit or a peer in the same run.",
        epilog="benchmarks:\n" + listing,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--rounds", type=int, default=0, help="instead of the benchmark's own")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    asked = parser.parse_args(words)
    logging.basicConfig(level=logging.ERROR)  # a ledger begins with each round: no news
    run = importlib.import_module(f"benchmarks.{asked.name}").run
    show(run(asked.rounds) if asked.rounds > 0 else run(), asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
