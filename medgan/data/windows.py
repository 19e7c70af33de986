"""Windows: which of many grey levels a screen shows, from black to white."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint8 | np.uint16 | np.int16 | np.float32]
Uint8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Window:
    """low is shown black, high white, and what lies between on a straight line, or on an S-shaped curve (sigmoid).

    DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3.
    """

    low: float
    high: float
    sigmoid: bool = False

    @classmethod
    def around(cls, centre: float, width: float, function: str = "LINEAR") -> "Window | None":
        """The window of a DICOM header; None where its width makes no sense.

        function: LINEAR, whose lines of 256 levels are a half and a whole level off, LINEAR_EXACT, or SIGMOID.
        """
        if not (np.isfinite(centre) and np.isfinite(width)):
            return None
        if function == "LINEAR":
            return cls(centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2) if width >= 1 else None
        return cls(centre - width / 2, centre + width / 2, function == "SIGMOID") if width > 0 else None

    def to_bytes(self, values: Numbers) -> Uint8:
        """Values of any shape as 0 (black) to 255 (white)."""
        shown = values.astype(np.float32)
        if self.high <= self.low:  # a step
            return np.where(shown > self.low, np.uint8(255), np.uint8(0))
        shown -= self.low
        shown *= 255.0 / (self.high - self.low)
        if self.sigmoid:
            shown = (255 / (1 + np.exp(np.clip(-4 * (shown / 255 - 0.5), -80, 80)))).astype(np.float32)
        rounded: Uint8 = np.clip(np.rint(shown, out=shown), 0, 255).astype(np.uint8)
        return rounded


@dataclass(frozen=True)
class LookUpTable:
    """The level for each whole number from `first` on; lower and higher numbers take the first and the last level.

    levels: shares of white in [0, 1] of a VOI table, or modality units of a modality table.
    """

    first: int
    levels: NDArray[np.float32]

    def values_of(self, values: Numbers) -> NDArray[np.float32]:
        """The levels (any shape) of values."""
        places = np.clip(values.astype(np.int64) - self.first, 0, len(self.levels) - 1)
        return self.levels[places]

    def to_bytes(self, values: Numbers) -> Uint8:
        return Window(0.0, 1.0).to_bytes(self.values_of(values))


Showing = Window | LookUpTable

# Usual windows of chest CT in Hounsfield units, as centre and width: lung -600/1500, mediastinum 40/400, bone 400/1800.
PRESETS: dict[str, Window] = {
    "lung": Window(-1350.0, 150.0),
    "mediastinum": Window(-160.0, 240.0),
    "bone": Window(-500.0, 1300.0),
}
