"""Two sets side by side in one feature space: what every score is computed from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.pipeline import Pipeline

from medgan.common.errors import BadInput
from medgan.metrics.classifier_check import trained_classifier
from medgan.metrics.manifold import Manifold, manifold
from medgan.metrics.networks import TorchvisionNetwork
from medgan.metrics.seen import Seen
from medgan.metrics.spaces import SPACES

EXPENSIVE = 1e11
"""Products of all resamples of a distance of Gaussians: about half a minute on two cores."""
FEWEST_RESAMPLES = 10


@dataclass(frozen=True)
class Reference:
    """The real side of comparisons: what synthetic sets are held against."""

    real: Seen
    labelled: Seen | None = None
    """Real training images of every class, for the classifier; None where there are no classes."""

    @cached_property
    def classifier(self) -> Pipeline:
        """Trained on the labelled images; raises BadInput where there are none of two classes."""
        if self.labelled is None or self.labelled.labels is None:
            raise BadInput("a classifier needs real images of at least two classes")
        return trained_classifier(self.labelled.features.pool, self.labelled.labels)

    @cached_property
    def network(self) -> TorchvisionNetwork:
        """The space's network, for its maps; raises BadInput where it has none that are compared."""
        extractor = SPACES[self.real.space].build()
        if not isinstance(extractor, TorchvisionNetwork):
            raise BadInput("this feature space has no maps to compare pictures by")
        return extractor


@dataclass(frozen=True)
class Comparison:
    """A synthetic set beside a reference; scores read what they need, and what several need is done once."""

    synthetic: Seen
    reference: Reference
    resamples: int = 200
    seed: int = 0

    @property
    def real(self) -> Seen:
        return self.reference.real

    @cached_property
    def manifold(self) -> Manifold:
        return manifold(self.synthetic.features.pool, self.real.features.pool, self.real.radii)

    @property
    def costly_resamples(self) -> int:
        """How often a distance of Gaussians is resampled: fewer times where each takes seconds."""
        count, dimensions = len(self.synthetic) + len(self.real), self.real.features.pool.shape[1]
        rank = min(dimensions, max(len(self.synthetic), len(self.real)))
        products = rank**3 + count * dimensions * rank  # the root, and what comes before it
        return min(self.resamples, max(FEWEST_RESAMPLES, int(EXPENSIVE / products))) if self.resamples else 0


def standardised(reference: Seen, *others: Seen) -> tuple[Seen, ...]:
    """Sets with each feature brought to mean 0 and spread 1 of the reference set, the reference first.

    Only in spaces whose features have units of their own; elsewhere the sets themselves.
    """
    if not SPACES[reference.space].standardised:
        return reference, *others
    pool = reference.features.pool
    least = SPACES[reference.space].build().least_spreads(reference.pictures)
    mean, spread = pool.mean(axis=0), np.maximum(pool.std(axis=0), least)
    return tuple(seen.scaled(mean, spread) for seen in (reference, *others))
