"""Real files from scanners and other programs: each was looked at, and its numbers written down."""

from pathlib import Path

import numpy as np
import pytest

from medgan.data.dicom.pixels import read_frames
from medgan.data.fit import fit_image
from medgan.data.formats import read_image
from medgan.data.intensity import Intensity
from medgan.data.problems import Unusable

# Lowest and highest number in units of the modality, and the mean grey level when prepared at 256 pixels.
SINGLE = {
    "693_J2KI.dcm": (-3995, 1812, 69.8),  # head CT, upright, skull white, table below
    "693_UNCI.dcm": (-3995, 1812, 69.8),  # the same, not compressed
    "CT_small.dcm": (-896, 1167, 159.0),  # a vertebra between the lungs, its spine downwards
    "bad_sequence.dcm": (-1011, 1243, 167.6),  # a vertebra, JPEG lossless
    "dcmqi_ct_3slice/01.dcm": (-3024, 1381, 85.5),  # liver at the left, the table below, black around the circle
    "dcmqi_ct_3slice/02.dcm": (-3024, 1340, 86.5),
    "dcmqi_ct_3slice/03.dcm": (-3024, 1366, 87.4),
    "MR_small_RLE.dcm": (127, 2145, 113.0),  # by its window
    "RG1_J2KI.dcm": (803, 26512, 181.0),  # chest film in MONOCHROME1: heart and bones white, lungs dark
    "SC_rgb_jpeg_dcmtk.dcm": (0, 255, 128.0),  # stripes: red at the top, white at the bottom
}
REFUSED = {
    "JPEG-lossy.dcm": ("not_supported", "stores its pixels as JPEG Extended (Process 2 and 4) of 12 bits"),
    "MR_truncated.dcm": ("unreadable", "is cut short: it holds fewer bytes of pixels than its header declares"),
    "emri_small.dcm": ("not_supported", "holds 10 frames"),
    "dcmqi_ct_3slice/liver.dcm": ("not_supported", "holds 3 frames"),
}


@pytest.fixture
def originals(shared_data: Path) -> Path:
    return shared_data / "originals" / "dicom"


def test_every_file_is_in_a_list(originals: Path) -> None:
    names = {path.relative_to(originals).as_posix() for path in originals.rglob("*.dcm")}
    assert names == {*SINGLE, *REFUSED}


@pytest.mark.parametrize("name", SINGLE)
def test_pictures(originals: Path, name: str) -> None:
    picture = read_image(originals / name)
    lowest, highest, mean = SINGLE[name]
    assert (picture.pixels.min(), picture.pixels.max()) == (lowest, highest)
    shown = Intensity().show(picture)
    prepared = fit_image(shown, 256, shown.shape[-1], "pad")
    assert prepared.mean() == pytest.approx(mean, abs=0.5)


@pytest.mark.parametrize("name", REFUSED)
def test_reasons(originals: Path, name: str) -> None:
    kind, reason = REFUSED[name]
    with pytest.raises(Unusable) as caught:
        read_image(originals / name)
    assert caught.value.kind == kind
    assert caught.value.reason.startswith(reason)


def test_what_was_seen(originals: Path) -> None:
    """Inversion, orientation and colours, where a number can say them."""
    film = Intensity().show(read_image(originals / "RG1_J2KI.dcm"))[..., 0]
    heart, lung = film[1000:1300, 850:1000], film[500:900, 450:650]
    assert heart.mean() > lung.mean() + 30
    slice_ = Intensity().show(read_image(originals / "dcmqi_ct_3slice" / "01.dcm"))[..., 0]
    assert slice_[:100].mean() < 20 < slice_[430:480].mean()  # air above the patient, who lies on the table
    stripes = Intensity().show(read_image(originals / "SC_rgb_jpeg_dcmtk.dcm"))
    assert stripes[5, 50].tolist() == pytest.approx([255, 0, 0], abs=3)
    assert stripes[95, 50].tolist() == pytest.approx([255, 255, 255], abs=3)
    same = [Intensity().show(read_image(originals / f"693_{kind}.dcm")) for kind in ("J2KI", "UNCI")]
    np.testing.assert_array_equal(*same)


def test_frames(originals: Path) -> None:
    frames = read_frames(originals / "emri_small.dcm")
    assert frames.values.shape == (10, 64, 64, 1)
    assert (frames.values.min(), frames.values.max()) == (0, 467)
    assert frames.values.mean() == pytest.approx(109.7, abs=0.1)
