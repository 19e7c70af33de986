"""Adding images: a ZIP file from the reader's own computer, as it is and damaged."""

import io
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from PIL import Image

from medgan.data.archive import unpack

from .conftest import Open, texts

pytestmark = pytest.mark.usefixtures("medgan_home")


def films() -> bytes:
    """Four pictures in two folders, packed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for number in range(4):
            picture = io.BytesIO()
            Image.fromarray(np.full((64, 64), 40 * number, np.uint8)).save(picture, format="PNG")
            packed.writestr(f"{'normal' if number % 2 else 'ill'}/{number}.png", picture.getvalue())
    return stream.getvalue()


def test_an_upload_is_unpacked_once_and_told_in_words(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[str] = []

    def counted(file: IO[bytes], name: str) -> Path:
        times.append(name)
        return unpack(file, name)

    monkeypatch.setattr("medgan.app.adding_data.unpack", counted)
    app = open_page("data", view="add", **{"from": "upload"})
    app.file_uploader[0].upload("films.zip", films(), "application/zip").run()
    assert not app.exception
    assert "Found" in app.success[0].value
    assert any(button.label == "Prepare these images" for button in app.button)
    app.run()
    assert not app.error
    assert times == ["films.zip"]


def test_a_damaged_upload_is_one_line(open_page: Open) -> None:
    app = open_page("data", view="add", **{"from": "upload"})
    app.file_uploader[0].upload("films.zip", films()[:-60], "application/zip").run()
    assert not app.exception
    assert "cannot be read as a ZIP file" in app.error[0].value
    assert "Prepare these images" not in texts(app)
