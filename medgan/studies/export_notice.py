"""What every exported file says of itself, whatever its format: that it is synthetic, and what drew it."""

from dataclasses import dataclass

import medgan

SYNTHETIC = "SYNTHETIC image: a generative network drew it. For research; not for diagnosis."


@dataclass(frozen=True)
class Notice:
    """Where a picture comes from."""

    source: str
    """For people: its run, and which of the run's images it is."""
    key: str = ""
    """The same for programs; empty where no seed alone makes it again."""

    @classmethod
    def of(cls, model: str, seed: int, index: int) -> "Notice":
        """model: id of the run that drew it; index: its number within the seed."""
        return cls(f"run {model}, seed {seed}, image {index}", f"model={model}; seed={seed}; index={index}")

    @property
    def texts(self) -> dict[str, str]:
        """By the keywords that the PNG specification registers, and one of our own."""
        texts = {"Warning": SYNTHETIC, "Source": self.source, "Software": f"medgan {medgan.__version__}"}
        return texts | ({"SYNTHETIC": self.key} if self.key else {})

    @property
    def sentence(self) -> str:
        """All of it as one text."""
        return f"{SYNTHETIC} Drawn by {self.source}, medgan {medgan.__version__}."
