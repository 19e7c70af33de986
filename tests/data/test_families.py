"""Who the patient is and what the class is, by the names of the known sets."""

from pathlib import PurePosixPath
from typing import get_args

import pytest

from medgan.common.errors import BadInput
from medgan.data.config import PrepareConfig
from medgan.data.families import DATASETS, GENERIC, MIXED, choose_family


@pytest.mark.parametrize(
    ("family", "stem", "patient", "label"),
    [
        ("tuberculosis", "CHNCXR_0327_1", "CHNCXR_0327", "tuberculosis"),
        ("tuberculosis", "MCUCXR_0001_0", "MCUCXR_0001", "normal"),
        ("tuberculosis", "CHNCXR_0327_1_mask", "CHNCXR_0327", "tuberculosis"),
        ("pneumonia", "person1003_virus_1685", "person1003", "viral_pneumonia"),
        ("pneumonia", "person1003_bacteria_2934", "person1003", "bacterial_pneumonia"),
        ("pneumonia", "IM-0117-0001", "IM-0117", "normal"),
        ("pneumonia", "IM-0501-0001-0002", "IM-0501", "normal"),
        ("pneumonia", "NORMAL2-IM-1269-0001-0002", "NORMAL2-IM-1269", "normal"),
        ("pneumonia", "Viral Pneumonia-12", "Viral Pneumonia-12", "viral_pneumonia"),
        ("pneumonia", "Normal-10192", "Normal-10192", "normal"),
        ("chest_ct", "ID_0013_Z_0047", "ID_0013", ""),
        ("melanoma", "ISIC_0000198_segmentation", "ISIC_0000198", ""),
    ],
)
def test_names(family: str, stem: str, patient: str, label: str) -> None:
    file = PurePosixPath("folder") / f"{stem}.png"
    assert DATASETS[family].patient_of(file) == patient
    assert DATASETS[family].label_of(file) == label
    assert [name for name, other in DATASETS.items() if other.knows(file)] == [family]


@pytest.mark.parametrize("stem", ["scan", "person_1", "person12", "ISIC_12", "CHNCXR_0327", "xCHNCXR_0327_1"])
def test_other_names_are_not_claimed(stem: str) -> None:
    claimed = {name for name, family in DATASETS.items() if family.knows(PurePosixPath(f"{stem}.png"))}
    assert claimed <= ({"pneumonia"} if stem == "person12" else set())
    assert GENERIC.patient_of(PurePosixPath(f"{stem}.png")) is None


def test_recognised_in_spite_of_a_stray_file() -> None:
    files = [PurePosixPath(f"ISIC_{number:07d}.jpg") for number in range(19)]
    assert choose_family("auto", [*files, PurePosixPath("readme.png")]).name == "melanoma"
    assert choose_family("auto", [PurePosixPath(f"{n}.png") for n in range(5)]) is GENERIC
    assert choose_family("none", files) is GENERIC
    assert choose_family("chest_ct", files).name == "chest_ct"
    with pytest.raises(BadInput, match="there is: auto, none, tuberculosis"):
        choose_family("knees", files)


def test_names_of_several_sets_tell_their_patients_but_no_classes() -> None:
    known = {"person7_virus_1.jpeg": "person7", "IM-0117-0001.jpeg": "IM-0117", "ISIC_0000001.jpg": "ISIC_0000001"}
    family = choose_family("auto", [PurePosixPath(name) for name in [*known, "1.png", "2.png"]])
    assert family is MIXED
    assert {name: family.patient_of(PurePosixPath(name)) for name in known} == known
    assert family.patient_of(PurePosixPath("1.png")) is None
    assert {family.label_of(PurePosixPath(name)) for name in known} == {""}


def test_config_offers_every_family() -> None:
    assert get_args(PrepareConfig.model_fields["family"].annotation) == ("auto", "none", *DATASETS)


@pytest.mark.parametrize("family", DATASETS.values(), ids=lambda family: family.name)
def test_every_family_says_what_to_cite_and_on_which_terms(family: object) -> None:
    assert all(getattr(family, name) for name in ("title", "citation", "terms", "homepage", "structure"))
