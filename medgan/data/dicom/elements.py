"""Values of a header's elements: headers come from anywhere, and each may be absent, of another type, or nonsense."""

from typing import Any

import numpy as np
from pydicom.dataset import Dataset


def value_of(dataset: Dataset, keyword: str) -> Any:
    """The value of an element; None where it is absent, empty, or nonsense."""
    try:
        value = dataset.get(keyword)
    except Exception:  # texts that should be numbers, wrong lengths: pydicom converts when first asked
        return None
    return None if value == "" else value


def listed(value: Any) -> list[Any]:
    """The values of an element that may hold several, one or none."""
    if value is None:
        return []
    return [value] if isinstance(value, str | bytes | int | float | Dataset) else list(value)


def floats(value: Any) -> tuple[float, ...] | None:
    """Finite numbers; None where there are none, or one is none."""
    try:
        numbers = tuple(float(part) for part in listed(value))
    except (TypeError, ValueError):
        return None
    return numbers if numbers and np.isfinite(numbers).all() else None


def positive(value: Any) -> float | None:
    """The first number, where it is above 0."""
    numbers = floats(value)
    return numbers[0] if numbers and numbers[0] > 0 else None


def whole(dataset: Dataset, keyword: str) -> int | None:
    """A whole number; None where there is none, or several."""
    numbers = floats(value_of(dataset, keyword))
    return int(numbers[0]) if numbers and len(numbers) == 1 else None


def text(dataset: Dataset, keyword: str) -> str:
    """A text without blanks around it; "" where there is none."""
    return str(value_of(dataset, keyword) or "").strip()
