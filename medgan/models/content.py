"""What a GAN without a given picture draws: images, masks, or both at once as channels of one picture."""

from typing import Literal

import torch
from torch import Tensor

from medgan.common.errors import BadInput
from medgan.models.task import Batch, GanConfig, Parts, TrainingData

Content = Literal["images", "masks", "images_and_masks"]
DRAWN: dict[Content, tuple[str, ...]] = {
    "images": ("images",),
    "masks": ("masks",),
    "images_and_masks": ("images", "masks"),
}


class ContentConfig(GanConfig):
    """Options of a GAN that draws from noise."""

    content: Content = "images"
    """What to draw: images, masks alone, or images with their masks, generated together as further channels."""

    @property
    def parts(self) -> Parts:
        return Parts(learned=DRAWN[self.content], drawn=DRAWN[self.content])


def drawn_channels(config: ContentConfig, data: TrainingData) -> int:
    """Channels of what is drawn; raises BadInput where masks are asked for and there are none."""
    if "masks" in config.parts.drawn and not data.structures:
        raise BadInput("these images have no masks: choose content images, or a data set with masks")
    channels = {"images": data.channels, "masks": len(data.structures)}
    return sum(channels[part] for part in config.parts.drawn)


def joined(batch: Batch, parts: tuple[str, ...]) -> Tensor:
    """The parts of a batch as channels of one picture (n, c, h, w)."""
    return torch.cat([batch[part] for part in parts], dim=1)


def parted(pictures: Tensor, parts: tuple[str, ...], data: TrainingData) -> Batch:
    """The channels of pictures (n, c, h, w) as the parts that they are."""
    if len(parts) == 1:
        return {parts[0]: pictures}
    return {"images": pictures[:, : data.channels], "masks": pictures[:, data.channels :]}
