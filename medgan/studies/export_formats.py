"""The file formats that synthetic pictures leave in; adding one is one file and one line in FORMATS."""

from collections.abc import Callable
from dataclasses import dataclass

import medgan
from medgan.common.png import Pixels, png_with_text

SYNTHETIC = "SYNTHETIC image: a generative network drew it. For research; not for diagnosis."


@dataclass(frozen=True)
class Notice:
    """What a picture file says of itself, whatever its format."""

    model: str
    """Id of the run that drew it."""
    seed: int
    index: int
    """Its number within the seed."""

    @property
    def texts(self) -> dict[str, str]:
        """By the keywords that the PNG specification registers, and one of our own."""
        return {
            "Warning": SYNTHETIC,
            "Source": f"run {self.model}, seed {self.seed}, image {self.index}",
            "Software": f"medgan {medgan.__version__}",
            "SYNTHETIC": f"model={self.model}; seed={self.seed}; index={self.index}",
        }


@dataclass(frozen=True)
class PictureFormat:
    """A row of the table of formats."""

    title: str
    suffix: str
    """End of the file names, with its dot."""
    encode: Callable[[Pixels, Notice], bytes]
    """One picture (h, w, 1 or 3) of 8 or 16 bits as the bytes of a file that carries the notice."""


def _png(pixels: Pixels, notice: Notice) -> bytes:
    return png_with_text(pixels, notice.texts)


FORMATS: dict[str, PictureFormat] = {"png": PictureFormat("PNG", ".png", _png)}
