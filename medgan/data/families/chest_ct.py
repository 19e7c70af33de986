"""Axial chest CT slices, `ID_0001_Z_0146`: one volume, hence one patient, has many slices."""

import re

from medgan.data.families.family import DatasetFamily

CHEST_CT = DatasetFamily(
    name="chest_ct",
    title="Chest CT slices (Finding and Measuring Lungs in CT Data)",
    pattern=re.compile(r"(?P<patient>ID_\d{4})_Z_\d{4}(?:_mask)?"),
    structure="lung",
    citation="K. Mader, Finding and Measuring Lungs in CT Data, Kaggle 2017",
    terms="Not established: for research use, do not redistribute",
    homepage="https://www.kaggle.com/datasets/kmader/finding-lungs-in-ct-data",
    steps=(
        "Make an account at https://www.kaggle.com (free of charge) and sign in.",
        "Open https://www.kaggle.com/datasets/kmader/finding-lungs-in-ct-data, read its terms, and press Download.",
        "Unpack it, and of what it holds 2d_images.zip and 2d_masks.zip into a folder chest_ct, so that 2d_images and "
        "2d_masks lie side by side.",
    ),
)
