"""Drawn images with what belongs beside them: masks, and the real picture that they were drawn from."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medgan.app.gallery import Picture, beside, enlarged, mask_picture, with_outlines
from medgan.app.words import listed, plain
from medgan.common.pictures import encode_png
from medgan.studies.origins import Origin
from medgan.training.drawn import Drawn

Uint8 = NDArray[np.uint8]
Mode = Literal["outline", "beside", "alone"]


@dataclass(frozen=True)
class Pairs:
    """Some drawn items and what they were drawn from, item by item."""

    drawn: Drawn
    """Images, masks or both; masks may be those that the images were drawn from."""
    seed: int
    shows: str
    """What the pictures show, in words."""
    given: Drawn | None = None
    """What they were drawn from, where that is something to look at."""
    structures: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """What each item was drawn from is called; empty words for noise."""
    labels: tuple[str, ...] = ()
    """The class of each item, where several are drawn in turn."""
    first: int = 0
    """Number of the first item within the seed."""
    numbers: tuple[int, ...] = ()
    """Number of each item within the seed, where they do not follow one another."""
    which: tuple[str, ...] = ()
    """Which image each item is, in words, where a seed and a number do not tell it."""

    @property
    def masks_given(self) -> bool:
        """Whether the masks are no work of the model."""
        return self.given is not None and self.given.masks is not None

    @property
    def base(self) -> Uint8 | None:
        """The images that masks can be outlined on: the drawn ones, else the real ones."""
        if self.drawn.images is not None or self.given is None:
            return self.drawn.images
        return self.given.images

    def __len__(self) -> int:
        return len(self.drawn)

    def __getitem__(self, place: int) -> "Pairs":
        """One item alone."""
        one, chosen = slice(place, place + 1), {}
        for name in ("names", "labels", "which"):
            chosen[name] = getattr(self, name)[one]
        given = None if self.given is None else self.given[one]
        return replace(self, drawn=self.drawn[one], given=given, numbers=(self.number(place),), **chosen)

    def seen_as(self, change: Callable[[Uint8], Uint8]) -> "Pairs":
        """The same with the grey levels of its images changed; masks stay."""
        given = None if self.given is None else _changed(self.given, change)
        return replace(self, drawn=_changed(self.drawn, change), given=given)

    def modes(self) -> dict[Mode, str]:
        """The ways in which these items can be shown; the first is the best."""
        found: dict[Mode, str] = {}
        if self.base is not None and self.drawn.masks is not None:
            found["outline"] = "Outlined"
        if self.given is not None or (self.drawn.images is not None and self.drawn.masks is not None):
            found["beside"] = "Side by side"
        found["alone"] = "Alone"
        return found

    def pictures(self, mode: Mode, side: int, *, exact: bool = False) -> list[Picture]:
        """Each item as one picture with its caption; every caption says what is synthetic."""
        return [
            Picture(
                encode_png(self._picture(place, mode, side, exact)),
                plain(self._caption(place, mode)),
                self._alternative(place, mode),
            )
            for place in range(len(self.drawn))
        ]

    def _picture(self, place: int, mode: Mode, side: int, exact: bool) -> Uint8:
        if mode == "outline":
            assert self.base is not None
            assert self.drawn.masks is not None
            return with_outlines(self.base[place], self.drawn.masks[place], side, exact=exact)
        panels = self._panels(place, side, exact)
        return beside(panels) if mode == "beside" else self._drawn_panels(place, side, exact)[0]

    def _panels(self, place: int, side: int, exact: bool) -> list[Uint8]:
        """What the item was drawn from, then what was drawn."""
        drawn = self._drawn_panels(place, side, exact)
        if self.given is None:
            return drawn
        if self.given.masks is not None:
            return [mask_picture(self.given.masks[place], side), drawn[0]]
        assert self.given.images is not None
        return [enlarged(self.given.images[place], side, exact=exact), drawn[0]]

    def _drawn_panels(self, place: int, side: int, exact: bool) -> list[Uint8]:
        images, masks = self.drawn.images, self.drawn.masks
        panels = [] if images is None else [enlarged(images[place], side, exact=exact)]
        return panels if masks is None else [*panels, mask_picture(masks[place], side)]

    def _caption(self, place: int, mode: Mode) -> str:
        which = self.identity(place)
        label = self.labels[place].replace("_", " ") if self.labels else ""
        name = self.names[place] if self.names else ""
        words = [self._what(mode), label, which, f"from {name}" if name else ""]
        return " · ".join(part for part in words if part)

    def identity(self, place: int) -> str:
        """Which image of the model an item is, in words."""
        return self.which[place] if self.which else f"seed {self.seed} · no. {self.number(place)}"

    def number(self, place: int) -> int:
        """The number of an item within the seed."""
        return self.numbers[place] if self.numbers else self.first + place

    def _what(self, mode: Mode) -> str:
        """What is seen, and what of it is synthetic."""
        real_base = self.drawn.images is None and self.base is not None
        if mode == "outline":
            return "Real image, synthetic outline" if real_base else "Synthetic"
        if mode == "alone":
            return "Synthetic" if self.drawn.images is not None else "Synthetic mask"
        if self.given is None:
            return "Synthetic image and mask"
        left = "mask" if self.masks_given else "real"
        return f"Left {left}, right synthetic" + ("" if self.drawn.images is not None else " mask")

    def _alternative(self, place: int, mode: Mode) -> str:
        masked = bool(self.structures) and self.drawn.masks is not None
        structures = listed([name for name in self.structures if name != "mask"])
        outlined = ", with the outline of " + (structures or "its mask") if mode == "outline" and masked else ""
        what = self._what(mode) if mode != "alone" and self._what(mode) != "Synthetic" else "Synthetic image"
        if mode == "alone" and self.drawn.images is None:
            what = "Synthetic mask"
        name = f", drawn from {self.names[place]}" if self.names and self.names[place] else ""
        which = self.which[place] if self.which else f"seed {self.seed}, number {self.number(place)}"
        return f"{what}: {self.shows}{outlined}{name}; {which}"


def _changed(drawn: Drawn, change: Callable[[Uint8], Uint8]) -> Drawn:
    return drawn if drawn.images is None else Drawn(change(drawn.images), drawn.masks)


def names_of(origin: Origin, first: int, count: int) -> tuple[str, ...]:
    """What each of some images is drawn from; nothing where none is drawn from an item."""
    names = tuple(origin.item(index) for index in range(first, first + count))
    return names if any(names) else ()


def labels_of(origin: Origin, first: int, count: int) -> tuple[str, ...]:
    """The class of each of some images, where several are drawn in turn."""
    return tuple(origin.label(index) for index in range(first, first + count)) if origin.classes else ()


def cell_width(mode: Mode, side: int) -> int:
    """Least width of a picture on the page."""
    return 2 * side if mode == "beside" else side
