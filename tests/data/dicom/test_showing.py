"""How DICOM pictures look: windows, inversion, padding, and which files are taken for pictures at all."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from medgan.data.formats import is_picture, read_image
from medgan.data.intensity import Intensity
from medgan.data.problems import Unusable
from medgan.data.scan import scan

Write = Callable[..., Path]
HOUNSFIELD = np.array([[-1000, -600, -160], [0, 40, 240], [400, 1300, 3000]], np.int16)
CT = {"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU"}


def shown(path: Path, *scaling: Any) -> list[int]:
    """The grey levels of a prepared picture, row by row."""
    return [int(level) for level in Intensity(*scaling).show(read_image(path))[..., 0].ravel()]


def by_window(values: np.ndarray, low: float, high: float) -> list[int]:
    levels = np.clip(np.rint((values.astype(float) - low) * 255 / (high - low)), 0, 255)
    return [int(level) for level in levels.ravel()]


def test_ct_is_shown_by_the_window_of_the_config_or_a_preset_or_its_own(write_dicom: Write) -> None:
    windows = {"WindowCenter": [40, 500], "WindowWidth": [401, 2001]}
    path = write_dicom("x.dcm", HOUNSFIELD + np.int16(1024), "CT", **CT, **windows)
    assert shown(path) == by_window(HOUNSFIELD, -1000, 400)
    assert shown(path, "auto", -160, 240) == by_window(HOUNSFIELD, -160, 240)
    assert shown(path, "lung") == by_window(HOUNSFIELD, -1350, 150)
    assert shown(path, "mediastinum") == by_window(HOUNSFIELD, -160, 240)
    assert shown(path, "bone") == by_window(HOUNSFIELD, -500, 1300)
    assert shown(path, "file") == by_window(HOUNSFIELD, -160.5, 239.5)
    assert shown(path, "file", 0, 1, 2) == shown(path, "file", 0, 1, 9) == by_window(HOUNSFIELD, -500.5, 1499.5)


def test_what_is_not_in_hounsfield_units_is_shown_as_its_file_says(write_dicom: Write) -> None:
    stored = np.linspace(0, 4000, 12).reshape(3, 4).astype(np.uint16)
    path = write_dicom("x.dcm", stored, "MR", WindowCenter=1000, WindowWidth=1001)
    assert shown(path) == shown(path, "lung") == shown(path, "file") == by_window(stored, 499.5, 1499.5)
    assert shown(path, "window", 0, 4000) == by_window(stored, 0, 4000)
    without = write_dicom("y.dcm", stored, "MR")
    assert shown(without) == shown(without, "file") == shown(path, "range")
    assert (min(shown(without)), max(shown(without))) == (0, 255)
    counts = write_dicom("z.dcm", stored, "CT", RescaleSlope=1, RescaleIntercept=0, RescaleType="OD")
    assert shown(counts) == shown(without)


def test_a_screenshot_of_a_ct_is_shown_as_it_is(write_dicom: Write) -> None:
    stored = np.arange(256).reshape(16, 16).astype(np.uint8)
    units = {"RescaleSlope": 1, "RescaleIntercept": 0, "WindowCenter": 128, "WindowWidth": 256}
    path = write_dicom("x.dcm", stored, "CT", **units)
    assert shown(path) == shown(path, "lung") == list(range(256))


def test_negative_numbers_of_other_modalities_are_no_hounsfield_units(write_dicom: Write) -> None:
    stored = np.linspace(-3000, 3000, 12).reshape(3, 4).astype(np.int16)
    levels = shown(write_dicom("x.dcm", stored, "MR"))
    assert 100 < np.median(levels) < 155


def test_sigmoid_and_tables(write_dicom: Write) -> None:
    stored = np.array([[0, 50, 100, 150, 1000]], np.uint16)
    path = write_dicom("x.dcm", stored, "DX", WindowCenter=100, WindowWidth=100, VOILUTFunction="SIGMOID")
    expected = 255 / (1 + np.exp(-4 * (stored.astype(float) - 100) / 100))
    np.testing.assert_allclose(shown(path), expected.ravel(), atol=0.51)
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [151, 0, 8])
    table.add_new("LUTData", "OW", np.minimum(2 * np.arange(151), 255).astype("<u2").tobytes())
    by_table = write_dicom("y.dcm", stored, "DX", VOILUTSequence=[table])
    assert shown(by_table) == [0, 100, 200, 255, 255]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_monochrome1_is_inverted(write_dicom: Write, dtype: type) -> None:
    stored = np.arange(256).reshape(16, 16).astype(dtype)
    windows = {"WindowCenter": 128, "WindowWidth": 256} if dtype == np.uint16 else {}
    path = write_dicom("x.dcm", stored, "DX", PhotometricInterpretation="MONOCHROME1", **windows)
    assert shown(path) == list(range(255, -1, -1))


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_and_no_part_of_the_range(write_dicom: Write, photometric: str) -> None:
    stored = np.full((20, 20), 60000, np.uint16)
    stored[5:, 5:] = np.arange(225).reshape(15, 15)
    path = write_dicom("x.dcm", stored, "CR", PixelPaddingValue=60000, PhotometricInterpretation=photometric)
    picture = np.array(shown(path)).reshape(20, 20)
    assert (picture[:5] == 0).all()
    assert (picture[:, :5] == 0).all()
    assert picture[5:, 5:].min() == 0
    assert picture[5:, 5:].max() == 255


def test_single_bits_are_black_and_white(write_dicom: Write) -> None:
    stored = np.array([[0, 1], [1, 0]], np.uint8)
    assert shown(write_dicom("x.dcm", stored, BitsStored=1)) == [0, 255, 255, 0]


def test_burnt_in_text_is_noted(write_dicom: Write) -> None:
    stored = np.zeros((4, 4), np.uint8)
    noted = read_image(write_dicom("x.dcm", stored, BurnedInAnnotation="YES")).notes
    assert [kind for kind, _ in noted] == ["burned_in"]
    assert read_image(write_dicom("y.dcm", stored, BurnedInAnnotation="NO")).notes == ()


def test_several_frames_are_not_one_picture(write_dicom: Write) -> None:
    path = write_dicom("x.dcm", np.zeros((3, 4, 4), np.uint8), NumberOfFrames=3)
    with pytest.raises(Unusable, match="holds 3 frames") as caught:
        read_image(path)
    assert caught.value.kind == "not_supported"


def test_files_are_known_by_their_beginning_whatever_their_names(write_dicom: Write, tmp_path: Path) -> None:
    stored = np.zeros((4, 4), np.uint8)
    root = tmp_path / "source"
    named = [
        write_dicom(f"source/{name}", stored) for name in ("IM000001", "1.2.840.113619.2.55", "a/scan.img", "b/x.DCM")
    ]
    for name, syntax in (("bare", ExplicitVRLittleEndian), ("1.2.3.4", ImplicitVRLittleEndian)):
        named.append(write_dicom(f"source/{name}", stored, syntax=syntax, preamble=False))
    (root / "notes").write_text("not a picture")
    (root / "notes.txt").write_text("nor this")
    os.mkfifo(root / "pipe")
    assert all(map(is_picture, named))
    listing = scan(root)
    assert sorted(map(str, listing.images)) == sorted(path.relative_to(root).as_posix() for path in named)
    assert {(problem.file, problem.kind) for problem in listing.problems} == {
        ("(no suffix)", "not_an_image"),
        ("*.txt", "not_an_image"),
    }
    for path in named:
        assert read_image(path).pixels.shape == (4, 4, 1)
