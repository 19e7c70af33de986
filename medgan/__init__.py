"""Train, sample, score and judge GANs on medical images."""

import os

__version__ = "0.1.0"

# Before torch is loaded: OpenMP threads that wait must sleep, not spin. With a training and a dashboard
# on the same cores, spinning makes both several times slower (docs/decisions/0005).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
