"""Feature spaces of networks that others trained on ImageNet."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.nn.utils.fusion import fuse_conv_bn_eval

from medgan.common.repro import choose_device
from medgan.metrics.features import Extractor, Features
from medgan.metrics.pictures import Pictures
from medgan.weights import Input, input_of, load_network


class Inception(Extractor):
    """The network of FID and IS: 2,048 pooled features and 1,008 unbiased logits, resized as TensorFlow 1 did."""

    batch = 16

    def __init__(self) -> None:
        from medgan.weights.inception import InceptionV3, faster  # takes seconds, which every page would wait for

        network = load_network("inception")
        assert isinstance(network, InceptionV3)
        self.device = choose_device()
        self.network = faster(network).to(self.device)

    @torch.inference_mode()
    def __call__(self, pictures: Pictures) -> Features:
        pool, logits = self.network(_channels_first(pictures).to(self.device))
        return Features(pool.float().cpu().numpy(), logits.float().cpu().numpy())


class TorchvisionNetwork(Extractor):
    """A classifier of torchvision: what its last layer is given, its logits, and its maps on the way.

    Pictures are squashed to the network's side with antialiasing, and shifted and scaled as its weights want them.
    """

    batch = 16

    def __init__(self, name: str) -> None:
        self.input = input_of(name)
        self.device = choose_device()
        network = load_network(name)
        fold_batch_norms(network)
        self.features = network.get_submodule("features").to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.classifier: nn.Module | None = getattr(network, "classifier", None)
        if self.classifier is not None:
            self.classifier.to(self.device)
        self.taps = _taps(name)

    @torch.inference_mode()
    def __call__(self, pictures: Pictures) -> Features:
        seen = self.features(self._seen(pictures))
        if self.classifier is None or _is_convolutional(self.classifier):
            logits = None if self.classifier is None else self.classifier(seen).flatten(1)
            return _as_features(seen.mean((2, 3)), logits)
        if len(self.classifier) == 2:  # type: ignore[arg-type]  # dropout and one layer, after pooling
            pool = seen.mean((2, 3))
            return _as_features(pool, self.classifier(pool))
        hidden, last = self.classifier[:-1], self.classifier[-1]  # type: ignore[index]
        pool = hidden(nn.functional.adaptive_avg_pool2d(seen, 7).flatten(1))
        return _as_features(pool, last(pool))

    @torch.inference_mode()
    def maps(self, pictures: Pictures) -> list[Tensor]:
        """The maps (n, c, h, w) at the network's taps, each place's channels brought to length 1 (as in LPIPS)."""
        return [seen / seen.norm(dim=1, keepdim=True).clamp_min(1e-10) for seen in self._at_taps(pictures)]

    def _at_taps(self, pictures: Pictures) -> Iterator[Tensor]:
        seen = self._seen(pictures)
        for place, layer in enumerate(self.features.children()):
            seen = layer(seen)
            if place in self.taps:
                yield seen.clone()  # a ReLU that follows may write into it

    def _seen(self, pictures: Pictures) -> Tensor:
        return as_input(_channels_first(pictures).to(self.device), self.input)


def as_input(images_uint8: Tensor, wanted: Input) -> Tensor:
    """Bytes (n, 3, h, w) in the order red, green, blue as floats (n, 3, side, side) that a network wants."""
    ordered = images_uint8.flip(1) if wanted.order == "bgr" else images_uint8
    size = (wanted.side, wanted.side)
    resized = interpolate(ordered.float(), size, mode="bilinear", antialias=True, align_corners=False)
    mean, spread = (resized.new_tensor(values).view(1, 3, 1, 1) for values in (wanted.mean, wanted.spread))
    return ((resized - mean) / spread).contiguous(memory_format=torch.channels_last)


def fold_batch_norms(network: nn.Module) -> None:
    """Put each batch norm that follows a convolution into it; the network does the same to rounding."""
    for sequence in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for place in range(len(sequence) - 1):
            convolution, norm = sequence[place], sequence[place + 1]
            if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                sequence[place], sequence[place + 1] = fuse_conv_bn_eval(convolution, norm), nn.Identity()


def _channels_first(pictures: Pictures) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pictures.as_rgb().transpose(0, 3, 1, 2)))


def _as_features(pool: Tensor, logits: Tensor | None) -> Features:
    return Features(pool.float().cpu().numpy(), None if logits is None else logits.float().cpu().numpy())


def _is_convolutional(classifier: nn.Module) -> bool:
    return any(isinstance(layer, nn.Conv2d) for layer in classifier.children())


def _taps(name: str) -> frozenset[int]:
    """Layers of a network's features whose maps are compared: VGG16's and SqueezeNet's as in LPIPS."""
    return frozenset(
        {
            "vgg16": (3, 8, 15, 22, 29),
            "squeezenet1_0": (1, 3, 4, 5, 7, 8, 9, 10, 12),
            "squeezenet1_1": (1, 4, 7, 9, 10, 11, 12),
            "mobilenet_v2": (1, 3, 6, 13, 17),
        }[name]
    )
