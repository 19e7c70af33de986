"""The worker process with the fake kinds of work in its table."""

import sys

from fake_work import KINDS

from medgan.jobs.work import WORK
from medgan.jobs.worker import main

if __name__ == "__main__":
    WORK.update(KINDS)
    sys.exit(main())
