"""Montgomery County and Shenzhen Hospital chest films: `CHNCXR_0001_0`, `MCUCXR_0104_1`, one film a
patient."""

import re

from medgan.data.families.family import DatasetFamily

TUBERCULOSIS = DatasetFamily(
    name="tuberculosis",
    title="Montgomery County and Shenzhen Hospital chest X-rays",
    pattern=re.compile(r"(?P<patient>(?:CHN|MCU)CXR_\d{4})_(?P<label>[01])(?:_mask)?"),
    labels={"0": "normal", "1": "tuberculosis"},
    structure="lung",
    citation=(
        "Jaeger et al. 2014, Two public chest X-ray datasets for computer-aided screening of pulmonary "
        "diseases; Candemir et al. 2014, Lung segmentation in chest radiographs using anatomical atlases"
    ),
    terms="De-identified, released by the U.S. National Library of Medicine for the research community",
    published={"train": {"normal": 366, "tuberculosis": 355}, "test": {"normal": 40, "tuberculosis": 39}},
)
