"""Where runs, data sets, synthetic sets and jobs are kept."""

import os
from pathlib import Path


def home() -> Path:
    """The folder that holds `checkpoints/` and `workspace/`: MEDGAN_HOME, else the current folder."""
    return Path(os.environ.get("MEDGAN_HOME") or Path.cwd()).expanduser().resolve()


def runs_folder() -> Path:
    return home() / "checkpoints"


def datasets_folder() -> Path:
    return home() / "workspace" / "datasets"


def uploads_folder() -> Path:
    """ZIP files that were uploaded, unpacked; what was prepared from them stays when they are deleted."""
    return home() / "workspace" / "uploads"


def downloads_folder() -> Path:
    """Known data sets as their publishers distribute them; what was prepared from them stays when they are deleted."""
    return home() / "workspace" / "downloads"


def sets_folder() -> Path:
    return home() / "workspace" / "sets"


def marks_folder() -> Path:
    """A person's marks of synthetic images, one file a set."""
    return home() / "workspace" / "marks"


def exports_folder() -> Path:
    """Sets as ZIP files, made by jobs to be downloaded; may be deleted at any time."""
    return home() / "workspace" / "exports"


def jobs_folder() -> Path:
    return home() / "workspace" / "jobs"


def features_folder() -> Path:
    """What feature spaces saw of image sets; may be deleted at any time."""
    return home() / "workspace" / "features"


def quality_folder() -> Path:
    """Quality reports: synthetic sets with their scores."""
    return home() / "workspace" / "quality"


def studies_folder() -> Path:
    """Downstream studies: arms, seeds, predictions, verdicts."""
    return home() / "workspace" / "studies"


def readers_folder() -> Path:
    """Reader studies: sessions with their blinded images, and what each reader answered."""
    return home() / "workspace" / "readers"


def patient_key_file() -> Path:
    """The secret from which patients' codes are made; without it, codes cannot be traced back."""
    return home() / "workspace" / ".patient_key"


def users_file() -> Path:
    """Who may sign in to the dashboard with a password; where it is, everybody has to."""
    return home() / "workspace" / ".users.json"


def thesis_folder() -> Path:
    """Which quality reports stand for which table of the published comparison, one file a table."""
    return home() / "workspace" / "thesis"


def weights_folder() -> Path:
    """Pre-trained networks that were downloaded or imported."""
    return home() / "workspace" / "weights"


def shipped_runs_folder() -> Path:
    """The small generators that come with the package; read only."""
    return Path(__file__).parents[1] / "pretrained"
