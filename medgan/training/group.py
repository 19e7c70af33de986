"""Several processes, one a device, that train one GAN together; started by torchrun.

Gradients are averaged after each backward pass, in one message. That is data-parallel training in its plainest form:
unlike a wrapper around one module's forward, it does not care how a GAN calls its networks.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from medgan.common.errors import BadInput


@dataclass(frozen=True)
class Group:
    """The processes of a training; alone, every method does nothing."""

    rank: int = 0
    """Number of this process; 0 writes files and tells progress."""
    size: int = 1
    """Number of processes."""
    device: torch.device = torch.device("cpu")  # noqa: RUF009  (immutable)

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by their means over all processes, in place."""
        if self.size == 1 or not tensors:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(flat)
        flat /= self.size
        for tensor, mean in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(mean.view_as(tensor))

    def told(self, text: str = "") -> str:
        """The text of process 0, in every process."""
        if self.size == 1:
            return text
        content = torch.tensor(list(text.encode()), dtype=torch.uint8, device=self.device)
        length = torch.tensor([len(content)], device=self.device)
        dist.broadcast(length, 0)
        if not self.leads:
            content = torch.empty(int(length), dtype=torch.uint8, device=self.device)
        dist.broadcast(content, 0)
        return bytes(content.tolist()).decode()

    def leave(self) -> None:
        """Part from the other processes for good."""
        if self.size > 1:
            dist.destroy_process_group()

    def wait(self) -> None:
        """Until every process is here."""
        self.told()


def started_as() -> tuple[int, int]:
    """Rank and number of processes as torchrun tells them; 0 and 1 without it."""
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


def join(device: torch.device) -> Group:
    """Meet the other processes; raises BadInput where there are fewer GPUs than processes."""
    rank, size = started_as()
    if size == 1:
        return Group(device=device)
    if device.type == "cuda":
        place = int(os.environ.get("LOCAL_RANK", "0"))
        if place >= torch.cuda.device_count():
            raise BadInput(f"torchrun started more processes than there are GPUs ({torch.cuda.device_count()})")
        device = torch.device("cuda", place)
        torch.cuda.set_device(device)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Group(rank, size, device)
