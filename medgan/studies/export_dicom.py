"""Synthetic images as DICOM Secondary Capture objects, marked as synthetic wherever the standard has a place for it.

PS3.3 A.8.1 (the object), C.12.1.1 (Synthetic Data), PS3.5 B.2 (UIDs made from a UUID, below the root 2.25). The UIDs
come from the set's id and pixels, the bits, the program's version and the image's number: the same export has the same
UIDs, and any other has other ones.
"""

import io
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from pydicom.valuerep import DSfloat

import medgan
from medgan.common.png import Pixels
from medgan.common.progress import Progress
from medgan.studies.export_contents import About, Contents, Entry, Item
from medgan.studies.export_notice import SYNTHETIC, Notice
from medgan.studies.stacks import Stack, whole

DATE, TIME = "%Y%m%d", "%H%M%S"
LONG = 64
"""Characters that the shorter texts of DICOM hold (LO, and a group of PN)."""


@dataclass(frozen=True)
class Place:
    """Where an object stands: its set, and what tells its UIDs from those of the same set in other exports."""

    about: About
    bits: int
    stack: Stack
    """The volume that it is a slice of: a series of images, and one of masks."""

    def uid(self, *parts: str) -> UID:
        """The UID of a part of the export, always the same."""
        name = "/".join([self.about.identity, medgan.__version__, str(self.bits), *parts])
        return uid_of(name)

    def series_number(self, *, masks: bool = False) -> int:
        """Odd for images, even for masks."""
        return 2 * int(self.stack.name or 1) - (0 if masks else 1)

    @property
    def patient_id(self) -> str:
        return f"SYNTHETIC-{sha256(self.about.identity.encode()).hexdigest()[:12]}"

    @property
    def date(self) -> str:
        return f"{self.about.made:{DATE}}" if self.about.made else ""

    @property
    def time(self) -> str:
        return f"{self.about.made:{TIME}}" if self.about.made else ""


def uid_of(name: str) -> UID:
    """A UID that nobody else gives: a name-based UUID below 2.25."""
    return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, f'medgan/{name}').int}")


def dicom_files(contents: Contents, bits: int, progress: Progress) -> Iterator[Entry]:
    """Each image as a Secondary Capture, with a Segmentation that refers to it where it has masks.

    Masks without images are captures of their own, since a Segmentation must refer to an image.
    """
    stacks = {row: stack for stack in contents.stacks for row in stack.rows.tolist()}
    for item in contents.items(progress):
        place = Place(contents.about, bits, stacks[item.row])
        if contents.drawn.images is None:
            for what, mask in contents.mask_pictures(item.number):
                yield f"{item.stem}{what}.dcm", (file_bytes(secondary_capture(mask, item, place, what)),)
            continue
        image = secondary_capture(contents.image(item.number, bits), item, place)
        yield f"{item.stem}.dcm", (file_bytes(image),)
        if contents.drawn.masks is not None:
            from medgan.studies.export_seg import segmentation

            masks = segmentation(image, contents.masks(item.number), contents.structures, item, place)
            yield f"{item.stem}_seg.dcm", (file_bytes(masks),)


def secondary_capture(pixels: Pixels, item: Item, place: Place, what: str = "") -> Dataset:
    """One picture (h, w, 1 or 3), of 8 or 16 bits, as a Secondary Capture; `what` tells it from others of its item."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = uid_of("implementation")
    dataset.file_meta.ImplementationVersionName = f"MEDGAN {medgan.__version__}"[:16]
    dataset.SpecificCharacterSet = "ISO_IR 192"  # UTF-8
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = place.uid("image", str(item.number), what)
    dataset.SeriesInstanceUID = place.uid("images", place.stack.name)
    dataset.SeriesNumber, dataset.InstanceNumber = place.series_number(), item.number + 1
    dataset.Modality, dataset.ConversionType, dataset.Laterality = "OT", "SYN", ""
    dataset.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
    _of_nobody(dataset, place)
    say_synthetic(dataset, item, place, "images" if not what else "masks")
    _equipment(dataset, place.about)
    _put_pixels(dataset, pixels)
    if place.stack.spacing_mm:
        dataset.PixelSpacing = [DSfloat(millimetres, auto_format=True) for millimetres in place.stack.spacing_mm[1:]]
    return dataset


def _of_nobody(dataset: Dataset, place: Place) -> None:
    """Patient and study, plainly made up; what is unknown is there and empty, as the standard wants."""
    dataset.PatientName = f"SYNTHETIC^{place.about.name}"[:LONG]
    dataset.PatientID = place.patient_id
    dataset.PatientBirthDate = dataset.PatientSex = ""
    dataset.PatientComments = "No patient: the images are synthetic."
    dataset.StudyInstanceUID = place.uid("study")
    dataset.StudyID = "SYNTHETIC"
    dataset.StudyDescription = f"SYNTHETIC {place.about.name}"[:LONG]
    dataset.StudyDate = dataset.ContentDate = dataset.InstanceCreationDate = place.date
    dataset.StudyTime = dataset.ContentTime = dataset.InstanceCreationTime = place.time
    dataset.AccessionNumber = dataset.ReferringPhysicianName = ""


def say_synthetic(dataset: Dataset, item: Item, place: Place, kind: str) -> None:
    """What says that an image or mask is synthetic, and what drew it. kind: images or masks."""
    dataset.SyntheticData = "YES"
    dataset.SeriesDescription = f"SYNTHETIC {kind} {place.about.name}"[:LONG]
    model = f" Model: {place.about.model}." if place.about.model else ""
    dataset.DerivationDescription = f"{item.notice.sentence}{model}"[:1024]
    dataset.ImageComments = SYNTHETIC + (f" Class: {item.label}." if item.label else "")
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.PatientOrientation = ""  # not known


def _equipment(dataset: Dataset, about: About) -> None:
    dataset.Manufacturer = dataset.SecondaryCaptureDeviceManufacturer = "medgan"
    dataset.ManufacturerModelName = dataset.SecondaryCaptureDeviceManufacturerModelName = about.model[:LONG]
    dataset.SoftwareVersions = dataset.SecondaryCaptureDeviceSoftwareVersions = medgan.__version__


def _put_pixels(dataset: Dataset, pixels: Pixels) -> None:
    """The pixels, and for grey ones the window that shows all of them as they are."""
    height, width, channels = pixels.shape
    bits = 8 * pixels.dtype.itemsize
    dataset.SamplesPerPixel = channels
    dataset.PhotometricInterpretation = "RGB" if channels == 3 else "MONOCHROME2"
    if channels == 3:
        dataset.PlanarConfiguration = 0
    else:
        dataset.WindowCenter, dataset.WindowWidth = 2 ** (bits - 1), 2**bits
    dataset.Rows, dataset.Columns = height, width
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit, dataset.PixelRepresentation = bits - 1, 0
    content = np.ascontiguousarray(pixels, f"<u{pixels.dtype.itemsize}").tobytes()
    dataset.add_new("PixelData", "OB" if bits == 8 else "OW", content + b"\0" * (len(content) % 2))


def file_bytes(dataset: Dataset) -> bytes:
    """The object as a file."""
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def single_image(pixels: Pixels, notice: Notice, name: str, model: str, label: str = "") -> bytes:
    """An image that is exported by itself as a DICOM file; its UIDs come from its pixels and its notice.

    name: what it is of, for people; model: the GAN that drew it; label: its class, where it has one.
    """
    identity = f"{notice.source}/{sha256(pixels.tobytes()).hexdigest()}"
    place = Place(About(name, model, None, identity), 8 * pixels.itemsize, whole(1))
    return file_bytes(secondary_capture(pixels, Item(0, 0, "", label, notice), place))
