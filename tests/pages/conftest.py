"""A workspace with a data set, a finished run and a synthetic set, made once and copied for each test."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.jobs.local import LocalProcesses
from medgan.jobs.records import Status
from medgan.studies.synthesis import generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train
from reliability import pages

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
"""Every page, by the name of its file."""
PATIENCE_S = 60
TINY = {"size": 64, "width": 8, "batch_size": 4, "steps": 4, "log_every": 1, "sample_every": 2, "samples": 4}

Open = Callable[..., AppTest]


class NeverStarts(LocalProcesses):
    """Starts nothing, so that a test can write the states itself."""

    def start(self, folder: object, attempt: int) -> None: ...

    def why_dead(self, folder: object, status: Status) -> str:
        return ""

    def stop(self, status: Status, *, force: bool) -> None: ...


@pytest.fixture(scope="session")
def made_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGAN_HOME", str(home))
        prepare_phantoms(PhantomConfig(family="chest_ct", count=12, size=64))
        films = prepare_phantoms(PhantomConfig(family="chest_xray", count=36, size=64))
        run = train(train_config("fastgan", films.id, label="normal", name="tiny", options=TINY))
        generate(generate_config(run.id, count=30, seed=5, name="kept"))
    return home


@pytest.fixture
def populated(made_workspace: Path, medgan_home: Path) -> Path:
    """This test's own copy of the workspace."""
    shutil.copytree(made_workspace, medgan_home, dirs_exist_ok=True)
    return medgan_home


@pytest.fixture(scope="session")
def made_translators(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of each kind that draws from something or draws masks, and sets that some of them drew."""
    home = tmp_path_factory.mktemp("translators") / "home"
    tiny = TINY | {"batch_size": 2, "steps": 2, "checkpoint_every": 2}
    narrow = tiny | {"discriminator_width": 8}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGAN_HOME", str(home))
        films = prepare_phantoms(PhantomConfig(family="chest_xray", count=36, size=64, name="films")).id
        slices = prepare_phantoms(PhantomConfig(family="chest_ct", count=20, size=64, name="slices")).id
        lesions = prepare_phantoms(PhantomConfig(family="dermoscopy", count=24, size=64, name="lesions")).id
        classes = {"domain_a": "normal", "domain_b": "tuberculosis"}
        train(train_config("cyclegan", films, name="turner", options=narrow | classes))
        train(train_config("dcgan", films, name="by-class", options=tiny | {"conditional": True}))
        train(train_config("pix2pix", slices, name="slice-painter", options=narrow))
        train(train_config("pix2pix", lesions, name="outliner", options=narrow | {"translation": "images_to_masks"}))
        train(train_config("dcgan", lesions, name="masks", options=tiny | {"content": "masks"}))
        train(train_config("fastgan", lesions, name="pairs", options=tiny | {"content": "images_and_masks"}))
        train(train_config("pix2pix", lesions, name="painter", options=narrow))
        for name in ("masks", "pairs", "painter"):
            generate(generate_config(name, count=3, name=f"{name}-set"))
    return home


@pytest.fixture
def translators(made_translators: Path, medgan_home: Path) -> Path:
    """This test's own copy of them."""
    shutil.copytree(made_translators, medgan_home, dirs_exist_ok=True)
    return medgan_home


@pytest.fixture
def warm_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a server where dashboard.py has run before; AppTest forgets that before every run."""
    begin = PagesManager.__init__

    def begin_warm(self: PagesManager, *args: object, **kwargs: object) -> None:
        begin(self, *args, **kwargs)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", begin_warm)


@pytest.fixture
def open_page(warm_server: None) -> Open:
    """Open a page of the app at an address."""
    return pages.page


def texts(app: AppTest) -> str:
    """Everything the page says, for looking for words."""
    kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.success, app.warning, app.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def pictures(app: AppTest) -> list[str]:
    """The alternative text of each image on the page."""
    return [image.alt for element in app.image for image in element.proto.imgs]


def captions(app: AppTest) -> list[str]:
    """The words under each image on the page."""
    return [caption for element in app.image for caption in element.captions]


def options_of(app: AppTest, label: str) -> list[str]:
    """What a drop-down list offers."""
    return next(box for box in app.selectbox if box.label == label).options


def press(app: AppTest, label: str) -> AppTest:
    """Click the button of that label."""
    return next(button for button in app.button if button.label == label).click().run()
