"""A pool of earlier fakes for the discriminator (Shrivastava et al. 2017, section 2.3; CycleGAN keeps 50)."""

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """Keeps `size` fakes; once it is full, half of those shown are earlier ones.

    Its content is in the state, so that a resumed run goes on as it would have. Nothing waits for the device.
    """

    images: Tensor
    filled: Tensor

    def __init__(self, size: int, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("images", torch.zeros(size, *shape, dtype=torch.float16))
        self.register_buffer("filled", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def exchange(self, fakes: Tensor) -> Tensor:
        """Fakes (n, c, h, w) in, as many out: each is itself, or an earlier one whose place it takes."""
        if self.size == 0:
            return fakes
        return torch.cat([self._exchange_one(fake[None]) for fake in fakes])

    def _exchange_one(self, fake: Tensor) -> Tensor:
        device = fake.device
        full = self.filled >= self.size
        any_place = torch.randint(self.size, (1,)).to(device, non_blocking=True)
        place = torch.where(full, any_place, self.filled.clamp(max=self.size - 1))
        earlier = full & (torch.rand(1).to(device, non_blocking=True) < 0.5)
        old = self.images[place]
        kept = torch.where(~full | earlier, fake.half(), old)
        self.images.index_copy_(0, place, kept)
        self.filled += (~full).long()
        return torch.where(earlier, old.to(fake), fake)
