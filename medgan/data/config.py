"""The options of preparing a folder of images."""

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from medgan.common.artefact import typed_name
from medgan.common.config import Config
from medgan.data.fit import Fit
from medgan.data.layout import LabelSource, LayoutKind
from medgan.data.volumes.labels import parse_wanted


class PrepareConfig(Config):
    """How to turn a folder of images into a prepared data set."""

    source: Path
    """Folder that holds the images."""
    name: str = ""
    """Name of the data set; the folder's own name where empty."""
    size: int = Field(128, ge=16, le=1024)
    """Side of the prepared images, in pixels; GANs learn from 64, 128, 256, 512 or 1024."""
    colour: Literal["auto", "grey", "rgb"] = "auto"
    """Grey or RGB; auto takes grey where the images show no colour."""
    fit: Fit = "pad"
    """How a picture becomes square: pad keeps its shape between black bars, squash distorts it."""
    layout: LayoutKind | Literal["auto"] = "auto"
    """How the folder is arranged: images alone, one folder a class, images with masks, volumes (NIfTI, NRRD, MetaImage,
    DICOM series) of which each axial slice becomes an image, with or without labels, or pairs of a source and
    the image to make from it. Pairs lie in two folders under the same file names (A and B, source and target,
    input and images), or side by side in pictures twice as wide as high: the source left, the image right."""
    labels_from: LabelSource = "auto"
    """What tells an image's class: its folder, its file name, whichever says more (auto), or nothing."""
    family: Literal[
        "auto",
        "none",
        "tuberculosis",
        "covid_radiography",
        "lung_heart_trachea",
        "pneumonia",
        "chest_ct",
        "melanoma",
    ] = "auto"
    """Which known data set this is; it tells patients and classes by names of files and folders. Auto recognises it."""
    patient_pattern: str = ""
    """Regular expression that finds the patient in a file's path; its first group is the patient."""
    validation_fraction: float = Field(0.1, ge=0.0, le=0.5)
    """Share of the images for validation."""
    test_fraction: float = Field(0.1, ge=0.0, le=0.5)
    """Share of the images for the final test."""
    use_source_splits: bool = False
    """Keep the train, validation and test folders of the source, even where they share patients."""
    use_published_split: bool = False
    """Of a known data set, take the numbers of its published protocol for train, validation and test, by patient; a
    validation that the protocol does not name is taken from train by its share."""
    seed: int = Field(0, ge=0)
    """Seed of the random split."""
    scaling: Literal["auto", "window", "range", "file", "lung", "mediastinum", "bone"] = "auto"
    """Pixels of more than 8 bits to grey. Auto: Hounsfield units by the window below, other DICOM images by the window
    that their file names, the rest by each image's own range. Window: all by the window below; range: all by their own;
    file: DICOM images by the window of that number that their file names; lung (-1350 to 150), mediastinum (-160 to
    240), bone (-500 to 1300): Hounsfield units by that usual window, the rest as in auto."""
    file_window: int = Field(1, ge=1, le=16)
    """Which window of a DICOM file is taken where scaling is file; its last one where it names fewer."""
    window_low_hu: float = -1000.0
    """Shown as black: Hounsfield units at the lower end of the window."""
    window_high_hu: float = 400.0
    """Shown as white: Hounsfield units at the upper end of the window."""
    structures: str = ""
    """Which labels of volumes become masks: by name (heart, liver), or by number with its name (3=heart, 1=liver). All
    that are found where empty."""
    every_slice: int = Field(1, ge=1, le=100)
    """Of volumes, every so-many-th slice is taken: neighbours are much alike."""
    only_labelled_slices: bool = False
    """Of volumes with labels, leave out slices in which no structure shows."""
    megavoxel_limit: int = Field(400, ge=1, le=4000)
    """Volumes of more millions of voxels than this are refused; each takes about two to eight bytes of memory."""
    megapixel_limit: int = Field(80, ge=1, le=170)
    """Pictures of more megapixels than this are refused."""

    @field_validator("source")
    @classmethod
    def _from_anywhere(cls, source: Path) -> Path:
        try:
            str(source).encode()
        except UnicodeEncodeError:
            raise ValueError("its path is not valid UTF-8; rename the folder") from None
        return source.expanduser().absolute()  # a job reads it from another working folder

    @field_validator("structures")
    @classmethod
    def _names_structures(cls, text: str) -> str:
        parse_wanted(text)
        return text

    @field_validator("name")
    @classmethod
    def _safe(cls, name: str) -> str:
        return typed_name(name)

    @field_validator("patient_pattern")
    @classmethod
    def _has_a_group(cls, pattern: str) -> str:
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from None
        if pattern and not groups:
            raise ValueError("needs a group in parentheses around the part that names the patient")
        return pattern

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        if self.window_low_hu >= self.window_high_hu:
            raise ValueError("window_low_hu must be below window_high_hu")
        if self.use_published_split and self.use_source_splits:
            raise ValueError("the published split and the source's own splits exclude each other: choose one")
        return self
