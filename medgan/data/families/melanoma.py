"""ISIC 2018 task 1, dermoscopy with the lesion outlined: `ISIC_0000001`, each its own patient.

As distributed: `ISIC2018_Task1-2_Training_Input` beside `ISIC2018_Task1_Training_GroundTruth`, and the same for
Validation and Test. The challenge tells no patients; lesions that were filmed twice show up as duplicates at best.
The published protocol's 2 694 are the 2 594 of Training and the 100 of Validation.
"""

import re

from medgan.data.families.family import COMPARISON, Archive, DatasetFamily

ISIC = "https://isic-archive.s3.amazonaws.com/challenges/2018"


def _archive(file: str, part: str, size_mib: float, sha256: str) -> Archive:
    return Archive(f"{ISIC}/{file}.zip", f"{file}.zip", part, size_mib, sha256)


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
    published_in=COMPARISON,
    homepage="https://challenge.isic-archive.com/data/#2018",
    archives=(
        _archive(
            "ISIC2018_Task1-2_Training_Input",
            "training",
            10648.1,
            "80f98572347a2d7a376227fa9eb2e4f7459d317cb619865b8b9910c81446675f",
        ),
        _archive(
            "ISIC2018_Task1_Training_GroundTruth",
            "training",
            26.1,
            "99f8b2bb3c4d6af483362010715f7e7d5d122d9f6c02cac0e0d15bef77c7604c",
        ),
        _archive(
            "ISIC2018_Task1-2_Validation_Input",
            "validation",
            228.1,
            "0ea920fcfe512d12a6e620b50b50233c059f67b10146e1479c82be58ff15a797",
        ),
        _archive(
            "ISIC2018_Task1_Validation_GroundTruth",
            "validation",
            0.7,
            "f6911e9c0a64e6d687dd3ca466ca927dd5e82145cb2163b7a1e5b37d7a716285",
        ),
        _archive(
            "ISIC2018_Task1-2_Test_Input",
            "test",
            2260.6,
            "e59ae1f69f4ed16f09db2cb1d76c2a828487b63d28f6ab85997f5616869b127d",
        ),
        _archive(
            "ISIC2018_Task1_Test_GroundTruth",
            "test",
            9.2,
            "2e8f6edce454a5bdee52485e39f92bd6eddf357e81f39018d05512175238ef82",
        ),
    ),
)
