"""Seeds, device and environment: what it takes to get the same pixels again."""

import hashlib
import importlib.metadata
import os
import platform
import random
import sys
from typing import TYPE_CHECKING

import numpy as np

import medgan
from medgan.common.errors import BadInput

if TYPE_CHECKING:
    import torch

RECORDED_PACKAGES = ("torch", "torchvision", "kornia", "numpy", "scipy", "pandas", "pillow", "streamlit")


def derive_seed(*parts: int | str) -> int:
    """A 63-bit seed from any parts: equal parts give equal seeds, any change gives an unrelated one."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def seed_everything(*parts: int | str) -> None:
    """Seed the global generators of Python, NumPy and torch (all devices) from the parts."""
    import torch  # here, since it takes seconds and preparing data needs none of it

    seed = derive_seed(*parts)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def choose_device(name: str = "auto") -> "torch.device":
    """`auto` is the first GPU where there is one, else the processor; raises BadInput where it is not there."""
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise BadInput(f"device {name}: this machine has {torch.cuda.device_count()} GPUs that torch can use; try auto")
    return device


def environment() -> dict[str, str | int]:
    """Versions and machine, for manifests; threads and GPU where torch is in use. Names no user, no host."""
    versions = {name: importlib.metadata.version(name) for name in RECORDED_PACKAGES}
    record: dict[str, str | int] = {
        "medgan": medgan.__version__,
        "python": platform.python_version(),
        **versions,
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor_name(),
        "cores": os.cpu_count() or 1,
    }
    if "torch" in sys.modules:  # importing it takes seconds: not for the sake of a record
        import torch

        record["threads"] = torch.get_num_threads()
        record["gpu"] = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    return record


def processor_name() -> str:
    """The processor's marketing name where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:
            for line in stream:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()
