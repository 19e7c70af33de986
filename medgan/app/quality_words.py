"""What a score says, in words: figures, how to read a chart, what to be careful about."""

from collections.abc import Sequence

from medgan.app.quality_reports import Point
from medgan.app.words import NOTHING, plain
from medgan.metrics import METRICS
from medgan.metrics.spaces import SPACES

BETTER = {
    "lower": "Lower is better",
    "higher": "Higher is better",
    "near 1": "Near 1 is best",
    "near real": "Near the real images’ own value is best",
}
BETTER_SHORT = {"lower": "lower", "higher": "higher", "near 1": "near 1", "near real": "near real"}
DAMAGED = ("blurred", "noisy")
"""References that are real images, damaged."""
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
SQUEEZED = "The axis is squeezed: equal steps on it stand for ten times as much."
GLOSSARY = {
    "Feature space": "What the images are compared by: a list of numbers that describes each image. Scores of "
    "different feature spaces cannot be compared with each other, so they never stand in one table here.",
    "FID": "The Fréchet distance in the feature space of one particular network, Inception. Only with the weights of "
    "that network is a distance called FID; in any other space it is a Fréchet distance (name of the space).",
    "Interval": "In brackets and as a line through each point: where the score would likely lie (95 %) had other "
    "images of the same kind been drawn. It says nothing of other patients, hospitals or training runs.",
    "Real: two halves": "One half of the real training images scored as if it were synthetic, no patient in both. "
    "About as good as a set of that size can be.",
    "Real: test images": "Real images of the test part, scored as if they were synthetic.",
    "Real, blurred or with noise": "Half of the real images, damaged so that anybody sees it. A set that scores "
    "like these is far off; one that scores better may still look like nothing real: precision and coverage tell.",
}
"""What the words of this page mean, for the popover."""


def figure(value: float | None) -> str:
    """Three digits that matter: `0.683`, `95.3`, `1,337`, `1.52 million`, `3.79 × 10¹⁴`."""
    if value is None:
        return NOTHING
    if abs(value) >= 1e9:
        digits, power = f"{value:.2e}".split("e+")
        return f"{digits} × {ten_to(int(power))}"
    if abs(value) >= 1e6:
        return f"{value / 1e6:.3g} million"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    short = f"{value:.3g}"
    return f"{value:.4f}" if "e" in short else short


def ten_to(power: int) -> str:
    """`10⁴`"""
    return "10" + str(power).translate(RAISED)


def with_interval(point: Point) -> str:
    """`95.3 (79.6 to 111)`; `refused` where there is no value."""
    if point.value is None:
        return "refused"
    interval = "" if point.low is None or point.high is None else f" ({figure(point.low)} to {figure(point.high)})"
    return figure(point.value) + interval


def reading(metric: str, points: Sequence[Point], *, squeezed: bool = False) -> str:
    """One line on how to read a score's chart: which way is better, and what real images score."""
    floor = _all_of(points, "halves", "two halves of the real set score")
    floor = floor or _all_of(points, "test", "real test images score")
    told = ", ".join(filter(None, (floor, _all_of(points, "blurred", "blurred real images"))))
    told = told or "what real images score is not known here"
    return f"{BETTER[METRICS[metric].direction]}; {told}.{' ' + SQUEEZED if squeezed else ''}"


def about_damaged(space: str) -> str:
    """How to read the scores of blurred and noisy real images, in Markdown."""
    row = SPACES[space]
    why = f": this feature space ({plain(row.title)}) {row.caution}" if row.caution else ""
    return (
        f"Do not judge a set by **Real, blurred** and **with noise** alone{why}. A set may score better than these and "
        "look like nothing real; precision, recall and coverage tell."
    )


def _all_of(points: Sequence[Point], of: str, words: str) -> str:
    """A reference's values, with the class and size of each where there are several."""
    found = [point for point in points if point.of == of and point.value is not None]
    values = [figure(point.value) + (f" ({point.basis})" if len(found) > 1 else "") for point in found]
    return f"{words} {' and '.join(values)}" if values else ""


def alternative(title: str, points: Sequence[Point]) -> str:
    """A score's chart in words, for those who do not see it."""
    return f"Dot chart of the {title}. " + "; ".join(f"{point.name}: {with_interval(point)}" for point in points)


def cautions(points: Sequence[Point]) -> list[str]:
    """What to be careful about: why a score was refused, and what makes one unsteady; each text with whose it is."""
    about: dict[str, list[str]] = {}
    for point in points:
        for text in ([f"refused, {point.refused}"] if point.refused else []) + (list(point.notes) if point.own else []):
            about.setdefault(text, []).append(point.name)
    return [f"{', '.join(dict.fromkeys(names))}: {text}" for text, names in about.items()]


def real_counts(points: Sequence[Point]) -> str:
    """How many real images each reference compares, since some scores depend on it."""
    several = len({point.basis for point in points}) > 1
    counts = {
        f"{point.name[:1].lower()}{point.name[1:]}{f' ({point.basis})' if several else ''}, "
        f"{point.synthetic:,} against {point.real:,}": None
        for point in points
        if not point.own
    }
    few = "With fewer images a Fréchet distance comes out larger, recall and coverage smaller, be they as good."
    return f"Beside them: {'; '.join(counts)} images. {few}" if counts else ""


def hover(point: Point) -> str:
    """What a point of a chart says when the pointer rests on it."""
    kind = "synthetic" if point.own else "real"
    return (
        f"<b>{point.name}</b>: {with_interval(point)}<br>"
        f"{point.synthetic:,} {kind} against {point.real:,} real images<br>{point.basis}"
    )
