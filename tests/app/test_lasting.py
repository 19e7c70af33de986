"""Pictures outlive the page that showed them by a while."""

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from medgan.app.lasting import KEPT_S, LARGEST_BYTES, keep_media


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> MediaFileManager:
    monkeypatch.setattr("streamlit.runtime.media_file_manager._get_session_id", lambda: "somebody")
    manager = MediaFileManager(MemoryMediaFileStorage("/media"))
    keep_media(manager)
    return manager


def show(manager: MediaFileManager, *pictures: bytes) -> list[str]:
    """One run of a page that shows these; returns their addresses."""
    manager.clear_session_refs()
    shown = [manager.add(picture, "image/png", f"place-{number}") for number, picture in enumerate(pictures)]
    manager.remove_orphaned_files()
    return shown


def is_there(manager: MediaFileManager, address: str) -> bool:
    return manager.read_file(address.rsplit("/", 1)[-1]) is not None


def test_they_stay_for_a_while_and_then_go(manager: MediaFileManager, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("medgan.app.lasting.time.monotonic", lambda: clock[0])
    first, again = show(manager, b"first", b"again")
    (second,) = show(manager, b"second")
    assert is_there(manager, first)
    clock[0] += KEPT_S / 2
    assert show(manager, b"again") == [again]  # needed again: it stays
    assert is_there(manager, second)
    clock[0] += KEPT_S
    show(manager, b"again", b"third")
    show(manager, b"again")
    assert not is_there(manager, first)
    assert not is_there(manager, second)
    assert is_there(manager, again)
    clock[0] += 2 * KEPT_S
    show(manager, b"last")
    show(manager)
    assert is_there(manager, again), "it was needed until just now"


@pytest.mark.parametrize(("size", "stays"), [(1000, True), (LARGEST_BYTES + 1, False)])
def test_downloads_stay_but_large_ones_go_at_once(manager: MediaFileManager, size: int, stays: bool) -> None:
    address = manager.add(bytes(size), "application/zip", "place", is_for_static_download=True)
    assert is_there(manager, address)
    for _ in range(2):  # Streamlit itself keeps them for a run more
        show(manager, b"a picture")
    assert is_there(manager, address) == stays
