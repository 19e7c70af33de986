"""Opening a prepared data set, choosing from it, and recognising damage."""

import json
from pathlib import Path

import numpy as np
import pytest

from medgan.common.errors import BadInput
from medgan.data.config import PrepareConfig
from medgan.data.dataset import PreparedDataset, list_datasets
from medgan.data.prepare import prepare


@pytest.fixture
def films(two_classes: Path) -> PreparedDataset:
    return prepare(PrepareConfig(source=two_classes, size=16, name="films"))


def test_open_by_name_id_and_path(films: PreparedDataset) -> None:
    for key in ("films", films.id, films.folder, str(films.folder)):
        assert PreparedDataset.open(key).id == films.id
    with pytest.raises(BadInput, match="no dataset named 'knees'"):
        PreparedDataset.open("knees")
    assert [dataset.id for dataset in list_datasets()] == [films.id]


def test_indices(films: PreparedDataset) -> None:
    parts = [films.indices(split) for split in ("train", "validation", "test")]
    assert sorted(np.concatenate(parts)) == list(range(20))
    assert films.indices().dtype == np.int64
    assert list(films.indices(None, "ill")) == list(range(10))
    assert set(films.items["label"].iloc[films.indices("test", "well")]) == {"well"}
    with pytest.raises(BadInput, match="there is: train, validation, test"):
        films.indices("dev")
    with pytest.raises(BadInput, match="there is: ill, well"):
        films.indices("train", "healthy")


def test_arrays_are_read_only_memory_maps(films: PreparedDataset) -> None:
    assert isinstance(films.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        films.images[0] = 0


def test_description_is_json(films: PreparedDataset) -> None:
    described = json.loads(json.dumps(films.describe()))
    assert described["items"] == 20
    assert described["splits"] == {"train": 16, "validation": 2, "test": 2}
    assert described["layout"] == "classes"


def test_damage_is_one_clear_line(films: PreparedDataset) -> None:
    for name in ("images.npy", "items.parquet", "problems.json"):
        (films.folder / name).write_bytes(b"\x93NUMPY torn")
    damaged = PreparedDataset.open(films.folder)
    for attribute in ("images", "items", "problems"):
        with pytest.raises(BadInput, match="damaged"):
            getattr(damaged, attribute)


def test_pickled_array_is_never_loaded(films: PreparedDataset) -> None:
    np.save(films.folder / "images.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(BadInput, match="damaged"):
        _ = PreparedDataset.open(films.folder).images
