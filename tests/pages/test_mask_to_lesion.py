"""Mask to lesion: where masks come from, how they are changed, what models paint into them, and the score."""

import io
import re
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from medgan.common.artefact import MANIFEST, Manifest, write_manifest
from medgan.data.dataset import PreparedDataset, list_datasets
from medgan.studies.synthesis import SyntheticSet
from medgan.training.run import Run

from .conftest import Open, captions, options_of, pictures, press, texts

pytestmark = pytest.mark.usefixtures("translators")


def run_id(name: str) -> str:
    return Run.open(name).id


def lesions() -> PreparedDataset:
    return next(found for found in list_datasets() if found.name == "lesions")


def shown(open_page: Open, **query: str) -> Sequence[str]:
    """The captions of mask, synthetic and real images."""
    return captions_of(open_page("mask_to_lesion", **({"run": run_id("painter")} | query)))


def captions_of(app: AppTest) -> Sequence[str]:
    assert not app.exception
    assert not app.error
    return [caption for caption in captions(app) if caption]


def slider(app: AppTest, label: str, value: int) -> AppTest:
    return next(each for each in app.slider if each.label == label).set_value(value).run()


def second_mask() -> dict[str, str]:
    """An address with the mask of a test image that the model did not learn from."""
    return {"run": run_id("painter"), "mask": "2"}


class TestResults:
    def test_mask_results_and_real_image(self, open_page: Open) -> None:
        found = shown(open_page, results="3", seed="4")
        assert found[0].startswith("Mask")
        assert [caption.split(" · follows")[0] for caption in found[1:]] == [
            *(f"Synthetic · seed 4 · no. {number}" for number in range(3)),
            "Real image",  # a test image: never learned from
        ]

    def test_an_image_that_the_model_learned_from_is_said_to_be(self, open_page: Open) -> None:
        assert "learned from it" in shown(open_page, mask_part="train")[-1]

    def test_outlines_can_be_switched_off(self, open_page: Open) -> None:
        app = open_page("mask_to_lesion", run=run_id("painter"))
        assert sum("outline" in text for text in pictures(app)) == 3
        app.toggle[0].set_value(False).run()
        assert not any("outline" in text for text in pictures(app))

    def test_the_score_stands_beside_that_of_real_pairs(self, open_page: Open) -> None:
        app = open_page("mask_to_lesion", **second_mask())
        assert all(re.search(r"follows the mask 0\.\d\d", caption) for caption in captions_of(app)[1:])
        assert "real images of lesions score under their own masks" in texts(app)

    def test_results_that_the_eye_cannot_tell_apart_are_said_to_be(
        self, open_page: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = "it paints nearly the same into a mask each time"
        monkeypatch.setattr("medgan.app.mask_results.HARDLY", 0.0)
        assert said not in texts(open_page("mask_to_lesion", **second_mask()))
        monkeypatch.setattr("medgan.app.mask_results.HARDLY", 256.0)
        assert said in texts(open_page("mask_to_lesion", **second_mask()))

    def test_without_the_data_set_the_score_stands_alone_and_says_so(self, open_page: Open) -> None:
        (lesions().folder / "manifest.json").unlink()
        app = open_page("mask_to_lesion", run=run_id("painter"), mask_from="drawn")
        assert "Nothing to compare with" in texts(app)

    def test_several_structures_and_only_models_that_paint(self, open_page: Open) -> None:
        app = open_page("mask_to_lesion", run=run_id("slice-painter"))
        assert not app.exception
        assert "heart" in app.get("html")[0].proto.body
        assert ["painter" in option for option in options_of(app, "Model")] == [True, True]

    def test_models_of_the_same_masks_stand_side_by_side(self, open_page: Open) -> None:
        first = Run.open("painter")
        twin = first.folder.with_name("twin")
        twin.mkdir()
        for file in first.folder.iterdir():
            if file.is_file():
                text = file.suffix == ".json"
                content = file.read_bytes()
                twin.joinpath(file.name).write_bytes(
                    content.replace(first.id.encode(), b"twin").replace(b'"painter"', b'"twin"') if text else content
                )
        write_manifest(twin, Manifest.model_validate_json((twin / MANIFEST).read_text()))
        found = shown(open_page, beside="twin", results="2", mask="2")
        assert [caption.split(" · ")[0] for caption in found] == [
            "Mask",
            *["Synthetic"] * 2,
            "Real image",
            *["Synthetic"] * 2,
        ]
        models = [caption.split(" · ")[1] for caption in found if caption.startswith("Synthetic")]
        assert models == ["painter", "twin"] * 2  # a row a result, a column a model


class TestMasks:
    def test_a_mask_is_chosen_by_its_button(self, open_page: Open) -> None:
        app = press(open_page("mask_to_lesion", run=run_id("painter"), mask_part="train"), "3")
        third = lesions().items["id"].iloc[lesions().indices("train")[2]]
        assert f"Mask · {third}" in captions(app)
        assert app.query_params["mask"] == "3"
        next(button for button in app.button if button.help == "Later masks").click().run()
        assert app.query_params["mask"] == "11"

    def test_synthetic_masks_have_no_real_image(self, open_page: Open) -> None:
        found = shown(open_page, source=SyntheticSet.open("masks-set").id)
        assert not any("Real" in caption for caption in found)

    def test_a_mask_model_draws_masks(self, open_page: Open) -> None:
        app = open_page(
            "mask_to_lesion", run=run_id("painter"), mask_from="gan", mask_run=run_id("masks"), drawn_mask="4"
        )
        assert "synthetic mask, seed 0, no. 3" in captions_of(app)[0]
        assert {option.split(" · ")[0] for option in options_of(app, "Masks drawn by")} == {"masks", "pairs"}

    def test_sliders_draw_an_ellipse_that_the_address_keeps(self, open_page: Open) -> None:
        app = open_page("mask_to_lesion", run=run_id("painter"), mask_from="drawn", ellipse_width="30")
        assert next(each for each in app.slider if each.label == "Width").value == 30
        before = app.image[0].proto.imgs[0].url
        app = slider(app, "Height", 80)
        assert app.query_params["ellipse_height"] == "80"
        assert app.image[0].proto.imgs[0].url != before
        assert "Real" not in " ".join(captions_of(app))

    def test_one_structure_at_a_time_is_drawn_for_models_of_several(self, open_page: Open) -> None:
        app = open_page("mask_to_lesion", run=run_id("slice-painter"), mask_from="drawn", ellipse_of="lung")
        assert captions_of(app)[0] == "Mask · drawn by sliders"

    def test_a_changed_mask_is_painted_and_the_real_image_keeps_its_own(self, open_page: Open) -> None:
        app = open_page("mask_to_lesion", **second_mask())
        before = [image.proto.imgs[0].url for image in app.image[-4:]]
        app = slider(app, "Move to the right", 10)
        after = [image.proto.imgs[0].url for image in app.image[-4:]]
        assert [old == new for old, new in zip(before, after, strict=True)] == [False, False, False, True]
        assert captions_of(app)[0].startswith("Mask (changed)")
        assert "under the mask as it was" in captions_of(app)[-1]
        next(button for button in app.button if button.help == "Back to the mask as it was").click().run()
        assert [image.proto.imgs[0].url for image in app.image[-4:]] == before
        assert "mask_right" not in app.query_params

    def test_a_bend_has_a_number_of_its_own(self, open_page: Open) -> None:
        query = second_mask() | {"mask_deform": "50"}
        first, second = (open_page("mask_to_lesion", **query, mask_bend=number) for number in ("0", "1"))
        assert first.image[-4].proto.imgs[0].url != second.image[-4].proto.imgs[0].url

    def test_a_mask_that_was_moved_away_paints_nothing(self, open_page: Open) -> None:
        query = second_mask() | {"mask_grow": "-20", "mask_right": "50", "mask_down": "50"}
        app = open_page("mask_to_lesion", **query)
        assert not app.exception
        assert "This mask is empty now" in texts(app)

    def test_a_file_becomes_a_mask_and_a_bad_one_is_one_line(self, open_page: Open) -> None:
        app = open_page("mask_to_lesion", run=run_id("painter"), mask_from="file")
        assert "Choose a black-and-white picture" in texts(app)
        app.file_uploader[0].upload("my mask.png", png(np.pad(np.full((20, 20), 255, np.uint8), 22)), "image/png").run()
        assert captions_of(app)[0] == "Mask · my mask.png"
        app.file_uploader[0].set_value(("bad.png", png(np.arange(64, dtype=np.uint8).reshape(8, 8)), "image/png")).run()
        assert not app.exception
        assert [error.value.startswith("bad.png") for error in app.error] == [True]

    def test_masks_can_be_drawn_where_no_data_set_has_any(self, open_page: Open) -> None:
        for dataset in list_datasets():
            if dataset.name == "slices":
                (dataset.folder / "manifest.json").unlink()
        app = open_page("mask_to_lesion", run=run_id("slice-painter"))
        assert "no data set here has such masks" in texts(app)
        assert captions_of(app)[0] == "Mask · drawn by sliders"


class TestNothing:
    def test_without_a_model_it_leads_to_training_one(self, open_page: Open) -> None:
        for name in ("painter", "slice-painter"):
            (Run.open(name).folder / "run.json").unlink()
        app = open_page("mask_to_lesion")
        assert not app.exception
        assert "No model has learned this yet" in texts(app)
        [link] = [link for link in app.get("page_link") if link.proto.label == "Train Pix2Pix"]
        assert "gan=pix2pix" in link.proto.query_string
        assert "preset=quick" in link.proto.query_string

    def test_a_model_with_nothing_saved_yet(self, open_page: Open) -> None:
        for name in ("painter", "slice-painter"):
            for path in Run.open(name).folder.glob("*.safetensors"):
                path.unlink()
        app = open_page("mask_to_lesion")
        assert not app.exception
        assert "nothing saved yet" in texts(app)


def png(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return buffer.getvalue()
