"""Every page in a home with a data set with classes, one with masks, a finished run and a synthetic set."""

import shutil
from pathlib import Path

import pytest

from medgan.app.guide import parts
from medgan.common.artefact import MANIFEST, Manifest, write_manifest
from medgan.data.dataset import list_datasets
from medgan.studies.synthesis import GenerateConfig
from medgan.training.config import TrainConfig
from medgan.training.run import Run, list_runs

from .conftest import PAGES, Open, pictures, press, texts

pytestmark = pytest.mark.usefixtures("populated")


def dataset_id(name: str) -> str:
    return next(found.id for found in list_datasets() if found.name == name)


@pytest.mark.parametrize("name", PAGES)
def test_page_opens_without_error_and_every_image_has_a_text(open_page: Open, name: str) -> None:
    app = open_page(name)
    assert not app.exception
    assert not app.error
    assert all(pictures(app))


@pytest.mark.parametrize("word", ["tensor", "latent", "checkpoint", "logit"])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_free_of_jargon(open_page: Open, name: str, word: str) -> None:
    app = open_page(name)
    widgets = [*app.selectbox, *app.number_input, *app.toggle, *app.text_input, *app.button]
    assert word not in (texts(app) + " ".join(widget.label for widget in widgets)).lower()


def test_overview_shows_what_is_here(open_page: Open) -> None:
    app = open_page("overview")
    words = texts(app)
    assert "Data sets (2)" in words
    assert "Training runs (1)" in words
    assert "Synthetic sets (1)" in words
    assert "Synthetic" in words


def test_with_a_set_the_next_steps_lead_to_a_verdict(open_page: Open) -> None:
    words = texts(open_page("overview"))
    for step in ("See how good they are", "Find out whether they help", "Ask colleagues"):
        assert step in words


def test_the_demo_study_starts_with_one_click(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr("medgan.app.demo_view.submit", lambda kind, config: started.append(kind))
    app = open_page("overview")
    press(app, "Start the demo study")
    assert started == ["demo"]
    assert not app.exception


def test_the_guide_opens_at_the_part_of_the_address(open_page: Open) -> None:
    app = open_page("guide", part="quality")
    assert app.header[0].value == parts()["quality"][0]
    assert app.query_params["part"] == "quality"


class TestData:
    def test_address_chooses_data_set_class_and_split(self, open_page: Open) -> None:
        films = next(found for found in list_datasets() if found.name == "phantom-chest_xray")
        app = open_page("data", dataset=films.id, split="test", **{"class": "normal"})
        shown = pictures(app)
        assert len(shown) == len(films.indices("test", "normal"))
        assert all("class normal" in text for text in shown)
        assert app.query_params["dataset"] == films.id

    def test_outlines_can_be_switched_off(self, open_page: Open) -> None:
        app = open_page("data", dataset=dataset_id("phantom-chest_ct"))
        assert all("outlines of heart, lung and trachea" in text for text in pictures(app))
        app.toggle[0].set_value(False).run()
        assert not any("outlines" in text for text in pictures(app))
        assert app.query_params["masks"] == "False"

    def test_pages_go_through_all_images(self, open_page: Open) -> None:
        first = pictures(open_page("data", dataset=dataset_id("phantom-chest_xray")))
        second = pictures(open_page("data", dataset=dataset_id("phantom-chest_xray"), page="2"))
        assert len(first) == 24
        assert len(second) == 12
        assert not set(first) & set(second)

    @pytest.mark.parametrize(
        ("part", "words"),
        [("counts", "A patient's images"), ("problems", "Nothing was found wrong"), ("about", "Terms of use")],
    )
    def test_parts(self, open_page: Open, part: str, words: str) -> None:
        app = open_page("data", part=part)
        assert not app.exception
        assert words in texts(app)

    def test_an_address_that_names_something_gone_says_so(self, open_page: Open) -> None:
        app = open_page("data", dataset="gone-12345678")
        assert not app.exception
        assert "no longer here" in texts(app)

    def test_damaged_arrays_are_one_line(self, open_page: Open) -> None:
        dataset = next(found for found in list_datasets() if found.name == "phantom-chest_xray")
        (dataset.folder / "images.npy").write_bytes(b"torn")
        (dataset.folder / MANIFEST).touch()
        app = open_page("data", dataset=dataset.id)
        assert not app.exception
        assert "damaged" in app.error[0].value


class TestTrain:
    def test_a_run_stands_beside_another_with_what_differs(self, open_page: Open) -> None:
        run = next(run for run in list_runs() if not run.shipped)
        other = run.folder.with_name("other-20260101-000000-abcd")
        shutil.copytree(run.folder, other)
        for file in other.glob("*.json"):
            changed = file.read_text().replace(run.id, other.name).replace('"name": "tiny"', '"name": "other"')
            file.write_text(changed.replace('"seed": 0', '"seed": 7'))
        write_manifest(other, Manifest.model_validate_json((other / MANIFEST).read_text()))
        app = open_page("train", view="watch", trained=run.id, other_run=other.name)
        assert not app.exception
        table = next(table.value for table in app.table if "Setting" in table.value)
        assert list(table.columns) == ["Setting", "tiny", "other"]
        assert list(table["Setting"]) == ["Seed"]

    def test_form_starts_what_was_filled_in(self, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
        started: list[TrainConfig] = []
        monkeypatch.setattr("medgan.app.training_form.submit", lambda kind, config: started.append(config))
        app = open_page("train", view="new", dataset=dataset_id("phantom-chest_xray"), label="normal", gan="dcgan")
        fields = {field.label: field for field in app.number_input}
        fields["Training steps"].set_value(7)
        fields["Network width"].set_value(8)
        next(button for button in app.button if button.label == "Start training").click().run()
        assert not app.exception
        assert not app.error
        [config] = started
        assert (config.gan, config.label, config.loop.steps) == ("dcgan", "normal", 7)
        assert config.model.model_dump()["width"] == 8
        assert config.dataset == dataset_id("phantom-chest_xray")
        assert app.query_params["view"] == "watch"

    def test_bad_name_is_one_line(self, open_page: Open) -> None:
        app = open_page("train", view="new")
        next(field for field in app.text_input if "Name" in field.label).set_value("../out")
        next(button for button in app.button if button.label == "Start training").click().run()
        assert not app.exception
        assert "use 1 to 80 letters" in app.error[0].value

    def test_only_sizes_that_the_data_have(self, open_page: Open) -> None:
        app = open_page("train", view="new", preset="standard")
        size = next(box for box in app.selectbox if box.label.startswith("Image size"))
        assert size.options == ["64"]

    def test_run_shows_curves_and_grids(self, open_page: Open) -> None:
        app = open_page("train", view="watch")
        assert not app.exception
        assert app.get("plotly_chart")
        assert "step 4" in pictures(app)[0]
        app.select_slider[0].set_value(2).run()
        assert "step 2" in pictures(app)[0]
        assert app.query_params["step"] == "2"

    def test_a_run_without_curves_yet(self, open_page: Open) -> None:
        run = Run.open("tiny")
        (run.folder / "losses.jsonl").write_text("")
        shutil.rmtree(run.folder / "samples")
        (run.folder / MANIFEST).unlink()
        app = open_page("train", view="watch")
        assert not app.exception
        assert "first point appears" in texts(app)
        assert "first images appear" in texts(app)


class TestGenerate:
    def test_images_are_labelled_synthetic(self, open_page: Open) -> None:
        app = open_page("generate", run=Run.open("tiny").id, count="5", seed="3")
        captions = [caption for element in app.image for caption in element.captions]
        assert captions == [f"Synthetic · seed 3 · no. {index}" for index in range(5)]
        assert all("Synthetic image" in text for text in pictures(app))

    def test_many_images_become_a_job(self, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
        started: list[GenerateConfig] = []
        monkeypatch.setattr("medgan.app.drawing.submit", lambda kind, config: started.append(config))
        app = open_page("generate", run=Run.open("tiny").id, count="500", seed="2")
        assert pictures(app) == []
        next(button for button in app.button if "500 images" in button.label).click().run()
        assert [(config.count, config.seed) for config in started] == [(500, 2)]

    def test_saved_set_in_pages(self, open_page: Open) -> None:
        app = open_page("generate", view="saved", page="2")
        assert not app.exception
        assert len(pictures(app)) == 6
        assert app.get("download_button")

    def test_a_generator_that_cannot_be_read_is_one_line(self, open_page: Open) -> None:
        run = Run.open("tiny")
        (run.folder / "generator.safetensors").write_bytes(b"torn")
        app = open_page("generate", run=run.id)
        assert not app.exception
        assert "cannot be read" in app.error[0].value


def test_no_list_of_the_home_is_shown_in_another(open_page: Open, populated: Path, tmp_path: Path) -> None:
    assert "Data sets (2)" in texts(open_page("overview"))
    for path in list(populated.rglob(MANIFEST)):
        path.unlink()
    assert "Data sets" not in texts(open_page("overview"))
