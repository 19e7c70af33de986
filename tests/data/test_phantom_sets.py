"""Phantoms go the way of every other source, and arrive as they were drawn."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from medgan.common.errors import Cancelled
from medgan.common.progress import Silent
from medgan.data import phantom_sets
from medgan.data.dataset import list_datasets
from medgan.data.phantom_sets import PhantomConfig, prepare_phantoms
from medgan.data.phantoms import PHANTOMS, draw


@pytest.mark.parametrize("family", PHANTOMS)
def test_every_family(family: str) -> None:
    drawn = PHANTOMS[family]
    config = PhantomConfig.parse({"family": family, "count": 12, "size": 32, "seed": 4})
    dataset = prepare_phantoms(config)
    assert dataset.name == f"phantom-{family}"
    assert len(dataset) == 12
    assert dataset.channels == drawn.channels
    assert dataset.structures == tuple(sorted(drawn.structures))
    assert dataset.classes == (tuple(sorted(drawn.classes)) if len(drawn.classes) > 1 else ())
    assert dataset.problems == []
    assert dataset.items["patient_id"].nunique() == 12
    assert dataset.manifest.config == config.model_dump(mode="json")
    file = dataset.items["file"][0]
    label, index = drawn.classes[0], int(file.removesuffix(".png").rsplit("-", 1)[1])
    phantom = draw(family, label, 32, 4, index)
    np.testing.assert_array_equal(dataset.images[0], phantom.image)
    assert dataset.masks is not None
    order = [drawn.structures.index(structure) for structure in dataset.structures]
    np.testing.assert_array_equal(dataset.masks[0], phantom.masks[..., order])
    assert prepare_phantoms(config).id == dataset.id


def test_what_is_built_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    config = PhantomConfig(count=6, size=16)
    first = prepare_phantoms(config)
    monkeypatch.setattr(phantom_sets, "_draw_files", lambda *_: pytest.fail("drawn again"))
    assert prepare_phantoms(config).id == first.id
    assert prepare_phantoms(PhantomConfig(count=6, size=16, name=first.name)).id == first.id


def test_other_config_or_other_drawing_gives_another_set(monkeypatch: pytest.MonkeyPatch) -> None:
    config = PhantomConfig(count=6, size=16)
    ids = {prepare_phantoms(config).id, prepare_phantoms(PhantomConfig(count=6, size=16, seed=1)).id}
    monkeypatch.setattr(phantom_sets, "draw", lambda *about: replace(draw(*about), image=255 - draw(*about).image))
    ids.add(prepare_phantoms(config).id)
    assert len(ids) == len(list_datasets()) == 3


def test_config_offers_every_family() -> None:
    assert get_args(PhantomConfig.model_fields["family"].annotation) == tuple(PHANTOMS)


def test_stopping_leaves_nothing() -> None:
    class Stops(Silent):
        def stop_requested(self) -> bool:
            return True

    with pytest.raises(Cancelled):
        prepare_phantoms(PhantomConfig(count=6, size=16), Stops())
    assert list_datasets() == []
