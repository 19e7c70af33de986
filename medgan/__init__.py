"""Train, sample, score and judge GANs on medical images."""

import os

__version__ = "0.1.0"

# Before torch is loaded: OpenMP threads that wait spin for microseconds, then sleep. With a training and a
# dashboard on the same cores, spinning on makes both several times slower (docs/decisions/0005).
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")
