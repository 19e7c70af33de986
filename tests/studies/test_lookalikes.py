"""The training images that one image is most like, and what is usual."""

import shutil

import numpy as np
import pytest

from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.studies import lookalikes
from medgan.studies.copies import FEATURES, PIXELS
from medgan.studies.lookalikes import LearnedImages
from medgan.training.config import train_config
from medgan.training.drawn import Drawn
from medgan.training.loop import train
from medgan.training.run import Run

TINY = {"size": 64, "width": 8, "batch_size": 4, "steps": 1, "samples": 1}


@pytest.fixture
def run(phantoms: PreparedDataset) -> Run:
    return train(train_config("dcgan", "phantoms", label="normal", name="tiny", options=TINY))


def test_a_copy_is_found_at_no_distance_and_flagged(run: Run, phantoms: PreparedDataset) -> None:
    row = int(phantoms.indices("train", "normal")[3])
    copied = np.asarray(phantoms.images[row : row + 1])
    learned = LearnedImages.of(run)
    found = learned.nearest_to(Drawn(copied, None))
    for kind in (PIXELS, FEATURES):
        assert found.found[kind][0].row == row
        assert found.found[kind][0].distance == pytest.approx(0, abs=1e-5)
        assert learned.usual[kind].min() > 0
    assert found.flagged
    assert len(found.found[FEATURES]) == lookalikes.MOST
    distances = [one.distance for one in found.found[FEATURES]]
    assert distances == sorted(distances)


def test_a_mirrored_copy_is_found_by_its_pixels(run: Run, phantoms: PreparedDataset) -> None:
    row = int(phantoms.indices("train", "normal")[5])
    mirrored = np.ascontiguousarray(phantoms.images[row : row + 1, :, ::-1])
    [nearest] = LearnedImages.of(run).nearest_to(Drawn(mirrored, None)).found[PIXELS]
    assert (nearest.row, nearest.mirrored) == (row, True)


def test_only_what_the_model_learned_from_is_searched(run: Run, phantoms: PreparedDataset) -> None:
    learned = LearnedImages.of(run)
    assert learned.rows.tolist() == phantoms.indices("train", "normal").tolist()
    other = int(phantoms.indices("test", "normal")[0])
    found = learned.nearest_to(Drawn(np.asarray(phantoms.images[other : other + 1]), None))
    assert all(one.row in learned.rows for nearest in found.found.values() for one in nearest)
    assert found.found[PIXELS][0].distance > 0


def test_too_many_images_are_compared_by_pixels_until_features_are_kept(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookalikes, "AT_ONCE", 3)
    assert LearnedImages.of(run).seen is None
    monkeypatch.setattr(lookalikes, "AT_ONCE", 600)
    LearnedImages.of(run)
    monkeypatch.setattr(lookalikes, "AT_ONCE", 3)
    assert LearnedImages.of(run).seen is not None


def test_without_the_data_set_it_says_so(run: Run, phantoms: PreparedDataset) -> None:
    shutil.rmtree(phantoms.folder)
    with pytest.raises(BadInput, match="are not here"):
        LearnedImages.of(run)
