"""What a radiologist wrote about a film: sex, age and finding, as the tuberculosis sets have it beside their films.

Montgomery: `Patient's Sex: F`, `Patient's Age: 027Y`, then the finding. Shenzhen: `male 45yrs`, then the finding, with
the slips of hands that typed 662 of them: `femal 32yrs`, `Female,28yrs`, `male 16month`.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

LONGEST_BYTES = 4096
"""A reading has a few lines; more is something else."""
_SEX = re.compile(r"\b(?:sex:\s*)?(f(?:emale?)?|m(?:ale)?)\b", re.IGNORECASE)
_AGE = re.compile(r"(\d{1,3})\s*(y|yr|yrs|year|years|m|month|months|d|day|days)?\b", re.IGNORECASE)
_FIELD = re.compile(r"patient'?s\s+(?:sex|age):", re.IGNORECASE)
_FIRST_LINE = re.compile(r"(?:fe)?male?\b", re.IGNORECASE)
_YEARS = {"y": 1.0, "m": 1 / 12, "d": 1 / 365.25}


@dataclass(frozen=True)
class Reading:
    """sex: F, M, or "" where it is not told. age_years: None where it is not told; a child's has a fraction.
    finding: the radiologist's words in one line."""

    sex: Literal["F", "M", ""] = ""
    age_years: float | None = None
    finding: str = ""

    def contradicts(self, label: str) -> bool:
        """Whether one of finding and class is normal and the other is not."""
        is_normal = self.finding.lower().rstrip(".") in {"normal", "normale"}
        return bool(self.finding) and is_normal != (label == "normal")


def parse_reading(text: str) -> Reading | None:
    """The reading that a text holds; None where it tells nothing about a patient."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if _FIELD.search(line)]
    if not told and lines and _FIRST_LINE.match(lines[0]):
        told = lines[:1]
    if not told:
        return None
    about = " ".join(re.sub(r"patient'?s", "", line, flags=re.IGNORECASE) for line in told)
    sex = _SEX.search(about)
    finding = " ".join(line for line in lines if line not in told)
    return Reading(_letter(sex), _years(about), finding)


def read_reading(path: Path) -> Reading | None:
    """The reading in a file; None where there is no such file or it is none."""
    try:
        with open(path, "rb") as stream:
            content = stream.read(LONGEST_BYTES + 1)
    except OSError:
        return None
    return None if len(content) > LONGEST_BYTES else parse_reading(content.decode("utf-8", "replace"))


def _letter(sex: re.Match[str] | None) -> Literal["F", "M", ""]:
    if sex is None:
        return ""
    return "F" if sex[1][0].upper() == "F" else "M"


def _years(about: str) -> float | None:
    age = _AGE.search(about)
    if age is None:
        return None
    return round(int(age[1]) * _YEARS[(age[2] or "y")[0].lower()], 2)
