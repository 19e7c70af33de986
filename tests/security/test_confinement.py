"""Paths and names that lead elsewhere: out of the folders that may be read, out of the workspace."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medgan.data.dataset import PreparedDataset
from medgan.data.roots import VARIABLE

from ..commands import answer, complaint
from ..pages.conftest import Open, texts

OUT = "is a link out of the folders that may be read here"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A folder that nobody is to see."""
    folder = tmp_path / "secret"
    write_film(folder / "patient.png")
    (folder / "voxels.raw").write_bytes(bytes(8**3))
    return folder


@pytest.fixture
def allowed(tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder that may be read, with links out of it and one within it."""
    folder = tmp_path / "allowed"
    for number in range(4):
        write_film(folder / f"{number}.png")
    (folder / "out.png").symlink_to(secret / "patient.png")
    (folder / "further").symlink_to(secret)
    (folder / "circle.png").symlink_to("circle.png")
    (folder / "within.png").symlink_to("0.png")
    header = "ObjectType = Image\nNDims = 3\nDimSize = 8 8 8\nElementType = MET_UCHAR\nElementDataFile = voxels.raw\n"
    (folder / "head.mhd").write_text(header)
    (folder / "voxels.raw").symlink_to(secret / "voxels.raw")
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


def write_film(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((64, 64), 40 + len(path.name), np.uint8)).save(path)


def test_links_out_of_an_allowed_folder_are_not_read(allowed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (allowed / "head.mhd").unlink()
    answer(capsys, "data", "prepare", str(allowed), "--name", "films", "--size", "64")
    dataset = PreparedDataset.open("films")
    assert sorted(dataset.items["file"]) == ["0.png", "1.png", "2.png", "3.png", "within.png"]
    refused = {problem.file for problem in dataset.problems if OUT in problem.reason}
    assert refused == {"out.png", "further", "circle.png"}


def test_voxels_are_not_taken_through_a_link(allowed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for film in allowed.glob("*.png"):
        film.unlink()
    line = complaint(capsys, "data", "prepare", str(allowed))
    assert "takes its voxels from 'voxels.raw', a link out of its own folder" in line


@pytest.mark.parametrize("place", ["", "/..", "/further", "/../secret"])
def test_the_page_reads_nothing_outside(place: str, allowed: Path, secret: Path, open_page: Open) -> None:
    app = open_page("data", view="add")
    app.text_input[0].set_value(f"{allowed}{place}").run()
    assert not app.exception
    if place:
        assert "lies outside the folders that may be read here" in app.error[0].value
    else:
        assert "Found" in app.success[0].value
    assert "patient.png" not in texts(app)


@pytest.mark.parametrize("name", ["../out", "..", "/tmp/out", "a/../../out", "a\0b", "<script>alert(1)</script>"])
@pytest.mark.parametrize(
    "command",
    [
        "data phantom chest_ct --count 4 --name",
        "train dcgan --dataset phantoms --steps 1 --name",
        "jobs show",
        "jobs delete",
        "data show",
        "generate --count 1 --run",
        "generate --count 1 --run phantom-dermoscopy --name",
        "users add --password-stdin",
    ],
)
def test_names_that_lead_elsewhere(
    command: str, name: str, phantoms: PreparedDataset, medgan_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(medgan_home.parent.rglob("*"))
    assert complaint(capsys, *command.split(), name)
    assert [
        path for path in sorted(medgan_home.parent.rglob("*")) if path not in before and path.suffix != ".lock"
    ] == []


@pytest.mark.parametrize(
    ("page", "values"),
    [
        ("data", {"view": "look", "dataset": "../../../etc"}),
        ("train", {"view": "watch", "trained": "../../../etc/passwd"}),
        ("generate", {"view": "saved", "set": "/etc/passwd"}),
        ("generate", {"view": "draw", "run": "../" * 8 + "etc"}),
        ("quality", {"view": "scores", "dataset": "../..", "sets": "../..,/etc"}),
        ("downstream", {"studies": "../../x"}),
        ("reader_study", {"session": "../../x", "reader": "../../x"}),
        ("jobs", {"job": "../../x"}),
        ("data", {"view": "add", "from": "known", "known": "../../x"}),
    ],
)
def test_addresses_that_lead_elsewhere(
    page: str, values: dict[str, str], phantoms: PreparedDataset, open_page: Open
) -> None:
    app = open_page(page, **values)
    assert not app.exception
    assert "root:" not in texts(app)
