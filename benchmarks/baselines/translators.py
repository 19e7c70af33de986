"""Pix2Pix's and CycleGAN's networks and loops, as the public repositories of their kind write them."""

import itertools
import random

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam

from benchmarks.baselines.step import Batches, Step
from medgan.models.cyclegan import CycleGANConfig
from medgan.models.patchgan import initialise
from medgan.models.pix2pix import Pix2PixConfig
from medgan.models.task import TrainingData


def norm(channels: int, affine: bool) -> nn.Module:
    return nn.InstanceNorm2d(channels, affine=affine)


class Level(nn.Module):
    """One level of the U-Net; it holds those below it."""

    def __init__(self, outer: int, inner: int, below: nn.Module | None, dropout: float = 0.0) -> None:
        super().__init__()
        down = [nn.LeakyReLU(0.2), nn.Conv2d(outer, inner, 4, 2, 1, bias=False)]
        if below is not None:
            down += [norm(inner, affine=True), below]
        up = nn.ConvTranspose2d(inner if below is None else 2 * inner, outer, 4, 2, 1, bias=False)
        drop = [nn.Dropout(dropout)] if dropout else []
        self.model = nn.Sequential(*down, nn.ReLU(), up, norm(outer, affine=True), *drop)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.model(x)], 1)


def unet(inputs: int, outputs: int, width: int, dropout: float) -> nn.Module:
    """For 128 pixels."""
    level = Level(8 * width, 8 * width, None, dropout)
    level = Level(8 * width, 8 * width, level, dropout)
    level = Level(8 * width, 8 * width, level)
    for factor in (4, 2, 1):
        level = Level(factor * width, 2 * factor * width, level)
    first = nn.Conv2d(inputs, width, 4, 2, 1, bias=False)
    return nn.Sequential(first, level, nn.ReLU(), nn.ConvTranspose2d(2 * width, outputs, 4, 2, 1), nn.Tanh())


class Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        half = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), norm(channels, affine=False)]
        other = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), norm(channels, affine=False)]
        self.model = nn.Sequential(*half, nn.ReLU(True), *other)

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.model(x)
        return x + changed


def resnet(channels: int, width: int, blocks: int) -> nn.Sequential:
    layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(channels, width, 7)]
    layers += [norm(width, affine=False), nn.ReLU(True)]
    for inner in (width, 2 * width):
        layers += [nn.Conv2d(inner, 2 * inner, 3, 2, 1), norm(2 * inner, affine=False), nn.ReLU(True)]
    layers += [Block(4 * width) for _ in range(blocks)]
    for inner in (4 * width, 2 * width):
        layers.append(nn.ConvTranspose2d(inner, inner // 2, 3, 2, 1, 1))
        layers += [norm(inner // 2, affine=False), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, channels, 7), nn.Tanh())


def patchgan(inputs: int, width: int, affine: bool) -> nn.Sequential:
    """Of field 46."""
    bias = not affine
    return nn.Sequential(
        *(nn.Conv2d(inputs, width, 4, 2, 1), nn.LeakyReLU(0.2, True)),
        *(nn.Conv2d(width, 2 * width, 4, 2, 1, bias=bias), norm(2 * width, affine), nn.LeakyReLU(0.2, True)),
        *(nn.Conv2d(2 * width, 4 * width, 4, 2, 1, bias=bias), norm(4 * width, affine), nn.LeakyReLU(0.2, True)),
        nn.Conv2d(4 * width, 1, 4, 1, 1),
    )


def pix2pix(config: Pix2PixConfig, data: TrainingData, batches: Batches) -> Step:
    """Mask to image at 128 pixels, one discriminator of field 46, L1."""
    if (config.size, config.field, config.scales, config.reconstruction) != (128, 46, 1, "l1"):
        raise ValueError("this baseline is of 128 pixels, field 46, L1")
    structures = len(data.structures)
    generator = unet(structures, data.channels, config.width, config.dropout)
    discriminator = patchgan(structures + data.channels, config.discriminator_width, affine=True)
    for network in (generator, discriminator):
        network.apply(initialise)
    average = [parameter.detach().clone() for parameter in generator.parameters()]
    betas = (config.adam_beta1, 0.999)
    generator_adam = Adam(generator.parameters(), lr=config.learning_rate, betas=betas)
    discriminator_adam = Adam(discriminator.parameters(), lr=config.learning_rate, betas=betas)
    done = 0

    def loss(logits: Tensor, real: bool) -> Tensor:
        return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(real)))

    def step() -> dict[str, float]:
        nonlocal done
        batch = batches(done)
        done += 1
        masks, images = batch["masks"], batch["images"]
        fakes = generator(masks)

        discriminator.requires_grad_(True)
        discriminator_adam.zero_grad()
        on_fake = loss(discriminator(torch.cat([masks, fakes.detach()], 1)), real=False)
        on_real = loss(discriminator(torch.cat([masks, images], 1)), real=True)
        on_discriminator = (on_fake + on_real) / 2
        on_discriminator.backward()  # type: ignore[no-untyped-call]
        discriminator_adam.step()

        discriminator.requires_grad_(False)
        generator_adam.zero_grad()
        on_generator = loss(discriminator(torch.cat([masks, fakes], 1)), real=True)
        on_generator = on_generator + config.l1_weight * F.l1_loss(fakes, images)
        on_generator.backward()  # type: ignore[no-untyped-call]
        generator_adam.step()

        if config.ema_decay:
            for kept, parameter in zip(average, generator.parameters(), strict=True):
                kept.mul_(config.ema_decay).add_(parameter.detach(), alpha=1 - config.ema_decay)
        return {"discriminator": on_discriminator.item(), "generator": on_generator.item()}

    return step


class Pool:
    """Earlier fakes, as the public implementation keeps them."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def query(self, fakes: Tensor) -> Tensor:
        shown = []
        for fake in fakes:
            if len(self.images) < self.size:
                self.images.append(fake)
                shown.append(fake)
            elif random.random() > 0.5:
                place = random.randrange(self.size)
                shown.append(self.images[place].clone())
                self.images[place] = fake
            else:
                shown.append(fake)
        return torch.stack(shown)


def cyclegan(config: CycleGANConfig, data: TrainingData, batches: Batches) -> Step:
    """Both directions at 256 pixels, nine blocks, discriminators of field 46."""
    if (config.size, config.field, config.network) != (256, 46, "resnet"):
        raise ValueError("this baseline is of 256 pixels, field 46, residual generators")
    to_b, to_a = (resnet(data.channels, config.width, 9) for _ in range(2))
    judge_a, judge_b = (patchgan(data.channels, config.discriminator_width, affine=False) for _ in range(2))
    for network in (to_b, to_a, judge_a, judge_b):
        network.apply(initialise)
    pool_a, pool_b = Pool(config.pool_size), Pool(config.pool_size)
    trained = list(itertools.chain(to_b.parameters(), to_a.parameters()))
    average = [parameter.detach().clone() for parameter in trained]
    betas = (config.adam_beta1, 0.999)
    generator_adam = Adam(trained, lr=config.learning_rate, betas=betas)
    judges = list(itertools.chain(judge_a.parameters(), judge_b.parameters()))
    discriminator_adam = Adam(judges, lr=config.learning_rate, betas=betas)
    done = 0

    def judged(judge: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        on_real, on_fake = (judge(real) - 1).square().mean(), judge(fake.detach()).square().mean()
        loss: Tensor = (on_real + on_fake) / 2
        return loss

    def step() -> dict[str, float]:
        nonlocal done
        batch = batches(done)
        done += 1
        a, b = batch["images"], batch["images_b"]
        fake_b, fake_a = to_b(a), to_a(b)
        again_a, again_b = to_a(fake_b), to_b(fake_a)

        for parameter in judges:
            parameter.requires_grad = False
        generator_adam.zero_grad()
        adversarial = (judge_b(fake_b) - 1).square().mean() + (judge_a(fake_a) - 1).square().mean()
        cycle = config.cycle_weight * (F.l1_loss(again_a, a) + F.l1_loss(again_b, b))
        identity = config.identity_weight * (F.l1_loss(to_a(a), a) + F.l1_loss(to_b(b), b))
        on_generator = adversarial + cycle + identity
        on_generator.backward()
        generator_adam.step()

        for parameter in judges:
            parameter.requires_grad = True
        discriminator_adam.zero_grad()
        on_a = judged(judge_a, a, pool_a.query(fake_a.detach()))
        on_a.backward()  # type: ignore[no-untyped-call]
        on_b = judged(judge_b, b, pool_b.query(fake_b.detach()))
        on_b.backward()  # type: ignore[no-untyped-call]
        discriminator_adam.step()

        if config.ema_decay:
            for kept, parameter in zip(average, trained, strict=True):
                kept.mul_(config.ema_decay).add_(parameter.detach(), alpha=1 - config.ema_decay)
        return {"discriminator": on_a.item() + on_b.item(), "generator": on_generator.item()}

    return step
