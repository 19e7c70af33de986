"""Data sets of phantoms: drawn into a folder of files, then prepared like any other source."""

import hashlib
import re
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from medgan.common.artefact import typed_name
from medgan.common.config import Config
from medgan.common.errors import Cancelled
from medgan.common.pictures import to_pil
from medgan.common.progress import Progress, Silent
from medgan.data.build import build
from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset
from medgan.data.families import DatasetFamily
from medgan.data.layout import detect
from medgan.data.parallel import in_order
from medgan.data.phantoms import PHANTOMS, PhantomFamily, draw
from medgan.data.prepare import built_once, hash_files


class PhantomConfig(Config):
    """A data set of drawn images with exact ground truth; it needs no download."""

    family: Literal["chest_xray", "chest_ct", "dermoscopy"] = "chest_xray"
    """What the phantoms depict."""
    count: int = Field(600, ge=6, le=100_000)
    """Images in all, the same number of each class."""
    size: int = Field(128, ge=16, le=1024)
    """Side of the images, in pixels."""
    seed: int = Field(0, ge=0)
    """Seed of the drawings and of the split."""
    name: str = ""
    """Name of the data set; `phantom-<family>` where empty."""

    @field_validator("name")
    @classmethod
    def _safe(cls, name: str) -> str:
        return typed_name(name)


def prepare_phantoms(config: PhantomConfig, progress: Progress | None = None) -> PreparedDataset:
    """Draw phantoms and prepare them. The same config gives the same data set, which is built once.

    Raises Cancelled when asked to stop.
    """
    progress = progress or Silent()
    drawn = PHANTOMS[config.family]
    fill = partial(_draw_and_build, drawn=drawn, config=config, progress=progress)
    return built_once(config.name or f"phantom-{config.family}", _decisive(drawn, config), fill, config, progress)


def _decisive(drawn: PhantomFamily, config: PhantomConfig) -> dict[str, Any]:
    """All that decides the content of the set. The first phantom of each class stands for how this program draws."""
    firsts = [draw(drawn.name, label, config.size, config.seed, index) for index, label in enumerate(drawn.classes)]
    drawing = [hashlib.sha256(first.image.tobytes() + first.masks.tobytes()).hexdigest() for first in firsts]
    return {"phantoms": config.model_dump(mode="json", exclude={"name"}), "drawing": drawing}


def _draw_and_build(folder: Path, drawn: PhantomFamily, config: PhantomConfig, progress: Progress) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="medgan-phantoms-") as temporary:
        source = Path(temporary)
        _draw_files(source, drawn, config, progress)
        layout = detect(source, "masks" if drawn.structures else "classes", _as_dataset_family(drawn))
        colour: Literal["grey", "rgb"] = "grey" if drawn.channels == 1 else "rgb"
        options = PrepareConfig(source=source, size=config.size, colour=colour, seed=config.seed)
        return build(folder, layout, options, hash_files(layout, progress), progress)


def _as_dataset_family(drawn: PhantomFamily) -> DatasetFamily:
    return DatasetFamily(
        name=f"phantom_{drawn.name}",
        title=drawn.title,
        pattern=re.compile(r"(?P<patient>phantom-\w+-\d+)"),
        citation="Drawn by medgan; shows no patient",
        terms="Free to use",
    )


def _draw_files(source: Path, drawn: PhantomFamily, config: PhantomConfig, progress: Progress) -> None:
    """Draw the phantoms as PNG files: `<class>/images/` and `<class>/masks_<structure>/`."""
    for label in drawn.classes:
        for folder in ("images", *(f"masks_{structure}" for structure in drawn.structures)):
            (source / label / folder).mkdir(parents=True)
    draw_one = partial(_draw_file, source, drawn, config)
    for done, _ in enumerate(in_order(draw_one, range(config.count)), start=1):
        if progress.stop_requested():
            raise Cancelled("stopped before the phantoms were drawn")
        progress.update(done, config.count, "Drawing phantoms")


def _draw_file(source: Path, drawn: PhantomFamily, config: PhantomConfig, index: int) -> None:
    label = drawn.classes[index % len(drawn.classes)]
    phantom = draw(drawn.name, label, config.size, config.seed, index)
    file = f"phantom-{label}-{index:06d}.png"
    _write(source / label / "images" / file, phantom.image)
    for channel, structure in enumerate(drawn.structures):
        _write(source / label / f"masks_{structure}" / file, phantom.masks[..., channel] * np.uint8(255))


def _write(path: Path, pixels: NDArray[np.uint8]) -> None:
    to_pil(pixels).save(path, compress_level=1)
