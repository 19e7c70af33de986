"""What a data set family is: how to know it, whose its files are, what to cite, where to get it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

COMPARISON = (
    "M. Sobolev, Comparison of Generative Adversarial Networks on medical imaging data, bachelor's thesis, FIT CTU in "
    "Prague, 2021"
)
"""The published comparison that this program repeats."""


@dataclass(frozen=True)
class Archive:
    """A ZIP file of a set that its publisher lets anybody download.

    file: what the publisher calls it. part: the part of the set that it holds. size_mib: about. sha256: of the
    publisher's file where it is publicly known, else "": then the first download's is recorded.
    """

    url: str
    file: str
    part: str
    size_mib: float
    sha256: str = ""


@dataclass(frozen=True)
class DatasetFamily:
    """A known collection of images.

    pattern: matches the stems of its files; group `patient` is the patient, group `label` (if any) tells the
    class.
    places: where the set is known by its folders, what a file's path, with `/`, has in it; its group `patient`, if
    it has one, is the patient.
    labels: the class for each text of group `label`, "" being the text where the group is absent.
    structure: what a mask outlines where its folder does not say.
    structures: names of structures as the folders of masks tell them, to those of this program. Several that lead to
    one are joined, as the left lung and the right; "" leaves the masks of such a folder out.
    masks_scaled: whether its masks have fewer pixels than their images, over the same field.
    image_folder: the folder that its images lie in as distributed: there names alone tell classes, and the folders
    above it are parts of the set.
    readings: the folder beside that of the images with a radiologist's reading for each, "" where there is none.
    published: images a class and split in the published protocol; class "" where the images have no classes.
    published_in: whose protocol that is.
    homepage: the publisher's page. archives: what may be downloaded without an account. steps: how a person gets the
    set where nothing may, up to a folder that can be prepared.
    """

    name: str
    title: str
    pattern: re.Pattern[str]
    places: re.Pattern[str] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    structure: str = "mask"
    structures: Mapping[str, str] = field(default_factory=dict)
    masks_scaled: bool = False
    image_folder: str = ""
    readings: str = ""
    citation: str = ""
    terms: str = ""
    published: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    published_in: str = ""
    homepage: str = ""
    archives: tuple[Archive, ...] = ()
    steps: tuple[str, ...] = ()

    def knows(self, file: PurePosixPath) -> bool:
        """Whether the file's name is one of this family's and lies in a folder of it."""
        in_place = self.places is None or self.places.search(file.as_posix()) is not None
        return in_place and self.pattern.fullmatch(file.stem) is not None

    def patient_of(self, file: PurePosixPath) -> str | None:
        """The patient that a file's name or folder tells, or None."""
        by_place = self.places is not None and "patient" in self.places.groupindex
        match = self.places.search(file.as_posix()) if self.places and by_place else self.pattern.fullmatch(file.stem)
        return match["patient"] if match else None

    def label_of(self, file: PurePosixPath) -> str:
        """The class that a file's name tells, or an empty string."""
        match = self.pattern.fullmatch(file.stem)
        if match is None or not self.labels:
            return ""
        return self.labels.get(match["label"] or "", "")

    def reading_of(self, file: PurePosixPath) -> PurePosixPath | None:
        """Where the reading of an image lies if there is one; None where the family has none."""
        return file.parent.parent / self.readings / f"{file.stem}.txt" if self.readings else None
