"""Exports of synthetic sets: the pixels, the table, the notices, and nothing half-written."""

import io
import zipfile
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from medgan.common.artefact import damaged_files
from medgan.common.errors import BadInput, Cancelled
from medgan.common.home import exports_folder
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.studies.evaluation import evaluate
from medgan.studies.export_contents import deepened
from medgan.studies.export_formats import FORMATS
from medgan.studies.exports import ExportOptions, export_folder, export_of, export_zip, zip_bytes
from medgan.studies.kept_exports import export_config, keep_export, list_exports
from medgan.studies.marks import mark, marks_file, marks_of
from medgan.studies.quality import quality_config
from medgan.studies.synthesis import SyntheticSet, generate, generate_config
from medgan.studies.training_distances import training_distances
from medgan.training.config import train_config
from medgan.training.loop import train

TINY: dict[str, Any] = {"width": 8, "batch_size": 4, "steps": 1, "samples": 1}
DOCUMENTS = ["README.txt", "data_card.md", "data_card.json", "items.csv"]


@pytest.fixture
def films() -> SyntheticSet:
    """Five films by the shipped generator, whose training images are not here."""
    return generate(generate_config("phantom-chest-xray", count=5, seed=3, name="films"))


@pytest.fixture
def learned(phantoms: PreparedDataset) -> SyntheticSet:
    """Ten films by a GAN that learned from the phantoms that are here."""
    train(train_config("dcgan", "phantoms", label="normal", name="tiny", options=TINY))
    return generate(generate_config("tiny", count=10, name="learned"))


def packed(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def table_in(files: dict[str, bytes]) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(files["items.csv"]), keep_default_na=False)


def pixels_of(content: bytes) -> Any:
    """Pixels (h, w, c) of a PNG file; of colour in 16 bits the upper byte, since Pillow reads no more of it."""
    with Image.open(io.BytesIO(content)) as picture:
        pixels = np.asarray(picture)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def bits_of(content: bytes) -> int:
    """Bits a channel of a PNG file, as its header tells."""
    return content[24]


def test_a_zip_and_a_folder_hold_the_same_pixels_table_and_card(films: SyntheticSet, tmp_path: Path) -> None:
    export_zip(films, tmp_path / "films.zip")
    export_folder(films, tmp_path / "films")
    files = packed(tmp_path / "films.zip")
    assert {path.name: path.read_bytes() for path in (tmp_path / "films").iterdir()} == files
    assert list(files) == [*DOCUMENTS, *films.items["file"]]
    table = table_in(files)
    assert list(table.columns[:6]) == ["file", "class", "seed", "index", "run", "drawn_from"]
    assert table["file"].tolist() == films.items["file"].tolist()
    assert set(table["run"]) == {"phantom-chest-xray"}
    assert films.drawn.images is not None
    for name, image in zip(table["file"], films.drawn.images, strict=True):
        assert np.array_equal(pixels_of(files[name]), image)
    assert b"not for diagnosis" in files["README.txt"]
    with pytest.raises(BadInput, match="not an empty folder"):
        export_folder(films, tmp_path / "films")


def test_every_picture_says_inside_what_it_is(films: SyntheticSet, tmp_path: Path) -> None:
    for bits in (8, 16):
        export_zip(films, tmp_path / f"{bits}.zip", ExportOptions(bits=bits))
        files = packed(tmp_path / f"{bits}.zip")
        pictures = [name for name in files if name not in DOCUMENTS]
        assert all(name.startswith("synthetic") for name in pictures)
        with Image.open(io.BytesIO(files[pictures[2]])) as picture:
            assert picture.info["SYNTHETIC"] == "model=phantom-chest-xray; seed=3; index=2"
            assert picture.info["Warning"].startswith("SYNTHETIC image")
    assert b"tEXtSYNTHETIC\x00" in packed(tmp_path / "8.zip")[pictures[0]]


@pytest.mark.parametrize("family", ["chest-xray", "dermoscopy"])
def test_sixteen_bits_are_the_same_levels_in_proportion(family: str, tmp_path: Path) -> None:
    drawn = generate(generate_config(f"phantom-{family}", count=2, name="drawn"))
    export_zip(drawn, tmp_path / "deep.zip", ExportOptions(bits=16))
    files = packed(tmp_path / "deep.zip")
    assert drawn.drawn.images is not None
    for name, image in zip(drawn.items["file"], drawn.drawn.images, strict=True):
        found = pixels_of(files[name])
        assert bits_of(files[name]) == 16
        assert np.array_equal(found, image if found.dtype == np.uint8 else image.astype(np.uint16) * 257)
    assert "no finer than 8 bits" in files["data_card.md"].decode()


def test_deeper_levels_keep_their_share_of_white() -> None:
    levels = np.arange(256, dtype=np.uint8)
    assert np.array_equal(deepened(levels) / 65535, levels / 255)


def test_masks_lie_beside_their_images_in_white(films: SyntheticSet, tmp_path: Path) -> None:
    masks = np.zeros((5, 64, 64, 2), np.uint8)
    masks[1, 3:9, 4:7, 1] = 1
    np.save(films.folder / "masks.npy", masks)
    films.manifest.summary["structures"] = ["lung", "big heart"]
    export_zip(SyntheticSet(films.folder, films.manifest), tmp_path / "masks.zip", ExportOptions(bits=16))
    files = packed(tmp_path / "masks.zip")
    assert len(files) == len(DOCUMENTS) + 3 * 5
    heart = pixels_of(files["synthetic-3-000001_mask_big-heart.png"])
    assert bits_of(files["synthetic-3-000001_mask_big-heart.png"]) == 8
    assert np.array_equal(heart[..., 0], 255 * masks[1, ..., 1])
    assert not pixels_of(files["synthetic-3-000001_mask_lung.png"]).any()


def test_marks_choose_what_leaves(films: SyntheticSet, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no image is marked as accepted"):
        export_zip(films, tmp_path / "none.zip", ExportOptions(only="accepted"))
    mark(films, 1, "rejected")
    mark(films, [0, 4], "accepted")
    wanted = {"all": [0, 1, 2, 3, 4], "accepted": [0, 4], "not-rejected": [0, 2, 3, 4]}
    for only, numbers in wanted.items():
        path = tmp_path / f"{only}.zip"
        export_zip(films, path, ExportOptions.parse({"only": only}))
        files = packed(path)
        assert [name for name in files if name not in DOCUMENTS] == films.items["file"].iloc[numbers].tolist()
        marks = ["accepted", "rejected", "", "", "accepted"]
        assert table_in(files)["mark"].tolist() == [marks[number] for number in numbers]
        assert films.drawn.images is not None
        assert np.array_equal(pixels_of(files["synthetic-3-000004.png"]), films.drawn.images[4])
    mark(films, range(5), "rejected")
    with pytest.raises(BadInput, match="every image is marked as rejected"):
        export_zip(films, tmp_path / "none.zip", ExportOptions(only="not-rejected"))
    assert not (tmp_path / "none.zip").exists()


def test_distances_are_computed_as_a_screening_would(learned: SyntheticSet, tmp_path: Path) -> None:
    (computed,) = training_distances(learned)
    assert (computed.space, computed.report, computed.flagged) == ("radiomic", "", None)
    report = evaluate(quality_config("learned", "phantoms", label="normal", resamples=0))
    features, pixels = training_distances(learned, compute=False)
    assert features.report == pixels.report == report.id
    assert pixels.flagged is None
    assert features.flagged is not None
    assert computed.distances is not None
    assert computed.distances == pytest.approx(features.distances)
    export_zip(learned, tmp_path / "learned.zip")
    table = table_in(packed(tmp_path / "learned.zip"))
    assert table["nearest_training_distance_radiomic"].to_numpy() == pytest.approx(features.distances, rel=1e-4)
    assert table["nearest_training_distance_aligned_pixels"].to_numpy() == pytest.approx(pixels.distances, rel=1e-4)
    assert table["flagged_radiomic"].tolist() == ["yes" if found else "no" for found in features.flagged]


def test_a_copy_of_a_training_image_is_at_no_distance(learned: SyntheticSet, phantoms: PreparedDataset) -> None:
    images = np.array(learned.drawn.images)
    images[7] = phantoms.images[phantoms.indices("train", "normal")[3]]
    np.save(learned.folder / "images.npy", images)
    (found,) = training_distances(SyntheticSet.open("learned"))
    assert found.distances is not None
    assert found.distances[7] == 0
    assert np.delete(found.distances, 7).min() > 0


def test_missing_distances_leave_the_column_empty_and_are_explained(
    films: SyntheticSet, learned: SyntheticSet, tmp_path: Path
) -> None:
    reasons = [(films, "which its GAN learned from, is not here"), (learned, "not computed for this export")]
    for synthetic, reason in reasons:
        path = tmp_path / f"{synthetic.name}.zip"
        export = export_zip(synthetic, path, ExportOptions(distances=False))
        assert reason in export.distances[0].note
        files = packed(path)
        assert set(table_in(files)["nearest_training_distance_radiomic"]) == {""}
        assert reason in files["data_card.md"].decode()


def test_a_search_among_other_images_is_no_screening(learned: SyntheticSet) -> None:
    prepare_phantoms(PhantomConfig(family="chest_xray", count=48, size=64, name="others", seed=9))
    evaluate(quality_config("learned", "others", label="normal", resamples=0))
    export = export_of(learned, ExportOptions(distances=False))
    assert [found.report for found in export.distances] == [""]
    assert "only against others, none of whose images its GAN learned from" in export.documents["data_card.md"]


class Stopping:
    """Asks to stop after some images."""

    def __init__(self, images: int) -> None:
        self.left = images

    def update(self, done: int, total: int, message: str = "") -> None:
        pass

    def stop_requested(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("write", [export_zip, export_folder])
def test_what_is_stopped_or_fails_leaves_nothing(films: SyntheticSet, tmp_path: Path, write: Any) -> None:
    place = tmp_path / "out"
    place.mkdir()
    with pytest.raises(Cancelled, match="stopped after 2 of 5"):
        write(films, place / "films.zip", ExportOptions(), Stopping(2))
    with pytest.raises(BadInput, match="cannot be written"):
        write(films, place / ("x" * 250), ExportOptions())
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("name", ["../synthetic-1.png", "synthetic-/../../x.png", "patient-1.png", "synthetic-1.exe"])
def test_a_set_cannot_write_outside_its_export(films: SyntheticSet, tmp_path: Path, name: str) -> None:
    films.items.loc[2, "file"] = name
    with pytest.raises(BadInput, match="names a file"):
        export_folder(films, tmp_path / "out")
    assert list(tmp_path.glob("*.png")) == []
    assert not (tmp_path / "out").exists()


class TestKept:
    """An export as a job makes it."""

    def test_it_is_a_zip_with_a_manifest_and_is_made_once(self, films: SyntheticSet, tmp_path: Path) -> None:
        config = export_config(films, ExportOptions(distances=False))
        made = keep_export(config)
        assert made.folder == exports_folder() / config.export
        assert made.path.name == "synthetic-films.zip"
        assert made.bytes == made.path.stat().st_size
        assert damaged_files(made.folder) == []
        export_zip(films, tmp_path / "films.zip", config.options)
        assert packed(made.path) == packed(tmp_path / "films.zip")
        written = made.path.stat().st_mtime_ns
        assert keep_export(config).path.stat().st_mtime_ns == written

    def test_it_fits_until_marks_or_options_change(self, films: SyntheticSet) -> None:
        options = ExportOptions(distances=False)
        made = keep_export(export_config(films, options))
        assert made.fits(films, options, marks_of(films))
        assert not made.fits(films, ExportOptions(distances=False, bits=16), marks_of(films))
        mark(films, 2, "rejected")
        assert not made.fits(films, options, marks_of(films))

    def test_it_replaces_earlier_ones_of_the_same_options_alone(self, films: SyntheticSet) -> None:
        deep, plain = ExportOptions(distances=False, bits=16), ExportOptions(distances=False)
        kept, _, newest = (keep_export(export_config(films, options)) for options in (deep, plain, plain))
        assert {found.id for found in list_exports()} == {kept.id, newest.id}

    def test_what_fails_or_is_stopped_leaves_nothing(self, films: SyntheticSet) -> None:
        config = export_config(films, ExportOptions(distances=False))
        with pytest.raises(Cancelled):
            keep_export(config, Stopping(2))
        mark(films, 2, "rejected")
        marks_file(films).write_text("{}")
        with pytest.raises(BadInput, match="holds no marks"):
            keep_export(config)
        assert [path for path in exports_folder().iterdir() if path.suffix != ".lock"] == []

    def test_those_of_one_set_take_turns(self, films: SyntheticSet) -> None:
        """Two of the same options, ready at once, would each remove the other."""
        config = export_config(films, ExportOptions(distances=False))
        other = export_config(films, config.options)
        asked = [config, other]

        class Working(Stopping):
            def update(self, done: int, total: int, message: str = "") -> None:
                while asked:
                    with pytest.raises(Cancelled, match="while waiting for another process"):
                        keep_export(asked.pop(), Stopping(0))

        made = keep_export(config, Working(1000))
        assert not asked
        assert damaged_files(made.folder) == []
        assert [found.id for found in list_exports()] == [made.id]


def test_images_that_are_in_no_set_leave_with_a_notice(films: SyntheticSet, tmp_path: Path) -> None:
    (tmp_path / "drawn.zip").write_bytes(zip_bytes(films.drawn, films.items))
    files = packed(tmp_path / "drawn.zip")
    assert list(files) == ["README.txt", "items.csv", *films.items["file"]]
    assert b"Without a card nothing was checked" in files["README.txt"]
    assert "mark" not in table_in(files).columns


def test_the_option_offers_every_format() -> None:
    assert set(get_args(ExportOptions.model_fields["format"].annotation)) == set(FORMATS)
