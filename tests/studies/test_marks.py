"""A person's marks: kept beside the set, read back, and never lost in silence."""

from typing import Any

import pytest

from medgan.common.artefact import damaged_files
from medgan.common.errors import BadInput
from medgan.common.home import marks_folder
from medgan.studies.marks import accepted, mark, marks_file, marks_of
from medgan.studies.synthesis import SyntheticSet, generate, generate_config


@pytest.fixture
def made() -> SyntheticSet:
    return generate(generate_config("phantom-chest-xray", count=5, name="films"))


def test_marks_are_kept_outside_the_set(made: SyntheticSet) -> None:
    assert marks_of(made).tolist() == [""] * 5
    mark(made, 1, "rejected")
    mark(made, [0, 4], "accepted")
    mark(made, 0, "")
    assert marks_of(SyntheticSet.open("films")).tolist() == ["", "rejected", "", "", "accepted"]
    assert damaged_files(made.folder) == []
    assert marks_file(made).parent == marks_folder()


def test_what_is_not_rejected_is_used(made: SyntheticSet) -> None:
    mark(made, 1, "rejected")
    mark(made, 4, "accepted")
    assert accepted(made).tolist() == [0, 2, 3, 4]
    assert accepted(made, marked_only=True).tolist() == [4]


@pytest.mark.parametrize(
    ("index", "given", "words"),
    [(5, "rejected", "no image 5 .*0 to 4"), (-1, "rejected", "no image -1"), (0, "good", "'good' is not known")],
)
def test_bad_marks_change_nothing(made: SyntheticSet, index: int, given: Any, words: str) -> None:
    mark(made, 2, "accepted")
    with pytest.raises(BadInput, match=words):
        mark(made, [0, index], given)
    assert marks_of(made).tolist() == ["", "", "accepted", "", ""]


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[]", b"{}", b"\xff\xfe", b'{"marks": {"1": "rej', b'{"marks": []}', b'{"marks": {"9": "rejected"}}'),
        *(b'{"marks": {"1": "bad"}}', b'{"marks": {"one": "rejected"}}', b'{"marks": {"1": ["rejected"]}}'),
    ],
)
def test_a_damaged_file_is_one_line_and_is_not_written_over(made: SyntheticSet, content: bytes) -> None:
    marks_folder().mkdir(parents=True)
    marks_file(made).write_bytes(content)
    for attempt in (marks_of, accepted, lambda found: mark(found, 0, "accepted")):
        with pytest.raises(BadInput, match=r"films.*\.json: damaged .*delete it to begin marking anew") as error:
            attempt(made)
        assert "\n" not in str(error.value)
    assert marks_file(made).read_bytes() == content
