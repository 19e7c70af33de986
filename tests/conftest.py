"""Fixtures for every test: a workspace of its own, and the real images where they are at hand."""

import shutil
from pathlib import Path

import pytest

from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def medgan_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home a test, so that no test sees another's artefacts or the developer's."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("MEDGAN_HOME", str(home))
    return home


@pytest.fixture
def shared_data() -> Path:
    """The folder of real images; tests that need it skip elsewhere."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real images are not at hand: no folder {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def _phantoms_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small phantom data set, drawn once a session; tests get copies."""
    home = tmp_path_factory.mktemp("phantoms")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGAN_HOME", str(home))
        prepare_phantoms(PhantomConfig(family="chest_xray", count=48, size=64, name="phantoms"))
    return home


@pytest.fixture
def phantoms(_phantoms_once: Path, medgan_home: Path) -> PreparedDataset:
    """Data set `phantoms`: 48 chest films of 64 pixels in three classes, in this test's home."""
    shutil.copytree(_phantoms_once, medgan_home, dirs_exist_ok=True)
    return PreparedDataset.open("phantoms")
