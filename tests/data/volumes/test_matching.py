"""Labels find their volumes by name, in the ways that people and challenges name them."""

from pathlib import Path, PurePosixPath

import pytest

from medgan.common.errors import BadInput
from medgan.data.layout import detect
from medgan.data.volumes.finding import find_volumes


def found(tmp_path: Path, *names: str, **options: object) -> tuple[dict[str, dict[str, str]], list[tuple[str, str]]]:
    """Labels of each volume with their structures, and the problems; the files are empty NIfTI files."""
    files = [PurePosixPath(name) for name in names]
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    volumes = find_volumes(tmp_path, files, **options)
    labels = {volume.name: {str(one.file): one.structure for one in volume.labels} for volume in volumes.volumes}
    return labels, [(problem.file, problem.kind) for problem in volumes.problems]


@pytest.mark.parametrize(
    ("image", "label", "structure"),
    [
        ("ct.nii.gz", "ct_seg.nii.gz", ""),
        ("ct.nii", "ct-label.nii.gz", ""),
        ("a.nii", "a_mask.nii", ""),
        ("a.nii", "a.seg.nii", ""),
        ("breast1_image.nii", "breast1_label.nii", ""),
        ("imagesTr/lung_001.nii.gz", "labelsTr/lung_001.nii.gz", ""),
        ("imagesTr/la_007_0000.nii.gz", "labelsTr/la_007.nii.gz", ""),
        ("s1/ct.nii.gz", "s1/segmentations/heart_atrium_left.nii.gz", "heart_atrium_left"),
        ("images/7.nii", "masks_heart/7.nii", "heart"),
        ("images/7.nii", "masks/heart/7.nii", "heart"),
        ("images/ill/7.nii", "masks/ill/7.nii", ""),
        ("images/7.nii", "masks/p7/7.nii", ""),
        ("x/scan.nii", "x/heart_seg.nii", "heart"),
        ("images/ID07.nii", "nrrd_lung/nrrd_lung/ID07_lung.nii", "lung"),
        ("example_ct_sm.nii.gz", "example_seg_fast.nii.gz", "fast"),
    ],
)
def test_labels_of_one_volume(tmp_path: Path, image: str, label: str, structure: str) -> None:
    assert found(tmp_path, image, label) == ({image: {label: structure}}, [])


def test_labels_of_several_volumes_in_one_folder(tmp_path: Path) -> None:
    labels, problems = found(tmp_path, "a.nii", "b.nii", "a_seg.nii", "b_seg.nii", "c_seg.nii")
    assert labels == {"a.nii": {"a_seg.nii": ""}, "b.nii": {"b_seg.nii": ""}}
    assert problems == [("c_seg.nii", "mask_without_image")]


def test_label_of_another_patient_is_not_given_to_the_only_volume(tmp_path: Path) -> None:
    labels, problems = found(tmp_path, "ct1.nii", "ct2_seg.nii")
    assert labels == {"ct1.nii": {}}
    assert problems == [("ct2_seg.nii", "mask_without_image")]


def test_same_names_in_folders_of_patients(tmp_path: Path) -> None:
    names = [f"p{number}/{name}.nii" for number in (1, 2) for name in ("ct", "ct_seg")]
    assert found(tmp_path, *names) == ({f"p{n}/ct.nii": {f"p{n}/ct_seg.nii": ""} for n in (1, 2)}, [])


def test_one_label_volume_of_several_images_makes_them_one_patient(tmp_path: Path) -> None:
    names = [f"case{case}_{kind}.nii" for case in "ab" for kind in ("t1", "t2", "seg")]
    labels, problems = found(tmp_path, *names)
    assert labels == {f"case{c}_{k}.nii": {f"case{c}_seg.nii": ""} for c in "ab" for k in ("t1", "t2")}
    assert problems == []
    patients = [volume.patient for volume in find_volumes(tmp_path, list(map(PurePosixPath, names))).volumes]
    assert patients[0] == patients[1] != patients[2] == patients[3]


def test_volumes_named_like_their_folder_are_one_patient(tmp_path: Path) -> None:
    files = [PurePosixPath(f"BraTS_{n}/BraTS_{n}_{kind}.nii") for n in (1, 2) for kind in ("t1", "flair")]
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    patients = {volume.patient for volume in find_volumes(tmp_path, files).volumes}
    assert patients == {"BraTS_1", "BraTS_2"}


def test_structures_renamed_or_left_out_by_the_family(tmp_path: Path) -> None:
    names = ["images/ID7.nii", "nrrd_lung/ID7_lung.nii", "nrrd_noisy/ID7_noisy.nii"]
    renamed = {"nrrd_lung": "lung", "nrrd_noisy": ""}
    assert found(tmp_path, *names, renamed=renamed)[0] == {"images/ID7.nii": {"nrrd_lung/ID7_lung.nii": "lung"}}


def test_only_labels_are_what_is_to_be_seen(tmp_path: Path) -> None:
    assert found(tmp_path, "masks/a.nii", "masks/b.nii")[0] == {"masks/a.nii": {}, "masks/b.nii": {}}
    assert found(tmp_path, "a_seg.nii")[0] == {"a_seg.nii": {}}


def test_a_folder_of_nothing_but_a_refused_header_is_no_folder_of_pairs(tmp_path: Path) -> None:
    (tmp_path / "x.mhd").write_text("NDims = 3\nElementDataFile = ../x.raw\n")
    with pytest.raises(BadInput, match=r"no usable image .*x\.mhd: takes its voxels from"):
        detect(tmp_path)
