"""Known data sets on the Data page: terms and citation before anything is done, steps, download, published split."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medgan.common.home import downloads_folder
from medgan.common.progress import Silent
from medgan.data.download.config import DownloadConfig
from medgan.data.families import DATASETS, Archive
from medgan.jobs import run_here

from ..films import zip_of_films
from .conftest import Open, texts

pytestmark = pytest.mark.usefixtures("medgan_home")


def test_a_set_with_an_account_is_told_in_steps(open_page: Open) -> None:
    app = open_page("data", view="add", **{"from": "known"}, known="covid_radiography")
    assert not app.exception
    shown = texts(app)
    assert "Collected from several sources" in shown
    assert "Chowdhury et al. 2020" in shown
    assert "1. Make an account at https://www.kaggle.com" in shown
    assert not any("download" in button.label for button in app.button)


def test_what_may_be_downloaded_says_so_before(open_page: Open) -> None:
    app = open_page("data", view="add", **{"from": "known"}, known="tuberculosis")
    shown = texts(app)
    assert "2 files of about 4.4 GB from openi.nlm.nih.gov" in shown
    assert "No checksum is publicly known of ChinaSet" in shown
    assert [button.label for button in app.button if "download" in button.label] == ["Agree to the terms and download"]


@pytest.fixture
def films(publisher: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve films of the set `tuberculosis`, with the publisher."""
    packed = publisher.files["films.zip"] = zip_of_films("MontgomerySet", 12)
    sha256 = hashlib.sha256(packed).hexdigest()
    archive = Archive(publisher.url.rsplit("/", 1)[0] + "/films.zip", "films.zip", "montgomery", 0.01, sha256)
    monkeypatch.setitem(DATASETS, "tuberculosis", replace(DATASETS["tuberculosis"], archives=(archive,)))


def test_a_download_is_a_job_and_its_images_are_prepared_from_there(films: None, open_page: Open) -> None:
    _, found = run_here("download", DownloadConfig(name="tuberculosis"), Silent())
    assert found.folder == downloads_folder() / "tuberculosis"
    app = open_page("data", view="add")
    assert "Prepare its images" in [button.label for button in app.button]
    app = open_page("data", view="add", **{"from": "known"}, known="tuberculosis")
    assert not app.exception
    assert "Found 12 images, 2 classes" in app.success[0].value
    assert "Please cite:** Jaeger" in texts(app)
    (toggle,) = [each for each in app.toggle if each.label == "Split as published"]
    assert not toggle.value


def test_a_download_whose_folder_was_deleted_is_offered_again(films: None, open_page: Open) -> None:
    _, found = run_here("download", DownloadConfig(name="tuberculosis"), Silent())
    shutil.rmtree(found.folder / "MontgomerySet")
    app = open_page("data", view="add", **{"from": "known"}, known="tuberculosis")
    assert not app.error
    assert "Agree to the terms and download" in [button.label for button in app.button]


def test_images_of_unknown_origin_offer_no_published_split(tmp_path: Path, open_page: Open) -> None:
    for number in range(3):
        Image.fromarray(np.full((40, 40), 20 * number, np.uint8)).save(tmp_path / f"{number}.png")
    app = open_page("data", view="add")
    app.text_input[0].set_value(str(tmp_path)).run()
    assert "Found 3 images" in app.success[0].value
    assert "Split as published" not in [each.label for each in app.toggle]
