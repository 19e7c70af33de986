"""Films with sets that tiny GANs drew, and synthetic sets of any pixels, without a network that draws them."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from medgan.common.artefact import commit
from medgan.common.home import sets_folder
from medgan.data.dataset import PreparedDataset
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.studies.synthesis import SyntheticSet, generate, generate_config
from medgan.training.config import train_config
from medgan.training.loop import train

Pixels = NDArray[np.uint8] | None
MakeSet = Callable[..., SyntheticSet]
RUN = "gone-run-20250102-030405-abcd"
TINY = {"width": 8, "batch_size": 4, "steps": 2, "log_every": 1, "sample_every": 2, "samples": 4, "checkpoint_every": 2}


@pytest.fixture(scope="session")
def made_films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films of two classes, and a tiny GAN of each class with a set that it drew."""
    home = tmp_path_factory.mktemp("study") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGAN_HOME", str(home))
        films = prepare_phantoms(PhantomConfig(family="chest_xray", count=150, size=64, name="films"))
        for label in ("normal", "tuberculosis"):
            run = train(train_config("dcgan", films.id, label=label, name=label, options=TINY))
            generate(generate_config(run.id, count=60, seed=3, name=f"drawn-{label}"))
    return home


@pytest.fixture
def films(made_films: Path, medgan_home: Path) -> PreparedDataset:
    shutil.copytree(made_films, medgan_home, dirs_exist_ok=True)
    return PreparedDataset.open("films")


@pytest.fixture
def make_set() -> MakeSet:
    """Writes a set of a run that is gone: images (n, h, w, c), masks (n, h, w, structures) of 0 and 1, or both."""

    def make(
        images: Pixels = None,
        masks: Pixels = None,
        structures: Sequence[str] = (),
        *,
        source: str = "",
        drawn_from: Sequence[str] = (),
        label: str = "",
        name: str = "made",
    ) -> SyntheticSet:
        folder = sets_folder() / f"{name}-20250102-030405-0001"
        folder.mkdir(parents=True)
        for file, pixels in (("images.npy", images), ("masks.npy", masks)):
            if pixels is not None:
                np.save(folder / file, pixels)
        shape = (images if images is not None else masks).shape  # type: ignore[union-attr]
        numbers = np.arange(shape[0])
        rows = {"label": label, "seed": 7, "index": numbers, "run": RUN, "drawn_from": list(drawn_from) or ""}
        files = [f"synthetic-7-{number:06d}.png" for number in numbers]
        pd.DataFrame({"file": files, **rows}).to_parquet(folder / "items.parquet")
        summary = {"count": shape[0], "size": shape[1], "channels": 0 if images is None else images.shape[3]}
        summary |= {"structures": list(structures), "gan": "pix2pix", "run": RUN, "step": 1, "seed": 7, "part": "all"}
        manifest = commit(
            folder,
            kind="set",
            id=folder.name,
            name=name,
            config={},
            parents=[RUN, *([source] if source else [])],
            environment={},
            summary=summary | {"source": source, "label": label, "dataset": source},
        )
        return SyntheticSet(folder, manifest)

    return make


@pytest.fixture
def sliced(phantoms: PreparedDataset) -> PreparedDataset:
    """Phantoms as if they were slices: items 0 and 1 of one volume, 2 to 4 of another, the rest of none.

    Pixels of 2 mm, 3 mm apart, in the first; of 1 mm, 5 mm apart, in the second, whose originals are less wide.
    """
    items = phantoms.items.copy()
    first, second = items.index < 2, (items.index >= 2) & (items.index < 5)
    side = float(phantoms.size)
    items["volume"] = np.select([first, second], ["secret-1.nii.gz", "secret-2.nii.gz"], "")
    items["slice"] = pd.array([11, 12, 1, 2, 3, *[None] * (len(items) - 5)], dtype="Int64")
    items["width"], items["height"] = int(side / 2), int(side)
    items["spacing_z_mm"] = np.select([first, second], [3.0, 5.0], np.nan)
    items["spacing_y_mm"] = np.select([first, second], [2.0, 1.0], np.nan)
    items["spacing_x_mm"] = items["spacing_y_mm"]
    items.to_parquet(phantoms.folder / "items.parquet")
    return PreparedDataset.open(phantoms.id)
