"""Reports of studies: complete, self-contained, safe whatever things are called, and a table of every figure."""

import base64
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from markupsafe import escape
from PIL import Image

from medgan.common.artefact import MANIFEST, Manifest, sha256_of, write_manifest
from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.downstream.classifier import ClassifierConfig
from medgan.studies import report_pictures
from medgan.studies.evaluation import evaluate
from medgan.studies.figure_table import COLUMNS, write_csv
from medgan.studies.figures import Interval, arm_figures, interval_of
from medgan.studies.quality import quality_config
from medgan.studies.report import report_html, write_report
from medgan.studies.report_pictures import PANEL, PREDICTED_COLOUR, TRUE_COLOUR, outlined, samples_of, worst_cases
from medgan.studies.running import run_study
from medgan.studies.short_training import short_trainings
from medgan.studies.study import CONFIG, Study, study_config
from medgan.studies.study_charts import arm_chart, confusion_figures, dose_chart, line_style, roc_chart
from medgan.studies.synthesis import SyntheticSet, generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train

TINY = {"width": 8, "batch_size": 4, "steps": 2, "log_every": 1, "sample_every": 2, "samples": 4, "checkpoint_every": 2}
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of each task, and a quality report on the set of the first."""
    home = tmp_path_factory.mktemp("report") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGAN_HOME", str(home))
        films = prepare_phantoms(PhantomConfig(family="chest_xray", count=90, size=64, name="films"))
        run = train(train_config("dcgan", films.id, label="normal", name="normal", options=TINY))
        generate(generate_config(run.id, count=40, seed=3, name="drawn"))
        evaluate(quality_config("drawn", "films", resamples=10, screening=False))
        given: dict[str, Any] = {"seeds": 2, "resamples": 99}
        run_study(study_config("films", name="films-study", sets=("drawn",), doses=(0.5, 1.0), positive="tuberculosis",
                               classifier={"backbone": "small", "epochs": 2}, **given))  # fmt: skip
        prepare_phantoms(PhantomConfig(family="dermoscopy", count=60, size=64, name="lesions"))
        segmenter = {"epochs": 2, "width": 8, "batch_size": 8}
        run_study(study_config("lesions", name="lesions-study", classical=True, segmenter=segmenter, **given))
    return home


@pytest.fixture
def films(made: Path, medgan_home: Path) -> Study:
    shutil.copytree(made, medgan_home, dirs_exist_ok=True)
    return Study.open("films-study")


@pytest.fixture
def lesions(films: Study) -> Study:
    return Study.open("lesions-study")


def renamed(study: Study) -> Study:
    """The study with a set, an arm and itself named so that a careless page would run a script."""
    synthetic = SyntheticSet.open("drawn")
    for folder in (synthetic.folder, study.folder):
        for path in [*folder.glob("*.json"), *folder.glob("*.jsonl")]:
            text = path.read_text()
            for name in ("real + drawn", '"name": "drawn"', '"name": "films-study"'):
                text = text.replace(name, re.sub(r"drawn|films-study", HOSTILE, name))
            path.write_text(text)
        write_manifest(folder, Manifest.model_validate_json((folder / MANIFEST).read_text()))
    return Study.read(study.folder)


def pictures(html: str) -> Iterator[np.ndarray[Any, Any]]:
    for content in re.findall(r'src="data:image/png;base64,([^"]+)"', html):
        yield np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


class TestHtml:
    def test_says_what_was_found_and_where_it_comes_from(self, films: Study) -> None:
        html = report_html(films)
        for verdict in films.verdicts():
            assert str(escape(verdict["sentence"])) in html
        synthetic = SyntheticSet.open("drawn")
        for folder in (PreparedDataset.open("films").folder, synthetic.folder):
            assert sha256_of(folder / MANIFEST) in html
        for words in ("For research; not for diagnosis", films.id, "learned from films (train)", "Limitations",
                      "Environment", "SYNTHETIC", "REAL", "Scores of the synthetic sets", "Fréchet distance (radiomic)",
                      "torch", "ROC curves", "Dose"):  # fmt: skip
            assert words in html
        assert html.count('<figure class="synthetic">') == 1
        assert html.count('<figure class="real">') == 3  # a grid a class

    def test_says_how_far_everything_was_trained(self, films: Study) -> None:
        html = report_html(films)
        assert "DCGAN, 2 training steps, preset quick" in html
        assert "drawn at training step 2" in html
        assert "DCGAN of set drawn had only 2 training steps; its preset" in html
        assert "classifiers made at most 2 passes over their training images; the published comparison made 100" in html
        assert short_trainings(films.config.model_copy(update={"sets": (), "classifier": ClassifierConfig()})) == []

    def test_counts_are_counts_and_scores_are_those_of_the_page(self, films: Study) -> None:
        from medgan.app.downstream_words import SCORES, cell

        html = report_html(films)
        for each in arm_figures(films):
            for name, score in SCORES["classification"].items():
                value = cell(Interval(float(each.seeds[name].mean())), score)
                assert f'<td class="number">{value}<' in html, name
        assert cell(Interval(6.0), SCORES["classification"]["false_positives"]) == "6.0"

    def test_needs_nothing_from_elsewhere(self, films: Study) -> None:
        html = report_html(films)
        body = html[html.index("<body>") :]
        assert not re.search(r'(?:src|href)="(?!data:)', body)
        assert html.count("plotly.js v") == 1
        assert len(list(pictures(body))) == 4

    def test_names_cannot_run(self, films: Study) -> None:
        html = report_html(renamed(films))
        assert "alert(1)" in html
        assert HOSTILE not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html

    def test_of_segmentation_shows_the_worst_images(self, lesions: Study) -> None:
        html = report_html(lesions)
        assert "Test images that went worst" in html
        assert "ROC curves" not in html
        worst = worst_cases(lesions)
        overall = np.mean([lesions.per_image(number).mean(axis=0) for number in (0, 1)], axis=0)
        names = PreparedDataset.open("lesions").items.query("split == 'test'")["file"].to_numpy()
        assert [case.name for case in worst] == list(names[np.argsort(overall)[: len(worst)]])
        assert worst[0].panels[0][:2] == ("real", lesions.per_image(0)[0][np.argmin(overall)])

    def test_is_written_whole_and_only_of_a_finished_study(self, films: Study, tmp_path: Path) -> None:
        write_report(films, tmp_path / "new" / "report.html")
        assert [path.name for path in (tmp_path / "new").iterdir()] == ["report.html"]
        (films.folder / MANIFEST).unlink()
        with pytest.raises(BadInput, match="films-study is not finished"):
            write_report(Study.read(films.folder), tmp_path / "other.html")
        assert not (tmp_path / "other.html").exists()
        (tmp_path / "file").touch()
        with pytest.raises(BadInput, match="cannot be written"):
            write_csv(films, tmp_path / "file" / "figures.csv")

    def test_scores_without_intervals_are_told(self, films: Study) -> None:
        evaluate(quality_config("drawn", "films", resamples=0, screening=False))
        assert "Scores of the synthetic sets" in report_html(films)

    def test_arms_that_are_not_shown_are_told(self, lesions: Study, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "of the first" not in report_html(lesions)
        monkeypatch.setattr(report_pictures, "ARMS", 1)
        assert "of the first 1 of 2 arms" in " ".join(report_html(lesions).split())

    def test_tells_what_is_gone(self, films: Study) -> None:
        shutil.rmtree(SyntheticSet.open("drawn").folder)
        html = report_html(films)
        assert "gone since" in html
        assert '<figure class="synthetic">' not in html


def test_samples_say_what_they_are(films: Study) -> None:
    real, synthetic = (next(some for some in samples_of(films) if some.synthetic is wanted) for wanted in (False, True))
    strips = [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(some.png.split(",")[1]))))[:18] for some in (real, synthetic)
    ]
    assert all(strip.max() > 200 and strip.min() == 0 for strip in strips)
    assert not np.array_equal(*strips)


def test_a_class_without_training_images_has_no_sample(films: Study) -> None:
    path = PreparedDataset.open("films").folder / "items.parquet"
    items = pd.read_parquet(path)
    items.loc[(items["label"] == "viral_pneumonia") & (items["split"] == "train"), "split"] = "validation"
    items.to_parquet(path)
    assert [some.label for some in samples_of(films) if not some.synthetic] == [
        "normal, training part", "tuberculosis, training part"
    ]  # fmt: skip


def test_outlines_lie_where_the_masks_are() -> None:
    image, true, predicted = (np.zeros((64, 64, channels), np.uint8) for channels in (3, 1, 1))
    true[8:24, 8:24], predicted[36:56, 36:56] = 1, 1
    picture = outlined(image, true, predicted)
    for colour, low, high in ((TRUE_COLOUR, 8, 24), (PREDICTED_COLOUR, 36, 56)):
        rows, columns = np.nonzero((picture == colour).all(axis=2))
        for places in (rows, columns):
            assert places.min() * 64 / PANEL == pytest.approx(low, abs=1)
            assert places.max() * 64 / PANEL == pytest.approx(high, abs=1)


class TestFigures:
    def test_table_holds_every_training_and_every_mean(self, films: Study, tmp_path: Path) -> None:
        write_csv(films, tmp_path / "figures.csv")
        table = pd.read_csv(tmp_path / "figures.csv")
        assert tuple(table.columns) == COLUMNS
        rows = films.rows()
        trainings = table[(table["what"] == "training") & (table["score"] == "accuracy")]
        assert list(trainings["value"]) == pytest.approx(list(rows["accuracy"]))
        assert list(trainings["seed"]) == list(rows["seed"])
        means = table[(table["what"] == "mean") & (table["score"] == "accuracy")].set_index("arm")
        for arm, group in rows.groupby("arm"):
            assert means.loc[arm, "value"] == pytest.approx(group["accuracy"].mean())
        differences = table[table["what"] == "difference"]
        assert list(differences["low"]) == pytest.approx([verdict["low"] for verdict in films.verdicts()])
        assert {"quality", "test"} <= set(table["what"])
        mcnemar = table[table["score"] == "mcnemar_p_value"]
        told = [one["p_value"] for verdict in films.verdicts() for one in verdict["mcnemar"]]
        assert list(mcnemar["value"]) == pytest.approx(told)
        assert list(mcnemar["seed"]) == [0, 1, 0, 1]

    @pytest.mark.parametrize("name", ["films-study", "lesions-study"])
    def test_means_with_an_interval_are_those_of_the_rows(self, films: Study, name: str) -> None:
        study = Study.open(name)
        for each in arm_figures(study):
            for score, interval in each.scores.items():
                assert interval.value == pytest.approx(each.seeds[score].mean(), nan_ok=True), score

    @pytest.mark.parametrize("name", ["films-study", "lesions-study"])
    def test_no_interval_reaches_what_is_impossible(self, films: Study, name: str) -> None:
        study, pixels = Study.open(name), 64 * 64
        positive = int((study.test["label"].fillna("") == study.config.positive).sum())
        most = {
            "false_positives": len(study.test) - positive, "false_negatives": positive,
            "false_positive_pixels": pixels, "false_negative_pixels": pixels, "boundary_distance": 64 * 2**0.5,
        }  # fmt: skip
        for each in arm_figures(study):
            for score, interval in each.scores.items():
                if interval.low is not None and interval.high is not None:
                    assert 0 <= interval.low <= interval.value <= interval.high <= most.get(score, 1), score

    def test_an_interval_covers_the_truth_at_its_rate(self) -> None:
        """200 studies of 4 trainings and 60 patients whose scores vary by patient, by training, and by both."""
        rng, covered = np.random.default_rng(0), 0
        patients = np.arange(60).astype(str)
        for _ in range(200):
            values = 3 + rng.normal(0, 1, 60) + rng.normal(0, 0.1, (4, 1)) + rng.normal(0, 0.5, (4, 60))
            found = interval_of(values, patients, most=None)
            assert found.low is not None
            assert found.high is not None
            covered += found.low <= 3 <= found.high
        assert covered >= 184  # 95 % of 200, less two standard errors

    def test_without_the_data_set_what_needs_no_masks_is_left(self, lesions: Study) -> None:
        shutil.rmtree(PreparedDataset.open("lesions").folder)
        scores = arm_figures(lesions)[0].scores
        assert scores["iou"].low is not None
        assert scores["false_positive_pixels"].low is None
        assert worst_cases(lesions) == []


class TestCharts:
    def test_every_arm_is_in_every_chart(self, films: Study) -> None:
        names = list(films.rows()["arm"].unique())
        chart = arm_chart(films)
        assert chart is not None
        assert {name for trace in chart.data for name in trace.y} == set(names)
        assert {trace.name for trace in chart.data} == {
            "one training", "real images alone", *(verdict["label"] for verdict in films.verdicts()),
        }  # fmt: skip
        roc, matrices = roc_chart(films), confusion_figures(films)
        assert roc is not None
        assert matrices is not None
        assert len(roc.data) == len(names) + 1
        assert len(matrices.data) == len(names)
        counts = np.array(matrices.data[0].text, float)
        assert counts.sum() == pytest.approx(len(films.test), abs=0.2)

    def test_doses_are_a_line_with_intervals(self, films: Study) -> None:
        chart = dose_chart(films)
        assert chart is not None
        (line,) = chart.data
        assert line.x == (0.5, 1.0)
        accuracy = films.rows().groupby("number")["accuracy"].mean()
        assert list(line.y) == pytest.approx([accuracy[1], accuracy[2]])
        assert max(line.error_y.array) > 0

    def test_a_line_of_fewer_real_images_begins_with_those_alone(self, films: Study) -> None:
        path = films.folder / CONFIG
        values = json.loads(path.read_text()) | {"doses": [0.5, 1.0], "real_shares": [1.0, 0.5], "sets": []}
        values["sets"] = [SyntheticSet.open("drawn").id]
        path.write_text(json.dumps(values))
        for number in (3, 4, 5):  # the arms of half the real images
            for seed in (0, 1):
                shutil.copy(films.folder / f"per_image/001-00000{seed}.npy",
                            films.folder / f"per_image/00{number}-00000{seed}.npy")  # fmt: skip
        lines = (films.folder / "rows.jsonl").read_text().splitlines()
        added = [json.loads(line) | {"number": number} for number in (3, 4, 5) for line in lines[:2]]
        (films.folder / "rows.jsonl").write_text("\n".join([*lines, *map(json.dumps, added)]) + "\n")
        chart = dose_chart(Study.read(films.folder))
        assert chart is not None
        assert [len(line.x) for line in chart.data] == [2, 3]
        assert min(chart.data[1].x) == pytest.approx(0, abs=0.01)

    def test_classes_called_by_numbers_are_names(self, films: Study) -> None:
        matrices = confusion_figures(films)
        assert matrices is not None
        assert {axis.type for axis in (*matrices.select_xaxes(), *matrices.select_yaxes())} == {"category"}

    def test_lines_of_many_arms_differ(self) -> None:
        styles = [line_style(place) for place in range(36)]
        assert len({(colour, symbol, dash) for colour, symbol, dash in styles}) == 36
        assert len({(colour, dash) for colour, _, dash in styles}) == 36

    def test_what_there_is_no_chart_for_is_none(self, lesions: Study, tmp_path: Path) -> None:
        assert roc_chart(lesions) is None
        assert confusion_figures(lesions) is None
        assert dose_chart(lesions) is None
        empty = tmp_path / "empty"
        empty.mkdir()
        values = json.loads((lesions.folder / CONFIG).read_text())
        (empty / CONFIG).write_text(json.dumps(values))
        shutil.copy(lesions.folder / "test.parquet", empty)
        assert arm_chart(Study.read(empty)) is None

    def test_a_growing_study_shows_what_it_has(self, films: Study) -> None:
        lines = (films.folder / "rows.jsonl").read_text().splitlines()
        (films.folder / "rows.jsonl").write_text("\n".join(lines[:3]) + "\n")
        for name in ("verdicts.json", MANIFEST):
            (films.folder / name).unlink()
        chart = arm_chart(Study.read(films.folder))
        assert chart is not None
        assert len({name for trace in chart.data for name in trace.y}) == 2
        assert roc_chart(Study.read(films.folder)) is not None

    def test_names_are_text_in_charts(self, films: Study) -> None:
        chart = arm_chart(renamed(films))
        assert chart is not None
        assert HOSTILE not in json.dumps([list(trace.y) for trace in chart.data])
