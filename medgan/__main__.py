"""`python -m medgan`."""

import sys

from medgan.cli import main

if __name__ == "__main__":
    sys.exit(main())
