"""Getting a known data set from its publisher: fetched, checked, unpacked, and recorded."""

from medgan.data.download.fetching import Downloaded, archives_of, download, known_set, terms
from medgan.data.download.record import FileRecord, read_record, still_here

__all__ = ["Downloaded", "FileRecord", "archives_of", "download", "known_set", "read_record", "still_here", "terms"]
