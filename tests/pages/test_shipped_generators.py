"""The first second of a newcomer's life: generators that came with the program draw at once."""

import shutil
from pathlib import Path

import pytest

from medgan.app import cached
from medgan.training import run as run_module
from medgan.training.run import list_runs

from .conftest import Open, texts


@pytest.fixture
def shipped(made_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that holds one small generator, and an empty home."""
    package = tmp_path / "pretrained"
    shutil.copytree(next((made_workspace / "checkpoints").iterdir()), package / "chest_xray")
    monkeypatch.setattr(run_module, "shipped_runs_folder", lambda: package)
    monkeypatch.setattr(cached, "shipped_runs_folder", lambda: package)
    return package


@pytest.mark.usefixtures("shipped")
class TestFirstVisit:
    def test_overview_shows_synthetic_images_at_once(self, open_page: Open) -> None:
        app = open_page("overview")
        assert not app.exception
        assert not app.error
        [image] = [image for element in app.image for image in element.proto.imgs]
        assert "synthetic images: " in image.alt
        assert "Draw synthetic images" in texts(app)
        assert "Training runs" not in texts(app)  # nothing was trained here

    def test_generate_draws_without_anything_trained(self, open_page: Open) -> None:
        app = open_page("generate", count="3")
        assert not app.exception
        assert sum(len(element.proto.imgs) for element in app.image) == 3
        assert "came with medgan" in app.selectbox[0].options[0]

    def test_train_starts_with_a_new_run(self, open_page: Open) -> None:
        app = open_page("train")
        assert not app.exception
        assert "nothing to learn from yet" in texts(app)


def test_a_damaged_generator_is_one_line_and_the_page_goes_on(shipped: Path, open_page: Open) -> None:
    (list_runs()[0].folder / "generator.safetensors").write_bytes(b"torn")
    app = open_page("overview")
    assert not app.exception
    assert "cannot be read" in app.error[0].value
    assert "What to do next" in texts(app)
