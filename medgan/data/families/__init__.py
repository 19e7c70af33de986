"""Known data sets, one short file a family. A new family is one file and one line in DATASETS."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from medgan.common.errors import BadInput
from medgan.data.families.chest_ct import CHEST_CT
from medgan.data.families.covid_radiography import COVID_RADIOGRAPHY
from medgan.data.families.family import Archive, DatasetFamily
from medgan.data.families.lung_heart_trachea import LUNG_HEART_TRACHEA
from medgan.data.families.melanoma import MELANOMA
from medgan.data.families.pneumonia import PNEUMONIA
from medgan.data.families.tuberculosis import TUBERCULOSIS

__all__ = ["DATASETS", "GENERIC", "Archive", "DatasetFamily", "choose_family"]

# Those that are known by their folders come before those that some of their files' names would fit as well.
DATASETS: dict[str, DatasetFamily] = {
    family.name: family
    for family in (TUBERCULOSIS, COVID_RADIOGRAPHY, LUNG_HEART_TRACHEA, PNEUMONIA, CHEST_CT, MELANOMA)
}

# Images of unknown origin: no name tells a patient, so each file is taken for a patient of its own.
GENERIC = DatasetFamily(name="none", title="Images of unknown origin", pattern=re.compile(r"(?!)(?P<patient>)"))


class _MixedFamily(DatasetFamily):
    def patient_of(self, file: PurePosixPath) -> str | None:
        """The patient by the names of whichever known set the file is of, or None."""
        told = (family.patient_of(file) for family in DATASETS.values())
        return next((patient for patient in told if patient), None)


# Only some of the images are named as in known sets: those names still tell patients, and nothing else.
MIXED = _MixedFamily(name="mixed", title="some file names of known data sets", pattern=GENERIC.pattern)

# A stray file or two does not hide what a folder holds.
RECOGNISED_SHARE = 0.9


def choose_family(name: str, files: Sequence[PurePosixPath]) -> DatasetFamily:
    """The family of that name; for `auto` the one that knows nine in ten of the files' names, else the
    mixed one where any name is known, else the generic one.

    Raises BadInput for an unknown name.
    """
    if name == "none":
        return GENERIC
    if name != "auto":
        if name not in DATASETS:
            raise BadInput(f"family {name!r} is not known (there is: auto, none, {', '.join(DATASETS)})")
        return DATASETS[name]
    for family in DATASETS.values():
        if sum(family.knows(file) for file in files) >= RECOGNISED_SHARE * len(files) > 0:
            return family
    return MIXED if any(MIXED.patient_of(file) for file in files) else GENERIC
