"""Generate: the large view, brightness and contrast, real images, exploring, marks, and states of a model."""

import json
import shutil
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from medgan.common.progress import Silent
from medgan.data.dataset import list_datasets
from medgan.jobs import run_here, submit
from medgan.jobs.executor import EXECUTORS
from medgan.jobs.records import change_status, now
from medgan.studies.exports import ExportOptions
from medgan.studies.kept_exports import export_config, list_exports
from medgan.studies.marks import Mark, mark, marks_file, marks_of
from medgan.studies.synthesis import GenerateConfig, SyntheticSet
from medgan.training.run import GENERATOR_FILE, Run

from .conftest import NeverStarts, Open, captions, options_of, pictures, press, texts


def run_id(name: str = "tiny") -> str:
    return Run.open(name).id


def shown(app: AppTest) -> list[str]:
    """Captions of the images of the page itself, without those of a dialog."""
    return [caption for caption in captions(app) if caption.startswith(("Synthetic · seed", "**Real** · normal"))]


def button_of(app: AppTest, key: str) -> Any:
    return next(button for button in app.button if button.key == key)


def marker(app: AppTest, number: int, means: Mark) -> Any:
    """The button below an image of the page."""
    return button_of(app, f"{means} {SyntheticSet.open('kept').id} {number}")


@pytest.mark.usefixtures("populated")
class TestDraw:
    def test_real_images_are_mixed_in_and_called_real(self, open_page: Open) -> None:
        app = open_page("generate", run=run_id(), count="7", real="True")
        assert not app.exception
        assert ["Real" in caption for caption in captions(app)] == [False] * 3 + [True] + [False] * 3 + [True, False]
        assert all(("Real image" in text) != ("Synthetic image" in text) for text in pictures(app))
        films = next(found for found in list_datasets() if found.name == "phantom-chest_xray")
        learned = set(films.items["id"].iloc[films.indices("train", "normal")])
        named = {caption.rpartition(" · ")[2].replace("\\", "") for caption in captions(app) if "Real" in caption}
        assert named <= learned

    def test_brightness_changes_the_picture_and_not_the_file(self, open_page: Open) -> None:
        plain = open_page("generate", run=run_id(), count="1")
        narrow = open_page("generate", run=run_id(), count="1", window="64", inverted="True")
        assert plain.image[0].proto.imgs[0].url != narrow.image[0].proto.imgs[0].url
        assert "downloads, sets and scores keep the pixels" in texts(narrow)
        press(narrow, "As drawn")
        assert narrow.image[0].proto.imgs[0].url == plain.image[0].proto.imgs[0].url
        assert "window" not in narrow.query_params

    def test_an_image_is_enlarged_with_its_nearest_training_images(self, open_page: Open) -> None:
        app = open_page("generate", run=run_id(), count="3")
        button_of(app, "enlarge 2").click().run()
        assert not app.exception
        assert app.query_params["enlarged"] == "2"
        words = texts(app)
        assert "Nearest training images" in words
        assert "Pixel by pixel: 0." in words
        assert "of the images" not in words
        assert sum("Real training image" in text for text in pictures(app)) == 4
        press(app, "Previous")
        assert app.query_params["enlarged"] == "1"
        assert next(button for button in app.button if button.label == "Previous").disabled is False

    def test_an_address_that_enlarges_nothing_is_forgotten(self, open_page: Open) -> None:
        app = open_page("generate", run=run_id(), count="3", enlarged="99")
        assert not app.exception
        assert "enlarged" not in app.query_params
        assert "Nearest training images" not in texts(app)

    def test_without_the_training_images_the_large_view_says_so(self, open_page: Open) -> None:
        for found in list_datasets():
            shutil.rmtree(found.folder)
        app = open_page("generate", run=run_id(), count="3", enlarged="0")
        assert not app.exception
        assert "are not here" in texts(app)

    def test_from_a_large_view_to_exploring(self, open_page: Open) -> None:
        app = open_page("generate", run=run_id(), count="3", seed="6", enlarged="2")
        press(app, "Explore from here")
        assert not app.exception
        assert (app.query_params["view"], app.query_params["first"]) == ("explore", "2")
        assert "Synthetic · seed 6 · no. 2" in captions(app)

    def test_the_best_generator_draws_where_it_was_kept(self, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
        run = Run.open("tiny")
        assert "scored best" not in " ".join(toggle.label for toggle in open_page("generate", run=run.id).toggle)
        newest = max(run.folder.glob("checkpoint-*.safetensors"))
        best = _other_generator(run)
        assert newest.exists()
        started: list[GenerateConfig] = []
        monkeypatch.setattr("medgan.app.drawing.submit", lambda kind, config: started.append(config))
        last = open_page("generate", run=run.id, count="1")
        app = open_page("generate", run=run.id, count="1", best="True")
        assert any(f"step {best}" in toggle.label for toggle in app.toggle)
        assert app.image[0].proto.imgs[0].url != last.image[0].proto.imgs[0].url
        press(app, "Save as a set")
        assert [config.best for config in started] == [True]


def _other_generator(run: Run) -> int:
    """Keep a generator that draws something else as the best; returns its step."""
    from safetensors.torch import load_file, save_file

    weights = load_file(run.folder / GENERATOR_FILE)
    changed = {name: -values if values.is_floating_point() else values for name, values in weights.items()}
    save_file(changed, run.folder / "best-00000002.safetensors")
    return 2


@pytest.mark.usefixtures("populated")
class TestExplore:
    def test_two_images_and_what_lies_between_and_around(self, open_page: Open) -> None:
        app = open_page("generate", view="explore", run=run_id(), seed="3", second="4", share="25", distance="40")
        assert not app.exception
        assert not app.error
        names = captions(app)
        assert names[:10] == [f"Synthetic {number}" for number in range(10)]
        assert names[10:13] == [
            "Synthetic · seed 3 · no. 0",
            "Synthetic · seed 3 · 25 % from no. 0 to no. 4",
            "Synthetic · seed 3 · no. 4",
        ]
        assert len(names) == 13 + 8
        assert names[13] == "Synthetic · seed 3 · no. 0, neighbour 1, 40 % away"

    def test_the_way_ends_at_the_two_images(self, open_page: Open) -> None:
        """At 0 % the image between is the first one, at 100 % the second."""
        for share, same in (("0", 0), ("100", 2)):
            app = open_page("generate", view="explore", run=run_id(), second="4", share=share)
            three = [app.image[place].proto.imgs[0].url for place in (10, 11, 12)]
            assert three[1] == three[same]
            assert three[0] != three[2]

    def test_images_are_chosen_from_the_strip(self, open_page: Open) -> None:
        app = open_page("generate", view="explore", run=run_id(), **{"from": "10"})
        button_of(app, "second 13").click().run()
        assert app.query_params["second"] == "13"
        assert "Synthetic · seed 0 · 50 % from no. 0 to no. 13" in captions(app)

    def test_less_variety_is_said_under_every_image(self, open_page: Open) -> None:
        app = open_page("generate", view="explore", run=run_id(), variety="70")
        assert all("variety 70 %" in caption for caption in captions(app)[10:])

    def test_a_moved_image_is_enlarged(self, open_page: Open) -> None:
        app = open_page("generate", view="explore", run=run_id())
        button_of(app, "enlarge 1").click().run()
        assert not app.exception
        assert "Nearest training images" in texts(app)
        assert "Explore from here" not in [button.label for button in app.button]


@pytest.mark.usefixtures("translators")
class TestOtherModels:
    def test_only_models_that_draw_from_random_numbers_are_explored(self, open_page: Open) -> None:
        app = open_page("generate", view="explore")
        offered = " ".join(options_of(app, "Model"))
        assert all(name in offered for name in ("by-class", "masks", "pairs"))
        assert not any(name in offered for name in ("painter", "outliner", "turner"))

    def test_the_class_is_told(self, open_page: Open) -> None:
        app = open_page("generate", view="explore", run=run_id("by-class"), explored_class="tuberculosis")
        assert not app.exception
        assert "Synthetic · tuberculosis · seed 0 · no. 0" in captions(app)

    @pytest.mark.parametrize("name", ["masks", "pairs"])
    def test_masks_are_explored_and_enlarged(self, open_page: Open, name: str) -> None:
        app = open_page("generate", view="explore", run=run_id(name), enlarged="1")
        assert not app.exception
        assert not app.error
        assert "Nearest training images" in texts(app)
        contrast = [slider.label for slider in app.slider if "contrast" in slider.label]
        assert bool(contrast) == (name == "pairs")  # a mask has no grey levels

    def test_masks_are_bent_where_a_model_paints_into_them(
        self, open_page: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started: list[GenerateConfig] = []
        monkeypatch.setattr("medgan.app.drawing.submit", lambda kind, config: started.append(config))
        urls = []
        for deform in ("0", "5"):
            app = open_page("generate", run=run_id("painter"), count="1", deform=deform, **{"as": "beside"})
            assert not app.error
            urls.append(app.image[0].proto.imgs[0].url)
        assert urls[0] != urls[1]
        press(app, "Save as a set")
        assert [config.deform for config in started] == [0.05]

    def test_rejected_masks_are_drawn_from_no_longer(self, open_page: Open) -> None:
        masks = SyntheticSet.open("masks-set")
        query = {"run": run_id("painter"), "count": "1", "source": masks.id}
        assert captions(open_page("generate", **query))[0].endswith("000000.png")
        mark(masks, 0, "rejected")
        assert captions(open_page("generate", **query))[0].endswith("000001.png")


@pytest.mark.usefixtures("populated")
class TestMarks:
    def test_a_click_marks_and_another_takes_it_back(self, open_page: Open) -> None:
        app = open_page("generate", view="saved")
        marker(app, 3, "rejected").click().run()
        assert not app.exception
        assert marks_of(SyntheticSet.open("kept"))[3] == "rejected"
        assert "0 accepted, 1 rejected, 29 not looked at" in texts(app)
        again = open_page("generate", view="saved")
        assert "Take back" in marker(again, 3, "rejected").help
        marker(again, 3, "rejected").click().run()
        assert not marks_of(SyntheticSet.open("kept")).any()

    def test_a_click_on_an_old_view_leaves_other_marks_alone(self, open_page: Open) -> None:
        synthetic = SyntheticSet.open("kept")
        app = open_page("generate", view="saved")
        mark(synthetic, [1, 2], "accepted")  # meanwhile, in the large view or in another window
        marker(app, 5, "rejected").click().run()
        assert marks_of(synthetic)[:6].tolist() == ["", "accepted", "accepted", "", "", "rejected"]

    def test_images_are_filtered_by_their_marks(self, open_page: Open) -> None:
        synthetic = SyntheticSet.open("kept")
        mark(synthetic, [2, 25], "accepted")
        app = open_page("generate", view="saved", marked="accepted")
        assert shown(app) == ["Synthetic · seed 5 · no. 2", "Synthetic · seed 5 · no. 25"]
        assert "No image of this set has this mark" in texts(open_page("generate", view="saved", marked="rejected"))

    def test_an_image_stays_while_it_is_marked(self, open_page: Open) -> None:
        app = open_page("generate", view="saved", marked="unmarked")
        marker(app, 0, "accepted").click().run()
        assert len(shown(app)) == 24
        assert shown(app)[0].endswith("no. 0")
        press(app, "Update the list")
        assert shown(app)[0].endswith("no. 1")

    def test_the_rest_of_a_page_is_accepted_at_once(self, open_page: Open) -> None:
        synthetic = SyntheticSet.open("kept")
        mark(synthetic, [1], "rejected")
        press(open_page("generate", view="saved"), "Accept the other 23")
        marks = marks_of(synthetic)
        assert marks[1] == "rejected"
        assert (np.delete(marks[:24], 1) == "accepted").all()
        assert not marks[24:].any()

    def test_in_the_large_view_a_mark_goes_on_to_the_next_image(self, open_page: Open) -> None:
        app = open_page("generate", view="saved", enlarged="23")
        press(app, "Accept")
        assert app.query_params["enlarged"] == "24"  # over the end of the page
        press(app, "Reject")
        marks = marks_of(SyntheticSet.open("kept"))
        assert (marks[23], marks[24]) == ("accepted", "rejected")
        press(app, "Previous")
        press(app, "Reject")  # it is lit: taken back
        assert not marks_of(SyntheticSet.open("kept"))[24]
        assert app.query_params["enlarged"] == "24"

    def test_damaged_marks_are_one_line(self, open_page: Open) -> None:
        path = marks_file(SyntheticSet.open("kept"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"marks": {"99": "accepted"}}))
        app = open_page("generate", view="saved")
        assert not app.exception
        assert "delete it to begin marking anew" in app.error[0].value

    def test_what_leaves_follows_the_marks(self, open_page: Open) -> None:
        app = open_page("generate", view="saved", only="accepted")
        assert "No image has this mark" in str(app.get("download_button"))
        mark(SyntheticSet.open("kept"), [4], "accepted")
        app = open_page("generate", view="saved", only="accepted")
        assert "Download ZIP of 1" in str(app.get("download_button"))

    def test_a_large_one_is_made_by_a_job_and_then_handed_over(
        self, open_page: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("medgan.app.exporting.DIRECT", 10)
        monkeypatch.setattr("medgan.app.exporting.submit", lambda kind, config: run_here(kind, config, Silent()))
        app = open_page("generate", view="saved", bits="16")
        assert not app.get("download_button")
        app = press(app, "Make a ZIP of 30")
        assert not app.exception
        [made] = list_exports()
        assert made.config.options == ExportOptions(bits=16, distances=False)
        assert "Download ZIP of 30" in str(app.get("download_button"))
        assert "MiB, made just now" in texts(app)
        mark(SyntheticSet.open("kept"), [4], "accepted")
        app.run()
        assert not app.get("download_button")  # its table tells other marks
        assert any(button.label == "Make a ZIP of 30" for button in app.button)

    def test_the_format_decides_what_is_said_and_what_takes_long(
        self, open_page: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("medgan.app.exporting.DIRECT", 100)
        app = open_page("generate", view="saved", format="nifti")
        assert "Download ZIP of 30" in str(app.get("download_button"))
        assert "A NIfTI file that says it is synthetic, with all images as its slices; a table" in texts(app)
        app = open_page("generate", view="saved", format="dicom")
        assert any(button.label == "Make a ZIP of 30" for button in app.button)
        assert "DICOM files marked as synthetic, of a made-up patient; a table" in texts(app)

    def test_one_image_can_be_had_as_dicom(self, open_page: Open) -> None:
        app = open_page("generate", view="saved", enlarged="3")
        assert not app.exception
        assert [button.label for button in app.get("download_button")][-2:] == ["PNG", "DICOM"]

    def test_how_far_a_job_is_and_why_it_failed_stand_on_the_page(
        self, open_page: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(EXECUTORS, "local", NeverStarts())
        synthetic = SyntheticSet.open("kept")
        job = submit("export", export_config(synthetic, ExportOptions(distances=True)))
        change_status(job.folder, state="running", started=now())
        app = open_page("generate", view="saved", distances="True")
        assert not app.exception
        assert any(button.label == "Cancel" for button in app.button)
        assert not any(button.label.startswith("Make a ZIP") for button in app.button)
        reason = "marks.json: damaged (holds no marks)"
        change_status(job.folder, state="failed", failure="bad input", reason=reason, finished=now())
        app.run()
        assert "holds no marks" in texts(app)
        assert any(button.label == "Try again" for button in app.button)
