"""The program `gatehouse-central`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process and end the process with its exit code."""
    from central.cli import run_command

    sys.exit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    main()
