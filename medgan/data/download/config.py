"""A download as a job does it."""

from medgan.common.config import Config
from medgan.common.progress import Progress
from medgan.data.download.fetching import Downloaded, download


class DownloadConfig(Config):
    """Which known set to download, to the workspace."""

    name: str
    """The known data set."""
    part: str = ""
    """One part of it; all where empty."""


def download_set(config: DownloadConfig, progress: Progress) -> Downloaded:
    """Download as `download` does; doing it again goes on with it."""
    return download(config.name, progress, config.part)
