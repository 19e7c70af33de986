"""Normal and abnormal: an image, its translation, the way back, and the difference."""

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from medgan.data.dataset import PreparedDataset, list_datasets
from medgan.training.run import Run

from .conftest import Open, captions, options_of, pictures, press, texts

pytestmark = pytest.mark.usefixtures("translators")


def films() -> PreparedDataset:
    return next(found for found in list_datasets() if found.name == "films")


def opened(open_page: Open, **query: str) -> AppTest:
    app = open_page("normal_abnormal", **({"run": Run.open("turner").id} | query))
    assert not app.exception
    assert not app.error
    return app


def large(app: AppTest) -> list[str]:
    """The captions of the large images."""
    return [caption for caption in captions(app) if caption]


def heat_map(app: AppTest) -> Any:
    [chart] = app.get("plotly_chart")
    return json.loads(chart.proto.spec)["data"][0], chart.proto.alt


@pytest.mark.parametrize(
    ("turned", "ends"), [("normal", ("normal", "tuberculosis")), ("tuberculosis", ("tuberculosis", "normal"))]
)
def test_both_directions_from_the_test_part(open_page: Open, turned: str, ends: tuple[str, str]) -> None:
    app = opened(open_page, turned=turned)
    first = films().items["id"].iloc[films().indices("test", turned)[0]]
    assert large(app) == [
        f"Real · {ends[0]} · {first}",
        f"Synthetic · turned into {ends[1]}",
        f"Synthetic · turned back into {ends[0]}",
    ]
    assert all(pictures(app))
    assert options_of(app, "Part")[0].startswith("To test")


def test_an_image_is_chosen_and_the_address_keeps_it(open_page: Open) -> None:
    app = press(opened(open_page, turned_part="train"), "2")
    second = films().items["id"].iloc[films().indices("train", "normal")[1]]
    assert large(app)[0] == f"Real · normal · {second} · the model learned from it"
    assert app.query_params["turned_image"] == "2"


def test_the_heat_map_is_the_difference_on_a_scale_that_is_even_on_both_sides(open_page: Open) -> None:
    app = opened(open_page)
    drawn, words = heat_map(app)
    assert drawn["zmin"] == -drawn["zmax"]
    assert "grey levels of 255 on average" in words
    assert "Red: brighter as tuberculosis than in the real image" in texts(app)
    back, words_of_back = heat_map(opened(open_page, turned_compared="back"))
    assert "turned back into normal" in words_of_back
    assert not np.array_equal(drawn["z"], back["z"])


def test_a_wipe_lies_over_the_same_pictures(open_page: Open) -> None:
    app = opened(open_page, turned_shown="wipe")
    assert large(app) == []
    [component] = app.get("bidi_component")
    sides = json.loads(component.proto.json)
    assert [sides[side]["name"] for side in ("left", "right")] == ["Real", "Synthetic"]
    assert sides["left"]["png"] != sides["right"]["png"]
    assert "Synthetic image" in sides["label"]


def test_figures_stand_beside_those_of_real_images_and_nothing_is_called_a_finding(open_page: Open) -> None:
    app = opened(open_page, turned_part="train")
    table = app.dataframe[0].value
    assert len(table) == 4
    assert list(table.iloc[2:]["This image"]) == ["·", "·"]
    assert all(float(value) >= 0 for value in table.iloc[:, 2])
    said = texts(app)
    assert "it is not a finding" in said
    assert "of 255 on average" in said
    assert "tuberculosis already" in said


def test_without_a_model_it_leads_to_training_one(open_page: Open) -> None:
    (Run.open("turner").folder / "run.json").unlink()
    app = open_page("normal_abnormal")
    assert not app.exception
    assert "No model has learned this yet" in texts(app)
    [link] = [link for link in app.get("page_link") if link.proto.label == "Train CycleGAN"]
    assert f"dataset={films().id}" in link.proto.query_string


def test_a_model_with_nothing_saved_yet(open_page: Open) -> None:
    for path in Run.open("turner").folder.glob("*.safetensors"):
        path.unlink()
    app = open_page("normal_abnormal")
    assert not app.exception
    assert "nothing saved yet" in texts(app)


def test_a_model_that_nothing_fits_says_so_in_one_line(open_page: Open) -> None:
    for dataset in list_datasets():
        (dataset.folder / "manifest.json").unlink()
    app = open_page("normal_abnormal")
    assert not app.exception
    assert ["no data set here has images like those" in error.value for error in app.error] == [True]
