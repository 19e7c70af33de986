"""From a folder of volumes to a data set: slices, masks, table, splits, and what is wrong with each file."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from PIL import Image

from medgan.common.errors import BadInput
from medgan.common.progress import Silent
from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset
from medgan.data.layout import detect
from medgan.data.prepare import prepare


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Where a source is laid out, away from the workspace in tmp_path."""
    return tmp_path / "source"


def prepared(source: Path, **options: object) -> PreparedDataset:
    return prepare(PrepareConfig.parse({"source": source, "size": 16, **options}))


def reasons(dataset: PreparedDataset) -> dict[tuple[str, str], str]:
    found = {(problem.file, problem.kind): problem.reason for problem in dataset.problems}
    found.pop(("(all images)", "patient_unknown"), None)
    return found


def in_pixels(labels: np.ndarray) -> np.ndarray:
    """A mask of 12 by 16 voxels of 2 by 1.5 mm, in 16 by 16 pixels of 1.5 mm."""
    return np.asarray(Image.fromarray(labels.astype(np.uint8) * 255).resize((16, 16), Image.Resampling.BILINEAR)) >= 128


def test_volume_with_labels(source: Path, body, write_volume) -> None:
    write_volume(source / "ct.nii.gz", body.voxels, "RAI")
    write_volume(source / "ct_seg.nii.gz", body.labels, "PIR")
    layout = detect(source)
    assert (layout.kind, layout.in_words()) == ("volumes", "1 volume with labels")
    dataset = prepared(source)
    assert dataset.structures == ("label_1", "label_3")
    assert dataset.images.shape == (8, 16, 16, 1)
    items = dataset.items
    assert list(items["slice"]) == list(range(1, 9))
    assert set(items["volume"]) == set(items["file"]) == {"ct.nii.gz"}
    assert items[["spacing_z_mm", "spacing_y_mm", "spacing_x_mm"]].iloc[0].to_list() == pytest.approx([4, 2, 1.5])
    assert (items["width"].iloc[0], items["height"].iloc[0]) == (16, 12)
    assert items["patient_id"].nunique() == items["split"].nunique() == 1
    assert reasons(dataset) == {}
    assert dataset.masks is not None
    for number in range(8):  # 12 voxels of 2 mm down fill 16 pixels of 1.5 mm
        for place, label in enumerate((1, 3)):
            np.testing.assert_array_equal(
                dataset.masks[number, ..., place].astype(bool), in_pixels(body.labels[number] == label)
            )
    landmark = dataset.images[7, ..., 0][dataset.masks[7, ..., 1] == 1]
    assert landmark.mean() == pytest.approx(255 * 1300 / 1400, abs=15)  # 300 HU between -1000 and 400
    assert np.argwhere(dataset.masks[7, ..., 1]).mean(axis=0).max() < 8  # in front and on the patient's right


def test_one_window_for_all_slices(source: Path, body, write_volume) -> None:
    """Numbers that are no Hounsfield units: the range is that of the whole volume."""
    write_volume(source / "mr.nrrd", (body.voxels + 1000) * np.arange(1, 9, dtype=np.int16)[:, None, None])
    images = prepared(source).images
    means = images.mean(axis=(1, 2, 3))
    assert (np.diff(means) > 0).all()
    assert means[0] < means[7] / 4


@pytest.mark.parametrize("structures", ["3=heart, 1=liver", "heart, liver"])
def test_structures_by_number_and_by_name(source: Path, body, write_volume, structures: str) -> None:
    write_volume(source / "a" / "ct.nrrd", body.voxels)
    write_volume(source / "a" / "heart_seg.nrrd", (body.labels == 3).astype(np.int16) * 3)
    write_volume(source / "a" / "liver_seg.nrrd", (body.labels == 1).astype(np.uint8))
    dataset = prepared(source, structures=structures)
    assert dataset.structures == ("heart", "liver")
    assert dataset.masks is not None
    assert dataset.masks[7].any(axis=(0, 1)).tolist() == [True, False]
    assert prepared(source, structures="liver").structures == ("liver",)


def test_label_that_is_nowhere(source: Path, body, write_volume) -> None:
    write_volume(source / "ct.nii", body.voxels)
    write_volume(source / "ct_seg.nii", body.labels)
    dataset = prepared(source, structures="3=heart, 7=spleen")
    assert dataset.structures == ("heart",)
    assert reasons(dataset) == {
        ("ct.nii", "label_not_found"): ("no label 7 (spleen) in its label volume, which holds 1 (label_1), 3 (label_3)")
    }
    with pytest.raises(BadInput, match=r"ct\.nii: no label 7 \(spleen\)"):
        prepared(source, structures="7=spleen")
    with pytest.raises(BadInput, match="neither a structure"):
        prepared(source, structures="7")


def test_slices_without_structure_and_every_second_slice(source: Path, body, write_volume) -> None:
    write_volume(source / "ct.nii", body.voxels)
    write_volume(source / "ct_seg.nii", body.labels)
    heart = prepared(source, structures="3=heart", only_labelled_slices=True)
    assert list(heart.items["slice"]) == [6, 7, 8]
    assert reasons(heart) == {("ct.nii", "slices_left_out"): "5 of 8 slices left out: 5 lie outside of the structures"}
    assert list(prepared(source, every_slice=3).items["slice"]) == [1, 4, 7]


def test_empty_slices_are_no_images_and_join_no_patients(source: Path, body, write_volume) -> None:
    for number in range(12):
        voxels = body.voxels.copy()
        voxels[:, 5, 2 + number] = 300
        voxels[0] = -1000
        write_volume(source / f"scan{number}.nii", voxels)
    dataset = prepared(source)
    assert len(dataset) == 12 * 7
    assert dataset.items["patient_id"].nunique() == 12
    assert set(dataset.items["split"]) == {"train", "validation", "test"}
    assert (dataset.items.groupby("volume")["split"].nunique() == 1).all()
    assert reasons(dataset)["scan3.nii", "slices_left_out"] == "1 of 8 slices left out: 1 show nothing"


def test_mask_volume_of_another_shape(source: Path, body, write_volume) -> None:
    write_volume(source / "a.nii", body.voxels)
    write_volume(source / "a_seg.nii", body.labels)
    write_volume(source / "b.nii", body.voxels)
    write_volume(source / "b_seg.nii", body.labels[:5], placed=False)
    write_volume(source / "c.nii", body.voxels)
    write_volume(source / "c_seg.nii", np.random.default_rng(0).normal(size=(8, 12, 16)))
    write_volume(source / "d.nii", body.voxels)
    dataset = prepared(source)
    assert set(dataset.items["volume"]) == {"a.nii"}
    found = reasons(dataset)
    assert "is 16 x 12 x 5 voxels, its image 16 x 12 x 8" in found["b_seg.nii", "size_differs"]
    assert found["c_seg.nii", "mask_not_binary"] == "holds fractions, not the whole numbers of labels"
    assert found["d.nii", "image_without_mask"].startswith("has no labels, others have")
    assert len(found) == 3


def test_volume_that_lacks_one_label_file_is_left_out(source: Path, body, write_volume) -> None:
    for name, structures in {"p": ("heart", "liver"), "q": ("heart",)}.items():
        write_volume(source / name / "ct.nii", body.voxels)
        for structure in structures:
            write_volume(source / name / f"{structure}_seg.nii", (body.labels == 3).astype(np.uint8))
    dataset = prepared(source)
    assert set(dataset.items["volume"]) == {"p/ct.nii"}
    assert reasons(dataset) == {("q/ct.nii", "image_without_mask"): "has no mask of liver"}
    assert set(prepared(source, structures="heart").items["volume"]) == {"p/ct.nii", "q/ct.nii"}


def test_mixed_folder_loads_what_fits(source: Path, body, write_volume, write_series, write_image) -> None:
    write_volume(source / "volume.mha", body.voxels)
    write_series(source / "series", body.voxels + np.int16(50))
    write_image(source / "film.png", 3)
    (source / "torn.nii.gz").write_bytes(b"\x1f\x8b broken")
    (source / "report.txt").touch()
    layout = detect(source)
    assert layout.in_words() == "3 volumes and 1 image"
    dataset = prepared(source)
    assert dataset.items["volume"].value_counts().to_dict() == {
        "volume.mha": 8,
        "series/3-1.dcm and 7 more slices": 8,
        "": 1,
    }
    film = dataset.items[dataset.items["file"] == "film.png"].iloc[0]
    assert np.isnan(film["spacing_x_mm"])
    found = reasons(dataset)
    assert set(found) == {
        ("*.txt", "not_an_image"),
        ("torn.nii.gz", "unreadable"),
        ("film.png", "patient_unknown"),
    }


def test_series_rows_name_their_files_and_no_person(source: Path, body, write_series) -> None:
    files = write_series(source / "a", body.voxels)
    write_series(source / "b", body.voxels + np.int16(9), series="1.2.9", patient="MRN-0815")
    dataset = prepared(source)
    assert list(dataset.items["file"])[:8] == [f"a/{file.name}" for file in files]
    assert dataset.items["sha256"].nunique() == 16
    assert dataset.items["patient_id"].nunique() == 2
    assert (dataset.items.groupby("patient_id")["split"].nunique() == 1).all()
    for path in dataset.folder.iterdir():
        content = path.read_bytes()
        assert not any(secret in content for secret in (b"MRN-", b"Jane", b"Doe^", b"1.2.9"))


def test_folder_of_a_patient_names_the_labels_of_its_series(source: Path, body, write_series, write_volume) -> None:
    """As the CT Lung & Heart & Trachea set lies on disk."""
    for number in (1, 2):
        patient = f"ID{number:023d}"
        write_series(source / "train" / patient, body.voxels + np.int16(50 * number), series=f"1.2.{number}")
        for structure, label in (("lung", 1), ("heart", 3), ("noisy", 1)):
            file = source / f"nrrd_{structure}" / f"nrrd_{structure}" / f"{patient}_{structure}.nrrd"
            write_volume(file, (body.labels == label).astype(np.uint8))
    dataset = prepared(source)
    assert dataset.manifest.summary["family"] == "lung_heart_trachea"
    assert dataset.structures == ("heart", "lung")
    assert {kind for _, kind in reasons(dataset)} <= {"patient_unknown"}
    assert set(dataset.items["source_split"]) == {"train"}
    assert dataset.masks is not None
    assert dataset.masks[7].any(axis=(0, 1)).tolist() == [True, False]


def test_dicom_slices_with_masks_of_their_own_are_pictures(source: Path, body, write_series) -> None:
    for file, labels in zip(write_series(source / "images", body.voxels), body.labels, strict=True):
        (source / "masks").mkdir(exist_ok=True)
        Image.fromarray(np.uint8(labels == 1) * np.uint8(255)).save(source / "masks" / f"{file.stem}.png")
    assert detect(source).kind == "masks"
    dataset = prepared(source)
    assert len(dataset) == 8
    assert "volume" not in dataset.items


def test_arranged_as_images_takes_all_without_masks(source: Path, body, write_volume, write_image) -> None:
    write_volume(source / "ct.nii", body.voxels)
    write_volume(source / "ct_seg.nii", body.labels)
    write_image(source / "film.png", 3)
    dataset = prepared(source, layout="images")
    assert (len(dataset), dataset.structures) == (9, ())
    write_image(source / "films" / "a.png", 1)
    with pytest.raises(BadInput, match="no volumes found"):
        prepared(source / "films", layout="volumes")


def test_folders_are_classes_where_asked_for(source: Path, body, write_volume) -> None:
    for label in ("ill", "well"):
        write_volume(source / label / "ct.nii", body.voxels + np.int16(len(label)))
    assert detect(source).classes == {}
    assert prepared(source, labels_from="folders").classes == ("ill", "well")
    assert prepared(source, layout="classes").classes == ("ill", "well")


def test_same_volume_twice_stays_in_one_split(source: Path, body, write_volume) -> None:
    write_volume(source / "a.nii", body.voxels)
    write_volume(source / "b.nii", body.voxels)
    dataset = prepared(source, test_fraction=0.5)
    assert dataset.items["split"].nunique() == 1
    assert reasons(dataset)["b.nii, slice 3", "duplicate"].startswith("same picture as a.nii, slice 3")


def test_oblique_and_coronal_volumes_are_said(source: Path, body, write_volume) -> None:
    image = SimpleITK.GetImageFromArray(body.voxels)
    cosine, sine = np.cos(np.radians(20)), np.sin(np.radians(20))
    image.SetDirection([1, 0, 0, 0, cosine, -sine, 0, sine, cosine])
    image.SetOrigin([5, 5, 5])
    source.mkdir()
    SimpleITK.WriteImage(image, str(source / "oblique.mha"))
    write_volume(source / "coronal.nii", body.voxels + np.int16(9), "LSA")
    assert reasons(prepared(source)) == {
        ("oblique.mha", "turned"): "lies 20 degrees oblique; the nearest axes were taken",
        ("coronal.nii", "turned"): "was stored in coronal slices; axial ones cut across them",
    }


def test_slicer_layers_that_overlap(source: Path, body, write_volume) -> None:
    """3D Slicer keeps segments that overlap in layers, each with label 1."""
    write_volume(source / "ct.nrrd", body.voxels)
    layers = np.stack([body.labels > 0, body.labels == 3], axis=-1).astype(np.uint8)
    image = SimpleITK.GetImageFromArray(layers, isVector=True)
    image.CopyInformation(SimpleITK.ReadImage(str(source / "ct.nrrd")))
    for layer, name in enumerate(("Body", "Heart")):
        for key, value in {"Name": name, "LabelValue": "1", "Layer": str(layer)}.items():
            image.SetMetaData(f"Segment{layer}_{key}", value)
    SimpleITK.WriteImage(image, str(source / "ct.seg.nrrd"))
    dataset = prepared(source)
    assert dataset.structures == ("body", "heart")
    assert dataset.masks is not None
    assert dataset.masks[7].any(axis=(0, 1)).tolist() == [True, True]
    assert dataset.masks[0].any(axis=(0, 1)).tolist() == [True, False]


def test_damaged_slice_of_a_series_is_named_and_the_rest_prepared(source: Path, body, write_series) -> None:
    files = write_series(source, body.voxels)
    files[4].write_bytes(files[4].read_bytes()[:-50])
    dataset = prepared(source)
    assert list(dataset.items["slice"]) == [1, 2, 3, 4, 6, 7, 8]
    found = reasons(dataset)
    assert found[files[4].name, "unreadable"].startswith("is cut short")
    assert ("3-1.dcm and 7 more slices", "slices_missing") in found
    assert dataset.manifest.summary["left_out"] == 1


def test_coloured_volume(source: Path) -> None:
    source.mkdir()
    colours = np.random.default_rng(0).integers(0, 255, (3, 16, 16, 3), np.uint8)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(colours, isVector=True), str(source / "x.nrrd"))
    dataset = prepared(source)
    np.testing.assert_array_equal(dataset.images, colours)


def test_same_content_same_id_and_other_options_another(source: Path, body, write_volume) -> None:
    write_volume(source / "ct.nii", body.voxels)
    write_volume(source / "ct_seg.mhd", body.labels)
    ids = [prepared(source).id, prepared(source).id, prepared(source, structures="3=heart").id]
    (raw,) = source.glob("*.*raw")
    raw.write_bytes(raw.read_bytes()[::-1])
    ids.append(prepared(source).id)
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_progress_reaches_its_total(source: Path, body, write_volume, write_image) -> None:
    write_volume(source / "a.nii", body.voxels)
    write_volume(source / "b.nii", body.voxels[:4] + np.int16(1))
    write_image(source / "c.png", 1)
    seen: list[tuple[int, int]] = []

    class Remembers(Silent):
        def update(self, done: int, total: int, message: str = "") -> None:
            if message == "Preparing images":
                seen.append((done, total))

    prepare(PrepareConfig.parse({"source": source, "size": 16}), Remembers())
    assert seen[-1] == (13, 13)
    assert seen == sorted(seen)


def test_voxels_outside_the_source_are_not_read(source: Path, tmp_path: Path, body, write_volume) -> None:
    write_volume(source / "a.nii", body.voxels)
    (tmp_path / "secret.raw").write_bytes(b"\0" * 8)
    (source / "x.mhd").write_text(
        "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = ../secret.raw\n"
    )
    found = reasons(prepared(source))
    assert found == {("x.mhd", "unreadable"): "takes its voxels from '../secret.raw', outside its own folder"}


def test_report_and_summary(source: Path, body, write_volume) -> None:
    write_volume(source / "ct.nii", body.voxels)
    write_volume(source / "ct_mask.nii", (body.labels == 1).astype(np.uint8))
    dataset = prepared(source)
    assert dataset.manifest.summary["layout"] == "volumes"
    assert dataset.structures == ("mask",)
    json.dumps(dataset.describe())
