"""The Downstream page: starting a study, what it shows while one runs, and what it shows of finished ones."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from medgan.common.artefact import MANIFEST
from medgan.common.home import studies_folder
from medgan.data.dataset import list_datasets
from medgan.jobs import submit
from medgan.jobs.executor import EXECUTORS
from medgan.jobs.records import change_status
from medgan.studies.marks import mark
from medgan.studies.running import run_study
from medgan.studies.study import VERDICTS, Study, StudyConfig, study_config
from medgan.studies.synthesis import SyntheticSet, list_sets

from .conftest import NeverStarts, Open, pictures, press, texts

SMALL = {"backbone": "small", "epochs": 2}


def dataset_id(name: str) -> str:
    return next(found.id for found in list_datasets() if found.name == name)


def study_id(name: str) -> str:
    return Study.open(name).id


@pytest.fixture(scope="module")
def studied_workspace(made_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of the other pages, with a study of a classifier and one of a segmenter."""
    home = tmp_path_factory.mktemp("studied") / "home"
    shutil.copytree(made_workspace, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGAN_HOME", str(home))
        films, options = dataset_id("phantom-chest_xray"), {"seeds": 2, "resamples": 99}
        classify: dict[str, Any] = {
            "task": "classification",
            "positive": "tuberculosis",
            "classifier": SMALL,
            **options,
        }
        segment: dict[str, Any] = {"task": "segmentation", "segmenter": {"epochs": 1}, **options}
        run_study(study_config(films, name="films", sets=("kept",), doses=(0.5, 1.0), **classify))
        run_study(study_config(films, name="lungs", real_shares=(1.0, 0.5), **segment))
    return home


@pytest.fixture
def studied(studied_workspace: Path, medgan_home: Path) -> Path:
    """This test's own copy of it."""
    shutil.copytree(studied_workspace, medgan_home, dirs_exist_ok=True)
    return medgan_home


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[StudyConfig]:
    """The studies that the page asked for; nothing is started."""
    found: list[StudyConfig] = []
    monkeypatch.setattr("medgan.app.downstream_form.submit", lambda kind, config: found.append(config))
    return found


def new_study(open_page: Open, **query: str) -> AppTest:
    """The form, on the chest films, with the set `kept` switched on."""
    given = {"dataset": dataset_id("phantom-chest_xray"), "task": "classification", "added": list_sets()[0].id}
    app = open_page("downstream", view="new", **given | query)
    assert not app.exception
    assert not app.error
    return app


def charts(app: AppTest) -> list[str]:
    """The text alternative of each chart."""
    return [element.proto.alt for element in app.get("plotly_chart")]


def test_without_data_the_form_says_what_to_do_first(open_page: Open) -> None:
    app = open_page("downstream", view="new")
    assert not app.exception
    assert "nothing to train on yet" in texts(app)
    assert app.get("page_link")


def test_without_a_study_it_leads_to_a_new_one(open_page: Open) -> None:
    app = press(open_page("downstream"), "New study")
    assert app.query_params["view"] == "new"


@pytest.mark.usefixtures("populated")
class TestForm:
    def test_task_class_and_network_are_proposed_and_weights_told(self, open_page: Open) -> None:
        app = new_study(open_page)
        assert next(box for box in app.selectbox if box.label == "Class to be found").value != "normal"
        assert "small, not pre-trained" in texts(app)
        assert "python -m medgan weights download vgg16" in texts(app)

    def test_without_anything_to_compare_there_is_no_start(self, open_page: Open) -> None:
        app = new_study(open_page, added="none")
        assert "Nothing is compared with real images yet" in texts(app)
        assert not [button for button in app.button if button.label == "Start the study"]

    def test_arms_are_listed_as_they_are_chosen(self, open_page: Open) -> None:
        app = new_study(open_page, doses="0.5,1", uses="mixed,alone", classical="True")
        assert list(app.table[0].value["Arm"]) == [
            "**real**", "**real + classical**", "**real + kept 50%**", "**real + kept 100%**", "**kept alone**"
        ]  # fmt: skip
        app.button_group(key="url:doses").set_value(["0.5"]).run()
        assert "**real + kept 100%**" not in list(app.table[0].value["Arm"])
        assert "4 arms, 20 trainings" in [element.value for element in app.subheader]

    def test_each_change_of_classical_augmentation_can_be_left_out(
        self, open_page: Open, asked: list[StudyConfig]
    ) -> None:
        press(new_study(open_page, classical="True", changes="rotation"), "Start the study")
        press(new_study(open_page, classical="True", changes="none"), "Start the study")
        some, every = (config.classifier.augmentation for config in asked)
        assert (some.flip, some.rotation_degrees, some.zoom_share) == (False, 36, 0)
        assert (every.flip, every.rotation_degrees, every.zoom_share) == (True, 36, 0.1)

    def test_a_set_that_does_not_fit_is_greyed_with_the_reason(self, open_page: Open) -> None:
        app = new_study(open_page, task="segmentation")
        [refused] = [button for button in app.button if button.label == "kept"]
        assert refused.disabled
        assert "has masks of nothing" in texts(app)
        assert "Nothing is compared" in texts(app)

    def test_a_dose_that_takes_more_than_there_is_cannot_be_started(self, open_page: Open) -> None:
        app = new_study(open_page, doses="4")
        assert any("takes 40 images of class normal, there are 30" in cell for cell in app.table[0].value[""])
        mark(SyntheticSet.open("kept"), [0, 1], "rejected")
        [told] = [cell for cell in new_study(open_page, doses="4").table[0].value[""] if cell]
        assert "there are 28" in told
        assert "2 rejected ones are left out" in told
        assert next(button for button in app.button if button.label == "Start the study").disabled

    def test_few_seeds_are_warned_of(self, open_page: Open) -> None:
        assert "most verdicts cannot be told" in texts(new_study(open_page, seeds="2"))
        assert "most verdicts cannot be told" not in texts(new_study(open_page))

    def test_starting_hands_over_what_was_chosen_and_leads_to_the_results(
        self, open_page: Open, asked: list[StudyConfig]
    ) -> None:
        app = press(new_study(open_page, doses="0.5", shares="0.5", seeds="3", network="small"), "Start the study")
        assert not app.exception
        assert not app.error
        [config] = asked
        assert config.sets == (list_sets()[0].id,)
        assert (config.doses, config.real_shares, config.seeds) == ((0.5,), (1.0, 0.5), 3)
        assert (config.task, config.classifier.backbone) == ("classification", "small")
        assert config.positive == "tuberculosis"
        assert app.query_params["view"] == "results"

    def test_a_study_that_waits_is_shown_before_it_has_begun(
        self, open_page: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(EXECUTORS, "local", NeverStarts())
        app = press(new_study(open_page), "Start the study")
        assert not app.exception
        assert "0 of 10 trainings tested" in texts(app)
        assert list(app.table[0].value["Seeds"]) == ["0 of 5", "0 of 5"]
        assert "Cancel" in [button.label for button in app.button]


@pytest.mark.usefixtures("studied")
class TestResults:
    def test_verdicts_come_first_then_the_table_of_arms(self, open_page: Open) -> None:
        app = open_page("downstream", studies=study_id("films"))
        assert not app.exception
        assert not app.error
        assert "Of 2 arms beside real images alone" in texts(app)
        found = app.table[0].value
        assert list(found["Arm"]) == ["**real**", "**real + kept 50%**", "**real + kept 100%**"]
        assert all(re.search(r"\d\.\d{3}", words) for words in found["Accuracy"])
        assert found["Against real alone"][0] == "the measure"
        assert all(
            re.search(r"(helps|hurts|cannot be told), [+-]\d", words) for words in found["Against real alone"][1:]
        )

    def test_each_verdict_has_its_card(self, open_page: Open) -> None:
        study = Study.open("films")
        told = study.verdicts()
        for verdict, label in zip(told, ("hurts", "helps"), strict=True):
            verdict |= {"label": label, "sentence": f"this one {label}"}
        (study.folder / VERDICTS).write_text(json.dumps({"verdicts": told}))
        app = open_page("downstream", studies=study.id)
        assert [card.value for card in app.success] == ["this one helps"]
        assert [card.value for card in app.warning] == ["this one hurts"]
        assert "1 helps and 1 hurts" in texts(app)
        assert "▼ hurts" in app.table[0].value["Against real alone"][1]
        assert "▲ helps" in app.table[0].value["Against real alone"][2]

    def test_a_classifier_has_its_charts_and_every_one_a_text(self, open_page: Open) -> None:
        shown = charts(open_page("downstream", studies=study_id("films")))
        assert [words.split(" of study")[0] for words in shown] == [
            "Dot chart", "Dose-response curve", "ROC curves", "Confusion matrices"
        ]  # fmt: skip
        assert all("real + kept 50%" in words for words in shown)

    def test_a_segmenter_has_its_worst_cases_with_both_outlines(self, open_page: Open) -> None:
        app = open_page("downstream", studies=study_id("lungs"))
        assert not app.exception
        assert not app.error
        assert "Mean IoU" in app.table[0].value
        assert pictures(app)
        assert all("true outline, right with the predicted one" in words for words in pictures(app))
        values = [float(words.rpartition("IoU ")[2].split(",")[0]) for words in pictures(app)]
        assert values == sorted(values)

    def test_tables_of_two_studies_stand_side_by_side(self, open_page: Open) -> None:
        app = open_page("downstream", studies=f"{study_id('lungs')},{study_id('films')}")
        assert not app.exception
        columns = [set(element.value.columns) for element in app.table[:2]]
        assert sum("Accuracy" in names for names in columns) == 1
        assert sum("Mean IoU" in names for names in columns) == 1
        app.button_group(key="url:studies").set_value([]).run()
        assert "Every study is switched off" in texts(app)

    def test_a_study_can_be_taken_along(self, open_page: Open) -> None:
        labels = [button.label for button in open_page("downstream").get("download_button")]
        assert labels == ["Report (HTML)", "Every figure (CSV)"]

    def test_tables_fill_while_a_study_runs(self, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(EXECUTORS, "local", NeverStarts())
        study = Study.open("films")
        (study.folder / MANIFEST).unlink()
        (study.folder / VERDICTS).unlink()
        lines = (study.folder / "rows.jsonl").read_text().splitlines(keepends=True)
        (study.folder / "rows.jsonl").write_text("".join(lines[:3]))
        change_status(submit("study", study.config).folder, state="running")
        app = open_page("downstream", studies=study.id)
        assert not app.exception
        assert "3 of 6 trainings tested" in texts(app)
        assert list(app.table[0].value["Seeds"]) == ["2 of 2", "1 of 2", "0 of 2"]
        assert app.table[0].value["Accuracy"][2] == "·"
        assert "Against real alone" not in app.table[0].value
        assert "★" not in app.table[0].value.to_string()  # no best arm before every arm is complete
        assert "FastGAN, 4 steps" in texts(app)
        assert "had only 4 training steps" in texts(app)

    @pytest.mark.parametrize(
        "name", ["per_image/000-000000.npy", "predictions/000-000000.npy", "verdicts.json", "test.parquet"]
    )
    def test_a_damaged_file_is_told_in_a_line(self, open_page: Open, name: str) -> None:
        study = Study.open("lungs")
        (study.folder / name).write_bytes((study.folder / name).read_bytes()[:-20])
        app = open_page("downstream", studies=study.id)
        assert not app.exception
        assert any(Path(name).stem in plain.value.replace("\\", "") for plain in app.error)

    def test_it_says_that_the_data_set_of_a_study_is_gone(self, open_page: Open) -> None:
        study = Study.open("lungs")
        shutil.rmtree(studies_folder().parent / "datasets" / study.config.dataset)
        app = open_page("downstream", studies=study.id)
        assert not app.exception
        assert "no longer here" in texts(app)

    @pytest.mark.parametrize("view", ["results", "new"])
    def test_it_is_free_of_jargon(self, open_page: Open, view: str) -> None:
        words = texts(open_page("downstream", view=view)).lower()
        assert not re.findall(r"\b(?:tensor|latent|checkpoint|logit|epoch)s?\b", words)
