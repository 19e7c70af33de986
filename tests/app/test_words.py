"""Numbers, times and foreign text in words."""

import errno
from datetime import UTC, datetime, timedelta

import pytest

from medgan.app import words
from medgan.common.errors import BadInput


def test_counts() -> None:
    assert words.counted(1, "image") == "1 image"
    assert words.counted(1200, "image") == "1,200 images"
    assert words.counted(0, "class", "classes") == "0 classes"


@pytest.mark.parametrize(
    ("seconds", "said"), [(3, "just now"), (600, "10 min ago"), (7200, "2 h 0 min ago"), (3 * 86400, "3 days ago")]
)
def test_ago(seconds: int, said: str) -> None:
    assert words.ago(datetime.now(UTC) - timedelta(seconds=seconds)) == said


def test_foreign_text_is_not_markdown() -> None:
    assert words.plain("a_b *c* [d](e) $f$ :red[g]\nh") == r"a\_b \*c\* \[d\](e) \$f\$ \:red\[g\] h"


def test_lists() -> None:
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.listed([]) == ""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BadInput("no such image"), "no such image"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.EROFS, "Read-only file system", "/data/job"), "/data/job: Read-only file system"),
        (MemoryError(), "the memory is full"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "the memory is full"),
    ],
)
def test_what_the_user_can_mend_is_one_line(error: Exception, said: str) -> None:
    assert words.reason(error).startswith(said)


@pytest.mark.parametrize("error", [ValueError("two"), FileNotFoundError(errno.ENOENT, "No such file", "x")])
def test_what_nobody_expected_is_raised(error: Exception) -> None:
    with pytest.raises(type(error)), words.plainly():
        raise error
