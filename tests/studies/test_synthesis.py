"""Synthetic sets: what is asked for is drawn, recorded and exported, and only that."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import numpy as np
import pytest

from medgan.common.artefact import MANIFEST, damaged_files
from medgan.common.errors import BadInput, Cancelled
from medgan.data.dataset import PreparedDataset
from medgan.studies.synthesis import IMAGES, ITEMS, SyntheticSet, generate, generate_config, list_sets
from medgan.training.config import train_config
from medgan.training.loop import train
from medgan.training.run import Run
from medgan.training.sampler import Sampler

TINY: dict[str, Any] = {"width": 8, "batch_size": 4, "steps": 1, "samples": 1}


@pytest.fixture
def run(phantoms: PreparedDataset) -> Run:
    return train(train_config("dcgan", "phantoms", label="tuberculosis", name="tiny", options=TINY))


def test_a_set_holds_its_images_and_says_where_they_are_from(run: Run) -> None:
    made = generate(generate_config("tiny", count=11, seed=3, name="drawn"))
    assert [found.id for found in list_sets()] == [made.id]
    assert made.drawn.pictures.shape == (11, 64, 64, 1)
    assert made.drawn.pictures.std() > 0
    assert made.items["index"].tolist() == list(range(11))
    assert set(made.items["label"]) == {"tuberculosis"}
    assert set(made.items["run"]) == {run.id}
    assert made.manifest.parents == [run.id]
    assert damaged_files(made.folder) == []
    again = generate(generate_config("tiny", count=5, seed=3))
    assert np.array_equal(again.drawn.pictures, made.drawn.pictures[:5])


def test_a_finished_set_is_not_drawn_again_and_an_unfinished_one_is(run: Run) -> None:
    class StopLater:
        left = 1

        def update(self, done: int, total: int, message: str = "") -> None:
            pass

        def stop_requested(self) -> bool:
            self.left -= 1
            return self.left < 0

    config = generate_config("tiny", count=20, name="stopped")
    with pytest.raises(Cancelled, match="8 of 20"):
        generate(config, StopLater())
    assert list_sets() == []
    made = generate(config)
    assert generate(config).manifest == made.manifest


def test_a_damaged_set_is_drawn_again_but_not_by_a_run_that_has_gone_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = generate_config("tiny", count=4, name="damaged")
    made = generate(config)
    (made.folder / IMAGES).write_bytes(b"nothing")
    with monkeypatch.context() as patch:
        patch.setattr(run_sampler := Sampler.load(run), "step", 2)
        patch.setattr(Sampler, "load", lambda *_, **__: run_sampler)
        with pytest.raises(BadInput, match="drawn at step 1 of its run, which is at 2: it cannot be drawn again"):
            generate(config)
    assert (made.folder / IMAGES).read_bytes() == b"nothing"
    assert generate(config).manifest.files == made.manifest.files


def test_where_the_manifest_is_damaged_the_items_tell_which_generator_drew(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = generate_config("tiny", count=4, name="damaged")
    made = generate(config)
    images = (made.folder / IMAGES).read_bytes()
    (made.folder / MANIFEST).write_text("{")
    with monkeypatch.context() as patch:
        patch.setattr(run_sampler := Sampler.load(run), "step", 2)
        patch.setattr(Sampler, "load", lambda *_, **__: run_sampler)
        with pytest.raises(BadInput, match="drawn at step 1 of its run, which is at 2"):
            generate(config)
    assert generate(config).manifest.files == made.manifest.files
    (made.folder / MANIFEST).write_text("{")
    (made.folder / ITEMS).write_bytes(b"nothing")
    with pytest.raises(BadInput, match="nothing tells at which step of its run"):
        generate(config)
    assert (made.folder / IMAGES).read_bytes() == images, "whole images are not replaced by others"


def test_who_finds_a_set_being_drawn_waits_and_never_draws_into_it(run: Run) -> None:
    begun, over = Event(), Event()

    class Slow:
        def update(self, done: int, total: int, message: str = "") -> None:
            begun.set()
            over.wait()

        def stop_requested(self) -> bool:
            return False

    class Leaving:
        left = False

        def update(self, done: int, total: int, message: str = "") -> None:
            self.left = True

        def stop_requested(self) -> bool:
            return self.left

    expected = generate(generate_config("tiny", count=20, name="alone")).drawn.pictures
    config = generate_config("tiny", count=20, name="twice")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(generate, config, Slow())
        try:
            while not begun.wait(0.05):
                assert not first.done(), first.exception()
            with pytest.raises(Cancelled, match="while waiting for another process"):
                generate(config, Leaving())
        finally:
            over.set()
        made = first.result()
    assert damaged_files(made.folder) == []
    assert np.array_equal(made.drawn.pictures, expected)
    assert [found.name for found in list_sets()] == ["twice", "alone"]


def test_bad_input_is_named(run: Run) -> None:
    with pytest.raises(BadInput, match="no run named 'other'"):
        generate(generate_config("other"))
    with pytest.raises(BadInput, match=r"count: .* greater than or equal to 1"):
        generate_config("tiny", count=0)
    with pytest.raises(BadInput, match="letters, digits"):
        generate_config("tiny", name="../up")


def test_a_torn_set_is_one_line(run: Run) -> None:
    made = generate(generate_config("tiny", count=3))
    (made.folder / "images.npy").write_bytes(b"torn")
    with pytest.raises(BadInput, match=r"images\.npy: damaged"):
        _ = SyntheticSet.open(made.id).drawn
    (made.folder / "items.parquet").write_bytes(b"torn")
    with pytest.raises(BadInput, match=r"items\.parquet: damaged"):
        _ = SyntheticSet.open(made.id).items
