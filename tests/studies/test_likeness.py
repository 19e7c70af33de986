"""A set that looks like nothing real is said to, whatever its distances are."""

import pandas as pd
import pytest

from medgan.studies.likeness import likeness


def scores(precision: float | None, coverage: float | None, *, real: float | None = 0.84) -> pd.DataFrame:
    """Those of 360 images beside the halves of the real ones."""
    rows = [("precision", "set", precision), ("coverage", "set", coverage)]
    rows += [("precision", "halves", real), ("coverage", "halves", real)]
    columns = {"metric": str, "of": str, "value": float}
    return pd.DataFrame(rows, columns=list(columns)).assign(part="images", synthetic=360)


@pytest.mark.parametrize(
    ("precision", "coverage", "grade", "words"),
    [
        (0.0, 0.0, "none", "None of the 360 images looks like a real one"),
        (1 / 360, 0.5, "few", "Only 1 of the 360 images looks like a real one"),
        (0.08, 0.5, "few", "Only 29 of the 360 images look like real ones"),
        (0.39, 0.02, "narrow", "come close to only 2% of the real ones"),
    ],
)
def test_a_line_stands_above_the_scores(precision: float, coverage: float, grade: str, words: str) -> None:
    found = likeness(scores(precision, coverage), "images")
    assert found is not None
    assert found.grade == grade
    assert words in found.words
    assert "whatever the distances say" in found.words
    assert "84%" in found.words


@pytest.mark.parametrize(
    ("precision", "coverage", "real"),
    [(0.39, 0.35, 0.84), (0.02, 0.02, 0.1), (None, None, 0.84), (0.0, 0.0, None)],
)  # as good as real images may be, low as those score themselves; refused; nothing to hold it against
def test_there_is_none_where_nothing_says_so(precision: float, coverage: float, real: float | None) -> None:
    assert likeness(scores(precision, coverage, real=real), "images") is None
    assert likeness(scores(0.0, 0.0), "masks") is None


def test_a_handful_of_images_tells_nothing() -> None:
    assert likeness(scores(0.0, 0.0).assign(synthetic=12), "images") is None
