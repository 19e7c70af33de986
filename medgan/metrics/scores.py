"""Each score of a comparison with its interval."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import log_softmax

from medgan.common.errors import BadInput
from medgan.common.repro import derive_seed
from medgan.metrics import estimate
from medgan.metrics.classifier_check import agreement
from medgan.metrics.comparison import Comparison
from medgan.metrics.estimate import Estimate
from medgan.metrics.extrapolation import counts, followed
from medgan.metrics.frechet import frechet_distance, moments
from medgan.metrics.inception_score import inception_score, score_of
from medgan.metrics.kernel_distance import kernel, kernel_distance, weighted_discrepancy
from medgan.metrics.ms_ssim import ms_ssim, scales_of
from medgan.metrics.pictures import Pictures
from medgan.metrics.seen import Seen

RESAMPLED_MOST = 2000
"""Images a side whose kernel matrices are kept for resampling; of larger sets so many are taken."""
PAIRS = 500
MAP_PAIRS = 100
PAIRS_AT_A_TIME = 50
FEWEST_EXTRAPOLATIONS = 5
CHUNK = 4096


def frechet(compared: Comparison) -> Estimate:
    """Distance of the synthetic set's Gaussian from the real set's; resamples both."""
    synthetic, real = compared.synthetic.features.pool, compared.real.features.pool
    value = frechet_distance(compared.synthetic.moments, compared.real.moments)

    def resampled(rng: np.random.Generator) -> float:
        some = (rows[estimate.draw(rng, len(rows))] for rows in (synthetic, real))
        return frechet_distance(*map(moments, some))

    found = estimate.around(value, resampled, compared.costly_resamples, compared.seed)
    few = min(len(synthetic), len(real))
    if few <= synthetic.shape[1]:
        found = found.noted(
            f"fewer images ({few}) than features ({synthetic.shape[1]}): read it against the floor only"
        )
    return found


def frechet_infinite(compared: Comparison) -> Estimate:
    """The same, followed to infinitely many synthetic images; resamples the synthetic set.

    Raises BadInput where there are fewer synthetic images than features: no line can be followed there.
    """
    synthetic, real = compared.synthetic.features.pool, compared.real.moments
    count, dimensions = synthetic.shape
    if count < dimensions:
        raise BadInput(f"needs more synthetic images ({count}) than features ({dimensions})")

    def extrapolated(rows: NDArray[np.float32], rng: np.random.Generator) -> float:
        return followed(lambda chosen: frechet_distance(moments(rows[chosen]), real), len(rows), rng)

    def resampled(rng: np.random.Generator) -> float:
        # Halves without repetition: a repeated image would look like less variety. Their spread is that of the whole.
        return extrapolated(synthetic[rng.permutation(count)[: count // 2]], rng)

    value = extrapolated(synthetic, np.random.default_rng(derive_seed(compared.seed, "subsets")))
    resamples = min(compared.resamples, max(FEWEST_EXTRAPOLATIONS, compared.costly_resamples // 10))
    found = estimate.around(value, resampled, resamples, compared.seed).noted("real images held fixed")
    smallest = int(counts(count)[0])
    if smallest < dimensions:
        found = found.noted(
            f"its smallest subset ({smallest}) has fewer images than features ({dimensions}): read with care"
        )
    return found


def kernel_score(compared: Comparison) -> Estimate:
    """Kernel distance; resamples both sets."""
    synthetic, real = compared.synthetic.features.pool, compared.real.features.pool
    found = kernel_distance(synthetic, real)
    rng = np.random.default_rng(derive_seed(compared.seed, "kernel"))
    a, b = (rows[np.sort(rng.permutation(len(rows))[:RESAMPLED_MOST])] for rows in (synthetic, real))
    matrices = kernel(a, a), kernel(b, b), kernel(a, b)

    def resampled(rng: np.random.Generator) -> float:
        return weighted_discrepancy(*matrices, estimate.weights(rng, len(a)), estimate.weights(rng, len(b)))

    return estimate.around(found.mean, resampled, compared.resamples, compared.seed, spread=found.spread)


def class_score(compared: Comparison) -> Estimate:
    """Inception score by the space's own classes; resamples the synthetic set."""
    logits = compared.synthetic.features.logits
    if logits is None:
        raise BadInput("this feature space names no classes")
    found = inception_score(logits)
    pieces = [_shares(logits[at : at + CHUNK]) for at in range(0, len(logits), CHUNK)]
    certainty, shares = (np.concatenate(column) for column in zip(*pieces, strict=True))

    def resampled(rng: np.random.Generator) -> float:
        parts = np.array_split(estimate.draw(rng, len(shares)), found.splits)
        return float(
            np.mean([score_of(certainty[part], shares[part].mean(axis=0, dtype=np.float64)) for part in parts])
        )

    score = estimate.around(found.mean, resampled, compared.resamples, compared.seed, spread=found.spread)
    return score.noted(f"{found.splits} splits of {len(shares) // found.splits}")


def _shares(logits: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Each picture's sum of p log p (n,) and its class shares p (n, classes)."""
    log_shares = log_softmax(logits.astype(np.float64), axis=1)
    shares = np.exp(log_shares)
    return (shares * log_shares).sum(axis=1), shares.astype(np.float32)


def precision(compared: Comparison) -> Estimate:
    return estimate.share_of(compared.manifold.precise, compared.resamples)


def recall(compared: Comparison) -> Estimate:
    return estimate.share_of(compared.manifold.recalled, compared.resamples)


def density(compared: Comparison) -> Estimate:
    return estimate.mean_of(compared.manifold.dense, compared.resamples, compared.seed)


def coverage(compared: Comparison) -> Estimate:
    return estimate.share_of(compared.manifold.covered, compared.resamples)


def structural_likeness(compared: Comparison) -> Estimate:
    """Mean MS-SSIM of random pairs of synthetic images, no image in two pairs; resamples the pairs."""
    pieces = []
    for first, second in _pairs(compared.synthetic, PAIRS, compared.seed, PAIRS_AT_A_TIME):
        one, other = first.as_rgb(), second.as_rgb()
        grey = first.images is None or first.images.shape[3] == 1
        alike = grey and (first.masks is None or first.images is None)  # three equal channels say no more than one
        pieces.append(ms_ssim(*(rgb[..., :1] if alike else rgb for rgb in (one, other))))
    likeness = np.concatenate(pieces)
    found = estimate.mean_of(likeness, compared.resamples, compared.seed)
    return found.noted(f"{len(likeness)} pairs, {scales_of(compared.synthetic.size)} scales")


def perceptual_variety(compared: Comparison) -> Estimate:
    """Mean distance of random pairs of synthetic images in the network's maps; resamples the pairs.

    As LPIPS (Zhang et al. 2018) with every channel weighing the same: its learned weights belong to other networks.
    """
    network = compared.reference.network
    found = []
    for first, second in _pairs(compared.synthetic, MAP_PAIRS, compared.seed, network.batch):
        maps = zip(network.maps(first), network.maps(second), strict=True)
        of_maps = torch.stack([(a - b).square().sum(1).mean((1, 2)) for a, b in maps])
        found.append(of_maps.sum(0).double().cpu().numpy())
    distances = np.concatenate(found)
    return estimate.mean_of(distances, compared.resamples, compared.seed).noted(f"{len(distances)} pairs")


def _pairs(seen: Seen, most: int, seed: int, at_a_time: int) -> Iterator[tuple[Pictures, Pictures]]:
    """Pictures of random pairs, none of them in two, a few pairs at a time."""
    order = np.random.default_rng(derive_seed(seed, "pairs")).permutation(len(seen))
    count = min(most, len(seen) // 2)
    for start in range(0, count, at_a_time):
        first = np.arange(start, min(start + at_a_time, count))
        yield seen.picture(order[first]), seen.picture(order[first + count])


def seen_as_drawn(compared: Comparison) -> Estimate:
    """Share of synthetic images in which a classifier trained on real ones sees the class they were drawn as."""
    labels = compared.synthetic.labels
    if labels is None or "" in labels:
        raise BadInput("it is not known of each synthetic image which class it was drawn as")
    trained = compared.reference.labelled
    if trained is None or trained.labels is None:
        raise BadInput("a classifier needs real images of at least two classes")
    unknown = set(labels) - set(trained.labels)
    if unknown:
        raise BadInput(f"the real images have no class {', '.join(sorted(unknown))}")
    right = agreement(compared.reference.classifier, compared.synthetic.features.pool, labels)
    return estimate.share_of(right, compared.resamples)
