"""Does a classifier trained on real images see in a synthetic one the class that it was drawn as?

The published comparison's table 4.4. Here the classifier is a linear one on the features of a feature space, which is
what a frozen network with one trained unit is.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from medgan.common.errors import BadInput
from medgan.metrics.features import Float32

STEPS = 1000
INVERSE_PENALTY = 0.1


def trained_classifier(features: Float32, labels: NDArray[np.str_]) -> Pipeline:
    """A logistic regression from features (n, d) to labels (n,), each class weighing the same.

    Raises BadInput where there are fewer than two classes.
    """
    if len(np.unique(labels)) < 2:
        raise BadInput("a classifier needs real training images of at least two classes")
    classifier = make_pipeline(
        StandardScaler(), LogisticRegression(C=INVERSE_PENALTY, class_weight="balanced", max_iter=STEPS)
    )
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        return classifier.fit(features, labels)


def agreement(classifier: Pipeline, features: Float32, labels: NDArray[np.str_]) -> NDArray[np.float64]:
    """1 for each image (n, d) in which the classifier sees its label (n,), else 0."""
    seen: NDArray[np.float64] = (classifier.predict(features) == labels).astype(np.float64)
    return seen
