"""Chest CT of the OSIC challenge with masks of lungs, heart and trachea by Konya et al.

The volumes are the challenge's (`train/ID00007637202177411956430/1.dcm`, one folder a patient), the masks are volumes
of their own: `nrrd_lung/nrrd_lung/ID00007637202177411956430_lung.nrrd`, and so on. `nrrd_noisy` holds an
unsmoothed draft of the lung masks, which is left out.
"""

import re

from medgan.data.families.family import COMPARISON, DatasetFamily

LUNG_HEART_TRACHEA = DatasetFamily(
    name="lung_heart_trachea",
    title="CT Lung & Heart & Trachea segmentation (Konya et al. 2020, on OSIC volumes)",
    pattern=re.compile(r".+"),
    places=re.compile(r"(?:^|/)(?P<patient>ID\d{23})"),
    structure="lung",
    structures={"nrrd_lung": "lung", "nrrd_heart": "heart", "nrrd_trachea": "trachea", "nrrd_noisy": ""},
    citation=(
        "Konya et al. 2020, CT Lung & Heart & Trachea segmentation, Kaggle; Open Source Imaging Consortium, OSIC "
        "Pulmonary Fibrosis Progression, Kaggle 2020"
    ),
    terms="The volumes under the rules of the OSIC challenge, the masks under those of their page; read both",
    published={"train": {"": 3000}, "test": {"": 100}},
    published_in=COMPARISON,
    homepage="https://www.kaggle.com/datasets/sandorkonya/ct-lung-heart-trachea-segmentation",
    steps=(
        "Make an account at https://www.kaggle.com (free of charge) and sign in.",
        "Open https://www.kaggle.com/c/osic-pulmonary-fibrosis-progression/data, accept the rules, and press Download "
        "All; of the ZIP file only the folder train is needed.",
        "Open https://www.kaggle.com/datasets/sandorkonya/ct-lung-heart-trachea-segmentation and press Download.",
        "Make a folder ct_lung_heart_trachea, move train into it, and unpack the second ZIP file there, so that "
        "train, nrrd_lung, nrrd_heart and nrrd_trachea lie side by side.",
    ),
)
