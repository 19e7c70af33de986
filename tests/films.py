"""Small archives of films, named and laid out as publishers do."""

import io
import zipfile

import numpy as np
from PIL import Image


def zip_of_films(folder: str, count: int) -> bytes:
    """A ZIP file of grey films by Montgomery's names, normal and tuberculosis in turn, below a folder."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for number in range(count):
            picture = io.BytesIO()
            Image.fromarray(np.full((40, 40), 20 * number, np.uint8)).save(picture, format="PNG")
            packed.writestr(f"{folder}/CXR_png/MCUCXR_{number:04d}_{number % 2}.png", picture.getvalue())
    return stream.getvalue()
