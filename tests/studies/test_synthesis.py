"""Synthetic sets: what is asked for is drawn, recorded and exported, and only that."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from medgan.common.artefact import damaged_files
from medgan.common.errors import BadInput, Cancelled
from medgan.data.dataset import PreparedDataset
from medgan.studies.exports import export_folder, export_zip, zip_bytes
from medgan.studies.synthesis import SyntheticSet, generate, generate_config, list_sets
from medgan.training.config import train_config
from medgan.training.loop import train
from medgan.training.run import Run

TINY: dict[str, Any] = {"width": 8, "batch_size": 4, "steps": 1, "samples": 1}


@pytest.fixture
def run(phantoms: PreparedDataset) -> Run:
    return train(train_config("dcgan", "phantoms", label="tuberculosis", name="tiny", options=TINY))


def test_a_set_holds_its_images_and_says_where_they_are_from(run: Run) -> None:
    made = generate(generate_config("tiny", count=11, seed=3, name="drawn"))
    assert [found.id for found in list_sets()] == [made.id]
    assert made.drawn.pictures.shape == (11, 64, 64, 1)
    assert made.drawn.pictures.std() > 0
    assert made.items["index"].tolist() == list(range(11))
    assert set(made.items["label"]) == {"tuberculosis"}
    assert set(made.items["run"]) == {run.id}
    assert made.manifest.parents == [run.id]
    assert damaged_files(made.folder) == []
    again = generate(generate_config("tiny", count=5, seed=3))
    assert np.array_equal(again.drawn.pictures, made.drawn.pictures[:5])


def test_a_finished_set_is_not_drawn_again_and_an_unfinished_one_is(run: Run) -> None:
    class StopLater:
        left = 1

        def update(self, done: int, total: int, message: str = "") -> None:
            pass

        def stop_requested(self) -> bool:
            self.left -= 1
            return self.left < 0

    config = generate_config("tiny", count=20, name="stopped")
    with pytest.raises(Cancelled, match="8 of 20"):
        generate(config, StopLater())
    assert list_sets() == []
    made = generate(config)
    assert generate(config).manifest == made.manifest


def check_export(names: list[str], csv: bytes, first_png: bytes, made: SyntheticSet) -> None:
    assert sorted(names) == sorted([*made.items["file"], "items.csv", "README.txt"])
    assert all(name.startswith("synthetic-") for name in names if name.endswith(".png"))
    table = pd.read_csv(io.BytesIO(csv))
    assert table["file"].tolist() == made.items["file"].tolist()
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(first_png))), made.drawn.pictures[0, ..., 0])


def test_exports_hold_the_same_pixels_a_table_and_a_notice(run: Run, tmp_path: Path) -> None:
    made = generate(generate_config("tiny", count=3))
    export_zip(made, tmp_path / "set.zip")
    for source in (tmp_path / "set.zip", io.BytesIO(zip_bytes(made.drawn, made.items))):
        with zipfile.ZipFile(source) as archive:
            first = archive.read(made.items["file"][0])
            check_export(archive.namelist(), archive.read("items.csv"), first, made)
            assert b"not for diagnosis" in archive.read("README.txt")
    folder = tmp_path / "set"
    export_folder(made, folder)
    names = [path.name for path in folder.iterdir()]
    first = (folder / made.items["file"][0]).read_bytes()
    check_export(names, (folder / "items.csv").read_bytes(), first, made)
    with pytest.raises(BadInput, match="not an empty folder"):
        export_folder(made, folder)


def test_bad_input_is_named(run: Run) -> None:
    with pytest.raises(BadInput, match="no run named 'other'"):
        generate(generate_config("other"))
    with pytest.raises(BadInput, match=r"count: .* greater than or equal to 1"):
        generate_config("tiny", count=0)
    with pytest.raises(BadInput, match="letters, digits"):
        generate_config("tiny", name="../up")


def test_a_torn_set_is_one_line(run: Run) -> None:
    made = generate(generate_config("tiny", count=3))
    (made.folder / "images.npy").write_bytes(b"torn")
    with pytest.raises(BadInput, match=r"images\.npy: damaged"):
        _ = SyntheticSet.open(made.id).drawn
    (made.folder / "items.parquet").write_bytes(b"torn")
    with pytest.raises(BadInput, match=r"items\.parquet: damaged"):
        _ = SyntheticSet.open(made.id).items
