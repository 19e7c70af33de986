"""Every GAN in the table keeps the contract that loop, sampling and forms rely on."""

import pytest
import torch

from medgan.common.repro import seed_everything
from medgan.models import GANS
from medgan.models.task import Batch, GanTask, TrainingData
from medgan.training.config import LoopConfig, train_config

SMALL = {"width": 8, "batch_size": 4}


def make_task(gan: str, size: int = 64, channels: int = 1) -> GanTask:
    row = GANS[gan]
    seed_everything(0)
    options = {name: value for name, value in SMALL.items() if name in row.config.model_fields}
    return row.task(row.config.parse({"size": size, **options}), TrainingData(channels=channels))


def make_batch(size: int = 64, channels: int = 1) -> Batch:
    return Batch(torch.rand(4, channels, size, size, generator=torch.Generator().manual_seed(1)) * 2 - 1)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("gan", GANS)
def test_one_step_has_finite_losses_and_reaches_every_parameter(gan: str, channels: int) -> None:
    task = make_task(gan, channels=channels)
    batch = make_batch(channels=channels)
    seed_everything(2)
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
    """Names of the parameters that the loss does not reach."""
    return [
        name
        for name, parameter in networks.named_parameters()
        if parameter.grad is None or not torch.isfinite(parameter.grad).all() or not parameter.grad.any()
    ]


@pytest.mark.parametrize(("gan", "size"), [(gan, size) for gan, row in GANS.items() for size in row.sizes])
def test_fakes_and_samples_have_the_shape_and_range_of_the_data(gan: str, size: int) -> None:
    task = make_task(gan, size, channels=3)
    assert task.generate(make_batch(size, 3))["images"].shape == (4, 3, size, size)
    task.eval()
    with torch.no_grad():
        images = task.sample(2, seed=5)
    assert images.shape == (2, 3, size, size)
    assert images.abs().max() <= 1
    assert images.std() > 0


@pytest.mark.parametrize("gan", GANS)
def test_an_image_depends_on_its_seed_and_number_only(gan: str) -> None:
    task = make_task(gan).eval()
    with torch.no_grad():
        together = task.sample(5, seed=7)
        again = task.sample(5, seed=7)
        later = task.sample(2, seed=7, first=3)
        other = task.sample(5, seed=8)
    assert torch.equal(together, again)
    torch.testing.assert_close(later, together[3:], atol=1e-5, rtol=0)
    spread = together.std()  # small before training; other seeds and numbers must differ on that scale
    assert (together - other).abs().mean() > 0.1 * spread
    assert (together[0] - together[1]).abs().mean() > 0.1 * spread


@pytest.mark.parametrize("gan", GANS)
def test_training_draws_from_the_global_generator_only(gan: str) -> None:
    task, batch = make_task(gan), make_batch()

    def losses() -> dict[str, torch.Tensor]:
        state = {name: value.clone() for name, value in task.state_dict().items()}
        seed_everything(3)
        found = task.discriminator_losses(batch, {k: v.detach() for k, v in task.generate(batch).items()})
        task.load_state_dict(state)
        return found

    assert losses() == losses()


@pytest.mark.parametrize(("gan", "preset"), [(gan, preset) for gan, row in GANS.items() for preset in row.presets])
def test_every_preset_is_a_valid_config_of_a_buildable_gan(gan: str, preset: str) -> None:
    config = train_config(gan, "some-data", preset=preset)  # type: ignore[arg-type]
    task = GANS[gan].task(config.model, TrainingData(channels=1))
    assert sum(p.numel() for p in task.generators.parameters()) > 10_000


@pytest.mark.parametrize("gan", GANS)
def test_the_three_presets_are_there_and_words_describe_the_gan(gan: str) -> None:
    row = GANS[gan]
    assert set(row.presets) == {"quick", "standard", "thesis"}
    assert len(row.summary) > 40
    assert "20" in row.reference
    described = {**row.config.model_fields, **LoopConfig.model_fields}
    assert all(field.description for field in described.values())
