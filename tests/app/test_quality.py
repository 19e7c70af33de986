"""What the Quality page's charts, tables and words make of reports, without a page."""

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from medgan.app.copies_view import _pair
from medgan.app.quality_charts import SET_MARKS, Axis, axis_for, distance_chart, score_chart
from medgan.app.quality_reports import REAL_NAMES, Entry, Point, metrics_of, parts_of, points_of, same_basis
from medgan.app.quality_scores import table
from medgan.app.quality_words import alternative, cautions, figure, reading, real_counts, with_interval
from medgan.common.artefact import Manifest
from medgan.metrics import METRICS
from medgan.studies.quality import SCORES, QualityReport
from medgan.studies.references import REFERENCES
from medgan.studies.synthesis import SyntheticSet

VALUES = {"set": 95.0, "halves": 19.0, "test": 58.0, "blurred": 1337.0, "noisy": 1464.0}


def point(of: str, value: float | None, **changes: Any) -> Point:
    name = changes.pop("name", "mine" if of == "set" else REAL_NAMES.get(of, of))
    given = {"low": None, "high": None, "notes": (), "refused": "" if value is not None else "too few"} | changes
    if value is not None and "low" not in changes:
        given |= {"low": value - 10, "high": value + 10}
    return Point(name, of, value, synthetic=200, real=80, basis=given.pop("basis", "all classes, 64 pixels"), **given)


def distances() -> list[Point]:
    return [point(of, value) for of, value in VALUES.items()]


def entry(
    folder: Path, name: str, *, label: str = "", shift: float = 0.0, parts: tuple[str, ...] = ("images",)
) -> Entry:
    """A set whose report holds precision and Fréchet distance of every part."""
    rows = [
        {
            "of": of, "part": part, "metric": metric, "value": value + shift, "low": value - 1, "high": value + 1,
            "notes": "few images; 10 splits", "refused": "", "synthetic": 30, "real": 20,
        }
        for part in parts for metric in ("precision", "frechet") for of, value in VALUES.items()
    ]  # fmt: skip
    (folder / name).mkdir()
    pd.DataFrame(rows).to_parquet(folder / name / SCORES)
    summary = {"label": label, "size": 64, "parts": list(parts), "synthetic": 30, "real": 20, "dataset": "films"}
    manifest = Manifest(kind="quality", id=name, name=name, created=datetime.now(UTC), config={}, summary=summary)
    return Entry(SyntheticSet(folder, manifest), name, QualityReport(folder / name, manifest))


def test_every_reference_has_a_name_here() -> None:
    assert set(REAL_NAMES) == set(REFERENCES)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.68345, "0.683"), (0.0000123, "0.0000"), (95.25, "95.2"), (1337.2, "1,337"), (1.519e6, "1.52 million"),
     (3.79e14, "3.79 × 10¹⁴"), (-0.048, "-0.048"), (1.0, "1"), (None, "·")],
)  # fmt: skip
def test_figures_have_three_digits_that_matter(value: float | None, words: str) -> None:
    assert figure(value) == words


def test_an_interval_stands_behind_its_value_and_a_refusal_in_its_place() -> None:
    assert with_interval(point("set", 95.0)) == "95 (85 to 105)"
    assert with_interval(point("set", 95.0, low=None, high=None)) == "95"
    assert with_interval(point("set", None)) == "refused"


class TestReports:
    def test_real_images_stand_once_below_sets_that_share_them(self, tmp_path: Path) -> None:
        entries = [entry(tmp_path, "one"), entry(tmp_path, "two", shift=5)]
        found = points_of(entries, "images", "frechet")
        assert [found.name for found in found] == ["one", "two", *REAL_NAMES.values()]
        assert [found.value for found in found[:2]] == [95.0, 100.0]
        assert [found.place for found in found[:2]] == [0, 1]
        assert found[0].notes == ("few images", "10 splits")
        assert same_basis(entries)

    def test_sets_of_two_classes_keep_their_own_real_images_apart(self, tmp_path: Path) -> None:
        entries = [entry(tmp_path, "one", label="normal"), entry(tmp_path, "two", label="viral_pneumonia", shift=5)]
        found = points_of(entries, "images", "frechet")
        assert not same_basis(entries)
        assert len(found) == 2 + 2 * len(REAL_NAMES)
        halves = {found.basis: found.value for found in found if found.of == "halves"}
        assert halves == {"class normal, 64 pixels": 19.0, "class viral pneumonia, 64 pixels": 24.0}
        columns = list(table({"frechet": found}, "radiomic"))
        assert "Real\\: two halves, class normal, 64 pixels" in columns
        assert "class viral pneumonia" in reading("frechet", found)
        rows = score_chart("frechet", found).layout.yaxis.categoryarray
        assert len(rows) == len(set(rows)) == len(found)

    def test_scores_come_in_the_order_of_their_table_and_only_for_parts_that_have_them(self, tmp_path: Path) -> None:
        entries = [entry(tmp_path, "one"), entry(tmp_path, "two", parts=("images", "masks"))]
        assert metrics_of(entries, "images") == ["frechet", "precision"]
        assert parts_of(entries) == ["images", "masks"]
        assert [found.name for found in points_of(entries, "masks", "frechet") if found.own] == ["two"]


class TestTable:
    def test_a_row_a_score_a_column_a_set_named_with_its_space(self) -> None:
        found = table({"frechet": distances(), "precision": [point("set", None)]}, "radiomic")
        assert list(found["Score"]) == ["**Fréchet distance (radiomic)**", "**Precision (radiomic)**"]
        assert list(found["mine"]) == ["95 (85 to 105)", "refused"]
        assert list(found["Real\\: two halves"]) == ["19", "·"]

    def test_only_inceptions_distance_is_called_fid(self) -> None:
        assert list(table({"frechet": distances()}, "inception")["Score"]) == ["**FID**"]


class TestWords:
    def test_reading_says_which_way_is_better_and_what_real_halves_score(self) -> None:
        words = reading("frechet", distances(), squeezed=True)
        assert words.startswith("Lower is better; two halves of the real set score 19, blurred real images 1,337.")
        assert "squeezed" in words

    def test_reading_takes_test_images_where_halves_are_refused(self) -> None:
        words = reading("seen_as_drawn", [point("halves", None), point("test", 0.8)])
        assert words == "Higher is better; real test images score 0.8."
        assert "not known" in reading("frechet", [point("set", 1.0)])

    def test_numbers_of_real_images_are_told_once_a_reference(self) -> None:
        words = real_counts([*distances(), *distances()])
        assert words.startswith("Beside them: real: two halves, 200 against 80; real: test images, 200 against 80;")
        assert words.count("two halves") == 1
        assert real_counts([point("set", 1.0)]) == ""

    def test_alternative_tells_every_value(self) -> None:
        words = alternative("FID", distances())
        assert all(f"{value:,.0f}" in words for value in VALUES.values())

    def test_cautions_name_each_text_once_with_all_it_is_about(self) -> None:
        few = [point("set", 1.0, name=name, notes=("few images",)) for name in ("a", "b")]
        assert cautions([*few, point("halves", None)]) == ["a, b: few images", "Real: two halves: refused, too few"]

    def test_notes_of_real_images_are_left_to_their_halves(self) -> None:
        assert cautions([point("halves", 1.0, notes=("few images",))]) == []


class TestScoreChart:
    def test_distances_far_apart_are_squeezed_and_shares_are_not(self) -> None:
        assert axis_for("frechet", distances()).unit == 10
        assert axis_for("frechet", [point("set", 95.0), point("halves", 19.0)]).unit is None
        assert axis_for("precision", [point("set", 0.01), point("halves", 0.9)]).unit is None

    def test_a_squeezed_axis_has_a_place_for_nothing_and_less(self) -> None:
        axis = Axis(0.1)
        places = [axis(value) for value in (-5.0, -0.01, 0.0, 0.01, 5.0, 5000.0)]
        assert places == sorted(places)
        assert axis(0.0) == 0
        assert axis(1e4) - axis(1e3) == pytest.approx(math.log(10), rel=1e-4)
        assert axis.ticks(-2, 150) == [-1.0, -0.1, 0.0, 0.1, 1.0, 10.0, 100.0]
        assert len(axis.ticks(0, 1e14)) < 12

    def test_marks_differ_in_shape_as_in_colour(self) -> None:
        points = [point("set", 90.0 + place, name=f"set {place}", place=place) for place in range(4)] + distances()[1:]
        traces = score_chart("frechet", points).data
        assert len({trace.marker.symbol for trace in traces}) == len(points)
        assert len({colour for colour, _ in SET_MARKS}) == len(SET_MARKS)

    def test_points_stand_at_their_values_with_their_intervals(self) -> None:
        [trace] = score_chart("precision", [point("set", 0.5, low=0.25, high=0.625)]).data
        assert trace.x == (0.5,)
        assert (trace.error_x.array[0], trace.error_x.arrayminus[0]) == (0.125, 0.25)

    def test_the_floor_is_a_line_through_all_rows_and_a_refused_score_no_mark(self) -> None:
        chart = score_chart("precision", [point("set", None), point("halves", 0.9), point("test", 0.8)])
        assert 0.9 in [line.x0 for line in chart.layout.shapes]
        assert len(chart.data) == 2

    @pytest.mark.parametrize("metric", METRICS)
    def test_every_score_can_be_drawn(self, metric: str) -> None:
        assert len(score_chart(metric, distances()).data) == len(VALUES)


class TestCopies:
    def test_both_kinds_of_images_are_shares_of_their_own_number(self) -> None:
        synthetic, held_out = np.linspace(1, 9, 200), np.linspace(2, 4, 20)
        drawn, real, closest = distance_chart(synthetic, held_out, "Distance").data
        assert sum(drawn.y[:-1]) == pytest.approx(1)
        assert sum(real.y[:-1]) == pytest.approx(1)
        assert set(closest.x) == {2.0}
        assert len({trace.line.dash for trace in (drawn, real, closest)}) == 3

    def test_distances_that_are_all_nothing_can_be_drawn(self) -> None:
        assert len(distance_chart(np.zeros(3), np.zeros(2), "Distance").data) == 3

    @pytest.mark.parametrize(
        ("pixels_p", "words"), [(0.01, "mirrored, shifted by 4% of the side"), (0.9, "feature space")]
    )
    def test_a_pair_is_told_by_the_distance_in_which_it_is_more_suspicious(self, pixels_p: float, words: str) -> None:
        row = pd.Series(
            {
                "file": "s-1.png", "flagged": True, "features_nearest": "007", "features_distance": 3.0,
                "features_p": 0.2, "pixels_nearest": "009", "pixels_distance": 0.02, "pixels_p": pixels_p,
                "mirrored": True, "shift_down": 0.0, "shift_right": -0.0417,
            }
        )  # fmt: skip
        grey = np.zeros((8, 8, 1), np.uint8)
        picture = _pair(row, grey, grey)
        assert words in picture.caption
        assert "flagged" in picture.caption
        assert "s-1.png" in picture.alternative
        assert ("009" if pixels_p < 0.2 else "007") in picture.alternative
