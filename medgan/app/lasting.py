"""Pictures stay on the server for a while after the page that showed them was drawn anew.

Streamlit forgets a picture when no finished run of any page needs it. With several people at work, that may be in the
moment in which a page shows it again: the browser asks for it, is told that it is gone, and does not ask again.
"""

import time
from collections import deque

from streamlit.runtime.media_file_manager import MediaFileManager

KEPT_S = 60.0


def keep_pictures(manager: MediaFileManager) -> None:
    """Have a server's pictures deleted a while after they are no longer needed, unless they are needed again.

    Streamlit has no setting for it. It calls this under the manager's lock.
    """
    storage = manager._storage
    delete = storage.delete_file
    due: deque[tuple[float, str]] = deque()

    def delete_later(file_id: str) -> None:
        now = time.monotonic()
        due.append((now + KEPT_S, file_id))
        while due[0][0] <= now:
            _, earlier = due.popleft()
            if earlier not in manager._file_metadata and earlier not in {id for _, id in due}:
                delete(earlier)

    storage.delete_file = delete_later  # type: ignore[method-assign]
