"""Pictures and small downloads stay on the server for a while after the page that showed them was drawn anew.

Streamlit forgets one when no finished run of any page needs it. With several people at work, that may be in the
moment in which a page shows it again: the browser asks for it, is told that it is gone, and does not ask again.
"""

import time

from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

KEPT_S = 60.0
LARGEST_BYTES = 16 * 2**20
"""Of what is kept: not of a whole export, which may be gigabytes."""


def keep_media(manager: MediaFileManager) -> None:
    """Have a server's media files deleted a while after they are no longer needed, unless they are needed again.

    They go with the next ones that are no longer needed after that while; large ones go at once.
    Streamlit has no setting for it. It calls `delete_later` under the manager's lock.
    """
    storage = manager._storage
    assert isinstance(storage, MemoryMediaFileStorage)
    delete = storage.delete_file
    due: dict[str, float] = {}

    def delete_later(file_id: str) -> None:
        if file_id in storage._files_by_id and storage._files_by_id[file_id].content_size > LARGEST_BYTES:
            delete(file_id)
            return
        now = time.monotonic()
        due[file_id] = now + KEPT_S
        for earlier in [name for name, moment in due.items() if moment <= now]:
            del due[earlier]
            if earlier not in manager._file_metadata:
                delete(earlier)

    storage.delete_file = delete_later  # type: ignore[method-assign]
