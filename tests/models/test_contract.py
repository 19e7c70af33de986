"""Every GAN in the table keeps the contract that loop, sampling and forms rely on."""

from typing import Any

import pytest
import torch

from medgan.common.repro import seed_everything
from medgan.models import GANS
from medgan.models.task import Batch, GanTask, TrainingData, count_of
from medgan.training.config import LoopConfig, train_config

SMALL = {"width": 8, "discriminator_width": 8, "batch_size": 4, "size": 64}
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{gan: (gan, {}) for gan in GANS},
    "dcgan masks": ("dcgan", {"content": "masks", "network": "lesion_mask"}),
    "dcgan conditional": ("dcgan", {"conditional": True, "augment": True}),
    "dcgan images and masks": ("dcgan", {"content": "images_and_masks", "augment": True}),
    "fastgan images and masks": ("fastgan", {"content": "images_and_masks"}),
    "fastgan masks": ("fastgan", {"content": "masks"}),
    "pix2pix to masks": ("pix2pix", {"translation": "images_to_masks", "norm": "batch"}),
    "pix2pix of sources": ("pix2pix", {"translation": "sources_to_images", "network": "resnet"}),
    "pix2pix, three scales": ("pix2pix", {"scales": 3, "field": 10, "adversarial": "least_squares", "jitter": True}),
    "cyclegan with U-Nets": ("cyclegan", {"network": "unet", "field": 22, "pool_size": 2}),
}


def make_task(variant: str, channels: int = 1, **more: Any) -> GanTask:
    gan, own = VARIANTS[variant]
    row = GANS[gan]
    seed_everything(0)
    options = {name: value for name, value in SMALL.items() if name in row.config.model_fields}
    data = {"channels": channels, "structures": ("lung", "heart"), "classes": ("a", "b"), "source_channels": 3}
    return row.task(row.config.parse(options | own | more), TrainingData.parse(data))


def make_batch(task: GanTask, parts: tuple[str, ...], count: int = 4) -> Batch:
    """A batch of random numbers of the right shapes."""
    generator = torch.Generator().manual_seed(1)
    size = task.config.size

    def random(channels: int) -> torch.Tensor:
        return torch.rand(count, channels, size, size, generator=generator) * 2 - 1

    channels = {"images": task.data.channels, "images_b": task.data.channels, "sources": 3, "masks": 2}
    batch = {name: random(number) for name, number in channels.items()}
    batch["masks"] = batch["masks"].sign()
    batch["labels"] = torch.randint(2, (count,), generator=generator)
    return {part: batch[part] for part in parts}


def learned(task: GanTask) -> Batch:
    return make_batch(task, task.config.parts.learned)


def condition(task: GanTask, count: int) -> Batch:
    return make_batch(task, task.config.parts.given[:1], count)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("variant", VARIANTS)
def test_one_step_has_finite_losses_and_reaches_every_parameter(variant: str, channels: int) -> None:
    task = make_task(variant, channels)
    seed_everything(2)
    batch = task.prepare(learned(task))
    fakes = task.generate(batch)
    losses = task.discriminator_losses(batch, {name: images.detach() for name, images in fakes.items()})
    sum(losses.values()).backward()
    assert all(torch.isfinite(loss) and loss.ndim == 0 for loss in losses.values())
    assert without_gradient(task.discriminators) == []
    assert all(p.grad is None for p in task.generators.parameters())

    task.discriminators.requires_grad_(False)
    losses = task.generator_losses(batch, fakes)
    sum(losses.values()).backward()
    assert all(torch.isfinite(loss) and loss.ndim == 0 for loss in losses.values())
    assert without_gradient(task.generators) == []


def without_gradient(networks: torch.nn.Module) -> list[str]:
    """Names of the parameters that the loss does not reach; a bias before a norm can only be reached by rounding."""
    return [
        name
        for name, parameter in networks.named_parameters()
        if parameter.grad is None or not torch.isfinite(parameter.grad).all() or not parameter.grad.any()
    ]


def settled(task: GanTask) -> GanTask:
    """The task ready to draw, its batch norms with the statistics of one batch rather than made-up ones."""
    for module in task.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
    with torch.no_grad():
        task.generate(learned(task))
    return task.eval()


def check_drawn(task: GanTask) -> None:
    task.eval()
    with torch.no_grad():
        drawn = task.sample(2, seed=5, condition=condition(task, 2))
    size = task.config.size
    assert tuple(drawn) == task.config.parts.drawn
    shapes = {"images": (2, task.data.channels, size, size), "masks": (2, len(task.data.structures), size, size)}
    for part, pictures in drawn.items():
        assert pictures.shape == shapes[part]
        assert pictures.abs().max() <= 1
        assert pictures.std() > 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_samples_have_the_parts_shapes_and_range_of_the_data(variant: str) -> None:
    check_drawn(make_task(variant, channels=3))


@pytest.mark.parametrize(("gan", "size"), [(gan, size) for gan, row in GANS.items() for size in row.sizes])
def test_every_size_can_be_drawn(gan: str, size: int) -> None:
    check_drawn(make_task(gan, size=size))


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_image_depends_on_its_seed_number_and_condition_only(variant: str) -> None:
    task = settled(make_task(variant))
    given = condition(task, 5)
    part = task.config.parts.drawn[0]

    def drawn(count: int, seed: int, first: int = 0) -> torch.Tensor:
        own = {name: value[first : first + count] for name, value in given.items()}
        return task.sample(count, seed, own, first)[part]

    with torch.no_grad():
        together = drawn(5, 7)
        again = drawn(5, 7)
        later = drawn(2, 7, first=3)
        other = drawn(5, 8)
    assert torch.equal(together, again)
    torch.testing.assert_close(later, together[3:], atol=1e-5, rtol=0)
    rounding = 1e-6  # untrained networks draw faint differences, yet far above this
    assert (together[0] - together[1]).abs().max() > 10 * rounding
    if task.latent_shapes:
        assert (together - other).abs().max() > 10 * rounding
    else:
        assert torch.equal(together, other)


@pytest.mark.parametrize("variant", VARIANTS)
def test_training_draws_from_the_global_generator_only(variant: str) -> None:
    task = make_task(variant)
    batch = learned(task)

    def losses() -> dict[str, torch.Tensor]:
        state = {name: value.clone() for name, value in task.state_dict().items()}
        seed_everything(3)
        own = task.prepare(batch)
        found = task.discriminator_losses(own, {k: v.detach() for k, v in task.generate(own).items()})
        task.load_state_dict(state)
        return found

    assert losses() == losses()


@pytest.mark.parametrize(("gan", "preset"), [(gan, preset) for gan, row in GANS.items() for preset in row.presets])
def test_every_preset_is_a_valid_config_of_a_buildable_gan(gan: str, preset: str) -> None:
    config = train_config(gan, "some-data", preset=preset)
    data = TrainingData(channels=1, structures=("lesion",), classes=("a", "b"))
    with torch.device("meta"):
        task = GANS[gan].task(config.model, data)
    assert sum(p.numel() for p in task.generators.parameters()) > 10_000
    assert len(GANS[gan].presets[preset].summary) > 15


@pytest.mark.parametrize("gan", GANS)
def test_the_three_presets_are_there_and_words_describe_the_gan(gan: str) -> None:
    row = GANS[gan]
    assert list(row.presets)[:3] == ["quick", "standard", "thesis"]
    assert len(row.summary) > 40
    assert "20" in row.reference
    described = {**row.config.model_fields, **LoopConfig.model_fields}
    assert all(field.description for field in described.values())


def test_a_batch_knows_its_number_of_items() -> None:
    assert count_of({"masks": torch.zeros(3, 1, 4, 4)}) == 3
