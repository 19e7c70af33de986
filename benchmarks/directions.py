"""Do the scores move the right way? `python -m benchmarks.directions [--data FOLDER] [--weights FOLDER]`.

For each set of images (three phantom families, and folders of real images) and each feature space at hand, half of
the real images is changed by growing doses and scored against the other half. A score passes where its values never
turn round as the dose grows. Prints how many sets passed, and the values of those that did not.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans

from medgan.common.repro import environment
from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.data.prepare import prepare
from medgan.metrics import METRICS, score
from medgan.metrics.comparison import Comparison, Reference, standardised
from medgan.metrics.corruptions import blurred, noisy
from medgan.metrics.features import Features
from medgan.metrics.pictures import Pictures
from medgan.metrics.seen import Seen, look
from medgan.metrics.spaces import SPACES
from medgan.weights import import_file

REAL = {"tb_cxr": "normal", "pneumonia_cxr": "normal", "isic": "", "ct_lungs": ""}
FAMILIES = {"chest_xray": "normal", "chest_ct": "", "dermoscopy": ""}
FILES = {
    "mobilenet_v2": "mobilenet_v2_imagenet.pth",
    "squeezenet1_0": "squeezenet1_0_imagenet.pth",
    "squeezenet1_1": "squeezenet1_1_imagenet_features.pth",
}
SCORES = {"frechet": 1, "kernel": 1, "precision": -1, "recall": -1, "density": -1, "coverage": -1}
"""Scores, and which way they go as images get worse."""
LOOKS, VARIETY = {"precision", "density"}, {"recall", "coverage"}
JUDGED = {
    "blur": set(SCORES),
    "noise": set(SCORES),
    "another class": set(SCORES) - {"recall"},  # the class wanted can still be shown while strangers are few
    "modes lost": set(SCORES) - LOOKS,
    "repeated": set(SCORES) - LOOKS,
}
"""Which scores each change should move: lost variety does not make an image look worse."""
SIZE, MOST = 128, 100
SLACK = 1e-9
Dosed = Callable[[float], Seen]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of real sets")
    parser.add_argument("--weights", type=Path, default=Path("../shared/weights"), help="folder of small networks")
    parser.add_argument("--spaces", nargs="*", help="feature spaces (default: all that are at hand)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="medgan-benchmark-") as temporary:
        os.environ["MEDGAN_HOME"] = temporary
        for name, file in FILES.items():
            if (options.weights / file).exists():
                import_file(name, options.weights / file, unverified=True)
        spaces = options.spaces or [name for name, space in SPACES.items() if space.present]
        sets = list(datasets(options.data))
        found = [row for dataset, label in sets for space in spaces for row in rows(dataset, label, space)]
    print_summary(found)
    print_failures(found)
    print(json.dumps(environment()))


def datasets(folder: Path) -> Iterator[tuple[PreparedDataset, str]]:
    """Sets of images, each with the class that is looked at."""
    for family, label in FAMILIES.items():
        config = PhantomConfig.parse({"family": family, "count": 3 * MOST, "size": SIZE, "name": f"phantom-{family}"})
        yield prepare_phantoms(config), label
    for name, label in REAL.items():
        if (folder / name).is_dir():
            yield prepare(PrepareConfig(source=folder / name, size=SIZE, name=name)), label


@dataclass(frozen=True)
class Row:
    """Values of a score as a dose grows."""

    dataset: str
    space: str
    change: str
    doses: tuple[float, ...]
    metric: str
    values: tuple[float, ...]

    @property
    def passes(self) -> bool:
        return bool((np.diff(self.values) * SCORES[self.metric] >= -SLACK).all())

    @property
    def in_words(self) -> str:
        told = ", ".join(f"{value:.3g}" for value in self.values)
        return f"{self.dataset}, {SPACES[self.space].title}, {METRICS[self.metric].title}: {told}"


def print_summary(found: list[Row]) -> None:
    """A row a space and change: of how many sets each score never turned round."""
    print("| space | change, doses | " + " | ".join(METRICS[name].title for name in SCORES) + " |")
    print("|---" * (len(SCORES) + 2) + "|")
    for (space, change), group in grouped(found).items():
        cells = []
        for name in SCORES:
            own = [row for row in group if row.metric == name]
            passed = f"{sum(row.passes for row in own)} of {len(own)}"
            cells.append(passed if name in JUDGED[change] else "·")
        doses = ", ".join(f"{dose:g}" for dose in group[0].doses)
        print(f"| {SPACES[space].title} | {change} {doses} | " + " | ".join(cells) + " |")


def print_failures(found: list[Row]) -> None:
    """Each score that turned round although it should not, with its values."""
    for (_, change), group in grouped(found).items():
        for row in group:
            if row.metric in JUDGED[change] and not row.passes:
                print(f"- {change}: {row.in_words}")


def grouped(found: list[Row]) -> dict[tuple[str, str], list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(found, key=lambda row: list(SPACES).index(row.space)):
        groups.setdefault((row.space, row.change), []).append(row)
    return groups


def rows(dataset: PreparedDataset, label: str, space: str) -> Iterator[Row]:
    """Every change of a set in a space, every score."""
    print(f"{dataset.name}, {space}", file=sys.stderr, flush=True)
    for change, doses, real, at in changes(dataset, label, space):
        compared = [Comparison(*pair(real, at(dose)), resamples=0) for dose in doses]
        for name in SCORES:
            found = [score(name, one).estimate for one in compared]
            yield Row(dataset.name, space, change, doses, name, tuple(e.value if e else np.nan for e in found))


def pair(real: Seen, changed: Seen) -> tuple[Seen, Reference]:
    real, changed = standardised(real, changed)
    return changed, Reference(real)


def changes(dataset: PreparedDataset, label: str, space: str) -> Iterator[tuple[str, tuple[float, ...], Seen, Dosed]]:
    """Each change with its doses, the untouched half, and the other half at a dose."""
    rows = np.random.default_rng(0).permutation(dataset.indices(None, label or None))[: 2 * MOST]
    whole = Pictures(dataset.images)
    first, second = (whole.at(np.sort(half)) for half in np.array_split(rows, 2))

    def seen(pictures: Pictures) -> Seen:
        return look(pictures, "images", space)

    real, fresh = seen(second), seen(first)
    yield "blur", (0, 0.5, 1, 2, 4), real, lambda dose: seen(blurred(first[:], dose / SIZE)) if dose else fresh
    yield "noise", (0, 4, 8, 16, 32), real, lambda dose: seen(noisy(first[:], dose)) if dose else fresh
    others = [name for name in dataset.classes if name != label]
    if label and others:
        other = dataset.indices(None, others[-1])[: len(first)]
        strangers = seen(whole.at(other))
        yield "another class", (0, 0.25, 0.5, 0.75, 1), real, lambda dose: mixed(fresh, strangers, dose)
    groups = KMeans(5, n_init=4, random_state=0).fit_predict(standardised(fresh)[0].features.pool)
    largest = np.argsort(-np.bincount(groups))

    def without(dose: float) -> Seen:
        return fresh[np.flatnonzero(np.isin(groups, largest[: 5 - int(dose)]))]

    yield "modes lost", (0, 1, 2, 3, 4), real, without
    yield "repeated", (1, 2, 5, 10, 20), real, lambda dose: fresh[np.arange(len(fresh)) % -(-len(fresh) // int(dose))]


def mixed(fresh: Seen, strangers: Seen, share: float) -> Seen:
    """The same number of images, a share of them strangers."""
    taken = min(round(share * len(fresh)), len(strangers))
    pool = np.concatenate([fresh.features.pool[: len(fresh) - taken], strangers.features.pool[:taken]])
    return replace(fresh, features=Features(pool))


if __name__ == "__main__":
    main()
