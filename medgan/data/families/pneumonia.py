"""Viral pneumonia chest films, by Kermany's names or those of the COVID-19 Radiography Database.

Kermany: `person1003_virus_1685`, `person1_bacteria_2`, `IM-0117-0001`, `NORMAL2-IM-1269-0001-0002`. A person
has several films. It is not documented whether person 12 with a virus and person 12 with bacteria are one
child: they are kept together, which can never leak. The radiography database (`Viral Pneumonia-7`) numbers
its images only.
"""

import re

from medgan.data.families.family import DatasetFamily

PNEUMONIA = DatasetFamily(
    name="pneumonia",
    title="Viral pneumonia chest X-rays (Kermany 2018; COVID-19 Radiography Database)",
    pattern=re.compile(
        r"(?=(?:.*(?P<label>virus|bacteria|Viral))?)"
        r"(?P<patient>person\d+|(?:NORMAL2-)?IM-\d+|Normal-\d+|Viral Pneumonia-\d+)"
        r"(?:_(?:virus|bacteria)_\d+|-\d+(?:-\d+)?)?"
    ),
    labels={
        "virus": "viral_pneumonia",
        "Viral": "viral_pneumonia",
        "bacteria": "bacterial_pneumonia",
        "": "normal",
    },
    structure="lung",
    citation=(
        "Kermany et al. 2018, Identifying Medical Diagnoses and Treatable Diseases by Image-Based "
        "Deep Learning, Cell 172:1122; Chowdhury et al. 2020, Can AI Help in Screening Viral and COVID-19 "
        "Pneumonia?, IEEE Access"
    ),
    terms="CC BY 4.0 (Kermany); the radiography database collects several sources, see its own page",
    published={
        "train": {"normal": 9180, "viral_pneumonia": 1211},
        "test": {"normal": 1020, "viral_pneumonia": 134},
    },
)
