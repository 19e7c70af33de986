"""A reader's answers to a session: one line of JSON an image, written at once, so that reading can stop at any time."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from filelock import FileLock
from pydantic import Field, field_validator

from medgan.common.config import Config
from medgan.common.errors import BadInput
from medgan.common.jsonl import append_jsonl, read_jsonl
from medgan.common.repro import derive_seed
from medgan.studies.reader import ReaderSession

ANSWERS = "answers"
REASONS = ("texture", "anatomy", "edges", "contrast", "sharpness", "pattern", "lettering", "other")
"""What a reader may tick as the reason of an answer."""
LONGEST_COMMENT = 500
LONGEST_NAME = 60
"""Letters of a name that leave room for a number in the name of a file."""


class Answer(Config):
    """What a reader said of an image."""

    item: int = Field(ge=0)
    """The image's row in the session."""
    place: int = Field(ge=1)
    """Its number in this reader's order, from 1."""
    answer: Literal["real", "synthetic"]
    confidence: int = Field(ge=1, le=5)
    """1 is a guess, 5 is certain."""
    seconds: float = Field(ge=0)
    """How long the image was looked at before the answer, without breaks; begins anew where the page was closed."""
    reasons: tuple[str, ...] = ()
    comment: str = Field("", max_length=LONGEST_COMMENT)
    answered: datetime

    @field_validator("reasons")
    @classmethod
    def _known(cls, reasons: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(reasons) - set(REASONS):
            raise ValueError(f"{', '.join(sorted(unknown))}: not one of {', '.join(REASONS)}")
        return reasons

    @property
    def rating(self) -> int:
        """-5 (certainly real) to 5 (certainly synthetic), never 0: what an ROC curve is drawn from."""
        return self.confidence if self.answer == "synthetic" else -self.confidence


@dataclass(frozen=True)
class Reading:
    """One reader's way through a session."""

    session: ReaderSession
    reader: str
    """Name in lower case, with dashes for blanks, as in the name of the file."""

    @classmethod
    def of(cls, session: ReaderSession, reader: str) -> "Reading":
        """The reading of a person, begun or not; raises BadInput where the name cannot be one of a file.

        Letters of any script may stand in it. Neither capitals nor blanks tell people apart: `Ada Byron` is
        `ada-byron`.
        """
        name = unicodedata.normalize("NFC", "-".join(reader.lower().split()))
        fits = all(unicodedata.category(letter)[0] in "LMN" or letter in "._-" for letter in name)
        if not fits or not name[:1].isalnum() or len(name) > LONGEST_NAME or ".." in name:
            raise BadInput(
                f"name {reader!r}: use 1 to {LONGEST_NAME} letters, digits, blanks, '.', '_' or '-', a letter first"
            )
        return cls(session, name)

    @property
    def path(self) -> Path:
        return self.session.folder / ANSWERS / f"{self.reader}.jsonl"

    def answers(self) -> list[Answer]:
        """What was answered so far, in that order; of two answers to an image the first counts.

        A line torn by a fault is skipped: that image is shown again. Raises BadInput where the file is damaged.
        """
        found: dict[int, Answer] = {}
        for row in read_jsonl(self.path):
            try:
                answer = Answer.parse(row)
            except BadInput as error:
                raise BadInput(f"{self.path}: damaged ({error}); take the line out") from None
            if answer.item >= len(self.session):
                raise BadInput(f"{self.path}: damaged (there is no image {answer.item}); take the line out")
            found.setdefault(answer.item, answer)
        return list(found.values())

    def next_item(self, answers: Sequence[Answer]) -> int | None:
        """The image to show after these answers; None where all were answered. The order is this reader's own."""
        seed = derive_seed(self.session.config.seed, self.session.id, self.reader)
        order = np.random.default_rng(seed).permutation(len(self.session))
        done = {answer.item for answer in answers}
        return next((int(item) for item in order if item not in done), None)

    @property
    def finished(self) -> bool:
        return len(self.answers()) == len(self.session)

    def begin(self) -> bool:
        """Take the name for a new reader; False where somebody has begun under it, this person or another.

        Of two people who type the same name at the same moment, one takes it. Raises BadInput where no answer could be
        kept.
        """
        try:
            self.path.parent.mkdir(exist_ok=True)
            with open(self.path, "x"):
                return True
        except FileExistsError:
            return False
        except OSError as error:
            raise BadInput(f"{self.path}: answers cannot be kept there ({error.strerror})") from None

    def record(
        self,
        item: int,
        answer: str,
        confidence: int,
        seconds: float,
        *,
        reasons: Sequence[str] = (),
        comment: str = "",
    ) -> None:
        """Keep an answer for good; one to an image that has one already changes nothing.

        Raises BadInput where it is no answer to an image of the session, or cannot be written.
        """
        if not 0 <= item < len(self.session):
            raise BadInput(f"session {self.session.name} has no image {item}")
        values = {"item": item, "answer": answer, "confidence": confidence, "seconds": round(seconds, 2)}
        values |= {"reasons": tuple(reasons), "comment": comment[:LONGEST_COMMENT], "answered": datetime.now(UTC)}
        try:
            self.path.parent.mkdir(exist_ok=True)
            with FileLock(self.path.with_name(f".{self.path.name}.lock")):  # two windows may read as one reader
                given = self.answers()
                if item not in {one.item for one in given}:
                    kept = Answer.parse(values | {"place": len(given) + 1})
                    append_jsonl(self.path, kept.model_dump(mode="json"))
        except OSError as error:
            raise BadInput(f"{self.path}: the answer was not kept ({error.strerror}); give it again") from None


def readings_of(session: ReaderSession) -> list[Reading]:
    """All that have begun, by name."""
    return [Reading(session, path.stem) for path in sorted((session.folder / ANSWERS).glob("*.jsonl"))]


def other_name(session: ReaderSession, reader: str) -> str:
    """A name like this one under which nobody has begun: `ada-2`."""
    taken = {reading.reader for reading in readings_of(session)}
    return next(name for number in count(2) if (name := f"{reader[: LONGEST_NAME - 4]}-{number}") not in taken)


def answers_table(session: ReaderSession) -> pd.DataFrame:
    """Every answer beside the truth, for a CSV file: one row a reader and image, in the order they were given."""
    rows = [
        {"session": session.id, "reader": reading.reader, **_row(session, answer)}
        for reading in readings_of(session)
        for answer in reading.answers()
    ]
    columns = ["session", "reader", "place", "image", "truth", "answer", "right", "confidence", "rating", "seconds"]
    columns += ["reasons", "comment", "answered", "label", "gan", "source", "source_name", "source_item"]
    return pd.DataFrame(rows, columns=columns)


def _row(session: ReaderSession, answer: Answer) -> dict[str, object]:
    truth = session.items.iloc[answer.item].to_dict()
    told = answer.model_dump(mode="json", exclude={"item"}) | {"reasons": " ".join(answer.reasons)}
    return truth | told | {"image": answer.item, "right": answer.answer == truth["truth"], "rating": answer.rating}
