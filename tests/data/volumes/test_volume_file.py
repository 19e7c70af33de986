"""NIfTI, NRRD and MetaImage in every orientation, and files that lie, break, or lead elsewhere."""

import gzip
import struct
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medgan.data.problems import Unusable
from medgan.data.volumes.detached import data_files
from medgan.data.volumes.volume import Label, axial
from medgan.data.volumes.volume_file import components_of, read_volume_file

SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("orientation", ["LPS", "RAS", "RAI", "PIR", "ASL", "SLA"])
def test_every_format_in_any_orientation(tmp_path: Path, body, write_volume, suffix: str, orientation: str) -> None:
    read = read_volume_file(write_volume(tmp_path / f"x{suffix}", body.voxels, orientation))
    seen = axial(read.volume)
    np.testing.assert_array_equal(seen.voxels, body.voxels)
    np.testing.assert_allclose(seen.spacing_mm, (4.0, 2.0, 1.5), rtol=1e-5)
    np.testing.assert_allclose(seen.affine[:3, 3], (-12.0, 20.0, 100.0), rtol=1e-5)
    assert read.notes == ()


def test_nifti_as_another_program_writes_it(tmp_path: Path, body) -> None:
    """nibabel's axes lead to the right, the front and the head."""
    affine = np.diag([1.5, 2.0, 4.0, 1.0])
    affine[:3, 3] = (12 - 15 * 1.5, -20 - 11 * 2.0, 100)
    nibabel.save(nibabel.Nifti1Image(body.voxels[:, ::-1, ::-1].T, affine), tmp_path / "x.nii.gz")
    seen = axial(read_volume_file(tmp_path / "x.nii.gz").volume)
    np.testing.assert_array_equal(seen.voxels, body.voxels)
    np.testing.assert_allclose(seen.affine[:3, 3], (-12.0, 20.0, 100.0))


def test_nifti_without_a_place_is_guessed_and_said(tmp_path: Path, body) -> None:
    nibabel.save(nibabel.Nifti1Image(body.voxels[:, ::-1].T, None), tmp_path / "x.nii")
    read = read_volume_file(tmp_path / "x.nii")
    assert not read.volume.placed
    np.testing.assert_array_equal(axial(read.volume).voxels, body.voxels)
    assert [kind for kind, _ in read.notes] == ["turned"]


def test_nifti_a_little_off_right_angles_is_read(tmp_path: Path, body) -> None:
    affine = np.array([[1.5, 0.02, 0, 0], [-0.03, 2, 0, 0], [0, 0, 4, 0], [0, 0, 0, 1.0]])
    image = nibabel.Nifti1Image(body.voxels[:, ::-1, ::-1].T, affine)
    image.header["qform_code"] = 0
    nibabel.save(image, tmp_path / "x.nii")
    np.testing.assert_array_equal(axial(read_volume_file(tmp_path / "x.nii").volume).voxels, body.voxels)


@pytest.mark.parametrize("written", ["uint8", "int8", "int16", "uint16", "int32", "float32", "float64"])
def test_number_types(tmp_path: Path, written: str) -> None:
    voxels = np.arange(24, dtype=written).reshape(2, 3, 4)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(voxels), str(tmp_path / "x.nrrd"))
    read = read_volume_file(tmp_path / "x.nrrd").volume.voxels
    np.testing.assert_array_equal(read, voxels)
    kept = {"int8": "int16", "int32": "int16", "float64": "float32"}
    assert read.dtype == np.dtype(kept.get(written, written))


def test_nifti_is_rescaled(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.arange(24, dtype=np.int16).reshape(4, 3, 2), np.diag([1, 1, 2, 1]))
    image.header.set_slope_inter(2, -1000)
    nibabel.save(image, tmp_path / "x.nii")
    assert set(np.unique(read_volume_file(tmp_path / "x.nii").volume.voxels)) == set(range(-1000, -952, 2))


def test_first_of_several_volumes_is_taken_and_said(tmp_path: Path, body) -> None:
    four = np.stack([body.voxels.T, body.voxels.T + 1, body.voxels.T + 2], axis=-1)
    nibabel.save(nibabel.Nifti1Image(four, np.diag([-1.5, -2, 4, 1])), tmp_path / "x.nii.gz")
    read = read_volume_file(tmp_path / "x.nii.gz")
    np.testing.assert_array_equal(axial(read.volume).voxels, body.voxels)
    assert ("first_of_several", "holds 3 volumes (4-D); the first was taken") in read.notes


def test_one_slice_and_colours(tmp_path: Path, body) -> None:
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(body.voxels[0]), str(tmp_path / "flat.mha"))
    assert read_volume_file(tmp_path / "flat.mha").volume.shape == (1, 12, 16)
    colours = np.random.default_rng(0).integers(0, 255, (3, 4, 5, 3), np.uint8)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(colours, isVector=True), str(tmp_path / "x.nrrd"))
    np.testing.assert_array_equal(read_volume_file(tmp_path / "x.nrrd").volume.voxels, colours)
    assert components_of(tmp_path / "x.nrrd") == 3


def test_slicer_names_its_labels(tmp_path: Path, body) -> None:
    image = SimpleITK.GetImageFromArray(body.labels)
    for key, value in {"Name": "Heart", "LabelValue": "3", "Layer": "0"}.items():
        image.SetMetaData(f"Segment0_{key}", value)
    SimpleITK.WriteImage(image, str(tmp_path / "x.seg.nrrd"))
    assert read_volume_file(tmp_path / "x.seg.nrrd").labels == (Label(3, "Heart", 0),)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_torn_empty_and_lying_files(tmp_path: Path, body, write_volume, suffix: str) -> None:
    whole = write_volume(tmp_path / f"x{suffix}", body.voxels)
    parts = [path for path in tmp_path.iterdir() if path.suffix in {".raw", ".zraw"} or path.name.endswith(".raw.gz")]
    voxels = parts[0] if parts else whole
    voxels.write_bytes(voxels.read_bytes()[: voxels.stat().st_size // 2])
    with pytest.raises(Unusable) as torn:
        read_volume_file(whole)
    whole.write_bytes(b"")
    with pytest.raises(Unusable) as empty:
        read_volume_file(whole)
    whole.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 400)
    with pytest.raises(Unusable) as lying:
        read_volume_file(whole)
    whole.unlink()
    with pytest.raises(Unusable) as missing:
        read_volume_file(whole)
    for error in (torn, empty, lying, missing):
        assert error.value.kind == "unreadable"
        assert "\n" not in error.value.reason
        assert str(tmp_path) not in error.value.reason
        assert "(0x" not in error.value.reason


def nifti_that_declares(*lengths: int) -> bytes:
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, len(lengths), *lengths, *[1] * (7 - len(lengths)))
    struct.pack_into("<2h", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, *[1.0] * 8)
    struct.pack_into("<f", header, 108, 352)
    header[344:348] = b"n+1\0"
    return bytes(header)


@pytest.mark.parametrize("packed", [True, False])
def test_huge_sizes_are_refused_by_the_header(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("x.nii.gz" if packed else "x.nii")
    header = nifti_that_declares(5000, 5000, 5000)
    path.write_bytes(gzip.compress(header) if packed else header)
    with pytest.raises(Unusable, match="declares 5000 x 5000 x 5000 voxels; the megavoxel limit is 400") as caught:
        read_volume_file(path)
    assert caught.value.kind == "too_large"
    header = nifti_that_declares(600, 600, 600)
    path.write_bytes(gzip.compress(header) if packed else header)
    with pytest.raises(Unusable, match="bytes can hold"):
        read_volume_file(path)


@pytest.mark.parametrize("elsewhere", ["/etc/hostname", "../secret.raw", "sub/../../secret.raw", r"C:\secret.raw"])
@pytest.mark.parametrize("suffix", [".mhd", ".mha", ".nhdr", ".nrrd"])
@pytest.mark.parametrize("as_list", [False, True, "behind a comment"])
def test_voxels_out_of_the_folder_are_not_read(
    tmp_path: Path, suffix: str, elsewhere: str, as_list: bool | str
) -> None:
    (tmp_path / "secret.raw").write_bytes(b"\0" * 8)
    path = tmp_path / "in" / f"x{suffix}"
    path.parent.mkdir()
    named = f"LIST\n{elsewhere}" if as_list is True else elsewhere
    comment = (
        ("Comment = ElementDataFile = ok.raw\n", "# data file: ok.raw\n") if as_list == "behind a comment" else ("", "")
    )
    if suffix in {".mhd", ".mha"}:
        path.write_text(
            f"ObjectType = Image\n{comment[0]}NDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\n"
            f"ElementDataFile = {named}\n"
        )
    else:
        path.write_text(
            f"NRRD0004\n{comment[1]}type: uchar\ndimension: 3\nsizes: 2 2 2\nencoding: raw\nData File: {named}\n\n"
        )
    with pytest.raises(Unusable, match="outside its own folder"):
        read_volume_file(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(named=st.one_of(st.text(max_size=40), st.from_regex(r"[a-z./%0-9]{0,9}d?( [0-9]{1,9}){0,4}", fullmatch=True)))
def test_whatever_a_header_names_stays_in_its_folder(tmp_path: Path, named: str) -> None:
    for file, key in (("x.mhd", "ElementDataFile ="), ("x.nhdr", "NRRD0004\ndata file:")):
        (tmp_path / file).write_bytes(f"{key} {named}\n".encode("utf-8", "surrogatepass"))
        try:
            files = data_files(tmp_path / file)
        except Unusable:
            continue
        assert all((tmp_path / name).resolve().is_relative_to(tmp_path.resolve()) for name in files)


def test_a_damaged_name_is_told_in_letters(tmp_path: Path) -> None:
    (tmp_path / "x.mha").write_bytes(b"NDims = 3\nElementDataFile = LOCAL\x07\xff\x1b[31m\n\0\0")
    with pytest.raises(Unusable, match="No such file") as caught:
        read_volume_file(tmp_path / "x.mha")
    assert caught.value.reason.isprintable()


def test_voxels_in_a_list_of_files_are_read(tmp_path: Path, body) -> None:
    for number, pixels in enumerate(body.voxels):
        (tmp_path / f"slice{number:02d}.raw").write_bytes(pixels.astype("<i2").tobytes())
    (tmp_path / "x.mhd").write_text(
        "ObjectType = Image\nNDims = 3\nDimSize = 16 12 8\nElementType = MET_SHORT\nElementSpacing = 1.5 2 4\n"
        "ElementDataFile = slice%02d.raw 0 7 1\n"
    )
    np.testing.assert_array_equal(read_volume_file(tmp_path / "x.mhd").volume.voxels, body.voxels)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.integers(0, 420), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.integers(0, 600),
)
def test_damaged_headers_are_read_or_refused_in_one_line(
    tmp_path: Path, body, write_volume, suffix: str, changes: list[tuple[int, int]], cut: int
) -> None:
    whole = write_volume(tmp_path / f"whole{suffix}", body.voxels).read_bytes()
    damaged = bytearray(whole[: len(whole) - cut] if cut > 300 else whole)
    for place, value in changes:
        if place < len(damaged):
            damaged[place] = value
    (tmp_path / f"x{suffix}").write_bytes(damaged)
    try:
        read = read_volume_file(tmp_path / f"x{suffix}")
    except Unusable as error:
        reason = error.reason
    else:
        reason = "read"
        assert read.volume.voxels.size > 0
        assert np.isfinite(read.volume.affine).all()
    assert reason
    assert "\n" not in reason
