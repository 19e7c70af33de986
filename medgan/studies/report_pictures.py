"""Pictures of a study's report: samples of real and synthetic images, and the test images that went worst."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import binary_dilation

from medgan.common.errors import BadInput
from medgan.common.pictures import encode_png, grid, outline
from medgan.data.dataset import PreparedDataset
from medgan.studies.figures import test_dataset, tested, true_masks
from medgan.studies.marks import accepted
from medgan.studies.study import Study
from medgan.studies.synthesis import SyntheticSet

Uint8 = NDArray[np.uint8]
SAMPLES, COLUMNS, THUMB = 20, 10, 96
"""Images of a grid, images in a row, and pixels a side of each."""
WORST, ARMS, PANEL = 6, 5, 176
"""Test images and arms that are shown, and pixels a side of each picture."""
STRIP = 18
TRUE_COLOUR, PREDICTED_COLOUR = (230, 159, 0), (86, 180, 233)
"""Orange and sky blue of Okabe and Ito; the predicted outline is dotted as well."""


@dataclass(frozen=True)
class Samples:
    """A grid of images."""

    name: str
    label: str
    """Class, and part of the data set; empty where there is none."""
    synthetic: bool
    png: str
    """Data address of the picture; a strip in it says REAL or SYNTHETIC."""


@dataclass(frozen=True)
class WorstCase:
    """A test image that was segmented badly."""

    name: str
    panels: tuple[tuple[str, float, str], ...]
    """Arm, its IoU on the image in its first training, and data address of the picture with both outlines."""


def samples_of(study: Study) -> Iterator[Samples]:
    """Real training images of each class, then images of each synthetic set that no person rejected.

    Masks are outlined where they are what is learned.
    """
    dataset, with_masks = test_dataset(study), study.config.task == "segmentation"
    if dataset is not None:
        for label in dataset.classes or (None,):
            rows = _spread(dataset.indices("train", label))
            if not len(rows):  # a rare class, all of whose patients are in other parts
                continue
            masks = dataset.masks[rows] if with_masks and dataset.masks is not None else None
            called = f"{label}, training part" if label else "training part"
            yield Samples(dataset.name, called, False, _sheet(dataset.images[rows], masks, "REAL"))
    for id in dict.fromkeys(id for group in study.config.sets for id in group.split("+")):
        try:
            synthetic = SyntheticSet.open(id)
        except BadInput:  # deleted since; the report says so where it tells the parents
            continue
        drawn, rows = synthetic.drawn, _spread(accepted(synthetic))
        if drawn.images is not None and len(rows):
            masks = drawn.masks[rows] if with_masks and drawn.masks is not None else None
            label = str(synthetic.manifest.summary.get("label") or "")
            yield Samples(
                synthetic.name, label, True, _sheet(drawn.images[rows], masks, "SYNTHETIC: drawn by a network")
            )


def worst_cases(study: Study) -> list[WorstCase]:
    """The test images with the lowest IoU over all arms and trainings; none for classification."""
    dataset, masks, arms = test_dataset(study), true_masks(study), tested(study)
    if study.config.task != "segmentation" or dataset is None or masks is None or not arms:
        return []
    overall = np.mean([study.per_image(number).mean(axis=0) for number, _, _ in arms], axis=0)
    chosen, shown = np.argsort(overall)[:WORST], arms[:ARMS]
    panels: list[list[tuple[str, float, str]]] = [[] for _ in chosen]
    for number, arm, rows in shown:
        predicted, scores = study.predictions(number, int(rows["seed"].iloc[0])), study.per_image(number)[0]
        for place, row in enumerate(chosen):
            picture = outlined(_test_image(dataset, int(row)), masks[row], predicted[row])
            panels[place].append((arm, float(scores[row]), data_address(picture)))
    names = dataset.items["file"].iloc[dataset.indices("test")].to_numpy(dtype=str)
    return [WorstCase(str(names[row]), tuple(some)) for row, some in zip(chosen, panels, strict=True)]


def outlined(image: Uint8, true: Uint8, predicted: Uint8, side: int = PANEL) -> Uint8:
    """An image (h, w, 1 or 3) as RGB with the outlines of true masks, solid, and of predicted ones, dotted.

    Masks are (h, w, structures) of 0 and 1; the picture has `side` pixels a side.
    """
    picture = _resized(image, side)
    dots = np.add.outer(np.arange(side), np.arange(side)) // 4 % 2 == 0
    for masks, colour, where in ((true, TRUE_COLOUR, np.ones_like(dots)), (predicted, PREDICTED_COLOUR, dots)):
        for structure in range(masks.shape[2]):
            line = outline(_mask_resized(masks[..., structure], side))
            picture[binary_dilation(line) & where] = colour
    return picture


def data_address(picture: Uint8) -> str:
    """A picture as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(encode_png(picture)).decode()}"


def _test_image(dataset: PreparedDataset, place: int) -> Uint8:
    return np.asarray(dataset.images[dataset.indices("test")[place]])


def _spread(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Some of the rows, evenly spread over all."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(SAMPLES, len(rows))).astype(int))] if len(rows) else rows


def _sheet(images: Uint8, masks: Uint8 | None, says: str) -> str:
    """Thumbnails under a strip that says what they are; masks outlined."""
    thumbs = np.stack([_resized(image, THUMB) for image in images])
    if masks is not None:
        for thumb, mask in zip(thumbs, masks, strict=True):
            for structure in range(mask.shape[2]):
                thumb[outline(_mask_resized(mask[..., structure], THUMB))] = TRUE_COLOUR
    sheet = grid(thumbs, min(COLUMNS, len(thumbs)))
    strip = Image.new("RGB", (sheet.shape[1], STRIP), "black")
    ImageDraw.Draw(strip).text((6, 3), says, fill="white")
    return data_address(np.concatenate([np.asarray(strip), sheet]))


def _resized(image: Uint8, side: int) -> Uint8:
    """An image (h, w, 1 or 3) as RGB of so many pixels a side; a new array."""
    rgb = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    return np.array(Image.fromarray(np.ascontiguousarray(rgb)).resize((side, side), Image.Resampling.BICUBIC))


def _mask_resized(mask: Uint8, side: int) -> Uint8:
    grey = Image.fromarray(np.ascontiguousarray(mask * np.uint8(255))).resize((side, side), Image.Resampling.BILINEAR)
    return (np.asarray(grey) >= 128).astype(np.uint8)
