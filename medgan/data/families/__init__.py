"""Known data sets, one short file a family. A new family is one file and one line in DATASETS."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from medgan.common.errors import BadInput
from medgan.data.families.chest_ct import CHEST_CT
from medgan.data.families.family import DatasetFamily
from medgan.data.families.melanoma import MELANOMA
from medgan.data.families.pneumonia import PNEUMONIA
from medgan.data.families.tuberculosis import TUBERCULOSIS

__all__ = ["DATASETS", "GENERIC", "DatasetFamily", "choose_family"]

DATASETS: dict[str, DatasetFamily] = {family.name: family for family in (TUBERCULOSIS, PNEUMONIA, CHEST_CT, MELANOMA)}

# Images of unknown origin: no name tells a patient, so each file is taken for a patient of its own.
GENERIC = DatasetFamily(name="none", title="Images of unknown origin", pattern=re.compile(r"(?!)(?P<patient>)"))

# A stray file or two does not hide what a folder holds.
RECOGNISED_SHARE = 0.9


def choose_family(name: str, files: Sequence[PurePosixPath]) -> DatasetFamily:
    """The family of that name; for `auto` the one that knows nine in ten of the files' names, else the
    generic one.

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
    return GENERIC
