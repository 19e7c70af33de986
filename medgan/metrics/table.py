"""The table of scores: what each says, which way is better, how many images it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from medgan.common.errors import BadInput
from medgan.metrics import scores
from medgan.metrics.comparison import Comparison
from medgan.metrics.estimate import Estimate
from medgan.metrics.pictures import Part
from medgan.metrics.spaces import SPACES

Direction = Literal["lower", "higher", "near 1", "near real"]


@dataclass(frozen=True)
class Metric:
    """A row of the table."""

    title: str
    compute: Callable[[Comparison], Estimate]
    """Raises BadInput, with the reason, where the score is not to be had from what is compared."""
    direction: Direction
    """Which way is better; `near real` where only the real images' own value tells."""
    unit: str
    explained: str
    """One sentence that a clinician understands."""
    source: str
    least: int = 2
    """Images a side below which it is refused."""
    enough: int = 2
    """Images a side below which it comes with a warning."""
    one_sided: bool = False
    """Whether it looks at the synthetic images alone."""
    needs_classes: bool = False
    """Whether the feature space must name classes."""
    needs_maps: bool = False
    """Whether the feature space must be a network whose maps are compared."""
    of_images: bool = False
    """Whether it makes sense for images alone, not for masks."""
    own_space: bool = True
    """Whether it depends on the feature space, so that its name tells which."""

    def cannot_be_in(self, space: str, part: Part = "images") -> bool:
        """Whether it needs what a feature space or part never has, so that its row is left out rather than refused."""
        row = SPACES[space]
        missing = (self.needs_classes and not row.names_classes) or (self.needs_maps and not row.maps)
        return missing or (self.of_images and part != "images")

    def called(self, name: str, space: str) -> str:
        """Its name in a feature space: never that of another space's score."""
        row = SPACES[space]
        return row.own_names.get(name) or (f"{self.title} ({row.title})" if self.own_space else self.title)


METRICS: dict[str, Metric] = {
    "frechet": Metric(
        "Fréchet distance", scores.frechet, "lower", "squared feature units",
        "How far the synthetic images as a whole are from the real ones, in looks and in variety.",
        "Heusel et al. 2017", least=10, enough=1000,
    ),
    "frechet_infinite": Metric(
        "Fréchet distance, infinite samples", scores.frechet_infinite, "lower", "squared feature units",
        "The same distance, with the part taken out that comes only from having few synthetic images.",
        "Chong and Forsyth 2020, arXiv:1911.07023", least=50, enough=1000,
    ),
    "kernel": Metric(
        "Kernel distance", scores.kernel_score, "lower", "squared kernel units",
        "Another distance of the two sets, which is fair to small sets: around 0 means that no difference was found.",
        "Binkowski et al. 2018", least=10, enough=100,
    ),
    "class_score": Metric(
        "Class score", scores.class_score, "higher", "number of classes",
        "Whether a network trained on photographs finds clear and varied things in the images; says little of X-rays.",
        "Salimans et al. 2016", least=10, enough=1000, one_sided=True, needs_classes=True,
    ),
    "precision": Metric(
        "Precision", scores.precision, "higher", "share",
        "The share of synthetic images that look like real ones do.",
        "Kynkäänniemi et al. 2019", least=10, enough=200,
    ),
    "recall": Metric(
        "Recall", scores.recall, "higher", "share",
        "The share of real images whose like the synthetic set can show.",
        "Kynkäänniemi et al. 2019", least=10, enough=200,
    ),
    "density": Metric(
        "Density", scores.density, "near 1", "ratio",
        "How closely synthetic images crowd around real ones; about 1 for real images themselves.",
        "Naeem et al. 2020", least=10, enough=200,
    ),
    "coverage": Metric(
        "Coverage", scores.coverage, "higher", "share",
        "The share of real images that have a synthetic image close by.",
        "Naeem et al. 2020", least=10, enough=200,
    ),
    "structural_likeness": Metric(
        "MS-SSIM of pairs", scores.structural_likeness, "near real", "likeness, up to 1",
        "How alike two synthetic images are on average; above the real images' value they are too much alike.",
        "Wang et al. 2003; Odena et al. 2017", least=20, enough=200, one_sided=True, own_space=False,
    ),
    "perceptual_variety": Metric(
        "Perceptual variety of pairs", scores.perceptual_variety, "near real", "distance",
        "How different two synthetic images are to a network on average; below the real images' value they vary less.",
        "after Zhang et al. 2018", least=20, enough=200, one_sided=True, needs_maps=True,
    ),
    "seen_as_drawn": Metric(
        "Class recognised", scores.seen_as_drawn, "higher", "share",
        "The share of synthetic images in which a classifier trained on real ones sees the class they were drawn as.",
        "the published comparison's table 4.4", least=2, enough=50, of_images=True,
    ),
}  # fmt: skip
"""The scores; adding one is one row. Those of pictures alone, as MS-SSIM, are the same in every space."""


@dataclass(frozen=True)
class Row:
    """A score as it stands in a report; without a value, `refused` says why."""

    metric: str
    estimate: Estimate | None
    refused: str = ""


def score(name: str, compared: Comparison) -> Row:
    """One score; too few images, or what it needs and is not there, make a row that says so."""
    metric = METRICS[name]
    counts = [len(compared.synthetic)] if metric.one_sided else [len(compared.synthetic), len(compared.real)]
    few = min(counts)
    if few < metric.least:
        return Row(name, None, f"needs at least {metric.least} images a side, there are {few}")
    try:
        found = metric.compute(compared)
    except BadInput as error:
        return Row(name, None, str(error))
    if few < metric.enough:
        found = found.noted(f"few images ({few}): {metric.enough} a side or more make it steady")
    return Row(name, found)
