"""`python -m satt` is the command `satt`."""

import sys

from satt.cli import main

if __name__ == "__main__":
    sys.exit(main())
