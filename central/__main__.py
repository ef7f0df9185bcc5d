"""The program `gatehouse-central`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process and end the process with its exit code."""
    try:
        from central.cli import run_command
    except ModuleNotFoundError as missing:
        if (missing.name or "central").split(".")[0] in ("central", "config", "crypto"):
            raise  # our own mistake, not that of who installed it
        hint = "install gatehouse[central], or call it as ./gatehouse central"
        print(f"gatehouse-central: {missing.name} is not installed; {hint}", file=sys.stderr)
        sys.exit(69)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    main()
