"""FastGAN's networks at 256 pixels and its loop; gradients of the discriminator in the generator's step are dropped."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Adam

from benchmarks.baselines.step import Batches, Step
from medgan.models.fastgan import FastGANConfig
from medgan.models.task import TrainingData


def sn_conv(inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> nn.Module:
    return spectral_norm(nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False))


class Noise(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight * torch.randn(len(x), 1, *x.shape[2:])


def up_block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Upsample(scale_factor=2), sn_conv(inputs, outputs * 2, 3, 1, 1), nn.BatchNorm2d(outputs * 2), nn.GLU(dim=1)
    )


def noisy_up_block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Upsample(scale_factor=2),
        *(sn_conv(inputs, outputs * 2, 3, 1, 1), Noise(), nn.BatchNorm2d(outputs * 2), nn.GLU(dim=1)),
        *(sn_conv(outputs, outputs * 2, 3, 1, 1), Noise(), nn.BatchNorm2d(outputs * 2), nn.GLU(dim=1)),
    )


def excitation(small: int, large: int) -> nn.Sequential:
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(4), sn_conv(small, large, 4), nn.SiLU(), sn_conv(large, large, 1), nn.Sigmoid()
    )


class FastGANGenerator(nn.Module):
    """FastGAN's generator at 256 pixels: latent (n, z) to images (n, c, 256, 256) and small ones (n, c, 128, 128)."""

    def __init__(self, channels: int, width: int, latent_size: int) -> None:
        super().__init__()
        at = {4: 16 * width, 8: 8 * width, 16: 4 * width, 32: 2 * width, 64: 2 * width, 128: width, 256: width // 2}
        self.start = nn.Sequential(
            spectral_norm(nn.ConvTranspose2d(latent_size, at[4] * 2, 4, bias=False)),
            nn.BatchNorm2d(at[4] * 2),
            nn.GLU(dim=1),
        )
        self.feat_8 = noisy_up_block(at[4], at[8])
        self.feat_16 = up_block(at[8], at[16])
        self.feat_32 = noisy_up_block(at[16], at[32])
        self.feat_64 = up_block(at[32], at[64])
        self.feat_128 = noisy_up_block(at[64], at[128])
        self.feat_256 = up_block(at[128], at[256])
        self.se_64 = excitation(at[4], at[64])
        self.se_128 = excitation(at[8], at[128])
        self.se_256 = excitation(at[16], at[256])
        self.to_256 = sn_conv(at[256], channels, 3, 1, 1)
        self.to_128 = sn_conv(at[128], channels, 1)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        feat_4 = self.start(z[:, :, None, None])
        feat_8 = self.feat_8(feat_4)
        feat_16 = self.feat_16(feat_8)
        feat_32 = self.feat_32(feat_16)
        feat_64 = self.feat_64(feat_32) * self.se_64(feat_4)
        feat_128 = self.feat_128(feat_64) * self.se_128(feat_8)
        feat_256 = self.feat_256(feat_128) * self.se_256(feat_16)
        return torch.tanh(self.to_256(feat_256)), torch.tanh(self.to_128(feat_128))


class DownBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            *(sn_conv(inputs, outputs, 4, 2, 1), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, inplace=True)),
            *(sn_conv(outputs, outputs, 3, 1, 1), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, inplace=True)),
        )
        self.direct = nn.Sequential(
            nn.AvgPool2d(2), sn_conv(inputs, outputs, 1), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, inplace=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        mean: Tensor = (self.main(x) + self.direct(x)) / 2
        return mean


def plain_down_block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(sn_conv(inputs, outputs, 4, 2, 1), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, inplace=True))


def decoder(inputs: int, channels: int, width: int) -> nn.Sequential:
    half = width // 2
    return nn.Sequential(
        up_block(inputs, 4 * half),
        up_block(4 * half, 2 * half),
        up_block(2 * half, 2 * half),
        up_block(2 * half, half),
        sn_conv(half, channels, 3, 1, 1),
        nn.Tanh(),
    )


class FastGANDiscriminator(nn.Module):
    """FastGAN's discriminator at 256 pixels: logits (n, 50), and the maps of 8 and of 16 pixels."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        at = {256: width // 4, 128: width // 2, 64: width, 32: 2 * width, 16: 4 * width, 8: 8 * width}
        self.stem = nn.Sequential(sn_conv(channels, at[256], 3, 1, 1), nn.LeakyReLU(0.2, inplace=True))
        self.down_128 = DownBlock(at[256], at[128])
        self.down_64 = DownBlock(at[128], at[64])
        self.down_32 = DownBlock(at[64], at[32])
        self.down_16 = DownBlock(at[32], at[16])
        self.down_8 = DownBlock(at[16], at[8])
        self.se_32 = excitation(at[256], at[32])
        self.se_16 = excitation(at[128], at[16])
        self.se_8 = excitation(at[64], at[8])
        self.logits = nn.Sequential(
            sn_conv(at[8], 2 * at[8], 1), nn.BatchNorm2d(2 * at[8]), nn.LeakyReLU(0.2), sn_conv(2 * at[8], 1, 4)
        )
        self.small = nn.Sequential(
            *(sn_conv(channels, at[128], 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)),
            plain_down_block(at[128], at[64]),
            plain_down_block(at[64], at[32]),
            plain_down_block(at[32], at[16]),
            sn_conv(at[16], 1, 4),
        )
        self.decode_whole = decoder(at[8], channels, width)
        self.decode_part = decoder(at[16], channels, width)

    def forward(self, images: Tensor, small: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        feat_256 = self.stem(images)
        feat_128 = self.down_128(feat_256)
        feat_64 = self.down_64(feat_128)
        feat_32 = self.down_32(feat_64) * self.se_32(feat_256)
        feat_16 = self.down_16(feat_32) * self.se_16(feat_128)
        feat_8 = self.down_8(feat_16) * self.se_8(feat_64)
        return torch.cat([self.logits(feat_8).flatten(1), self.small(small).flatten(1)], dim=1), feat_8, feat_16

    def reconstruction_loss(self, feat_8: Tensor, feat_16: Tensor, images: Tensor) -> Tensor:
        row, column = torch.randint(2, (2,)).tolist()
        part = feat_16[:, :, row * 8 : row * 8 + 8, column * 8 : column * 8 + 8]
        quarter = images[:, :, row * 128 : row * 128 + 128, column * 128 : column * 128 + 128]
        whole_loss = F.l1_loss(self.decode_whole(feat_8), F.interpolate(images, 128, mode="area"))
        return whole_loss + F.l1_loss(self.decode_part(part), quarter)


def augment(images: Tensor) -> Tensor:
    """Brightness, contrast, shift and cut-out as in medgan's DiffAugment, for grey images."""
    n, _, height, width = images.shape
    images = (images + torch.rand(n, 1, 1, 1) - 0.5) * (torch.rand(n, 1, 1, 1) + 0.5)
    reach_y, reach_x = height // 8, width // 8
    padded = F.pad(images, (reach_x, reach_x, reach_y, reach_y))
    tops = torch.randint(2 * reach_y + 1, (n,)).tolist()
    lefts = torch.randint(2 * reach_x + 1, (n,)).tolist()
    images = torch.stack([one[:, y : y + height, x : x + width] for one, y, x in zip(padded, tops, lefts, strict=True)])
    kept = torch.ones_like(images)
    tops = torch.randint(height // 2 + 1, (n,)).tolist()
    lefts = torch.randint(width // 2 + 1, (n,)).tolist()
    for one, y, x in zip(kept, tops, lefts, strict=True):
        one[:, y : y + height // 2, x : x + width // 2] = 0
    return images * kept


def fastgan(config: FastGANConfig, data: TrainingData, batches: Batches) -> Step:
    """FastGAN on grey images of 256 pixels."""
    if config.size != 256 or data.channels != 1 or config.content != "images" or not config.augment:
        raise ValueError("this baseline is of 256 grey pixels, with augmentation")
    generator = FastGANGenerator(data.channels, config.width, config.latent_size)
    discriminator = FastGANDiscriminator(data.channels, config.width)
    average = [parameter.detach().clone() for parameter in generator.parameters()]
    betas = (config.adam_beta1, 0.999)
    generator_adam = Adam(generator.parameters(), lr=config.learning_rate, betas=betas)
    discriminator_adam = Adam(discriminator.parameters(), lr=config.learning_rate, betas=betas)
    done = 0

    def discriminator_loss(real: Tensor, fake: Tensor, small_fake: Tensor) -> Tensor:
        real = augment(real)
        real_logits, feat_8, feat_16 = discriminator(real, F.interpolate(real, 128, mode="area"))
        fake_logits = discriminator(augment(fake), augment(small_fake))[0]
        on_real = F.relu(1 - 0.2 * torch.rand_like(real_logits) - real_logits).mean()
        on_fake = F.relu(1 - 0.2 * torch.rand_like(fake_logits) + fake_logits).mean()
        reconstruction = discriminator.reconstruction_loss(feat_8, feat_16, real)
        return on_real + on_fake + config.reconstruction_weight * reconstruction

    def step() -> dict[str, float]:
        nonlocal done
        real = batches(done)["images"]
        done += 1
        fake, small_fake = generator(torch.randn(len(real), config.latent_size))

        discriminator_adam.zero_grad()
        on_discriminator = discriminator_loss(real, fake.detach(), small_fake.detach())
        on_discriminator.backward()  # type: ignore[no-untyped-call]
        discriminator_adam.step()

        generator_adam.zero_grad()
        on_generator = -discriminator(augment(fake), augment(small_fake))[0].mean()
        on_generator.backward()
        generator_adam.step()

        if config.ema_decay:
            for kept, parameter in zip(average, generator.parameters(), strict=True):
                kept.mul_(config.ema_decay).add_(parameter.detach(), alpha=1 - config.ema_decay)
        return {"discriminator": on_discriminator.item(), "generator": on_generator.item()}

    return step
