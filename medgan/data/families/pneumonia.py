"""Children's chest films with viral or bacterial pneumonia, or without, by Kermany's names.

`person1003_virus_1685`, `person1_bacteria_2`, `IM-0117-0001`, `NORMAL2-IM-1269-0001-0002`. A person has several
films. It is not documented whether person 12 with a virus and person 12 with bacteria are one child: they are kept
together, which can never leak. Loose films of the radiography database (`Viral Pneumonia-7`) are known too: its
viral films are Kermany's, with numbers of their own.
"""

import re

from medgan.data.families.family import Archive, DatasetFamily

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
    published={"train": {"normal": 1349, "pneumonia": 3883}, "test": {"normal": 234, "pneumonia": 390}},
    published_in="Kermany et al. 2018: the folders of their files",
    homepage="https://data.mendeley.com/datasets/rscbjbr9sj/2",
    archives=(
        Archive(
            "https://data.mendeley.com/public-files/datasets/rscbjbr9sj/files/"
            "f12eaf6d-6023-432f-acc9-80c9d7393433/file_downloaded",
            "ChestXRay2017.zip",
            "all",
            1178,
        ),
    ),
)
