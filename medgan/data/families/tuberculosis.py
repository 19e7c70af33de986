"""Montgomery County and Shenzhen Hospital chest films: `CHNCXR_0001_0`, `MCUCXR_0104_1`, one film a
patient.

As distributed: `MontgomerySet/{CXR_png,ClinicalReadings,ManualMask/{leftMask,rightMask}}` and
`ChinaSet_AllFiles/{CXR_png,ClinicalReadings}`. The left and the right lung are joined. Shenzhen comes without masks.
"""

import re

from medgan.data.families.family import COMPARISON, Archive, DatasetFamily

NLM = "https://openi.nlm.nih.gov/imgs/collections"

TUBERCULOSIS = DatasetFamily(
    name="tuberculosis",
    title="Montgomery County and Shenzhen Hospital chest X-rays",
    pattern=re.compile(r"(?P<patient>(?:CHN|MCU)CXR_\d{4})_(?P<label>[01])(?:_mask)?"),
    labels={"0": "normal", "1": "tuberculosis"},
    structure="lung",
    structures={"manual_left": "lung", "manual_right": "lung", "left": "lung", "right": "lung"},
    image_folder="CXR_png",
    readings="ClinicalReadings",
    citation=(
        "Jaeger et al. 2014, Two public chest X-ray datasets for computer-aided screening of pulmonary "
        "diseases; Candemir et al. 2014, Lung segmentation in chest radiographs using anatomical atlases"
    ),
    terms="De-identified, released by the U.S. National Library of Medicine for the research community",
    published={"train": {"normal": 366, "tuberculosis": 355}, "test": {"normal": 40, "tuberculosis": 39}},
    published_in=COMPARISON,
    homepage="https://lhncbc.nlm.nih.gov/LHC-downloads/downloads.html#tuberculosis-image-data-sets",
    archives=(
        Archive(
            f"{NLM}/NLM-MontgomeryCXRSet.zip",
            "NLM-MontgomeryCXRSet.zip",
            "montgomery",
            588,
            "54601e952315d8f67383e9202a6e145997ade429f54f7e0af44b4e158714f424",
        ),
        Archive(f"{NLM}/ChinaSet_AllFiles.zip", "ChinaSet_AllFiles.zip", "shenzhen", 3600),
    ),
)
