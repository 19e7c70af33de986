"""A workspace with a data set, a finished run and a synthetic set, made once and copied for each test."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.studies.synthesis import generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60
TINY = {"size": 64, "width": 8, "batch_size": 4, "steps": 4, "log_every": 1, "sample_every": 2, "samples": 4}

Open = Callable[..., AppTest]


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


@pytest.fixture
def warm_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a server where app.py has run before; AppTest forgets that before every run."""
    begin = PagesManager.__init__

    def begin_warm(self: PagesManager, *args: object, **kwargs: object) -> None:
        begin(self, *args, **kwargs)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", begin_warm)


@pytest.fixture
def open_page(warm_server: None) -> Open:
    """Open a page of the app at an address."""

    def open_(name: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE_S)
        if name != "overview":
            app.run()
            app.switch_page(f"pages/{name}.py")
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()

    return open_


def texts(app: AppTest) -> str:
    """Everything the page says, for looking for words."""
    kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.success, app.warning, app.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)
