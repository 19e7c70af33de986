"""What the charts show and say."""

import pandas as pd
import pytest

from medgan.app import charts


def losses(points: int) -> pd.DataFrame:
    steps = range(10, 10 * points + 1, 10)
    return pd.DataFrame(
        {
            "step": steps,
            "seconds": [step / 5 for step in steps],
            "generator": [2.0 - step / 1000 for step in steps],
            "discriminator": [1.0] * points,
            "discriminator/on_real": [0.4] * points,
            "discriminator/on_fake": [0.6] * points,
        }
    )


def test_both_sides_are_told_apart_by_more_than_colour() -> None:
    named = [trace for trace in charts.loss_chart(losses(6)).data if trace.name]
    assert [trace.name for trace in named] == ["Generator (draws)", "Discriminator (judges)"]
    assert len({trace.line.color for trace in named}) == 2
    assert len({trace.line.dash for trace in named}) == 2


def test_many_points_are_smoothed_and_kept_faintly() -> None:
    chart = charts.loss_chart(losses(200))
    faint = [trace for trace in chart.data if not trace.showlegend and trace.opacity]
    assert len(faint) == 2
    assert all(len(trace.x) == 200 for trace in chart.data)


def test_parts_are_the_columns_that_are_no_side() -> None:
    assert charts.part_names(losses(3)) == ["discriminator/on_real", "discriminator/on_fake"]
    assert [trace.name for trace in charts.loss_parts_chart(losses(3)).data] == [
        "discriminator: on real",
        "discriminator: on fake",
    ]


@pytest.mark.parametrize("points", [1, 5, 100])
def test_reading_and_alternative_are_one_line(points: int) -> None:
    table = losses(points)
    for line in (charts.loss_reading(table), charts.loss_alternative(table)):
        assert line
        assert "\n" not in line
    assert "generator from 1.99" in charts.loss_alternative(table)


def test_empty_losses_have_a_text_too() -> None:
    assert "empty" in charts.loss_alternative(pd.DataFrame())


def test_class_chart_has_a_bar_a_split_and_its_words_name_every_count() -> None:
    counts = {"train": {"normal": 8, "ill": 6}, "validation": {"normal": 1, "ill": 1}, "test": {"normal": 1, "ill": 2}}
    chart = charts.class_chart(counts)
    assert [bar.name for bar in chart.data] == ["train", "validation", "test"]
    assert list(chart.data[0].x) == [8, 6]
    assert "train: normal 8, ill 6" in charts.class_alternative(counts)


def test_score_curve_marks_the_best_and_says_what_it_is() -> None:
    scores = pd.DataFrame({"step": [500, 1000, 1500], "space": "radiomic", "value": [90.0, 40.5, 60.0]})
    figure = charts.score_curve(scores)
    assert figure.data[1].x == (1000,)
    reading = charts.score_reading(scores, "Fréchet distance (radiomic)")
    assert "lower is better" in reading
    assert "Best at step 1,000" in reading
    assert "from 90 to 60, at best 40.5" in charts.score_alternative(scores)
