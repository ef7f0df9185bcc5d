"""`python -m edge.demo`: see `edge.demo.cli`."""

import sys

from edge.demo.cli import main

if __name__ == "__main__":
    sys.exit(main())
