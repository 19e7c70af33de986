"""Learning rates as a function of the step: nothing to save, nothing to resume."""

import math
from typing import Literal

Schedule = Literal["constant", "linear", "cosine"]


def rate_factor(schedule: Schedule, step: int, steps: int) -> float:
    """What the learning rate is multiplied with in a step counted from 0.

    constant: 1. linear: 1 for the first half, then linearly to zero (Zhu et al. 2017, appendix 7.1).
    cosine: half a cosine from 1 to zero (Loshchilov & Hutter 2017, eq. 5).
    """
    done = step / steps
    if schedule == "linear":
        return min(1.0, 2 * (1 - done))
    if schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * done))
    return 1.0
