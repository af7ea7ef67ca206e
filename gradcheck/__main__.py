"""`python -m gradcheck` is the command `gradcheck`."""

import sys

from gradcheck.cli import main

if __name__ == "__main__":
    sys.exit(main())
