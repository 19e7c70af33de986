"""What a training step is shown: the right items, parts and sizes, the same ones for the same number."""

import numpy as np
import pytest
import torch

from medgan.common.errors import BadInput
from medgan.data.dataset import PreparedDataset
from medgan.training.batches import Batches


def batches(dataset: PreparedDataset, label: str | None = None, **options: object) -> Batches:
    chosen = dataset.indices("train", label)
    return Batches(dataset, chosen, **({"size": 64, "batch_size": 4, "seed": 0} | options))  # type: ignore[arg-type]


def test_mirrored_batches_only_when_asked(phantoms: PreparedDataset) -> None:
    plain = batches(phantoms, batch_size=8, parts=("images", "masks"))(0)
    flipped = batches(phantoms, batch_size=8, parts=("images", "masks"), flip=True)(0)
    kinds = []
    for number in range(8):
        mirrored = [torch.equal(flipped[part][number], plain[part][number].flip(-1)) for part in plain]
        same = [torch.equal(flipped[part][number], plain[part][number]) for part in plain]
        assert all(mirrored) or all(same), "an image and its mask are mirrored together or not at all"
        kinds.append(all(mirrored))
    assert any(kinds)
    assert not all(kinds)


def test_a_larger_data_set_is_shrunk_to_the_training_size(phantoms: PreparedDataset) -> None:
    whole = batches(phantoms)(0)["images"]
    half = batches(phantoms, size=32)(0)["images"]
    assert half.shape == (4, 1, 32, 32)
    pooled = torch.nn.functional.avg_pool2d(whole, 2)
    assert torch.corrcoef(torch.stack([half.flatten(), pooled.flatten()]))[0, 1] > 0.99


def test_an_epoch_shows_every_image_once(phantoms: PreparedDataset) -> None:
    chosen = phantoms.indices("train", "normal")
    order = batches(phantoms, "normal").order
    seen = [order[position] for position in range(2 * len(chosen))]
    assert sorted(seen[: len(chosen)]) == sorted(seen[len(chosen) :]) == sorted(chosen)
    assert seen[: len(chosen)] != seen[len(chosen) :]


def test_parts_come_when_asked_for(phantoms: PreparedDataset) -> None:
    plain = batches(phantoms, size=32)(0)
    both = batches(phantoms, size=32, parts=("images", "masks"))(0)
    assert set(plain) == {"images"}
    assert both["masks"].shape == (4, 1, 32, 32)
    assert set(both["masks"].unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(plain["images"], both["images"])


def test_labels_are_the_numbers_of_the_classes(phantoms: PreparedDataset) -> None:
    shown = batches(phantoms, parts=("images", "labels"), classes=phantoms.classes, batch_size=8)
    positions = [shown.order[position] for position in range(8)]
    expected = [phantoms.classes.index(phantoms.items["label"].iloc[position]) for position in positions]
    assert shown(0)["labels"].tolist() == expected


def test_two_domains_are_shuffled_each_for_itself(phantoms: PreparedDataset) -> None:
    a, b = phantoms.indices("train", "normal"), phantoms.indices("train", "tuberculosis")
    pairs = Batches(phantoms, a, indices_b=b, size=64, batch_size=4, seed=0, parts=("images", "images_b"))
    for part, indices in (("images", a), ("images_b", b)):
        known = {bytes(np.asarray(phantoms.images[index])) for index in indices}
        shown = ((pairs(1)[part] + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
        assert all(bytes(np.ascontiguousarray(image)) in known for image in shown)


def test_no_items_is_a_clear_line(phantoms: PreparedDataset) -> None:
    with pytest.raises(BadInput, match="no training images with that label"):
        Batches(phantoms, np.array([], np.int64), size=64, batch_size=4, seed=0)
