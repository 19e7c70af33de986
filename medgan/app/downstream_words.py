"""What the Downstream page says: names of scores, how to read them, what the words mean."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

from medgan.app.downstream_studies import Entry
from medgan.app.words import NOTHING, counted, listed
from medgan.studies.figures import Interval
from medgan.studies.score_words import FORMS, SHARE, score_words


@dataclass(frozen=True)
class Score:
    """How a score is called and read."""

    title: str
    lower_is_better: bool = False
    form: str = SHARE


SCORES: dict[str, dict[str, Score]] = {
    "classification": {
        "accuracy": Score("Accuracy"),
        "auroc": Score("AUROC"),
        "balanced_accuracy": Score("Balanced accuracy"),
        "sensitivity": Score("Sensitivity"),
        "specificity": Score("Specificity"),
        "f1": Score("F1"),
        "false_positives": Score("False positives", lower_is_better=True, form=FORMS["false_positives"]),
        "false_negatives": Score("False negatives", lower_is_better=True, form=FORMS["false_negatives"]),
        "calibration_error": Score("Calibration error", lower_is_better=True),
    },
    "segmentation": {
        "iou": Score("Mean IoU"),
        "dice": Score("Dice"),
        "false_positive_pixels": Score(
            "False-positive pixels", lower_is_better=True, form=FORMS["false_positive_pixels"]
        ),
        "false_negative_pixels": Score(
            "False-negative pixels", lower_is_better=True, form=FORMS["false_negative_pixels"]
        ),
        "boundary_distance": Score("Boundary distance (pixels)", lower_is_better=True, form=FORMS["boundary_distance"]),
    },
}
"""The scores of a task in the order of the table; the first is the one that verdicts are about."""
IN_SHORT = 2
"""Scores that are shown where several studies stand side by side."""
MORE = ("balanced_accuracy", "f1", "calibration_error")
"""Scores that stand in a table of their own, folded away."""
TASKS = {"classification": "Classification", "segmentation": "Segmentation"}
VERDICT_MARKS = {"helps": "▲ helps", "hurts": "▼ hurts", "cannot be told": "○ cannot be told"}
BEST = "★"
WHY_SEEDS = (
    "How many times each arm is trained, from other initial weights. One training can be lucky: two trainings on the "
    "very same images differ, often by more than synthetic images change. With 5 that luck can be told from a "
    "difference; with fewer it seldom can."
)
GLOSSARY = {
    "Arm": "One way to train, such as real images alone, or real images with a synthetic set. All arms are tested on "
    "the same real images, which no arm and no GAN learned from.",
    "Dose": "Synthetic images for each real training image: 50 % adds one for every two real ones.",
    "Seed": "One training of an arm, from its own initial weights. Every arm is trained with the same seeds.",
    "Verdict": "Helps or hurts is said only where the difference from real images alone, as many as the arm has, "
    "would be rare by chance (p below 0.05 after a correction for the number of arms) and its 95 % interval leaves "
    "out 0; it counts for new patients and new trainings. Everything else cannot be told, which is not the same as "
    "“no difference”.",
    "Interval in the table": "In brackets: where the score would likely lie (95 %) with other patients of the same "
    "kind and other trainings. Brackets that overlap settle nothing: the verdict compares arms image by image.",
    "Accuracy": "Share of the test images that were classified rightly.",
    "AUROC": "How often an image of the class to be found gets more than one without it does; 0.5 is chance.",
    "Sensitivity, specificity": "Share of the class to be found that was found; share of the others left alone.",
    "F1": "Balance between finding all cases and raising no false alarm; 1 is perfect.",
    "Calibration error": "How far the stated probabilities lie from what happens; 0 is perfect.",
    "IoU": "Overlap of the predicted and the true mask: common area divided by the area of both together; 1 is "
    "perfect. Dice tells the same on another scale.",
    "Boundary distance": "95 % of either outline lies at most so far from the other (95 % Hausdorff distance).",
    "Grid": "Nine settings of learning rate and dropout are tried on validation images first; the best is used.",
}
"""What the words of this page mean, for the popover."""
READINGS = {
    "arm": "Further right is better. The line through a point is its 95 % interval; real images alone are the measure.",
    "dose": "Further up is better, further right means more synthetic images. Bars are 95 % intervals, the band "
    "is that of real images alone; whether an arm differs is told by its verdict, not by bars that overlap.",
    "roc": "The closer a curve comes to the upper left corner, the better; the diagonal is chance.",
    "confusion": "Rows are what the images show, columns what the classifier said; off the diagonal are its mistakes.",
}


def cell(mean: Interval | None, score: Score) -> str:
    """`0.812 (0.790 to 0.834)`; a dot where nothing was tested."""
    if mean is None:
        return NOTHING
    value, low, high = (score_words("", end, form=score.form) for end in (mean.value, mean.low, mean.high))
    return value if mean.low is None or mean.high is None else f"{value} ({low} to {high})"


def best_of(means: Mapping[str, Interval], score: Score) -> set[str]:
    """The arms with the best mean as it is shown; none where all are alike."""
    told = {arm: mean.value for arm, mean in means.items() if not isnan(mean.value)}
    shown = {arm: float(score_words("", value, form=score.form).replace(",", "")) for arm, value in told.items()}
    if len(set(shown.values())) < 2:
        return set()
    best = min(shown.values()) if score.lower_is_better else max(shown.values())
    return {arm for arm, value in shown.items() if value == best}


def found_in_short(verdicts: Sequence[Mapping[str, Any]]) -> str:
    """`Of 4 arms, 1 helps, and 3 cannot be told.`"""
    counts = Counter(verdict["label"] for verdict in verdicts)
    forms = {"helps": ("helps", "help"), "hurts": ("hurts", "hurt"), "cannot be told": ("cannot be told",) * 2}
    parts = [f"{counts[label]} {one if counts[label] == 1 else more}" for label, (one, more) in forms.items()
             if counts[label]]  # fmt: skip
    return f"Of {counted(len(verdicts), 'arm')} beside real images alone: {listed(parts)}."


def chart_alternative(what: str, entry: Entry, means: Mapping[str, Interval], score: Score) -> str:
    """A chart of arms in words, for those who do not see it."""
    values = "; ".join(f"{arm}: {cell(mean, score)}" for arm, mean in means.items())
    return f"{what} of study {entry.name}: {score.title} of each arm. {values}"
