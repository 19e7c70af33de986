"""DCGAN's X-ray network and loop at 64 pixels, as tutorials write them."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam

from benchmarks.baselines.step import Batches, Step
from medgan.models.dcgan import DCGANConfig, initialise
from medgan.models.task import TrainingData


def generator_of(latent_size: int, width: int, channels: int) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Linear(latent_size, 8 * width * 16, bias=False), nn.Unflatten(1, (8 * width, 4, 4))]
    layers += [nn.BatchNorm2d(8 * width), nn.ReLU(inplace=True)]
    for inputs, outputs in ((8, 4), (4, 2), (2, 1)):
        layers.append(nn.ConvTranspose2d(inputs * width, outputs * width, 5, 2, 2, output_padding=1, bias=False))
        layers += [nn.BatchNorm2d(outputs * width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(width, channels, 5, 2, 2, output_padding=1), nn.Tanh())


def discriminator_of(width: int, channels: int, dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(channels, width, 5, 2, 2), nn.LeakyReLU(0.2, inplace=True)]
    layers.append(nn.Dropout(dropout))
    for inputs, outputs in ((1, 2), (2, 4), (4, 8)):
        layers.append(nn.Conv2d(inputs * width, outputs * width, 5, 2, 2, bias=False))
        layers += [nn.BatchNorm2d(outputs * width), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(8 * width * 16, 1))


def dcgan(config: DCGANConfig, data: TrainingData, batches: Batches) -> Step:
    """DCGAN on images of 64 pixels, without augmentation."""
    if config.size != 64 or config.network != "xray" or config.augment or config.conditional:
        raise ValueError("this baseline is the X-ray network of 64 pixels, without augmentation")
    generator = generator_of(config.latent_size, config.width, data.channels)
    discriminator = discriminator_of(config.width, data.channels, config.dropout)
    generator.apply(initialise)
    discriminator.apply(initialise)
    average = [parameter.detach().clone() for parameter in generator.parameters()]
    betas = (config.adam_beta1, 0.999)
    generator_adam = Adam(generator.parameters(), lr=config.learning_rate, betas=betas)
    discriminator_adam = Adam(discriminator.parameters(), lr=config.learning_rate, betas=betas)
    done = 0

    def loss(logits: Tensor, real: bool) -> Tensor:
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(real)))

    def step() -> dict[str, float]:
        nonlocal done
        images = batches(done)["images"]
        done += 1
        fakes = generator(torch.randn(len(images), config.latent_size))

        discriminator_adam.zero_grad()
        on_real = loss(discriminator(images), real=True)
        on_real.backward()  # type: ignore[no-untyped-call]
        on_fake = loss(discriminator(fakes.detach()), real=False)
        on_fake.backward()  # type: ignore[no-untyped-call]
        discriminator_adam.step()

        generator_adam.zero_grad()
        on_generator = loss(discriminator(fakes), real=True)
        on_generator.backward()  # type: ignore[no-untyped-call]
        generator_adam.step()

        if config.ema_decay:
            for kept, parameter in zip(average, generator.parameters(), strict=True):
                kept.mul_(config.ema_decay).add_(parameter.detach(), alpha=1 - config.ema_decay)
        return {"discriminator": on_real.item() + on_fake.item(), "generator": on_generator.item()}

    return step
