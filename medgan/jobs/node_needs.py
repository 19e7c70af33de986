"""What a task declares that it needs, in view of what the nodes of a cluster have."""

from collections.abc import Sequence
from typing import NamedTuple

from medgan.common.errors import BadInput
from medgan.jobs.records import Needs
from medgan.jobs.work import Work


class Node(NamedTuple):
    """What a machine of a cluster has, free or not."""

    cpus: int
    gpus: float
    memory_gb: float

    def __str__(self) -> str:
        return f"{self.cpus} cores, {self.gpus:g} GPUs, {self.memory_gb:.1f} GB"


class Settled(NamedTuple):
    """What each task is given."""

    cpus: int
    gpus: float
    memory_gb: float

    def fits(self, node: Node) -> bool:
        """Whether a node could ever give that."""
        return all(needed <= had for needed, had in zip(self, node, strict=True))


def settled(needs: Needs, row: Work, nodes: Sequence[Node]) -> Settled:
    """What a kind of work asks for in a cluster of these nodes; raises BadInput where none can ever give it.

    Unless told otherwise: a GPU where there is any and the work is faster on it, the memory of its kind, and as many
    cores as this process has threads, since rounding depends on their number. Where no node has so many, fewer.
    """
    usual_gpus = float(row.gpu and any(node.gpus >= 1 for node in nodes))
    gpus = usual_gpus if needs.gpus is None else needs.gpus
    memory_gb = row.memory_gb if needs.memory_gb is None else needs.memory_gb
    most = max((node.cpus for node in nodes if Settled(0, gpus, memory_gb).fits(node)), default=1)
    found = Settled(needs.cpus or max(1, min(threads_here(), most)), gpus, memory_gb)
    if not any(found.fits(node) for node in nodes):
        there = "; ".join(sorted({str(node) for node in nodes}, reverse=True)[:4]) or "nothing"
        raise BadInput(
            f"no node of the cluster has {Node(*found)} (there is: {there}): "
            "ask for less with --cpus, --gpus and --memory-gb, or add such a node"
        )
    return found


def threads_here() -> int:
    """Threads with which torch would compute in this process."""
    import torch  # takes seconds: not for those who never use a cluster

    return torch.get_num_threads()
