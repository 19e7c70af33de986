"""ISIC 2018 task 1, dermoscopy with the lesion outlined: `ISIC_0000001`, each its own patient.

The challenge tells no patients; lesions that were filmed twice show up as duplicates at best.
"""

import re

from medgan.data.families.family import DatasetFamily

MELANOMA = DatasetFamily(
    name="melanoma",
    title="ISIC 2018 task 1: skin lesions, dermoscopy",
    pattern=re.compile(r"(?P<patient>ISIC_\d{7})(?:_segmentation)?"),
    structure="lesion",
    citation=(
        "Codella et al. 2019, Skin Lesion Analysis Toward Melanoma Detection 2018, arXiv:1902.03368; "
        "Tschandl et al. 2018, The HAM10000 dataset, Scientific Data 5:180161"
    ),
    terms="CC BY-NC 4.0",
    published={"train": {"": 2076}, "validation": {"": 518}, "test": {"": 100}},
)
