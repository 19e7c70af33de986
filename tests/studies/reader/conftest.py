"""A reader study of phantoms, and readers who answer as often right as a test wants."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from medgan.common.home import readers_folder
from medgan.studies.reader import ReaderSession, prepare_session, reader_config
from medgan.studies.reading import Reading
from medgan.studies.synthesis import SyntheticSet, generate, generate_config


@pytest.fixture(scope="module")
def made(_phantoms_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the data set `phantoms`, two sets of 12 phantom films each, and a session of both."""
    home = tmp_path_factory.mktemp("reader") / "home"
    shutil.copytree(_phantoms_once, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDGAN_HOME", str(home))
        for seed in (1, 2):
            generate(generate_config("phantom-chest-xray", count=12, seed=seed, name=f"s{seed}"))
        prepare_session(reader_config("phantoms", ("s1", "s2"), part="all", images=20, code="opensesame", name="both"))
    return home


@pytest.fixture
def session(made: Path, medgan_home: Path) -> ReaderSession:
    """Its session, in this test's own copy."""
    shutil.copytree(made, medgan_home, dirs_exist_ok=True)
    return ReaderSession.open("both")


@pytest.fixture
def sets(session: ReaderSession) -> list[SyntheticSet]:
    """Its sets, in this test's own copy, without a session."""
    shutil.rmtree(readers_folder())
    return [SyntheticSet.open(name) for name in ("s1", "s2")]


def read(session: ReaderSession, name: str, *, right: float = 1.0, seed: int = 0, count: int | None = None) -> Reading:
    """A reader who answers rightly with a probability, until `count` images are answered."""
    reading, rng = Reading.of(session, name), np.random.default_rng(seed)
    for _ in range(len(session) if count is None else count):
        item = reading.next_item(reading.answers())
        assert item is not None
        truth = str(session.items["truth"][item])
        other = {"real": "synthetic", "synthetic": "real"}[truth]
        reading.record(item, truth if rng.random() < right else other, int(rng.integers(1, 6)), 2.5)
    return reading
