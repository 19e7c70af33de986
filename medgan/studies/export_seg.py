"""Masks of synthetic images as DICOM Segmentation objects that refer to the images (PS3.3 A.51)."""

from collections.abc import Sequence

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

import medgan
from medgan.studies.export_contents import Item
from medgan.studies.export_dicom import LONG, Place, say_synthetic

ORGAN, FINDING, TISSUE = (
    codes.SCT.AnatomicalStructure,
    codes.cid7150.MorphologicallyAbnormalStructure,
    codes.SCT.Tissue,
)
"""Categories of what a segment shows (CID 7150)."""
CODES: dict[str, tuple[Code, Code]] = {
    "lung": (ORGAN, codes.SCT.Lung),
    "heart": (ORGAN, codes.SCT.Heart),
    "trachea": (ORGAN, codes.SCT.Trachea),
    "liver": (ORGAN, codes.SCT.Liver),
    "kidney": (ORGAN, codes.SCT.Kidney),
    "spleen": (ORGAN, codes.SCT.Spleen),
    "brain": (ORGAN, codes.SCT.Brain),
    "bone": (ORGAN, codes.SCT.Bone),
    "lesion": (FINDING, codes.SCT.Lesion),
    "nodule": (FINDING, codes.SCT.Nodule),
    "tumour": (FINDING, codes.SCT.Neoplasm),
    "tumor": (FINDING, codes.SCT.Neoplasm),
}
"""Category and type in SNOMED CT, by the name of a structure in the singular; anything else is told as tissue."""


def segmentation(
    image: Dataset, masks: NDArray[np.uint8], structures: Sequence[str], item: Item, place: Place
) -> Segmentation:
    """The masks (h, w, structures) of 0 or 1 of a Secondary Capture, a segment a structure, empty ones too."""
    found = Segmentation(
        [image],
        masks[None],
        SegmentationTypeValues.BINARY,
        [_segment(number, structure, place) for number, structure in enumerate(structures, start=1)],
        place.uid("masks", place.stack.name),
        place.series_number(masks=True),
        place.uid("mask", str(item.number)),
        item.number + 1,
        manufacturer="medgan",
        manufacturer_model_name=place.about.model[:LONG],
        software_versions=medgan.__version__,
        device_serial_number="0",
        content_label="SYNTHETIC_MASK",
        content_description=f"Synthetic masks of image {item.number + 1}",
        omit_empty_frames=False,
    )
    say_synthetic(found, item, place, "masks")
    _made_when_the_image_was(found, image, place)
    return found


def _segment(number: int, structure: str, place: Place) -> SegmentDescription:
    category, kind = CODES.get(structure.lower().removesuffix("s"), (TISSUE, TISSUE))
    return SegmentDescription(
        number,
        structure.replace("\\", " ")[:LONG],
        category,
        kind,
        SegmentAlgorithmTypeValues.AUTOMATIC,
        AlgorithmIdentificationSequence(place.about.model[:LONG], codes.DCM.ArtificialIntelligence, medgan.__version__),
    )


def _made_when_the_image_was(found: Segmentation, image: Dataset, place: Place) -> None:
    """Put what is always the same where highdicom puts the time of day and random UIDs."""
    for name in ("ContentDate", "ContentTime", "InstanceCreationDate", "InstanceCreationTime"):
        setattr(found, name, image[name].value)
    organisation = place.uid("dimensions")
    found.DimensionOrganizationSequence[0].DimensionOrganizationUID = organisation
    for index in found.DimensionIndexSequence:
        index.DimensionOrganizationUID = organisation
    for equipment in found.ContributingEquipmentSequence:
        if "ContributionDateTime" in equipment:
            equipment.ContributionDateTime = image.ContentDate + image.ContentTime
