"""The residual generator of CycleGAN (Zhu et al. 2017, arXiv:1703.10593, appendix 7.2; Johnson et al. 2016).

c7s1-64, d128, d256, six R256 (up to 128 pixels) or nine (256 and more), u128, u64, c7s1-c; reflection padding.
"""

from torch import Tensor, nn

from medgan.models.norms import Norm, has_bias, norm_layer
from medgan.models.task import Latent


class Residual(nn.Module):
    """Two 3x3 convolutions whose result is added to what came in."""

    def __init__(self, channels: int, norm: Norm) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=has_bias(norm)),
            norm_layer(norm, channels),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=has_bias(norm)),
            norm_layer(norm, channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        changed: Tensor = self.layers(features)
        return features + changed


class ResNet(nn.Module):
    """Pictures (n, inputs, h, w) to pictures (n, outputs, h, w) in [-1, 1]; takes no noise."""

    noise_shapes: dict[str, tuple[int, ...]] = {}  # noqa: RUF012  (none, for every instance)

    def __init__(self, inputs: int, outputs: int, width: int, blocks: int, norm: Norm) -> None:
        super().__init__()
        bias = has_bias(norm)
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(inputs, width, 7, bias=bias)]
        layers += [norm_layer(norm, width), nn.ReLU()]
        for channels in (width, 2 * width):
            layers.append(nn.Conv2d(channels, 2 * channels, 3, 2, 1, bias=bias))
            layers += [norm_layer(norm, 2 * channels), nn.ReLU()]
        layers += [Residual(4 * width, norm) for _ in range(blocks)]
        for channels in (2 * width, width):
            layers.append(nn.ConvTranspose2d(2 * channels, channels, 3, 2, 1, output_padding=1, bias=bias))
            layers += [norm_layer(norm, channels), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, outputs, 7), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, pictures: Tensor, latent: Latent) -> Tensor:
        image: Tensor = self.layers(pictures)
        return image


def blocks_for(size: int) -> int:
    """Residual blocks at a size, as the paper has them."""
    return 6 if size <= 128 else 9
