"""Segmenters: which pixels of an image belong to which structure, learnt from images with masks."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from medgan.common.config import Config
from medgan.common.errors import BadInput, Cancelled, WorkFailed
from medgan.common.images import to_float
from medgan.common.memory import keep_freed_memory
from medgan.common.precision import autocast
from medgan.common.progress import Progress, Silent
from medgan.common.repro import choose_device, derive_seed
from medgan.downstream.augment import Augmentation
from medgan.downstream.masked import MaskedImages
from medgan.downstream.segmentation_networks import NetworkName, segmentation_network

Uint8 = NDArray[np.uint8]
PREDICTED_AT_A_TIME = 64
THRESHOLD = 0.5
SETTLING_IMAGES = 128


class SegmenterConfig(Config):
    """How a segmenter is trained; learning rate, dropout, epochs and patience as in the published comparison."""

    network: NetworkName = "unet"
    """The classic U-Net, or the generator of Pix2Pix, which the published comparison has at 128 pixels."""
    width: int = Field(0, ge=0, le=128)
    """Channels of the network's first map; 0 chooses by the size of the images (U-Net: 8 at 64 pixels, 32 at 256)."""
    learning_rate: float = Field(0.001, gt=0, le=1)
    """Step size of Adam."""
    dropout: float = Field(0.4, ge=0, lt=1)
    """Share of the deepest features that is dropped in training."""
    epochs: int = Field(100, ge=1, le=1000)
    """Passes over the training images, at most."""
    patience: int = Field(15, ge=1, le=1000)
    """Training ends when the validation IoU has not improved over so many epochs."""
    batch_size: int = Field(16, ge=1, le=256)
    """Images in a training step."""
    augmentation: Augmentation = Augmentation(enabled=False)
    """Classical augmentation, drawn anew for each image in each epoch; off where it is not asked for."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic of the network; auto takes bfloat16 where the hardware has it."""
    seed: int = Field(0, ge=0)
    """Seed of initial weights, order of the images, dropout and augmentation."""


@dataclass(frozen=True)
class Epoch:
    """What an epoch of training came to."""

    loss: float
    """Mean training loss: binary cross-entropy in nats, plus 1 - Dice."""
    validation_iou: float
    """Mean IoU over validation images and structures after the epoch, 0 to 1, more is better."""


@dataclass(frozen=True)
class Segmenter:
    """A trained segmenter, as it was after its best epoch."""

    config: SegmenterConfig
    network: nn.Module
    image_shape: tuple[int, int, int]
    """Height, width and channels of the images it was made for."""
    history: tuple[Epoch, ...]
    best_epoch: int
    """Number of the epoch with the highest validation IoU, counted from 1."""

    @property
    def validation_iou(self) -> float:
        """Mean IoU on the validation images, of the best epoch; optimistic, as they chose the epoch."""
        return self.history[self.best_epoch - 1].validation_iou

    def predict(self, images: Uint8) -> Uint8:
        """Masks (n, h, w, structures) of 0 and 1 for images (n, h, w, channels).

        Raises BadInput for images of another shape than it was trained on.
        """
        return (self.probabilities(images) >= THRESHOLD).astype(np.uint8)

    def probabilities(self, images: Uint8) -> NDArray[np.float32]:
        """Probability (n, h, w, structures) of each pixel to lie in a structure; raises as `predict` does."""
        if images.shape[1:] != self.image_shape:
            raise BadInput(f"images {images.shape[1:]}: this segmenter was trained on images {self.image_shape}")
        logits = logits_of(self.network, in_memory(images), self.config)
        probabilities: NDArray[np.float32] = logits.sigmoid().permute(0, 2, 3, 1).contiguous().cpu().numpy()
        return probabilities


def train_segmenter(
    config: SegmenterConfig,
    train: MaskedImages,
    validation: MaskedImages,
    progress: Progress | None = None,
    *,
    start: Segmenter | None = None,
) -> Segmenter:
    """Train on some images, stop by and return the best epoch on others.

    `start` is a segmenter to go on from: pre-trained on synthetic images, say, before this training on real ones.
    The same seed gives the same segmenter on the same machine; torch's own random state is left alone.

    Raises BadInput where images, masks, network and `start` do not fit each other, Cancelled when asked to stop, and
    WorkFailed when the numbers diverge.
    """
    _check(train, validation)
    keep_freed_memory()
    with torch.random.fork_rng(), torch.backends.cudnn.flags(enabled=True, deterministic=True):
        torch.manual_seed(derive_seed(config.seed, "segmenter"))
        network = _first_network(config, train, start)
        return _Training(config, network, train, validation, progress or Silent()).run()


def segmentation_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Binary cross-entropy plus 1 - soft Dice of logits and masks (n, structures, h, w), masks 0 or 1; a scalar.

    Cross-entropy judges each pixel (Ronneberger et al. 2015), Dice each structure whatever its size (Milletari et al.
    2016, V-Net). Dice is taken over the whole batch, as in nnU-Net (Isensee et al. 2021), so that an empty mask among
    others is nothing special; one pixel is added to both its areas, for batches in which a structure is nowhere.
    """
    probabilities, over = logits.sigmoid(), (0, 2, 3)
    both = (probabilities * masks).sum(over)
    dice = (2 * both + 1) / (probabilities.sum(over) + masks.sum(over) + 1)  # (structures,)
    return binary_cross_entropy_with_logits(logits, masks) + 1 - dice.mean()


def mean_iou(predicted: Tensor, true: Tensor) -> float:
    """Mean intersection over union over images and structures, of boolean masks (n, structures, h, w).

    1 where both masks are empty. The same as `medgan.downstream.scores` has it, without the scores that take long.
    """
    both = (predicted & true).sum((2, 3)).double()
    either = (predicted | true).sum((2, 3)).double()
    return torch.where(either > 0, both / either.clamp_min(1), 1.0).mean().item()


def in_memory(pictures: Uint8) -> Tensor:
    """Bytes as a tensor on the device: a data set fits, and neither disk nor copying holds training up."""
    return torch.tensor(np.asarray(pictures), device=choose_device())


@torch.inference_mode()
def logits_of(network: nn.Module, images_uint8: Tensor, config: SegmenterConfig) -> Tensor:
    """Logits (n, structures, h, w) in float32 of images (n, h, w, channels), without dropout."""
    network.eval()
    pieces = []
    for piece in torch.split(images_uint8, PREDICTED_AT_A_TIME):
        with autocast(config.precision, piece.device):
            pieces.append(network(to_float(piece)).float())
    return torch.cat(pieces)


@torch.no_grad()
def settle_norms(network: nn.Module, images_uint8: Tensor, config: SegmenterConfig) -> None:
    """Give batch norms the statistics of these images (n, h, w, channels) under the present weights.

    Their running averages are of weights long gone: where a set is small and an epoch a few steps, what is predicted
    from them says little of what was learnt (Wu and Johnson 2021, arXiv:2105.07576, section 3).
    """
    network.eval()
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches that follow
        norm.train()
    for piece in _even_batches(images_uint8, config.batch_size):
        with autocast(config.precision, piece.device):
            network(to_float(piece))


class _Training:
    """A training under way: network, optimizer, and the best weights so far."""

    def __init__(
        self,
        config: SegmenterConfig,
        network: nn.Module,
        train: MaskedImages,
        validation: MaskedImages,
        progress: Progress,
    ) -> None:
        self.config = config
        self.network = network
        self.image_shape = train.image_shape
        self.images, self.masks = in_memory(train.images), _channels_first(train.masks)
        self.validation_images, self.validation_masks = in_memory(validation.images), _channels_first(validation.masks)
        self.optimizer = torch.optim.Adam(network.parameters(), config.learning_rate, fused=True)
        self.progress = progress
        self.history: list[Epoch] = []
        self.best_epoch = 0
        self.best_iou = -1.0

    def run(self) -> Segmenter:
        epochs = self.config.epochs
        while len(self.history) < epochs and len(self.history) - self.best_epoch < self.config.patience:
            epoch = Epoch(self._learn(), self._validate())
            self.history.append(epoch)
            if epoch.validation_iou > self.best_iou:
                self.best_iou, self.best_epoch = epoch.validation_iou, len(self.history)
                self.best_weights = copy.deepcopy(self.network.state_dict())
            message = f"training loss {epoch.loss:.3f}, validation IoU {epoch.validation_iou:.3f}"
            self.progress.update(len(self.history), epochs, message)
        self.network.load_state_dict(self.best_weights)
        self.network.eval()
        self.progress.update(epochs, epochs, f"best validation IoU {self.best_iou:.3f}, in epoch {self.best_epoch}")
        return Segmenter(self.config, self.network, self.image_shape, tuple(self.history), self.best_epoch)

    def _learn(self) -> float:
        """One pass over the training images; the mean loss."""
        self.network.train()
        losses = [self._step(images, masks) for images, masks in self._batches()]
        loss = torch.stack(losses).mean().item()
        if not np.isfinite(loss):
            raise WorkFailed(
                f"the loss became infinite or undefined in epoch {len(self.history) + 1}: "
                "try a lower learning rate or float32 precision"
            )
        return loss

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Shuffled images in [-1, 1] and masks 0 or 1 of an epoch, in batches of almost equal size."""
        count, epoch = len(self.images), len(self.history)
        order = torch.randperm(count).to(self.images.device)
        for number, rows in enumerate(_even_batches(order, self.config.batch_size)):
            if self.progress.stop_requested():
                raise Cancelled(f"stopped in epoch {epoch + 1} of the segmenter's training")
            images, masks = to_float(self.images[rows]), self.masks[rows].float()
            seed = derive_seed(self.config.seed, "segmenter", epoch, number)
            images, moved = self.config.augmentation.augmented(images, masks, seed)
            yield images, masks if moved is None else moved

    def _step(self, images: Tensor, masks: Tensor) -> Tensor:
        with autocast(self.config.precision, images.device):
            logits = self.network(images)
        loss = segmentation_loss(logits.float(), masks)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.detach()

    def _validate(self) -> float:
        rows = np.linspace(0, len(self.images) - 1, min(SETTLING_IMAGES, len(self.images))).round()
        settle_norms(self.network, self.images[torch.from_numpy(rows).long()], self.config)
        logits = logits_of(self.network, self.validation_images, self.config)
        return mean_iou(logits.sigmoid() >= THRESHOLD, self.validation_masks)


def _check(train: MaskedImages, validation: MaskedImages) -> None:
    """Raise BadInput where these cannot be trained on and validated with."""
    for name, part in (("training", train), ("validation", validation)):
        if not len(part):
            raise BadInput(f"there are no {name} images: a segmenter needs some to learn from and others to stop by")
    height, width, _ = train.image_shape
    if height != width:
        raise BadInput(f"images of {width} by {height} pixels: segmenters take square ones")
    if (train.image_shape, train.structures) != (validation.image_shape, validation.structures):
        raise BadInput(
            f"training images {train.image_shape} with {train.structures} structures, validation images "
            f"{validation.image_shape} with {validation.structures}: both have to be alike"
        )


def _first_network(config: SegmenterConfig, train: MaskedImages, start: Segmenter | None) -> nn.Module:
    """The network to begin with, on the device."""
    size, _, channels = train.image_shape
    network = segmentation_network(
        config.network,
        size=size,
        channels=channels,
        structures=train.structures,
        width=config.width,
        dropout=config.dropout,
    )
    if start is not None:
        try:
            network.load_state_dict(start.network.state_dict())
        except RuntimeError:
            raise BadInput(
                "the segmenter to go on from has another network: pre-train with the same network, width, "
                "image size and structures"
            ) from None
    return network.to(choose_device())


def _channels_first(masks: Uint8) -> Tensor:
    """Masks (n, h, w, structures) of 0 and 1 as booleans (n, structures, h, w), in memory."""
    return in_memory(masks).permute(0, 3, 1, 2).bool().contiguous()


def _even_batches(rows: Tensor, most: int) -> tuple[Tensor, ...]:
    """Rows (n, ...) in batches of at most so many, all of almost the same size."""
    return rows.tensor_split(-(-len(rows) // most))
