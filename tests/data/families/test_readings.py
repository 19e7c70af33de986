"""Readings as the two hospitals typed them, with their slips."""

from pathlib import Path

import pytest

from medgan.data.families.readings import LONGEST_BYTES, Reading, parse_reading, read_reading


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("Patient's Sex: F \nPatient's Age: 027Y\nnormal\n", Reading("F", 27, "normal")),
        ("Patient's Sex: M\nPatient's Age: 061Y\nscars,\r\nfemale kin", Reading("M", 61, "scars, female kin")),
        ("male 45yrs\nnormal", Reading("M", 45, "normal")),
        ("femal 32yrs\nbilateral PTB", Reading("F", 32, "bilateral PTB")),
        ("Female,28yrs\n\nright PTB ", Reading("F", 28, "right PTB")),
        ("male 18month\nSTB", Reading("M", 1.5, "STB")),
        ("male, 73days\nPTB", Reading("M", 0.2, "PTB")),
        ("male \nPTB", Reading("M", None, "PTB")),
        ("small nodule, 12 mm", None),
        ("", None),
    ],
)  # fmt: skip
def test_readings(text: str, reading: Reading | None) -> None:
    assert parse_reading(text) == reading


def test_contradictions() -> None:
    assert Reading("M", 45, "normal").contradicts("tuberculosis")
    assert Reading("M", 45, "PTB").contradicts("normal")
    assert not Reading("M", 45, "Normal.").contradicts("normal")
    assert not Reading("M", 45).contradicts("tuberculosis"), "nothing was found out"


def test_what_is_no_reading_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    assert read_reading(path) is None
    path.write_bytes(b"male 45yrs\n\xff\xfe")
    assert read_reading(path) == Reading("M", 45, "��")
    path.write_bytes(b"male 45yrs\n" + b"x" * LONGEST_BYTES)
    assert read_reading(path) is None
