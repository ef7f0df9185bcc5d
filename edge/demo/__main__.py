"""`python -m edge.demo`: see `edge.demo.cli`."""

import sys

if __name__ == "__main__":
    try:
        from edge.demo.cli import main
    except KeyboardInterrupt:  # while it reads its own code: there is nothing to end yet
        sys.exit(130)
    sys.exit(main())
