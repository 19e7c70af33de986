"""What a data set family is: how to know it, whose its files are, what to cite."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath


@dataclass(frozen=True)
class DatasetFamily:
    """A known collection of images.

    pattern: matches the stems of its files; group `patient` is the patient, group `label` (if any) tells the
    class.
    labels: the class for each text of group `label`, "" being the text where the group is absent.
    structure: what a mask outlines where its folder does not say.
    published: images a class and split in the published protocol, for comparison only.
    """

    name: str
    title: str
    pattern: re.Pattern[str]
    labels: Mapping[str, str] = field(default_factory=dict)
    structure: str = "mask"
    citation: str = ""
    terms: str = ""
    published: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def knows(self, file: PurePosixPath) -> bool:
        """Whether the file's name is one of this family's."""
        return self.pattern.fullmatch(file.stem) is not None

    def patient_of(self, file: PurePosixPath) -> str | None:
        """The patient that a file's name tells, or None."""
        match = self.pattern.fullmatch(file.stem)
        return match["patient"] if match else None

    def label_of(self, file: PurePosixPath) -> str:
        """The class that a file's name tells, or an empty string."""
        match = self.pattern.fullmatch(file.stem)
        if match is None or not self.labels:
            return ""
        return self.labels.get(match["label"] or "", "")
