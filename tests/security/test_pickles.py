"""A pickle that runs a command, at each door where a file of weights, arrays or a run comes in: refused, never run."""

import io
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medgan.cli import main
from medgan.common.home import runs_folder, shipped_runs_folder
from medgan.data.dataset import PreparedDataset

from ..commands import SHORT_TRAINING, complaint


@pytest.fixture
def was_run(tmp_path: Path) -> Path:
    """The file that is there once a payload was run."""
    return tmp_path / "was run"


class Payload:
    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._mark,)


def plain(payload: Payload) -> bytes:
    return pickle.dumps(payload)


def of_torch(payload: Payload) -> bytes:
    stream = io.BytesIO()
    torch.save({"model.1.weight": payload}, stream)
    return stream.getvalue()


def of_numpy(payload: Payload) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([payload], dtype=object), allow_pickle=True)
    return stream.getvalue()


KINDS = pytest.mark.parametrize("content", [plain, of_torch, of_numpy])
Content = Callable[[Payload], bytes]


def test_the_payload_runs_where_it_is_unpickled(was_run: Path) -> None:
    pickle.loads(plain(Payload(was_run)))
    assert was_run.exists()


@KINDS
@pytest.mark.parametrize("command", ["import resnet_6blocks", "weights import --unverified vgg16"])
def test_a_file_of_weights(
    command: str, content: Content, was_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "evil.pth"
    path.write_bytes(content(Payload(was_run)))
    assert complaint(capsys, *command.split(), str(path)).startswith(f"{path}: refused")
    assert not was_run.exists()


@KINDS
def test_the_weights_of_a_run(content: Content, was_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shipped,) = shipped_runs_folder().glob("phantom-dermoscopy*")
    run = runs_folder() / "theirs"
    shutil.copytree(shipped, run)
    for path in run.glob("*.json"):
        path.write_text(path.read_text().replace(shipped.name, "theirs"))
    for path in run.glob("*.safetensors"):
        path.write_bytes(content(Payload(was_run)))
    assert "cannot be read as safetensors" in complaint(capsys, "generate", "--run", "theirs", "--count", "1")
    assert not was_run.exists()


@KINDS
def test_the_images_of_a_data_set(
    content: Content, was_run: Path, phantoms: PreparedDataset, capsys: pytest.CaptureFixture[str]
) -> None:
    (phantoms.folder / "images.npy").write_bytes(content(Payload(was_run)))
    assert "damaged" in complaint(capsys, "train", "dcgan", *SHORT_TRAINING, "--dataset", "phantoms")
    assert not was_run.exists()


@KINDS
@pytest.mark.parametrize("name", ["a.png", "a.dcm", "a.nii.gz", "a.npy", "a.pkl"])
def test_a_file_among_images(
    name: str, content: Content, was_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / name).write_bytes(content(Payload(was_run)))
    assert main(["data", "prepare", str(folder)]) == 2
    assert "no usable image" in capsys.readouterr().err.splitlines()[-1]
    assert not was_run.exists()
