"""How often verdicts are wrong on simulated studies: `python -m benchmarks.verdicts [--studies 1000]`.

An arm's chance of a right answer (or its IoU) is the normal distribution function of a sum: a level, a patient's
difficulty that all arms share, and what is the arm's own by patient, by seed and by seed on a patient. Scores are thus
bounded and skewed, and the true mean is known: Phi(level / sqrt(1 + the sum's variance)).

False verdicts: of studies of three arms that truly equal the real-only one, those with a verdict for any of them.
Coverage and power: of studies of one arm that is truly better by 0.05, those whose 95 % interval holds 0.05, and those
with the verdict "helps". "detectable" is the median of the difference that the studies say they could have told.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from medgan.studies.verdict import Verdict, verdicts

LEVEL, HIGH_LEVEL, DIFFICULTY = 1.2, 2.2, 1.0
DIFFERENCE = 0.05
NULL_ARMS = 3


@dataclass(frozen=True)
class Setting:
    """A kind of study, and the standard deviations of what is an arm's own, in units of the sum."""

    binary: bool
    """Scores are 0 or 1; otherwise any number from 0 to 1."""
    seeds: int
    patients: int
    patient: float
    seed: float
    rest: float
    level: float = LEVEL

    def scale(self) -> float:
        """Standard deviation of the sum and of the normal that it is put into."""
        return sqrt(1 + DIFFICULTY**2 + self.patient**2 + self.seed**2 + self.rest**2)

    def mean(self) -> float:
        """True mean score of the real-only arm."""
        return float(ndtr(self.level / self.scale()))


SETTINGS = [
    Setting(binary, seeds, patients, *own, level=level)
    for binary in (True, False)
    for seeds, patients, own, level in (
        (2, 200, (0.5, 0.1, 0.5), LEVEL),
        (3, 50, (0.5, 0.1, 0.5), LEVEL),
        (3, 200, (0.5, 0.2, 0.5), LEVEL),
        (5, 80, (0.3, 0.05, 0.3), HIGH_LEVEL),
        (5, 200, (0.5, 0.1, 0.5), LEVEL),
        (5, 500, (0.5, 0.05, 0.5), LEVEL),
        (10, 200, (0.5, 0.1, 0.5), LEVEL),
    )
]


def scores(setting: Setting, difference: float, generator: np.random.Generator, arms: int) -> NDArray[np.float64]:
    """Scores (1 + arms, seeds, patients), the real-only arm first; the others' true mean is larger by `difference`."""
    level = float(ndtri(setting.mean() + difference)) * setting.scale()
    levels = np.array([setting.level, *[level] * arms])[:, None, None]
    count = 1 + arms
    total = (
        levels
        + DIFFICULTY * generator.standard_normal(setting.patients)
        + setting.patient * generator.standard_normal((count, 1, setting.patients))
        + setting.seed * generator.standard_normal((count, setting.seeds, 1))
        + setting.rest * generator.standard_normal((count, setting.seeds, setting.patients))
    )
    chance: NDArray[np.float64] = ndtr(total)
    return (generator.random(chance.shape) < chance).astype(np.float64) if setting.binary else chance


def study(
    setting: Setting, difference: float, arms: int, number: int, resamples: int
) -> tuple[list[Verdict], NDArray[np.float64]]:
    """The verdicts of one simulated study, the same for the same number, and its scores."""
    drawn = scores(setting, difference, np.random.default_rng([number, arms]), arms)
    named = {f"arm {place}": arm for place, arm in enumerate(drawn[1:])}
    return list(verdicts(named, drawn[0], resamples=resamples, seed=number).values()), drawn


def false_verdict(number: int, setting: Setting, resamples: int) -> bool:
    """Whether a study without a true difference says that some arm helps or hurts."""
    found, _ = study(setting, 0.0, NULL_ARMS, number, resamples)
    return any(verdict.label != "cannot be told" for verdict in found)


def true_difference(number: int, setting: Setting, resamples: int) -> tuple[bool, bool, float]:
    """Of a study with a true difference: whether the interval holds it, whether it is told, what could be told."""
    (found,), _ = study(setting, DIFFERENCE, 1, number, resamples)
    comparison = found.comparison
    return comparison.low <= DIFFERENCE <= comparison.high, found.label == "helps", comparison.detectable


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=1000, help="simulated studies of each kind (default 1000)")
    parser.add_argument("--resamples", type=int, default=499, help="of each interval and test (default 499)")
    parser.add_argument("--processes", type=int, default=2, help="processes at once (default 2)")
    options = parser.parse_args()
    print(
        "| scores | mean | seeds | images | sd patient, seed, both | false verdicts | coverage | power | detectable |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor(options.processes) as pool:
        for setting in SETTINGS:
            print(row(setting, options.studies, options.resamples, pool), flush=True)


def row(setting: Setting, studies: int, resamples: int, pool: ProcessPoolExecutor) -> str:
    without = partial(false_verdict, setting=setting, resamples=resamples)
    with_one = partial(true_difference, setting=setting, resamples=resamples)
    wrong = list(pool.map(without, range(studies), chunksize=25))
    found = pool.map(with_one, range(studies), chunksize=25)
    covered, told, detectable = zip(*found, strict=True)
    kind = "right or wrong" if setting.binary else "0 to 1"
    own = f"{setting.patient}, {setting.seed}, {setting.rest}"
    return (
        f"| {kind} | {setting.mean():.2f} | {setting.seeds} | {setting.patients} | {own} | {np.mean(wrong):.1%} "
        f"| {np.mean(covered):.1%} | {np.mean(told):.1%} | {np.median(detectable):.3f} |"
    )


if __name__ == "__main__":
    main()
