"""The demo study: every stage makes an ordinary artefact, and an interrupted demo goes on where it stopped."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from medgan.common.errors import Cancelled
from medgan.data.dataset import PreparedDataset
from medgan.studies.demo import STAGES, DemoConfig, demo_config, run_demo
from medgan.studies.quality import list_reports
from medgan.studies.synthesis import SyntheticSet
from medgan.training.run import Run

SMALL = {"images": 60, "steps": 2, "seeds": 2, "epochs": 1}


@dataclass
class Watched:
    """Progress that remembers what it was told, and asks to stop at a word."""

    stop_at: str = "never"
    told: list[tuple[int, int, str]] = field(default_factory=list)

    def update(self, done: int, total: int, message: str = "") -> None:
        self.told.append((done, total, message))

    def stop_requested(self) -> bool:
        return bool(self.told) and self.stop_at in self.told[-1][2]


@pytest.fixture
def small(medgan_home: object) -> DemoConfig:
    return demo_config("demo", **SMALL)


def test_it_walks_from_phantoms_to_a_verdict_and_goes_on_where_it_stopped(small: DemoConfig) -> None:
    stopped = Watched(stop_at=", scoring")
    with pytest.raises(Cancelled):
        run_demo(small, stopped)
    drawn = SyntheticSet.open(small.set)
    assert not list_reports()

    watched = Watched()
    study = run_demo(small, watched)
    assert SyntheticSet.open(small.set).manifest.created == drawn.manifest.created
    assert study.finished
    assert len(study.verdicts()) == 2
    assert study.manifest is not None
    assert study.manifest.parents == [PreparedDataset.open(small.phantoms.name).id, small.set]
    assert drawn.manifest.parents[0] == small.run
    assert Run.open(small.run).finished
    assert [report.config.set for report in list_reports()] == [small.set]
    assert run_demo(small).id == study.id

    stages = [int(message[0]) for _, _, message in watched.told]
    assert stages == sorted(stages)
    assert {4, 5} <= set(stages)
    begin = np.cumsum([0.0, *(stage.share for stage in STAGES)])
    for (done, total, _), stage in zip(watched.told, stages, strict=True):
        assert begin[stage - 1] - 0.001 <= done / total <= begin[stage] + 0.001


def test_the_stages_share_the_whole_time() -> None:
    assert sum(stage.share for stage in STAGES) == pytest.approx(1)
