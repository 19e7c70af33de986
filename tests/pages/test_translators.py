"""The pages with models that draw from masks, images or classes, and with models that draw masks."""

import io
import zipfile
from typing import Any

import pytest

from medgan.common.artefact import write_manifest
from medgan.data.dataset import list_datasets
from medgan.studies.exports import zip_bytes
from medgan.studies.synthesis import GenerateConfig, SyntheticSet, generate
from medgan.training.config import TrainConfig
from medgan.training.run import Run

from .conftest import PAGES, Open, captions, options_of, pictures, press, texts

pytestmark = pytest.mark.usefixtures("translators")


def run_id(name: str) -> str:
    return Run.open(name).id


def dataset_id(name: str) -> str:
    return next(found.id for found in list_datasets() if found.name == name)


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Configs of the jobs that the pages would start."""
    found: list[Any] = []
    for page in ("training_form", "drawing"):
        monkeypatch.setattr(f"medgan.app.{page}.submit", lambda kind, config: found.append(config))
    return found


@pytest.mark.parametrize("name", PAGES)
def test_page_opens_without_error_and_every_image_has_a_text(open_page: Open, name: str) -> None:
    app = open_page(name)
    assert not app.exception
    assert not app.error
    assert all(pictures(app))


def test_compared_runs_say_which_pictures_are_real(open_page: Open) -> None:
    app = open_page("train", view="watch", trained=run_id("turner"), other_run=run_id("painter"))
    assert not app.exception
    assert "painter**, step 2. In pairs: left a real mask, right what the model makes of it" in texts(app)
    assert "turner**, step 2. In pairs: left a real image" in texts(app)


class TestGenerate:
    @pytest.mark.parametrize(
        ("run", "mode", "words"),
        [
            ("pairs", "outline", "Synthetic · seed"),
            ("pairs", "beside", "Synthetic image and mask"),
            ("masks", "alone", "Synthetic mask"),
            ("painter", "outline", "Synthetic · seed"),
            ("painter", "beside", "Left mask, right synthetic"),
            ("slice-painter", "outline", "Synthetic · seed"),
            ("outliner", "outline", "Real image, synthetic outline"),
            ("turner", "beside", "Left real, right synthetic"),
            ("by-class", "alone", "Synthetic · normal"),
        ],
    )
    def test_each_model_is_shown_with_what_belongs_to_it(
        self, open_page: Open, run: str, mode: str, words: str
    ) -> None:
        app = open_page("generate", run=run_id(run), count="3", **{"as": mode})
        assert not app.exception
        assert not app.error
        assert len(captions(app)) == 3
        assert captions(app)[0].startswith(words)
        assert all("ynthetic" in text for text in pictures(app))

    def test_address_chooses_data_set_part_and_direction(self, open_page: Open) -> None:
        query = {"run": run_id("turner"), "count": "1", "source_part": "test", "turned": "tuberculosis"}
        app = open_page("generate", **query)
        films = next(found for found in list_datasets() if found.name == "films")
        expected = films.items["id"].iloc[films.indices("test", "tuberculosis")[:1]]
        assert [caption.rpartition(" ")[2] for caption in captions(app)] == list(expected)
        assert "must be drawn from the train part" in texts(app)
        assert app.query_params["turned"] == "tuberculosis"

    def test_each_source_gives_images_of_its_own(self, open_page: Open) -> None:
        """What was drawn from one part is not shown for another."""
        seen = []
        for part in ("train", "validation", "test"):
            app = open_page("generate", run=run_id("painter"), count="1", source_part=part, **{"as": "alone"})
            seen.append(app.image[0].proto.imgs[0].url)
        assert len(set(seen)) == 3

    def test_a_model_without_noise_says_when_images_come_again(self, open_page: Open) -> None:
        app = open_page("generate", run=run_id("turner"), count="24")
        assert "the same come again" in texts(app)

    def test_a_class_or_all_in_turn(self, open_page: Open) -> None:
        app = open_page("generate", run=run_id("by-class"), count="3")
        assert ["tuberculosis" in caption for caption in captions(app)] == [False, True, False]
        app = open_page("generate", run=run_id("by-class"), count="3", drawn_class="tuberculosis")
        assert not app.error

    def test_masks_of_a_synthetic_set_can_be_drawn_from(self, open_page: Open) -> None:
        masks = SyntheticSet.open("masks-set")
        app = open_page("generate", run=run_id("painter"), count="2", source=masks.id)
        assert not app.error
        assert captions(app)[0].endswith("from synthetic-0-000000.png")
        offered = " ".join(options_of(app, "Masks of"))
        assert "masks-set" in offered
        assert "painter-set" not in offered  # its masks are real ones
        assert "slices" not in offered  # other structures

    def test_a_set_is_asked_for_as_it_is_seen(self, open_page: Open, submitted: list[GenerateConfig]) -> None:
        query = {"run": run_id("turner"), "count": "2", "source_part": "validation", "turned": "tuberculosis"}
        app = press(open_page("generate", **query), "Save as a set")
        assert not app.exception
        [config] = submitted
        assert (config.source, config.part, config.label) == (dataset_id("films"), "validation", "tuberculosis")
        assert len(generate(config)) == 2

    def test_a_model_that_nothing_fits_says_so_in_one_line(self, open_page: Open) -> None:
        for dataset in list_datasets():
            if dataset.name == "slices":
                (dataset.folder / "manifest.json").unlink()
        app = open_page("generate", run=run_id("slice-painter"))
        assert not app.exception
        assert ["no data set here has such masks" in error.value for error in app.error] == [True]

    @pytest.mark.parametrize("name", ["masks-set", "pairs-set", "painter-set"])
    def test_saved_sets_show_their_masks(self, open_page: Open, name: str) -> None:
        app = open_page("generate", view="saved", set=SyntheticSet.open(name).id)
        assert not app.exception
        assert len(captions(app)) == 3
        assert all("ynthetic" in caption for caption in captions(app))


class TestTrain:
    def test_two_classes_instead_of_one(self, open_page: Open, submitted: list[TrainConfig]) -> None:
        query = {"gan": "cyclegan", "dataset": dataset_id("films"), "domain_a": "tuberculosis"}
        app = open_page("train", view="new", **query)
        assert not [field for field in app.text_input if "Turn" in field.label or "Into" in field.label]
        assert not [option for option in options_of(app, "To (domain b)") if "tuberculosis" in option]
        press(app, "Start training")
        [config] = submitted
        model = config.model.model_dump()
        assert (config.label, model["domain_a"], model["domain_b"]) == (None, "tuberculosis", "normal")

    @pytest.mark.parametrize(
        ("gan", "preset", "words"),
        [
            ("cyclegan", "quick", "two classes or more"),
            ("pix2pix", "quick", "Choose a data set with masks"),
            ("dcgan", "thesis-masks", "this preset draws masks"),
        ],
    )
    def test_data_that_do_not_suit_are_one_line(self, open_page: Open, gan: str, preset: str, words: str) -> None:
        lesions = next(found for found in list_datasets() if found.name == "lesions")
        lesions.manifest.summary["structures"].clear()  # as if it had no masks
        write_manifest(lesions.folder, lesions.manifest)
        app = open_page("train", view="new", gan=gan, preset=preset, dataset=lesions.id)
        assert not app.exception
        assert [words in error.value for error in app.error] == [True]
        assert "Start training" not in [button.label for button in app.button]

    def test_presets_without_their_network_are_shown_and_cannot_be_chosen(self, open_page: Open) -> None:
        app = open_page("train", view="new", gan="pix2pix", dataset=dataset_id("lesions"), preset="thesis-vgg2-10")
        assert not app.exception
        assert "cannot be used here" in texts(app)
        waiting = [button for button in app.button if "VGG16 maps" in button.label]
        assert len(waiting) == 6
        assert all(button.disabled for button in waiting)
        assert "weights download vgg16" in app.code[0].value
        assert not any("VGG16" in option for option in options_of(app, "Preset"))

    def test_a_loss_without_its_network_is_one_line_and_no_job(self, open_page: Open, submitted: list[Any]) -> None:
        app = open_page("train", view="new", gan="pix2pix", dataset=dataset_id("lesions"))
        next(box for box in app.selectbox if box.label == "Likeness to the real image").set_value("vgg16_3")
        press(app, "Start training")
        assert not app.exception
        assert ["weights of VGG16 are not here" in error.value for error in app.error] == [True]
        assert submitted == []

    def test_what_is_shown_is_what_runs(self, open_page: Open, submitted: list[TrainConfig]) -> None:
        app = open_page("train", view="new", gan="pix2pix", dataset=dataset_id("lesions"), preset="thesis-l1-22")
        fields = {field.label: field for field in app.number_input}
        assert "Training steps" not in fields
        assert fields["Passes over the training images"].value == 200
        fields["Passes over the training images"].set_value(3)
        press(app, "Start training")
        [config] = submitted
        items = int(
            next(found for found in list_datasets() if found.name == "lesions").manifest.summary["splits"]["train"]
        )
        assert config.total_steps(items) == 3 * items
        assert config.model.model_dump()["field"] == 22
        assert config.model.size == 64  # the preset asks for 128, the data have 64

    def test_steps_take_the_place_of_a_presets_passes(self, open_page: Open, submitted: list[TrainConfig]) -> None:
        app = open_page("train", view="new", gan="pix2pix", dataset=dataset_id("lesions"), preset="thesis-l1-22")
        app.segmented_control(key=f"length:pix2pix:thesis-l1-22:{dataset_id('lesions')}").set_value("steps").run()
        fields = {field.label: field for field in app.number_input}
        fields["Training steps"].set_value(7)
        press(app, "Start training")
        [config] = submitted
        assert (config.loop.steps, config.loop.epochs, config.total_steps(100)) == (7, 0, 7)

    def test_content_is_in_view_and_masks_have_their_own_words(self, open_page: Open) -> None:
        app = open_page("train", view="new", gan="dcgan", dataset=dataset_id("lesions"), preset="thesis-masks")
        assert options_of(app, "What to draw") == ["Images alone", "Masks alone", "Images with their masks"]
        assert next(box for box in app.selectbox if box.label == "What to draw").value == "masks"

    @pytest.mark.parametrize("run", ["painter", "turner", "pairs", "masks", "by-class"])
    def test_runs_are_watched_in_the_words_of_the_form(self, open_page: Open, run: str) -> None:
        app = open_page("train", view="watch", trained=run_id(run))
        assert not app.exception
        assert not app.error
        settings = app.dataframe[0].value
        assert "domain_a" not in set(settings["Setting"])
        if run in {"painter", "turner"}:
            assert "left a real" in texts(app)


def test_overview_leads_from_a_painter_to_its_page(open_page: Open) -> None:
    app = open_page("overview")
    links = [link.proto.query_string for link in app.get("page_link") if link.proto.label == "Choose a mask"]
    assert links == [f"run={run_id('painter')}"]


def test_a_zip_holds_the_masks_beside_the_images() -> None:
    synthetic = SyntheticSet.open("pairs-set")
    packed = zipfile.ZipFile(io.BytesIO(zip_bytes(synthetic.drawn, synthetic.items, synthetic.structures)))
    assert "synthetic-0-000000_mask_lesion.png" in packed.namelist()
