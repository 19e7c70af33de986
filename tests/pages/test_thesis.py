"""The Thesis page: published figures, ours beside them, and carrying an experiment out."""

import pytest
from streamlit.testing.v1 import AppTest

from medgan.data.dataset import PreparedDataset, list_datasets
from medgan.studies.evaluation import evaluate
from medgan.studies.published import published_tables
from medgan.studies.quality import QualityConfig
from medgan.studies.running import run_study
from medgan.studies.study import StudyConfig
from medgan.studies.synthesis import list_sets
from medgan.studies.thesis import NO_EXPERIMENT, experiment, thesis_study

from .conftest import Open, texts

VIEWS = ("classification", "segmentation", "quality")


def titles(app: AppTest) -> list[str]:
    return [element.value for element in app.subheader]


def test_every_published_table_is_on_one_of_the_views(open_page: Open) -> None:
    shown = [title for view in VIEWS for title in titles(open_page("thesis", view=view))]
    assert sorted(title.split(" · ")[1] for title in shown) == sorted(
        table.title for table in published_tables().values()
    )


@pytest.mark.parametrize("view", VIEWS)
def test_each_experiment_has_its_command(open_page: Open, view: str) -> None:
    app = open_page("thesis", view=view)
    assert not app.exception
    assert not app.error
    wanted = [
        experiment(number) for number in published_tables()
        if number not in NO_EXPERIMENT and experiment(number).kind == view
    ]  # fmt: skip
    assert len(app.code) == len(wanted)
    assert all(chosen.name in code.value for chosen, code in zip(wanted, app.code, strict=True))


def test_a_table_without_experiment_says_so(open_page: Open) -> None:
    assert "no experiment" in texts(open_page("thesis", view="quality"))


def test_empty_cells_stay_empty_and_what_was_not_measured_is_a_dot(open_page: Open) -> None:
    app = open_page("thesis", view="segmentation")
    unet = app.table[0].value
    assert unet["Mean IoU, published"].tolist() == ["", "0.74"]
    assert unet["Mean IoU, ours"].tolist() == ["·", "·"]


def test_an_experiment_is_started_at_a_click(
    open_page: Open, phantoms: PreparedDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[StudyConfig] = []
    monkeypatch.setattr("medgan.app.thesis_form.submit", lambda kind, config: asked.append(config))
    app = open_page("thesis")
    app.button(key="thesis-4.5:start").click().run()
    assert not app.exception
    assert not app.error
    [config] = asked
    assert (config.preset, config.dataset, config.quick, config.classical) == ("thesis-4.5", phantoms.id, True, True)


@pytest.mark.usefixtures("phantoms")
def test_an_experiment_without_the_sets_it_needs_is_one_line(open_page: Open) -> None:
    app = open_page("thesis")
    app.button(key="thesis-4.2:start").click().run()
    assert not app.exception
    assert ["needs a synthetic set" in error.value for error in app.error] == [True]


@pytest.mark.usefixtures("populated")
def test_figures_of_a_study_stand_beside_the_published_ones(open_page: Open) -> None:
    films = next(found.id for found in list_datasets() if found.name == "phantom-chest_xray")
    how = {"backbone": "small", "epochs": 2}
    options = {"seeds": 2, "resamples": 99, "positive": "tuberculosis"}
    run_study(thesis_study(experiment("4.2"), films, ("kept", *["none"] * 3), quick=True, classifier=how, **options))
    app = open_page("thesis")
    assert not app.exception
    assert not app.error
    found = app.table[titles(app).index("Table 4.2 · Tuberculosis classifier, test")].value
    assert found["Accuracy, published"].tolist() == ["0.76", "0.76", "0.76", "0.8", "0.7"]
    measured = [words != "·" for words in found["Accuracy, ours"]]
    assert measured == [True, True, False, False, False]
    assert "quick version" in texts(app)


@pytest.mark.usefixtures("populated")
def test_reports_that_were_asked_for_stand_in_their_row_once_they_are_made(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[QualityConfig] = []
    monkeypatch.setattr("medgan.app.thesis_scoring.submit", lambda kind, config: asked.append(config))
    app = open_page("thesis", view="quality")
    films = next(found.id for found in list_datasets() if found.name == "phantom-chest_xray")
    app.multiselect(key="thesis-3.2:tuberculosis normal").set_value([list_sets()[0].id])
    app.selectbox(key="thesis-3.2:tuberculosis normal:against").set_value(films)
    app.button(key="thesis-3.2:start").click().run()
    assert not app.exception
    assert not app.error
    [config] = asked
    place = titles(app).index("Table 3.2 · FastGAN, quality per data set")
    assert set(app.table[place].value["FID, ours"]) == {"·"}
    evaluate(config.model_copy(update={"resamples": 0}))
    found = open_page("thesis", view="quality").table[place].value
    assert found["FID, ours"][0].endswith("Fréchet distance (radiomic)")
    assert set(found["FID, ours"][1:]) == {"·"}
