"""On phantoms, where the truth is known, verdicts agree with it; `benchmarks/truth.py` measures how often."""

from dataclasses import replace

import pytest

from benchmarks.truth import DESIGNS, SETS, TRUTHS, Design, prepared, synthetic_sets, with_fewer, with_sets
from medgan.studies.ancestry import check_no_leak
from medgan.studies.study import Study
from medgan.studies.synthesis import SyntheticSet

FILMS, LESIONS = DESIGNS["classification"], DESIGNS["segmentation"]


def labels_of(study: Study) -> list[str]:
    return [verdict["label"] for verdict in study.verdicts()]


@pytest.mark.parametrize("design", [FILMS, LESIONS], ids=list(DESIGNS))
def test_sets_hold_what_their_names_say(design: Design) -> None:
    dataset = prepared(design, 0)
    sets = {name: SyntheticSet.open(id) for name, id in synthetic_sets(design, dataset, 0).items()}
    fresh, wrong, copies = (sets[name] for name in SETS)
    pixels = {name: {image.tobytes() for image in found.drawn.images} for name, found in sets.items()}  # type: ignore[union-attr]
    real = {part: {image.tobytes() for image in dataset.images[dataset.indices(part)]} for part in ("train", "test")}
    assert pixels["copies"] == real["train"]
    assert pixels["fresh"].isdisjoint(real["train"] | real["test"])
    assert pixels["wrong"] == pixels["fresh"]
    if dataset.masks is None:
        assert set(fresh.items["label"]) == set(design.classes)
        assert (fresh.items["label"] != wrong.items["label"]).all()
    else:
        assert fresh.drawn.masks is not None
        assert wrong.drawn.masks is not None
        assert (fresh.drawn.masks != wrong.drawn.masks).any(axis=(1, 2, 3)).all()
    assert {len(found) for found in (fresh, wrong, copies)} == {design.dose * design.train}
    assert [check_no_leak(found, dataset) for found in sets.values()] == [(), (), ()]


def test_more_images_help_a_classifier_wrong_ones_hurt_and_copies_do_not_help() -> None:
    films = prepared(FILMS, 0)
    few, *sets = labels_of(with_fewer(FILMS, films, 0)) + labels_of(with_sets(FILMS, films, 0))
    assert few in TRUTHS["few"]
    assert [said in TRUTHS[name] for name, said in zip(SETS, sets, strict=True)] == [True] * len(SETS), sets


def test_a_single_real_image_is_worse_for_a_segmenter() -> None:
    design = replace(LESIONS, share=1 / LESIONS.train, seeds=4)
    assert labels_of(with_fewer(design, prepared(design, 0), 0)) == ["hurts"]
