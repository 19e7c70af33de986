"""Plain float32 training loops of the same networks, as public repositories write them: what medgan is compared with.

Each function builds one GAN's networks from torch's own layers and gives back a step to call. Nothing in them is clever
and nothing is slow on purpose.
"""

from typing import Any

from benchmarks.baselines.dcgan import dcgan
from benchmarks.baselines.fastgan import fastgan
from benchmarks.baselines.translators import cyclegan, pix2pix

BASELINES: dict[str, Any] = {"dcgan": dcgan, "fastgan": fastgan, "pix2pix": pix2pix, "cyclegan": cyclegan}
