"""The published comparison's experiments: presets that fit the tables, and figures beside the published ones."""

import os
import shutil
from dataclasses import replace
from typing import Any

import pytest

from medgan.common.artefact import MANIFEST, Manifest, write_manifest
from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.studies.beside import METRIC_OF, beside, differences, latest, remember
from medgan.studies.evaluation import evaluate
from medgan.studies.published import published, published_tables
from medgan.studies.running import run_study
from medgan.studies.study import CONFIG, Study
from medgan.studies.thesis import NO_EXPERIMENT, THESIS, experiment, thesis_quality, thesis_study

FAST: dict[str, Any] = {"quick": True, "positive": "tuberculosis", "seeds": 2, "resamples": 99}
SMALL = {"backbone": "small", "epochs": 2}


def hold_a_full_scale_study_above_quick_ones(quick: object) -> None:
    """An older study at full scale is taken before a newer quick one."""
    assert isinstance(quick, Study)
    full = quick.folder.with_name("full-scale")
    shutil.copytree(quick.folder, full)
    for file in full.glob("*.json"):
        words = file.read_text().replace(quick.id, "full-scale").replace('"quick": true', '"quick": false')
        file.write_text(words)
    write_manifest(full, Manifest.model_validate_json((full / MANIFEST).read_text()))
    os.utime(full / CONFIG, (0, 0))
    taken = latest(experiment("4.2"))
    assert isinstance(taken, Study)
    assert taken.id == "full-scale"


def test_every_table_has_an_experiment_or_says_why_not() -> None:
    assert {row.table for row in THESIS.values()} | set(NO_EXPERIMENT) == set(published_tables())
    with pytest.raises(BadInput, match=r"table 4\.6 lists models; nothing was measured"):
        experiment("thesis-4.6")
    with pytest.raises(BadInput, match=r"no preset 'thesis-9'.*thesis-4\.2"):
        experiment("thesis-9")


def test_empty_cells_stay_empty_and_figures_are_the_sources() -> None:
    real, fastgan = (scores for _, scores in published("4.3").named_rows())
    assert set(real.values()) == {None}
    assert fastgan["mean_iou"] == 0.74
    rows = {(row.row, row.score): row for row in beside(experiment("4.3"))}
    assert rows["real", "mean IoU"].published is None
    assert rows["fastgan", "mean false positive pixels"].published == 535.04
    assert all(row.ours is None for row in rows.values())


@pytest.mark.parametrize("chosen", THESIS.values(), ids=THESIS)
def test_every_published_row_finds_what_stands_for_it(chosen: Any) -> None:
    """Sets are given in the table's order; a row without one is about real images, or a setting."""
    names = [name for name, _ in published(chosen.table).named_rows()]
    if chosen.kind != "quality":
        assert set(chosen.sets) <= set(names)
    elif not chosen.cells:
        assert len(names) == len(chosen.sets)
        assert set(published(chosen.table).scores) <= set(METRIC_OF)
    else:
        assert set(chosen.cells) <= set(names)
        assert {place for place, _ in chosen.cells.values()} == set(chosen.sets)


def test_figures_stand_beside_the_published_ones(films: PreparedDataset) -> None:
    sets = ("drawn-normal+drawn-tuberculosis", "none", "drawn-tuberculosis", "none")
    config = thesis_study(experiment("4.2"), "films", sets, **FAST, classifier=SMALL)
    assert config.doses == (0.5,)
    assert config.classifier.learning_rate == 0.0002
    study = run_study(config)
    rows = {(row.row, row.score): row for row in beside(experiment("4.2"), study)}
    arms = study.rows().groupby("number")["accuracy"].mean()
    for name, number in (("real", 0), ("fastgan", 1), ("cyclegan rf22", 2)):
        ours = rows[name, "accuracy"].ours
        assert ours is not None
        assert ours.value == pytest.approx(arms[number])
        assert ours.low is not None
        assert ours.low < ours.value
    assert rows["cyclegan rf46", "accuracy"].ours is None
    assert rows["cyclegan rf46", "accuracy"].published == 0.76
    counts = study.rows().groupby("number")["false_positives"].mean()
    missed = rows["fastgan", "false positives"].ours
    assert missed is not None
    assert missed.value == pytest.approx(counts[1])
    assert "drawn-tuberculosis (dcgan, step 2" in rows["cyclegan rf22", "accuracy"].differs
    told = " ".join(differences(experiment("4.2"), study))
    for words in ("721 training and 79 test images", "of films", "256 pixels there, 64 here", "VGG16 there",
                  "at most 2 here", "the mean of 2"):  # fmt: skip
        assert words in told
    found = latest(experiment("4.2"))
    assert isinstance(found, Study)
    assert found.id == study.id
    assert latest(experiment("4.5")) is None
    hold_a_full_scale_study_above_quick_ones(found)


def test_a_grid_is_read_setting_by_setting(films: PreparedDataset) -> None:
    study = run_study(thesis_study(experiment("4.1"), "films", **FAST | {"seeds": 1}, classifier=SMALL))
    rows = [row for row in beside(experiment("4.1"), study) if row.score == "accuracy"]
    assert len(rows) == 9
    grid = study.grid().set_index(["learning_rate", "dropout"])
    assert rows[0].row == "learning rate 0.0003, dropout 0.3"
    assert rows[0].ours is not None
    assert rows[0].ours.value == grid.loc[(0.0003, 0.3), "accuracy"]


def test_every_setting_that_is_not_the_published_one_is_told(films: PreparedDataset) -> None:
    chosen = experiment("4.5")
    changes = {"enabled": False, "flip": False}
    classifier = SMALL | {"batch_size": 8, "patience": 2, "dropout": 0.3, "augmentation": changes}
    study = run_study(thesis_study(chosen, "films", **FAST | {"seeds": 1}, classifier=classifier))
    told = differences(chosen, study)
    for words in (
        "dropout: 0.4 there, 0.3 here",
        "batch size: 16 there, 8 here",
        "training stops early here, after 2 passes without progress",
        "classical augmentation: flip, 36 degrees and 10 % zoom there, here rotation up to 36 degrees, zoom up to 10 %",
        "classical augmentation: every image is changed anew in each pass here; "
        "the source does not say how often there",
        "both classes count the same, however many images each has, and which pass counts and the threshold are chosen "
        "on validation images here; not told there",
    ):
        assert words in told
    assert not any(words.startswith(("learning rate", "all of the network")) for words in told)
    assert study.manifest is not None
    frozen = study.manifest.model_copy(update={"summary": study.manifest.summary | {"network": "VGG16"}})
    told = differences(chosen, replace(study, manifest=frozen))
    assert any("each pass shows an image as it is or one of 4 changed copies of it" in words for words in told)


def test_scores_of_sets_stand_beside_under_names_of_their_own(films: PreparedDataset) -> None:
    chosen = experiment("3.1")
    sets = ("drawn-normal", "drawn-tuberculosis", "none", "none", "none", "none")
    configs = thesis_quality(chosen, ["films"], sets, quick=True, resamples=10)
    assert {config.space for config in configs.values()} == {"radiomic"}
    assert {config.part for config in configs.values()} == {"images"}
    reports = {place: [evaluate(config)] for place, config in configs.items()}
    remember(chosen, reports)
    made = latest(chosen)
    assert made
    assert not isinstance(made, Study)
    rows = {(row.row, row.score): row for row in beside(chosen, made)}
    fid = rows["model 1, receptive field 46, normal", "FID"]
    assert fid.published == 136.55
    assert fid.ours is not None
    assert fid.our_score == "Fréchet distance (radiomic)"
    assert rows["model 1, receptive field 46, normal", "inception score"].ours is None
    assert rows["model 3, receptive field 10, normal", "FID"].ours is None
    assert "cannot be compared" in " ".join(differences(chosen, made))


def test_recognised_classes_of_two_sets_are_one_accuracy(films: PreparedDataset) -> None:
    chosen = experiment("4.4")
    configs = thesis_quality(chosen, ["films"], ["drawn-normal+drawn-tuberculosis"], space="radiomic", resamples=20)
    reports = [evaluate(config) for config in configs.values()]
    shares = [report.scores.query("of == 'set' and metric == 'seen_as_drawn'")["value"].item() for report in reports]
    (row,) = beside(chosen, {"dcgan": reports})
    assert row.published == 0.695
    assert row.ours is not None
    assert row.ours.value == pytest.approx(sum(shares) / 2)


@pytest.mark.parametrize(
    ("name", "sets", "options", "reason"),
    [
        ("4.2", ("drawn-normal",), {}, r"takes 4 \(given: 1\): fastgan, cyclegan rf46"),
        ("4.2", ("none",) * 4, {}, "needs a synthetic set at least"),
        ("4.1", ("drawn-normal",), {}, "trains on real images alone"),
        ("4.2", ("drawn-normal", "none", "none", "none"), {"uses": ("alone",)}, "uses: thesis-4.2 fixes it"),
        ("4.2", ("drawn-normal", "none", "none", "none"), {"doses": (0.5, 1.0)}, "takes one dose"),
        ("4.9", ("drawn-normal", "none", "none", "none"), {}, "has masks of nothing"),
        ("3.1", (), {}, "scores sets and trains nothing"),
    ],
)
def test_what_does_not_fit_is_one_line(
    films: PreparedDataset, name: str, sets: tuple[str, ...], options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadInput, match=reason):
        thesis_study(experiment(name), "films", sets, **options)


def test_a_quality_table_takes_a_data_set_or_one_a_set(films: PreparedDataset) -> None:
    with pytest.raises(BadInput, match="one for each of"):
        thesis_quality(experiment("3.1"), ["films", "films"], ["none"] * 6)
