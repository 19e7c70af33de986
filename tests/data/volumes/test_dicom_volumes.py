"""DICOM series whatever their files are called, files of several frames, and segmentations."""

from pathlib import Path, PurePosixPath

import highdicom
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from medgan.data.problems import Unusable
from medgan.data.volumes.dicom_volume import DicomVolume, read_multiframe, read_series
from medgan.data.volumes.finding import FoundVolumes, find_volumes
from medgan.data.volumes.labels import chosen, masks_of, onto
from medgan.data.volumes.opening import open_labels
from medgan.data.volumes.sources import VolumeSource
from medgan.data.volumes.volume import axial, plane_of


def found(root: Path) -> FoundVolumes:
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return find_volumes(root, [PurePosixPath(file) for file in files])


def only(root: Path) -> VolumeSource:
    (volume,) = found(root).volumes
    return volume


def read(root: Path) -> DicomVolume:
    return read_series(root, only(root).files, 400, lambda: None)


def test_slices_are_sorted_by_place(tmp_path: Path, body, write_series) -> None:
    files = write_series(tmp_path, body.voxels)
    assert [str(file) for file in only(tmp_path).files] == [file.name for file in files]
    series = read(tmp_path)
    np.testing.assert_array_equal(axial(series.volume).voxels, body.voxels)
    np.testing.assert_allclose(series.volume.spacing_mm, (4.0, 2.0, 1.5))
    np.testing.assert_allclose(series.volume.affine[:3, 3], (-12, 20, 100))
    assert series.display.hounsfield
    assert (series.notes, series.problems) == ((), ())
    assert series.patient.startswith("p-")
    assert "MRN-" not in f"{series!r} {found(tmp_path)!r}"


def test_series_of_one_folder_are_told_apart(tmp_path: Path, body, write_series) -> None:
    write_series(tmp_path, body.voxels[:5], series="1.2.3", acquisition=1)
    write_series(tmp_path, body.voxels[:3], series="1.2.4", acquisition=2)
    assert sorted(len(volume.files) for volume in found(tmp_path).volumes) == [3, 5]


def test_two_phases_of_one_series_are_two_volumes(tmp_path: Path, body, write_series) -> None:
    write_series(tmp_path, body.voxels, acquisition=1)
    late = write_series(tmp_path, body.voxels + 100, acquisition=2)
    first, second = found(tmp_path).volumes
    assert [file.name for file in second.files] == [file.name for file in late]
    assert first.name.endswith("volume 1 of 2")


def test_copy_of_a_slice_makes_no_second_volume(tmp_path: Path, body, write_series) -> None:
    files = write_series(tmp_path, body.voxels)
    (tmp_path / "copy.dcm").write_bytes(files[3].read_bytes())
    assert len(only(tmp_path).files) == 8
    assert len(found(tmp_path).pictures) == 1


def test_overview_of_a_scan_is_none_of_its_slices(tmp_path: Path, body, write_series) -> None:
    write_series(tmp_path / "ct", body.voxels)
    (overview,) = write_series(tmp_path / "scout", body.voxels[:1], series="1.2.8")
    one = pydicom.dcmread(overview)
    one.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    one.save_as(overview)
    sources = found(tmp_path)
    assert sources.pictures == ()
    assert [(problem.file, problem.kind) for problem in sources.problems] == [("scout/3-1.dcm", "not_an_image")]
    assert len(found(tmp_path / "scout").pictures) == 1


def test_slice_alone_and_slices_of_one_place_are_pictures(tmp_path: Path, body, write_series) -> None:
    write_series(tmp_path, body.voxels[:1])
    assert [str(picture) for picture in found(tmp_path).pictures] == ["3-1.dcm"]
    write_series(tmp_path, body.voxels[:2], at_mm=[100, 100])
    assert found(tmp_path).volumes == ()


def test_missing_slices_leave_empty_ones(tmp_path: Path, body, write_series) -> None:
    files = write_series(tmp_path, body.voxels)
    files[3].unlink()
    files[4].unlink()
    series = read(tmp_path)
    assert series.notes == (
        ("slices_missing", "2 slices are missing, the first behind slice 3 (4 mm apart elsewhere)"),
    )
    seen = axial(series.volume)
    np.testing.assert_array_equal(seen.voxels[[0, 1, 2, 5, 6, 7]], body.voxels[[0, 1, 2, 5, 6, 7]])
    assert len(np.unique(seen.voxels[3:5])) == 1
    assert seen.spacing_mm[0] == 4.0
    assert series.files[5] == PurePosixPath(files[5].name)


def test_uneven_spacing_is_said(tmp_path: Path, body, write_series) -> None:
    write_series(tmp_path, body.voxels, at_mm=[0, 4, 8, 12, 16, 20, 25.4, 29.4])
    ((kind, reason),) = read(tmp_path).notes
    assert kind == "slices_missing"
    assert reason.startswith("its slices lie 4 to 5.4 mm apart")


def test_slice_far_away_is_not_waited_for(tmp_path: Path, body, write_series) -> None:
    write_series(tmp_path, body.voxels, at_mm=[0, 4, 8, 12, 16, 20, 24, 40000])
    assert read(tmp_path).volume.shape == (8, 12, 16)


def test_unreadable_slice_is_named_and_the_rest_read(tmp_path: Path, body, write_series) -> None:
    files = write_series(tmp_path, body.voxels)
    files[2].write_bytes(files[2].read_bytes()[:-100])
    series = read(tmp_path)
    assert [(problem.file, problem.kind) for problem in series.problems] == [(files[2].name, "unreadable")]
    np.testing.assert_array_equal(series.volume.voxels[3:], body.voxels[3:])
    for file in files[1:]:
        file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(Unusable, match="no two slices"):
        read(tmp_path)


def test_sagittal_series_is_turned(tmp_path: Path, body, write_series) -> None:
    """Slices from the patient's left to right; rows from the front to the back, columns from head to feet."""
    sagittal = np.ascontiguousarray(body.voxels[::-1].transpose(2, 0, 1)[::-1])  # (from left, from head, from front)
    for number, file in enumerate(write_series(tmp_path, sagittal, names=[f"{n:02d}.dcm" for n in range(16)])):
        one = pydicom.dcmread(file)
        one.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        one.ImagePositionPatient = [-12 + 1.5 * (15 - number), 20, 100 + 4 * 7]
        one.PixelSpacing = [4, 2]
        one.save_as(file)
    series = read(tmp_path)
    assert plane_of(series.volume) == "sagittal"
    seen = axial(series.volume)
    np.testing.assert_array_equal(seen.voxels, body.voxels)
    np.testing.assert_allclose(seen.spacing_mm, (4.0, 2.0, 1.5))
    np.testing.assert_allclose(seen.affine[:3, 3], (-12, 20, 100))


def test_padding_weighs_nowhere(tmp_path: Path, body, write_series) -> None:
    for file in write_series(tmp_path, body.voxels):
        one = pydicom.dcmread(file)
        pixels = one.pixel_array.copy()
        pixels[0] = 65535
        one.add_new("PixelPaddingValue", "US", 65535)
        one.PixelData = pixels.tobytes()
        one.save_as(file)
    assert read(tmp_path).volume.voxels.max() == 300


def test_slices_of_other_scales_keep_their_numbers(tmp_path: Path, body, write_series) -> None:
    files = write_series(tmp_path, body.voxels)
    one = pydicom.dcmread(files[4])
    one.RescaleSlope, one.RescaleIntercept = 0.5, -1024
    one.PixelData = ((body.voxels[4].astype(np.int32) + 1024) * 2).astype("<u2").tobytes()
    one.save_as(files[4])
    np.testing.assert_allclose(read(tmp_path).volume.voxels, body.voxels)


def multiframe(path: Path, voxels: np.ndarray, order: list[int] | None) -> Path:
    """An enhanced CT of these frames: in that order along the head, or without places where None."""
    one = Dataset()
    one.SOPClassUID, one.SOPInstanceUID, one.Modality = "1.2.840.10008.5.1.4.1.1.2.1", generate_uid(), "CT"
    one.SeriesInstanceUID, one.PatientID = "1.2.9", "MRN-4711"
    one.Rows, one.Columns, one.NumberOfFrames = *voxels.shape[1:], str(len(voxels if order is None else order))
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 1
    if order is not None:
        shared, measures, plane = Dataset(), Dataset(), Dataset()
        measures.PixelSpacing, measures.SliceThickness = [2, 1.5], 4
        plane.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([plane])
        one.SharedFunctionalGroupsSequence = Sequence([shared])
        one.PerFrameFunctionalGroupsSequence = Sequence([])
        for place in order:
            frame, position = Dataset(), Dataset()
            position.ImagePositionPatient = [-12, 20, 100 + 4 * place]
            frame.PlanePositionSequence = Sequence([position])
            one.PerFrameFunctionalGroupsSequence.append(frame)
        voxels = voxels[order]
    one.PixelData = voxels.astype("<i2").tobytes()
    one.file_meta = pydicom.dataset.FileMetaDataset()
    one.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    one.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("order", [list(range(8)), [3, 1, 0, 7, 2, 6, 5, 4], list(range(7, -1, -1))])
def test_frames_are_sorted_by_place(tmp_path: Path, body, order: list[int]) -> None:
    multiframe(tmp_path / "x.dcm", body.voxels, order)
    assert only(tmp_path).form == "frames"
    frames = read_multiframe(tmp_path, PurePosixPath("x.dcm"), 400)
    np.testing.assert_array_equal(axial(frames.volume).voxels, body.voxels)
    np.testing.assert_allclose(frames.volume.spacing_mm, (4, 2, 1.5))


def test_frames_without_a_place_stay_as_stored(tmp_path: Path, body) -> None:
    multiframe(tmp_path / "x.dcm", body.voxels, None)
    frames = read_multiframe(tmp_path, PurePosixPath("x.dcm"), 400)
    np.testing.assert_array_equal(axial(frames.volume).voxels, body.voxels)
    assert not frames.volume.placed
    assert np.isnan(frames.spacing_mm).all()


def test_several_frames_of_each_place(tmp_path: Path, body) -> None:
    multiframe(tmp_path / "x.dcm", body.voxels, [0, 0, 1, 1, 2, 2])
    frames = read_multiframe(tmp_path, PurePosixPath("x.dcm"), 400)
    assert frames.volume.shape == (3, 12, 16)
    assert frames.notes[0] == ("first_of_several", "holds 6 frames at 3 places; the first of each was taken")


def test_too_many_voxels_are_refused_before_they_are_read(tmp_path: Path, body, write_series) -> None:
    files = write_series(tmp_path, body.voxels)
    for file in files:
        one = pydicom.dcmread(file)
        one.Rows = one.Columns = 30000
        one.save_as(file)
    with pytest.raises(Unusable, match="declares 30000 x 30000 x 8 voxels; the megavoxel limit is 400"):
        read(tmp_path)


def segmentation(path: Path, files: list[Path], masks: np.ndarray, names: list[str]) -> Path:
    """A DICOM SEG (slices, h, w, segments) that refers to the files."""
    segments = [
        highdicom.seg.SegmentDescription(
            segment_number=number + 1,
            segment_label=name,
            segmented_property_category=codes.SCT.Organ,
            segmented_property_type=codes.SCT.Heart,
            algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number, name in enumerate(names)
    ]
    highdicom.seg.Segmentation(
        source_images=[pydicom.dcmread(file) for file in files],
        pixel_array=masks,
        segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=segments,
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="m",
        manufacturer_model_name="m",
        software_versions="1",
        device_serial_number="1",
        omit_empty_frames=True,
    ).save_as(path)
    return path


@pytest.mark.parametrize("overlap", [False, True])
def test_segmentation_belongs_to_its_series(tmp_path: Path, body, write_series, overlap: bool) -> None:
    files = write_series(tmp_path / "ct", body.voxels)
    write_series(tmp_path / "other", body.voxels, series="1.2.7")
    heart, liver = body.labels == 3, (body.labels > 0 if overlap else body.labels == 1)
    masks = np.stack([heart, liver], axis=-1).astype(np.uint8)
    segmentation(tmp_path / "anything.dcm", files, masks, ["Heart", "Left liver"])
    volumes = found(tmp_path).volumes
    assert [len(volume.labels) for volume in volumes] == [1, 0]
    read = open_labels(tmp_path, volumes[0].labels[0], 400)
    assert {label.name for label in read.found} == {"heart", "left_liver"}
    image = read_series(tmp_path, volumes[0].files, 400, lambda: None).volume
    placed = onto(read.volume, image, axial(image))
    back = np.stack([masks_of(one, chosen(read.found, ()), ["heart", "left_liver"]) for one in placed])
    np.testing.assert_array_equal(back, masks.astype(bool))


def test_damaged_segmentation_is_one_line(tmp_path: Path, body, write_series) -> None:
    files = write_series(tmp_path, body.voxels)
    masks = (body.labels == 3).astype(np.uint8)[..., None]
    path = segmentation(tmp_path / "seg.dcm", files, masks, ["Heart"])
    path.write_bytes(path.read_bytes()[:-20])
    (volume,) = found(tmp_path).volumes
    with pytest.raises(Unusable) as caught:
        open_labels(tmp_path, volume.labels[0], 400)
    assert "\n" not in caught.value.reason
