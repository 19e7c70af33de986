"""The COVID-19 Radiography Database of Qatar University and the University of Dhaka, with lung masks.

`COVID-19_Radiography_Dataset/{COVID,Lung_Opacity,Normal,Viral Pneumonia}/{images,masks}`, `COVID-12.png`. Images
have 299 pixels a side, masks 256. Its makers number images, not patients, so each image counts as a patient; films of
one person in different splits cannot be ruled out.
"""

import re

from medgan.data.families.family import COMPARISON, DatasetFamily

COVID_RADIOGRAPHY = DatasetFamily(
    name="covid_radiography",
    title="COVID-19 Radiography Database (Qatar University, University of Dhaka)",
    pattern=re.compile(r"(?P<patient>(?P<label>COVID|Lung_Opacity|Normal|Viral Pneumonia)-\d+)"),
    places=re.compile(r"(?:^|/)(?:COVID|Lung_Opacity|Normal|Viral Pneumonia)/(?:images|masks)/[^/]+$"),
    labels={
        "COVID": "covid",
        "Lung_Opacity": "lung_opacity",
        "Normal": "normal",
        "Viral Pneumonia": "viral_pneumonia",
    },
    structure="lung",
    masks_scaled=True,
    citation=(
        "Chowdhury et al. 2020, Can AI Help in Screening Viral and COVID-19 Pneumonia?, IEEE Access 8:132665; "
        "Rahman et al. 2021, Exploring the effect of image enhancement techniques on COVID-19 detection using chest "
        "X-ray images, Computers in Biology and Medicine 132:104319"
    ),
    terms="Collected from several sources, each with terms of its own; the database's page names them",
    published={
        "train": {"normal": 9180, "viral_pneumonia": 1211},
        "test": {"normal": 1020, "viral_pneumonia": 134},
    },
    published_in=COMPARISON,
    homepage="https://www.kaggle.com/datasets/tawsifurrahman/covid19-radiography-database",
    steps=(
        "Make an account at https://www.kaggle.com (free of charge) and sign in.",
        "Open https://www.kaggle.com/datasets/tawsifurrahman/covid19-radiography-database, read its terms, and press "
        "Download (a ZIP file of about 800 MB).",
        "Unpack it. The folder COVID-19_Radiography_Dataset holds COVID, Lung_Opacity, Normal and Viral Pneumonia, "
        "each with images and masks; leave it as it is.",
    ),
)
